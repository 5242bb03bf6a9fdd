package oracle_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/internal/oracle"
	"github.com/propnet/propnet/prop"
)

// fraction draws from lo/scale to hi/scale.
func fraction(t *rapid.T, name string, lo, hi, scale int64) *big.Rat {
	return big.NewRat(rapid.Int64Range(lo, hi).Draw(t, name), scale)
}

func times(factors ...*big.Rat) *big.Rat {
	product := rat("1")
	for _, f := range factors {
		product.Mul(product, f)
	}
	return product
}

func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func absolute(a *big.Rat) *big.Rat { return new(big.Rat).Abs(a) }

// unit is the last digit of a quantity.
var unit = rat("0.00000001")

// market is what the orders of one run have in common.
type market struct {
	lot  int64
	rate *big.Rat // quote→USD, if it stays the same
}

func drawMarket(t *rapid.T) market {
	return market{rapid.SampledFrom([]int64{1, 100, 100000}).Draw(t, "lot"), fraction(t, "rate", 1, 300, 100)}
}

// order draws one that means something; by quantity alone if exact.
func (m market) order(t *rapid.T, exact, steadyRate bool) oracle.Order {
	o := oracle.Order{
		Side:  rapid.SampledFrom([]prop.Side{prop.Long, prop.Short, prop.Long, prop.Short, prop.Flat}).Draw(t, "side"),
		Price: fraction(t, "price", 1, 1_000_000, 100), Slippage: fraction(t, "slippage", 0, 300, 10_000), QuoteUSD: m.rate,
	}
	if !steadyRate {
		o.QuoteUSD = fraction(t, "rate", 1, 300, 100)
	}
	kind := prop.ByQuantity
	if !exact {
		kind = rapid.SampledFrom([]prop.SizeKind{prop.ByLeverage, prop.ByValue, prop.ByQuantity}).Draw(t, "kind")
	}
	switch {
	case o.Side == prop.Flat:
	case kind == prop.ByLeverage:
		o.Leverage = fraction(t, "leverage", 1, 2_000_000, 1_000_000)
	case kind == prop.ByValue:
		o.Value = fraction(t, "value", 1, 20_000_000, 100)
	default:
		o.Quantity = fraction(t, "quantity", 1, 1_000_000_000, 100_000_000)
	}
	return o
}

func (m market) orders(t *rapid.T, most int, exact, steadyRate bool) []oracle.Order {
	var orders []oracle.Order
	for range rapid.IntRange(0, most).Draw(t, "orders") {
		orders = append(orders, m.order(t, exact, steadyRate))
	}
	return orders
}

// TestQuantitiesAddUp is invariant 1 of reference/trading.md §13.1, with and without bounds: the
// traded quantities add up to the net; no order turns a position round; closed means that nothing
// is open; a refused order leaves no trace; what realised stands in a position is its orders'.
func TestQuantitiesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t)
		orders := m.orders(t, 20, false, false)
		var bounds []oracle.Bounds
		if rapid.Bool().Draw(t, "bounded") {
			bounds = []oracle.Bounds{{Min: rat("0.01"), Max: rat("2")}}
		}
		net, realised, before := rat("0"), rat("0"), oracle.Position{Quantity: rat("0"), Realised: rat("0")}
		for i, out := range oracle.Evaluate(account, m.lot, bounds, orders) {
			p := out.Position
			if before.Quantity.Sign() == 0 && out.Refused == "" {
				realised = rat("0") // a new position
			}
			net, realised = plus(net, out.Traded), plus(realised, out.Realised)
			if p.Quantity.Cmp(net) != 0 {
				t.Fatalf("order %d: %s is open, the trades add up to %s", i, shown(p.Quantity), shown(net))
			}
			if before.Quantity.Sign()*p.Quantity.Sign() < 0 {
				t.Fatalf("order %d turned %s into %s", i, shown(before.Quantity), shown(p.Quantity))
			}
			if want := [3]prop.Side{prop.Short, prop.Flat, prop.Long}[p.Quantity.Sign()+1]; p.Type != want && (p.Type != 0 || net.Sign() != 0) {
				t.Fatalf("order %d: %s with a quantity of %s", i, p.Type, shown(p.Quantity))
			}
			if out.Refused != "" && (out.Traded.Sign() != 0 || p.Quantity.Cmp(before.Quantity) != 0 || p.Realised.Cmp(before.Realised) != 0) {
				t.Fatalf("order %d was refused and left a trace", i)
			}
			if p.Realised.Cmp(realised) != 0 || p.Type == prop.Flat && p.Unrealised.Sign() != 0 {
				t.Fatalf("order %d: %s realised, its orders add up to %s; %s open", i, shown(p.Realised), shown(realised), shown(p.Unrealised))
			}
			grew := out.Traded.Sign() != 0 && out.Traded.Sign() == p.Quantity.Sign()
			worth := times(absolute(p.Quantity), orders[i].Price, big.NewRat(m.lot, 1), orders[i].QuoteUSD)
			if len(bounds) > 0 && grew && worth.Cmp(times(bounds[0].Max, account)) > 0 {
				t.Fatalf("order %d grew to %s USD, beyond the maximum", i, shown(worth))
			}
			if reduces := before.Quantity.Sign()*signOf(orders[i].Side) < 0; reduces && orders[i].Quantity != nil && out.Refused != "" {
				t.Fatalf("order %d reduces and was refused: %s", i, out.Refused)
			}
			before = p
		}
	})
}

