package oracle_test

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/propnet/propnet/internal/oracle"
)

// difference is an entry of differences.json: what differs on purpose, and the figure that we have
// instead, worked out without the evaluator. Field "*" is an order that only we refuse.
type difference struct {
	File   string `json:"file"`
	Case   string `json:"case"`
	Order  int    `json:"order"` // -1 is the whole case
	Field  string `json:"field"`
	Defect string `json:"defect"` // as in reference/trading.md §13, or a short name
	Why    string `json:"why"`
	Ours   string `json:"ours"`
}

// mismatch is a field of one order's state that is not as the public node has it.
type mismatch struct {
	order        int
	field        string
	ours, theirs string
	exact        *big.Rat // ours, if it is a number
}

// TestGolden runs every case. What differs has an entry in differences.json with our figure; an
// entry that excuses nothing fails, and so does a case with bounds of its own that needs none.
func TestGolden(t *testing.T) {
	cases, r := golden(t)
	excuses := newExcuses(t, cases)
	orders, equal, unexplained := 0, 0, 0
	for _, c := range cases {
		outcomes := oracle.Evaluate(number(c.AccountSize), r.Pairs[c.Pair].Lot, r.bounds(c, false), r.orders(c))
		for i := range c.Orders {
			orders++
			found := compare(c, r, outcomes, i)
			if len(found) == 0 {
				equal++
			}
			for _, m := range excuses.without(t, c.Name, i, outcomes[i].Refused, found) {
				unexplained++
				t.Errorf("%s, order %d, %s: %s, the public node has %s", c.Name, m.order, m.field, m.ours, m.theirs)
			}
		}
		for _, m := range compareMarks(c, r, outcomes) {
			unexplained++
			t.Errorf("%s, mark %d, %s: %s, the public node has %s", c.Name, m.order, m.field, m.ours, m.theirs)
		}
		if own, ok := r.Cases[c.Name]; ok {
			under := oracle.Evaluate(number(c.AccountSize), r.Pairs[c.Pair].Lot, r.bounds(c, true), r.orders(c))
			if own.Why == "" || fmt.Sprint(refusals(under)) == fmt.Sprint(refusals(outcomes)) {
				t.Errorf("%s: its bounds have no reason, or decide as today's do", c.Name)
			}
		}
	}
	for _, d := range excuses.unused() {
		t.Errorf("%s, order %d, %s: the entry excuses nothing", d.Case, d.Order, d.Field)
	}
	t.Logf("%d cases, %d orders: %d equal, %d with a documented difference (%d entries), %d unexplained",
		len(cases), orders, equal, orders-equal, len(excuses.entries), unexplained)
}

func refusals(outcomes []oracle.Outcome) (why []string) {
	for _, o := range outcomes {
		why = append(why, o.Refused)
	}
	return why
}

// Tolerances, from "Numbers" of the architecture. The average entry has that of a quantity: where
// orders are at different prices, a rounded quantity weighs one of them by so much less.
var (
	quantityTolerance = rat("0.00000001") // per order of the position
	moneyTolerance    = rat("0.001")      // USD, and a part of the notional value
	notionalTolerance = rat("0.00000001")
	returnTolerance   = rat("0.0000001")
	averageTolerance  = rat("0.00000001") // of the price
)

