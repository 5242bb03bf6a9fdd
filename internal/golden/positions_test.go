package golden_test

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Tolerances, from "Numbers" of the architecture, as in package oracle.
var (
	quantityTolerance = rat("0.00000001") // per order of the position
	moneyTolerance    = rat("0.001")      // USD, and a part of the notional value
	notionalTolerance = rat("0.00000001")
	returnTolerance   = rat("0.0000001")
	averageTolerance  = rat("0.00000001") // of the price
)

// What our own rounding may do to a figure that was worked out exactly.
var (
	moneyRounding    = rat("0.000001")
	notionalRounding = rat("0.00000000001")
	returnRounding   = rat("0.0000000001")
	averageRounding  = rat("0.0000000001") // of the price
)

// positions takes every case of positions.json through the engine.
func positions(t *testing.T, sum *tally) {
	cases := readCases(t)
	// Where the engine has entries for an order, they are all that counts.
	own := map[[2]any]bool{}
	readExcuses(t, func(d difference) bool {
		if d.File == "positions.json/engine" {
			own[[2]any{d.Case, d.Order}] = true
		}
		return false
	})
	e := readExcuses(t, func(d difference) bool {
		return d.File == "positions.json/engine" || d.File == "positions.json" && !own[[2]any{d.Case, d.Order}]
	})
	orders, marks, got := 0, 0, tally{entries: len(e.entries)}
	for _, c := range cases {
		w, steps := c.run(t)
		for i, s := range steps {
			orders++
			c.slipped(t, i, s)
			found := c.compare(i, s)
			left := e.without(t, c.Name, i, s.refused != "", found)
			got.count(found, left)
			for _, m := range left {
				t.Errorf("%s, order %d, %s: %s, the public node has %s", c.Name, i, m.field, m.ours, m.theirs)
			}
		}
		for i := range c.Marks {
			marks++
			found := c.mark(w, i)
			got.count(found, found)
			for _, m := range found {
				t.Errorf("%s, mark %d, %s: %s, the public node has %s", c.Name, i, m.field, m.ours, m.theirs)
			}
		}
	}
	e.unused(t)
	if len(cases) != 63 || orders != 129 || marks != 12 {
		t.Errorf("%d cases, %d orders, %d marks; want 63, 129, 12", len(cases), orders, marks)
	}
	sum.add(got)
	t.Logf("positions.json, %d cases with %d orders and %d marks: %s", len(cases), orders, marks, got)
}

// slipped holds the trade to the case's slippage, with the 9 digits of a ratio.
func (c *scenario) slipped(t *testing.T, i int, s step) {
	t.Helper()
	if want := fixed.Ratio(units(number(c.Orders[i].Slippage), fixed.RatioScale)); s.trade != nil && s.trade.Slippage != want {
		t.Errorf("%s, order %d slipped by %s, want %s", c.Name, i, s.trade.Slippage, want)
	}
}

// compare lists what differs after an order. The state of an account that never had a position, or
// whose order was not even understood, has no figures to compare.
func (c *scenario) compare(i int, s step) (found []mismatch) {
	want, p := c.Expected[i], s.position
	text := func(field, ours, theirs string) {
		if ours != theirs {
			found = append(found, mismatch{field: field, ours: ours, theirs: theirs})
		}
	}
	near := func(field string, ours, theirs, tolerance, rounding *big.Rat) {
		if theirs != nil && !within(ours, theirs, tolerance) {
			found = append(found, mismatch{field, shown(ours), shown(theirs), ours, rounding})
		}
	}
	ours, theirs := orAccepted(s.refused), reason(want.Error)
	switch {
	case want.OK != (s.refused == ""):
		text("ok", ours, orAccepted(theirs))
	case !want.OK:
		text("error", ours, theirs)
	}
	money := plus(moneyTolerance, times(s.notional, notionalTolerance))
	rounding := plus(moneyRounding, times(s.notional, notionalRounding))
	near("net_quantity", p.quantity, number(want.Quantity), times(quantityTolerance, big.NewRat(max(want.Orders, 1), 1)), new(big.Rat))
	near("average_entry_price", p.average, number(want.Average), times(averageTolerance, p.average), times(averageRounding, p.average))
	near("realized_pnl", p.realised, number(want.Realised), money, rounding)
	near("unrealized_pnl", p.open, number(want.Open), money, rounding)
	near("current_return", p.ret, number(want.Return), returnTolerance, returnRounding)
	if want.Return != "" { // there is a state
		theirs, ours := "", ""
		if want.Type != nil {
			theirs = *want.Type
		}
		if p.kind != 0 {
			ours = p.kind.String()
		}
		text("position_type", ours, theirs)
	}
	return found
}

// mark shows the market at a later price, and lists what differs.
func (c *scenario) mark(w *world, i int) (found []mismatch) {
	want := c.Marks[i]
	w.at = prop.Instant(want.AtMs + c.laterMs)
	p := priceOf(number(want.Price))
	w.mustPrices(quote(c.Pair, p, p))
	f := w.figures(c.Pair, number(c.AccountSize))
	notional := times(absolute(f.quantity), number(want.Price), big.NewRat(pairNamed(c.pairs, c.Pair).Lot, 1))
	money := plus(moneyTolerance, times(notional, notionalTolerance))
	for _, x := range []struct {
		field                   string
		ours, theirs, tolerance *big.Rat
	}{
		{"realized_pnl", f.realised, number(want.Realised), money},
		{"unrealized_pnl", f.open, number(want.Open), money},
		{"current_return", f.ret, number(want.Return), returnTolerance},
	} {
		if !within(x.ours, x.theirs, x.tolerance) {
			found = append(found, mismatch{field: x.field, ours: shown(x.ours), theirs: shown(x.theirs)})
		}
	}
	return found
}