func signOf(s prop.Side) int { return map[prop.Side]int{prop.Long: 1, prop.Short: -1}[s] }

// TestCashLedger is the first half of invariant 2: with one rate throughout, realised and
// unrealised results are the cash that the trades brought and the worth of what is open. No average
// entry is in this calculation.
func TestCashLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t)
		orders := m.orders(t, 20, false, true)
		cash, realised := rat("0"), rat("0")
		for i, out := range oracle.Evaluate(account, m.lot, nil, orders) {
			o, scale := orders[i], times(big.NewRat(m.lot, 1), m.rate)
			paid := times(o.Price, plus(rat("1"), times(o.Slippage, big.NewRat(int64(out.Traded.Sign()), 1))))
			cash = minus(cash, times(out.Traded, paid, scale))
			realised = plus(realised, out.Realised)
			if out.Refused != "" {
				continue // its price marks nothing
			}
			gain, worth := plus(realised, out.Position.Unrealised), times(out.Position.Quantity, o.Price, scale)
			if gain.Cmp(plus(cash, worth)) != 0 {
				t.Fatalf("order %d: results of %s USD, cash and worth of %s", i, shown(gain), shown(plus(cash, worth)))
			}
		}
	})
}

// TestSplitting is the second half of invariant 2: an order in two parts at the same price does
// what it does in one. By quantity all figures are equal. By leverage or value each part is rounded
// down by itself, so that at most one unit of quantity less is traded; then
//
//   - the quantity differs by at most a unit, 1e-8;
//   - gross equity at the order's own price differs by at most the slippage of a unit:
//     1e-8 · lot · price · slippage · rate;
//   - what a close at any later price has realised in the end differs by at most twice a unit's
//     worth: 2 · 1e-8 · lot · (highest price, with slippage) · (highest rate).
//
// An order of more than is open is no such order: its second part would open a new position.
func TestSplitting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t)
		prefix := m.orders(t, 6, false, false)
		o := m.order(t, false, false)
		if o.Side == prop.Flat {
			t.Skip("FLAT has no size to split")
		}
		end := m.order(t, false, false)
		end.Side, end.Leverage, end.Value, end.Quantity = prop.Flat, nil, nil, nil
		first, second := o, o
		part := fraction(t, "part", 1, 999, 1000)
		for _, f := range []struct{ whole, first, second **big.Rat }{
			{&o.Leverage, &first.Leverage, &second.Leverage}, {&o.Value, &first.Value, &second.Value}, {&o.Quantity, &first.Quantity, &second.Quantity},
		} {
			if *f.whole != nil {
				*f.first = times(*f.whole, part)
				*f.second = minus(*f.whole, *f.first)
			}
		}
		n := len(prefix)
		one := oracle.Evaluate(account, m.lot, nil, append(prefix[:n:n], o, end))
		two := oracle.Evaluate(account, m.lot, nil, append(prefix[:n:n], first, second, end))
		if one[n].NotTraded.Sign() != 0 || one[n].Refused != "" || two[n].Refused != "" || two[n+1].Refused != "" {
			t.Skip("an order of more than is open, or a part of less than a unit")
		}
		a, b := one[n].Position, two[n+1].Position
		if o.Quantity != nil {
			same(t, "after the order", a, b)
			same(t, "after the close", one[n+1].Position, two[n+2].Position)
			return
		}
		slip := times(unit, big.NewRat(m.lot, 1), o.Price, o.Slippage, o.QuoteUSD)
		worth := times(rat("2"), unit, big.NewRat(m.lot, 1), highest(append(prefix, o, end)))
		closer(t, "quantity", a.Quantity, b.Quantity, unit)
		closer(t, "gross equity", plus(a.Realised, a.Unrealised), plus(b.Realised, b.Unrealised), slip)
		closer(t, "realised", a.Realised, b.Realised, worth)
		if b.Type != prop.Flat { // a unit may be left of a close
			closer(t, "realised in the end", lastOf(one, n), lastOf(two, n+1), worth)
		}
	})
}

