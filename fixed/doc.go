// Package fixed holds the numbers of propnet: scaled 64-bit integers that do not mix.
//
//	USD    1e-8    money                      ±92 billion
//	Price  1e-10   quote currency per unit    up to 922 million
//	Qty    1e-8    lots, coins or shares
//	Ratio  1e-9    leverage, drawdown, return, fee rate
//	Theta  1e-9    collateral and emissions (1 rao)
//
// Products use 128-bit intermediates. Whoever divides says how it rounds: the mode is in the
// function's name. Overflow is an error at the border (functions that return one) and a bug
// inside (the methods Add, Sub and Neg, which panic). Limits compare by cross-multiplication
// (CmpProducts), so that "6 %" is 6 % exactly.
//
// In JSON and TOML a number is a decimal string without exponent; parsing refuses digits beyond
// the scale, because a silently shortened number is a wrong number. In the journal it is the
// scaled integer.
//
// Source of the scales: docs/adr/0002.
package fixed