func orAccepted(refused string) string {
	if refused == "" {
		return "accepted"
	}
	return refused
}

// reasons translate the public node's texts of refusal, as package oracle does.
var reasons = []struct {
	text *regexp.Regexp
	ours string
}{
	{regexp.MustCompile(`below min_position_leverage ([0-9.]+)$`), "below the minimum leverage $1"},
	{regexp.MustCompile(`exceed leverage bounds \[[0-9.]+, ([0-9.]+)\]`), "above the maximum leverage $1"},
	{regexp.MustCompile(`above ORDER_MAX_LEVERAGE ([0-9.]+),`), "above the maximum leverage $1"},
	{regexp.MustCompile(`exceed max adjusted portfolio leverage of ([0-9]+)`), "above the portfolio cap $1"},
	{regexp.MustCompile(`^Exactly one of 'leverage', 'value', or 'quantity' must be set$`), "size"},
	{regexp.MustCompile(`^leverage must be positive for LONG orders\.$`), "size"},
	{regexp.MustCompile(`^Price must be greater than 0$`), "price"},
	{regexp.MustCompile(`closed/liquidated position`), "closed"},
}

func reason(text string) string {
	if text == "" {
		return ""
	}
	for _, r := range reasons {
		if m := r.text.FindStringSubmatchIndex(text); m != nil {
			return "refused: " + string(r.text.ExpandString(nil, r.ours, text, m))
		}
	}
	return "refused: a text without a translation: " + strings.TrimSpace(text)
}

// TestNeeds takes each need of testdata/golden.json away: the case must then go otherwise.
func TestNeeds(t *testing.T) {
	cases, pairs, need := readCases(t), readPairs(t), readNeeds(t)
	differs := func(name string, change func(*scenario)) {
		for _, c := range cases {
			if c.Name != name {
				continue
			}
			change(&c)
			_, steps := c.run(t)
			for i, s := range steps {
				want := fixed.Ratio(units(number(c.Orders[i].Slippage), fixed.RatioScale))
				if s.refused != "" && orAccepted(s.refused) != orAccepted(reason(c.Expected[i].Error)) || s.trade != nil && s.trade.Slippage != want {
					return
				}
			}
			t.Errorf("%s goes the same without what testdata/golden.json says it needs", name)
			return
		}
		t.Errorf("there is no case %s", name)
	}
	for _, n := range need.Tradable {
		if n.Case == "slippage" { // the section of trading-extra.json
			if pairNamed(pairs, n.Pair).State == prop.Tradable {
				t.Errorf("%s is tradable as it is", n.Pair)
			}
			continue
		}
		differs(n.Case, func(c *scenario) { c.pairs[indexOf(c.pairs, n.Pair)].State = pairNamed(pairs, n.Pair).State })
	}
	for _, n := range need.Later {
		differs(n.Case, func(c *scenario) { c.laterMs = 0 })
	}
	for _, n := range need.Slippage {
		differs(n.Case, func(c *scenario) { c.slippage = goldenSet(0).Slippage })
	}
}

func indexOf(pairs []prop.Pair, id string) int {
	for i := range pairs {
		if pairs[i].ID == id {
			return i
		}
	}
	return -1
}

// TestSpread runs the cases that slip again, with what slips in the quote: bid and ask lie around the
// price, and the tables are empty. Sizes are the quantities that were traded, for a size in dollars buys
// less at a worse quote. All figures stay the same.
func TestSpread(t *testing.T) {
	run := 0
	for _, c := range readCases(t) {
		slips := false
		for _, o := range c.Orders {
			slips = slips || number(o.Slippage).Sign() != 0
		}
		if !slips {
			continue
		}
		run++
		_, want := c.run(t)
		c.spread, c.slippage = true, goldenSet(0).Slippage
		for i, s := range want {
			if c.Orders[i].Type != "FLAT" {
				q := json.Number(s.trade.Quantity.Abs().String())
				c.Orders[i].Leverage, c.Orders[i].Value, c.Orders[i].Quantity = nil, nil, &q
			}
		}
		_, got := c.run(t)
		for i := range got {
			a, b := got[i].position, want[i].position
			money := plus(moneyTolerance, times(want[i].notional, notionalTolerance))
			same := got[i].refused == "" && got[i].trade.Slippage == 0 && a.kind == b.kind && a.quantity.Cmp(b.quantity) == 0
			if !same || !within(a.average, b.average, times(averageTolerance, b.average)) || !within(a.realised, b.realised, money) ||
				!within(a.open, b.open, money) || !within(a.ret, b.ret, returnTolerance) {
				t.Errorf("%s, order %d: %v by a spread, %v by the tables", c.Name, i, a, b)
			}
		}
	}
	if run != 7 {
		t.Errorf("%d cases slip, want 7", run)
	}
}
