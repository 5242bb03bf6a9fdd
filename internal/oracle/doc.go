// Package oracle says what a list of orders leads to, in exact rationals. It exists for tests
// only: a second opinion on positions, against which the code that runs is compared. It is slow
// and simple on purpose, and must never share code with rules, engine or state, nor round where
// they round: whoever makes the same mistake twice finds nothing.
//
// What it holds true, each a line of docs/differences.md or of reference/trading.md §3:
//
//   - there is one book, of quantities; leverage and value are sizes of an order, turned into a
//     quantity at the plain price and rounded down in amount to 8 digits. A given quantity is taken
//     as it is;
//   - a position never turns round: an opposite order closes at most what is open, the rest is not
//     traded. FLAT closes all. What comes after a close opens a new position, with nothing realised;
//   - buying costs price·(1+slippage), selling brings price·(1−slippage); the average entry includes
//     the slippage, a reduction leaves it as it is;
//   - what is closed is realised at the rate of that moment; what is open is valued at the plain
//     price and the current rate. One rate, quote currency to USD, serves for sizes too;
//   - return is (realised + unrealised) / account size + 1, before fees. A loss beyond the account
//     is a number like any other: who is out is for a rule on equity to say;
//   - a position that grows must end within the bounds, else the order is refused, never resized.
//     Reducing is always allowed. What rounding took away never refuses an order: the minimum is
//     asked of the size as it was ordered, the maximum of what is then held.
//
// Start reading at Evaluate.
package oracle
