package oracle_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"
)

// excuses are the documented differences of positions.json, and which of them were needed.
type excuses struct {
	entries []difference
	used    []bool
}

// newExcuses reads the entries and checks that each one is complete and names an order that exists.
func newExcuses(t *testing.T, cases []vector) *excuses {
	t.Helper()
	var all []difference
	readJSON(t, goldenDir+"/differences.json", true, &all)
	e := &excuses{}
	seen := map[difference]bool{}
	for _, d := range all {
		if d.File != "positions.json" {
			continue
		}
		i := slices.IndexFunc(cases, func(c vector) bool { return c.Name == d.Case })
		if i < 0 || d.Order < -1 || d.Order >= len(cases[max(i, 0)].Orders) {
			t.Errorf("%s, order %d: there is no such order", d.Case, d.Order)
		}
		if d.Field == "" || d.Defect == "" || d.Why == "" || d.Ours == "" {
			t.Errorf("%s, order %d, %s: the entry is incomplete", d.Case, d.Order, d.Field)
		}
		if d.Order == -1 && d.Field == "*" {
			t.Errorf("%s: an entry for all fields of all orders would excuse anything", d.Case)
		}
		key := difference{Case: d.Case, Order: d.Order, Field: d.Field}
		if seen[key] {
			t.Errorf("%s, order %d, %s: two entries", d.Case, d.Order, d.Field)
		}
		seen[key] = true
		e.entries = append(e.entries, d)
	}
	e.used = make([]bool, len(e.entries))
	return e
}

// without returns the mismatches of an order that no entry excuses. An entry excuses only the
// figure that it states: it is a second calculation, not a waiver.
func (e *excuses) without(t *testing.T, name string, order int, refused string, found []mismatch) (left []mismatch) {
	t.Helper()
	for _, m := range found {
		i := slices.IndexFunc(e.entries, func(d difference) bool {
			return d.Case == name && (d.Order == order || d.Order == -1) && (d.Field == m.field || d.Field == "*")
		})
		if i < 0 {
			left = append(left, m)
			continue
		}
		e.used[i] = true
		d := e.entries[i]
		if d.Field == "*" && (refused == "" || d.Ours != verdict(refused) || found[0].field != "ok") {
			t.Errorf("%s, order %d: differences.json says that only we refuse: %q; the evaluator: %q", name, order, d.Ours, verdict(refused))
		}
		if d.Field != "*" && !states(d.Ours, m) {
			t.Errorf("%s, order %d, %s: differences.json says %q, the evaluator %s", name, order, m.field, d.Ours, m.ours)
		}
	}
	return left
}

// states tells whether an entry's figure is the evaluator's: exactly, or with 8 digits or more
// after the point, the last one rounded.
func states(ours string, m mismatch) bool {
	if m.exact == nil {
		return ours == m.ours
	}
	v, ok := new(big.Rat).SetString(ours)
	if !ok || strings.ContainsAny(ours, "eE/") {
		return false
	}
	_, frac, _ := strings.Cut(ours, ".")
	if len(frac) < 8 {
		return v.Cmp(m.exact) == 0
	}
	half := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(frac))), nil)
	return within(v, m.exact, new(big.Rat).SetFrac(big.NewInt(1), half.Lsh(half, 1)))
}

func (e *excuses) unused() (entries []difference) {
	for i, d := range e.entries {
		if !e.used[i] {
			entries = append(entries, d)
		}
	}
	return entries
}
