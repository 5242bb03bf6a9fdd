package oracle

import (
	"math/big"
	"strings"

	"github.com/propnet/propnet/prop"
)

// Order is one order with all that its outcome depends on. LONG and SHORT have exactly one size,
// which is positive; FLAT has none.
type Order struct {
	Side                      prop.Side
	Leverage, Value, Quantity *big.Rat
	Price                     *big.Rat // quote currency per unit of the base, without slippage
	Slippage                  *big.Rat // fraction of the price, against the trader; nil is none
	QuoteUSD                  *big.Rat // USD per unit of the quote currency; nil is 1
	AtMs                      int64
}

// Bounds limit what a position may be worth, as a multiple of the account size, from a moment on.
// A bound that is nil binds nobody.
type Bounds struct {
	FromMs     int64
	Min, Max   *big.Rat
	Cap        *big.Rat // of Other + leverage × Multiplier
	Multiplier *big.Rat // nil is 1
	Other      *big.Rat // what positions in other pairs use of Cap; nil is nothing
}

// Position is what is open in the pair, or what was last closed. Type is LONG, SHORT, FLAT for a
// closed position, and 0 as long as there never was one.
type Position struct {
	AccountSize  *big.Rat
	Lot          int64
	Type         prop.Side
	Quantity     *big.Rat // signed; negative is short
	AverageEntry *big.Rat // stays after the close
	Realised     *big.Rat // USD, by this position alone
	Unrealised   *big.Rat // USD, at the price of the last order or mark
	Return       *big.Rat // gross factor, 1 is neither gain nor loss
}

// Outcome is what became of an order. A refused one trades nothing and leaves the position as it was.
type Outcome struct {
	Refused   string   // why; empty if the order was taken
	Traded    *big.Rat // signed
	NotTraded *big.Rat // what an oversized opposite order asked beyond the position; not negative
	Realised  *big.Rat // USD, by this order alone
	Position  Position // after it
}

// trade is an accepted order, reduced to what moves a position.
type trade struct {
	quantity               *big.Rat
	price, effective, rate *big.Rat
}

// Evaluate tells the outcome of each order of one account in one pair. The bounds in force are the
// last ones that began at the order's time or before; where there are none, nothing is bounded.
func Evaluate(accountSize *big.Rat, lot int64, bounds []Bounds, orders []Order) []Outcome {
	var trades []trade
	outcomes := make([]Outcome, 0, len(orders))
	for _, o := range orders {
		before := settle(accountSize, lot, trades)
		out := Outcome{Traded: zero(), NotTraded: zero(), Realised: zero()}
		var t trade
		if t, out.NotTraded, out.Refused = decide(before, inForce(bounds, o.AtMs), o); out.Refused == "" {
			trades = append(trades, t)
			out.Traded, out.Realised = t.quantity, realised(before, t)
		}
		out.Position = settle(accountSize, lot, trades)
		outcomes = append(outcomes, out)
	}
	return outcomes
}

// Refusal is why an order would be refused with a position and under bounds; empty if it would be
// taken. Evaluate asks the same of each order.
func Refusal(p Position, b Bounds, o Order) string {
	_, _, refused := decide(p, b, o)
	return refused
}

// Mark values a position at a plain price and a quote→USD rate.
func Mark(p Position, price, rate *big.Rat) Position {
	p.Unrealised = mul(sub(price, p.AverageEntry), p.Quantity, whole(p.Lot), rate)
	p.Return = add(quo(add(p.Realised, p.Unrealised), p.AccountSize), whole(1))
	return p
}

// settle goes through all trades from the first one.
func settle(accountSize *big.Rat, lot int64, trades []trade) Position {
	p := Position{
		AccountSize: accountSize, Lot: lot,
		Quantity: zero(), AverageEntry: zero(), Realised: zero(), Unrealised: zero(), Return: whole(1),
	}
	for _, t := range trades {
		if p.Quantity.Sign() == 0 {
			p.AverageEntry, p.Realised = zero(), zero()
			p.Type = prop.Long
			if t.quantity.Sign() < 0 {
				p.Type = prop.Short
			}
		}
		if opposite(p.Quantity, t.quantity) {
			p.Realised = add(p.Realised, realised(p, t))
		} else {
			cost := add(mul(p.AverageEntry, p.Quantity), mul(t.effective, t.quantity))
			p.AverageEntry = quo(cost, add(p.Quantity, t.quantity))
		}
		p.Quantity = add(p.Quantity, t.quantity)
		if p.Quantity.Sign() == 0 {
			p.Type = prop.Flat
		}
		p = Mark(p, t.price, t.rate)
	}
	return p
}

// realised is what a trade against a position brings: nothing, unless it closes a part of it.
func realised(p Position, t trade) *big.Rat {
	if !opposite(p.Quantity, t.quantity) {
		return zero()
	}
	return mul(sub(t.effective, p.AverageEntry), neg(t.quantity), whole(p.Lot), t.rate)
}