// compare lists what differs after an order. The state of an account that never had a position, or
// whose order was not even understood, has no figures to compare.
func compare(c vector, r goldenRules, outcomes []oracle.Outcome, i int) (found []mismatch) {
	out, want := outcomes[i], c.Expected[i]
	text := func(field, ours, theirs string) {
		if ours != theirs {
			found = append(found, mismatch{order: i, field: field, ours: ours, theirs: theirs})
		}
	}
	near := func(field string, ours, theirs, tolerance *big.Rat) {
		if theirs != nil && !within(ours, theirs, tolerance) {
			found = append(found, mismatch{i, field, shown(ours), shown(theirs), ours})
		}
	}
	switch theirs := reason(want.Error); {
	case want.OK != (out.Refused == ""):
		text("ok", verdict(out.Refused), verdict(theirs))
	case !want.OK:
		text("error", verdict(out.Refused), verdict(theirs))
	}
	p := out.Position
	notional := notionalOf(c, r, outcomes, i)
	money := new(big.Rat).Add(moneyTolerance, new(big.Rat).Mul(notional, notionalTolerance))
	near("net_quantity", p.Quantity, number(want.Quantity), new(big.Rat).Mul(quantityTolerance, big.NewRat(max(want.Orders, 1), 1)))
	near("average_entry_price", p.AverageEntry, number(want.Average), new(big.Rat).Mul(averageTolerance, p.AverageEntry))
	near("realized_pnl", p.Realised, number(want.Realised), money)
	near("unrealized_pnl", p.Unrealised, number(want.Open), money)
	near("current_return", p.Return, number(want.Return), returnTolerance)
	if want.Return != "" { // there is a state
		theirs := ""
		if want.Type != nil {
			theirs = *want.Type
		}
		ours := ""
		if p.Type != 0 {
			ours = p.Type.String()
		}
		text("position_type", ours, theirs)
	}
	return found
}

// notionalOf is the larger of what was open before and after the order, in USD at its price.
func notionalOf(c vector, r goldenRules, outcomes []oracle.Outcome, i int) *big.Rat {
	q := new(big.Rat).Abs(outcomes[i].Position.Quantity)
	if i > 0 {
		if before := new(big.Rat).Abs(outcomes[i-1].Position.Quantity); before.Cmp(q) > 0 {
			q = before
		}
	}
	q.Mul(q, new(big.Rat).Mul(number(c.Orders[i].Price), big.NewRat(r.Pairs[c.Pair].Lot, 1)))
	if rate := r.rate(c, c.Orders[i]); rate != nil {
		q.Mul(q, rate)
	}
	return q.Abs(q)
}

// compareMarks values the last position at the case's marks. The public node marks at the rate of
// the last order; all marks are of pairs with a rate of 1.
func compareMarks(c vector, r goldenRules, outcomes []oracle.Outcome) (found []mismatch) {
	for i, want := range c.Marks {
		if r.Pairs[c.Pair].Rate != "one" {
			return []mismatch{{order: i, field: "rate", ours: "none", theirs: "the last order's"}}
		}
		p := oracle.Mark(outcomes[len(outcomes)-1].Position, number(want.Price), rat("1"))
		notional := new(big.Rat).Mul(new(big.Rat).Abs(p.Quantity), new(big.Rat).Mul(number(want.Price), big.NewRat(p.Lot, 1)))
		money := new(big.Rat).Add(moneyTolerance, new(big.Rat).Mul(notional, notionalTolerance))
		for _, f := range []struct {
			field                   string
			ours, theirs, tolerance *big.Rat
		}{
			{"realized_pnl", p.Realised, number(want.Realised), money},
			{"unrealized_pnl", p.Unrealised, number(want.Open), money},
			{"current_return", p.Return, number(want.Return), returnTolerance},
		} {
			if !within(f.ours, f.theirs, f.tolerance) {
				found = append(found, mismatch{i, f.field, shown(f.ours), shown(f.theirs), f.ours})
			}
		}
	}
	return found
}

func within(a, b, tolerance *big.Rat) bool {
	d := new(big.Rat).Sub(a, b)
	return d.Abs(d).Cmp(tolerance) <= 0
}

func verdict(why string) string {
	if why == "" {
		return "accepted"
	}
	return "refused: " + why
}

// reasons translate the public node's texts of refusal. Where a text names a bound, so does ours.
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
			return string(r.text.ExpandString(nil, r.ours, text, m))
		}
	}
	return "a text without a translation: " + strings.TrimSpace(text)
}