// lastOf is what the position of order i has realised when everything is closed.
func lastOf(outcomes []oracle.Outcome, i int) *big.Rat {
	if outcomes[i].Position.Type == prop.Flat {
		return outcomes[i].Position.Realised
	}
	return outcomes[len(outcomes)-1].Position.Realised
}

// highest is the largest price with slippage times the largest rate.
func highest(orders []oracle.Order) *big.Rat {
	price, rate := rat("0"), rat("0")
	for _, o := range orders {
		if p := times(o.Price, plus(rat("1"), o.Slippage)); p.Cmp(price) > 0 {
			price = p
		}
		if o.QuoteUSD.Cmp(rate) > 0 {
			rate = o.QuoteUSD
		}
	}
	return times(price, rate)
}

func closer(t *rapid.T, what string, a, b, bound *big.Rat) {
	if !within(a, b, bound) {
		t.Fatalf("%s: %s in one, %s in two, a bound of %s", what, a.FloatString(20), b.FloatString(20), bound.FloatString(20))
	}
}

// same compares all figures exactly.
func same(t *rapid.T, when string, a, b oracle.Position) {
	equal := a.Type == b.Type
	for _, f := range [][2]*big.Rat{
		{a.Quantity, b.Quantity}, {a.AverageEntry, b.AverageEntry}, {a.Realised, b.Realised}, {a.Unrealised, b.Unrealised}, {a.Return, b.Return},
	} {
		equal = equal && f[0].Cmp(f[1]) == 0
	}
	if !equal {
		t.Fatalf("%s: %v and %v", when, a, b)
	}
}

// TestMirror is invariant 6: what is bought here is sold there, prices are mirrored at a pivot, and
// without slippage at a rate of 1 every result is the same, to the last digit. Sizes are quantities,
// for a value buys another quantity at the mirrored price.
func TestMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lot := drawMarket(t).lot
		pivot := rat("5000.005") // prices are drawn from 0.01 to 10,000
		orders := market{lot: lot, rate: rat("1")}.orders(t, 20, true, true)
		var mirrored []oracle.Order
		for i := range orders {
			orders[i].Slippage = nil
			o := orders[i]
			o.Price = minus(times(rat("2"), pivot), o.Price)
			o.Side = map[prop.Side]prop.Side{prop.Long: prop.Short, prop.Short: prop.Long, prop.Flat: prop.Flat}[o.Side]
			mirrored = append(mirrored, o)
		}
		here, there := oracle.Evaluate(account, lot, nil, orders), oracle.Evaluate(account, lot, nil, mirrored)
		for i := range here {
			a, b := here[i].Position, there[i].Position
			if here[i].Refused != there[i].Refused || here[i].NotTraded.Cmp(there[i].NotTraded) != 0 {
				t.Fatalf("order %d: %q here, %q there", i, here[i].Refused, there[i].Refused)
			}
			b.Quantity = times(rat("-1"), b.Quantity)
			if b.Type != 0 {
				b.AverageEntry = minus(times(rat("2"), pivot), b.AverageEntry)
			}
			b.Type = map[prop.Side]prop.Side{prop.Long: prop.Short, prop.Short: prop.Long, prop.Flat: prop.Flat}[b.Type]
			same(t, "mirrored", a, b)
		}
	})
}