// decide turns an order into a trade against the position, or says why not.
func decide(p Position, b Bounds, o Order) (t trade, notTraded *big.Rat, refused string) {
	t = trade{price: o.Price, rate: orElse(o.QuoteUSD, whole(1))}
	slippage := orElse(o.Slippage, zero())
	switch {
	case t.price == nil || t.price.Sign() <= 0:
		return t, zero(), "price"
	case t.rate.Sign() <= 0:
		return t, zero(), "rate"
	case slippage.Sign() < 0 || slippage.Cmp(whole(1)) >= 0:
		return t, zero(), "slippage"
	case !sized(o):
		return t, zero(), "size"
	case o.Side == prop.Flat && p.Quantity.Sign() == 0:
		return t, zero(), "nothing open"
	}
	asked := neg(p.Quantity)
	t.quantity = asked
	if o.Side != prop.Flat {
		asked, t.quantity = quantity(p, o, t.rate)
	}
	if t.quantity.Sign() == 0 {
		return t, zero(), "size"
	}
	notTraded = zero()
	if over := sub(abs(t.quantity), abs(p.Quantity)); opposite(p.Quantity, t.quantity) && over.Sign() > 0 {
		t.quantity, notTraded = neg(p.Quantity), over
	}
	if refused = outside(p, b, t, asked); refused != "" {
		return t, zero(), refused
	}
	t.effective = mul(t.price, add(whole(1), slippage))
	if t.quantity.Sign() < 0 {
		t.effective = mul(t.price, sub(whole(1), slippage))
	}
	return t, notTraded, ""
}

// sized tells whether the order has exactly one positive size, or none for FLAT.
func sized(o Order) bool {
	n := 0
	for _, size := range []*big.Rat{o.Leverage, o.Value, o.Quantity} {
		if size == nil {
			continue
		}
		if size.Sign() <= 0 {
			return false
		}
		n++
	}
	switch o.Side {
	case prop.Long, prop.Short:
		return n == 1
	case prop.Flat:
		return n == 0
	}
	return false
}

// quantity is the order's size as a signed quantity: exactly as ordered, and as it is traded.
func quantity(p Position, o Order, rate *big.Rat) (asked, traded *big.Rat) {
	asked, traded = o.Quantity, o.Quantity
	if o.Quantity == nil {
		value := o.Value
		if value == nil {
			value = mul(o.Leverage, p.AccountSize)
		}
		asked = quo(value, mul(o.Price, whole(p.Lot), rate))
		traded = down(asked)
	}
	if o.Side == prop.Short {
		return neg(asked), neg(traded)
	}
	return asked, traded
}

// outside names the bound that a growing position would break.
func outside(p Position, b Bounds, t trade, asked *big.Rat) string {
	if opposite(p.Quantity, t.quantity) {
		return ""
	}
	leverage := func(quantity *big.Rat) *big.Rat {
		value := mul(abs(add(p.Quantity, quantity)), t.price, whole(p.Lot), t.rate)
		return quo(value, p.AccountSize)
	}
	used := add(orElse(b.Other, zero()), mul(leverage(t.quantity), orElse(b.Multiplier, whole(1))))
	switch {
	case b.Max != nil && leverage(t.quantity).Cmp(b.Max) > 0:
		return "above the maximum leverage " + decimal(b.Max)
	case b.Cap != nil && used.Cmp(b.Cap) > 0:
		return "above the portfolio cap " + decimal(b.Cap)
	case b.Min != nil && leverage(asked).Cmp(b.Min) < 0:
		return "below the minimum leverage " + decimal(b.Min)
	}
	return ""
}

// inForce picks the bounds of a moment.
func inForce(bounds []Bounds, atMs int64) (b Bounds) {
	for _, later := range bounds {
		if later.FromMs <= atMs {
			b = later
		}
	}
	return b
}

// opposite tells whether a quantity works against what is open.
func opposite(open, q *big.Rat) bool { return open.Sign()*q.Sign() < 0 }

// down cuts a positive number after its 8th digit.
func down(r *big.Rat) *big.Rat {
	units := mul(r, whole(quantityScale))
	cut := new(big.Int).Quo(units.Num(), units.Denom())
	return new(big.Rat).SetFrac(cut, big.NewInt(quantityScale))
}

const quantityScale = 100_000_000

func zero() *big.Rat             { return new(big.Rat) }
func whole(n int64) *big.Rat     { return new(big.Rat).SetInt64(n) }
func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func quo(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }
func neg(a *big.Rat) *big.Rat    { return new(big.Rat).Neg(a) }
func abs(a *big.Rat) *big.Rat    { return new(big.Rat).Abs(a) }
func orElse(a, b *big.Rat) *big.Rat {
	if a == nil {
		return b
	}
	return a
}

func mul(factors ...*big.Rat) *big.Rat {
	product := whole(1)
	for _, f := range factors {
		product.Mul(product, f)
	}
	return product
}

// decimal prints a bound: at most 9 digits after the point, none of them idle.
func decimal(r *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(r.FloatString(9), "0"), ".")
}
