package oracle_test

import (
	"math/big"
	"testing"

	"github.com/propnet/propnet/internal/oracle"
	"github.com/propnet/propnet/prop"
)

// TestGoldenByTradedQuantity takes sizing, bounds and the three books out of the comparison: each
// order that the public node accepted trades the quantity that it traded there. What is left is the
// arithmetic of a position, and that must agree to the precision of a float64, with no entry in
// differences.json. Two rules of ours show nevertheless: a loss beyond the account is a number (no
// factor of 0, and nets are what was traded), and an order at a price of 0 does not exist.
func TestGoldenByTradedQuantity(t *testing.T) {
	cases, r := golden(t)
	compared, liquidated, unpriced := 0, 0, 0
	for _, c := range cases {
		orders := r.orders(c)
		var kept []oracle.Order
		var states []expectedState
		for i, want := range c.Expected {
			if !want.OK {
				continue
			}
			if number(c.Orders[i].Price).Sign() == 0 {
				unpriced++
				continue
			}
			if want.Last.Quantity == nil { // the order itself is hidden behind the synthetic close that its loss set off
				liquidated++
				continue
			}
			kept, states = append(kept, traded(orders[i], want)), append(states, want)
		}
		for i, out := range oracle.Evaluate(number(c.AccountSize), r.Pairs[c.Pair].Lot, nil, kept) {
			compared++
			if wiped := number(states[i].Return).Sign() == 0; wiped {
				liquidated++
				if out.Position.Quantity.Sign() != 0 || out.Position.Return.Sign() >= 0 {
					t.Errorf("%s, order %d: a close with a loss beyond the account leaves %s open, return %s", c.Name, i, shown(out.Position.Quantity), shown(out.Position.Return))
				}
				alike(t, c.Name, i, "realized_pnl", out.Position.Realised, number(states[i].Realised), number(c.AccountSize))
				continue
			}
			compareTraded(t, c, i, out, kept[i], states[i])
		}
	}
	if compared != 111 || liquidated != 4 || unpriced != 1 {
		t.Errorf("compared %d orders, %d liquidations, %d without a price; want 111, 4, 1", compared, liquidated, unpriced)
	}
	t.Logf("%d orders by traded quantity, %d of them liquidations; left out: 1 liquidation, %d without a price", compared, liquidated-1, unpriced)
}

// traded is the order as the public node carried it out. What closed the position is a FLAT: floats
// may not add up to nothing.
func traded(o oracle.Order, want expectedState) oracle.Order {
	o.Leverage, o.Value, o.Quantity, o.Side = nil, nil, nil, prop.Flat
	if *want.Type == "FLAT" {
		return o
	}
	o.Quantity, o.Side = number(*want.Last.Quantity), prop.Long
	if o.Quantity.Sign() < 0 {
		o.Side = prop.Short
	}
	o.Quantity.Abs(o.Quantity)
	return o
}

// compareTraded compares one state. The public node shows the slippage of the part
// just bought or sold at the next mark only, so it is given back here.
func compareTraded(t *testing.T, c vector, i int, out oracle.Outcome, o oracle.Order, want expectedState) {
	t.Helper()
	p, hidden := out.Position, new(big.Rat)
	if out.Realised.Sign() == 0 && p.Type == o.Side {
		hidden.Mul(new(big.Rat).Abs(out.Traded), new(big.Rat).Mul(o.Price, o.Slippage))
		hidden.Mul(hidden, big.NewRat(p.Lot, 1))
		if o.QuoteUSD != nil {
			hidden.Mul(hidden, o.QuoteUSD)
		}
	}
	account := number(c.AccountSize)
	open := new(big.Rat).Add(p.Unrealised, hidden)
	alike(t, c.Name, i, "net_quantity", p.Quantity, number(want.Quantity), rat("1"))
	alike(t, c.Name, i, "average_entry_price", p.AverageEntry, number(want.Average), rat("0"))
	alike(t, c.Name, i, "realized_pnl", p.Realised, number(want.Realised), account)
	alike(t, c.Name, i, "unrealized_pnl", open, number(want.Open), account)
	alike(t, c.Name, i, "current_return", new(big.Rat).Add(p.Return, hidden.Quo(hidden, account)), number(want.Return), rat("1"))
	if p.Type.String() != *want.Type {
		t.Errorf("%s, order %d: %s, the public node has %s", c.Name, i, p.Type, *want.Type)
	}
}

// alike allows 1e-12 of the figure, and of what it is a difference of.
func alike(t *testing.T, name string, order int, field string, ours, theirs, of *big.Rat) {
	t.Helper()
	tolerance := new(big.Rat).Add(new(big.Rat).Abs(ours), of)
	if !within(ours, theirs, tolerance.Mul(tolerance, rat("0.000000000001"))) {
		t.Errorf("%s, order %d, %s: %s, the public node has %s", name, order, field, shown(ours), shown(theirs))
	}
}
