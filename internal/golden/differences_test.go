package golden_test

import (
	"math/big"
	"slices"
	"testing"
)

// difference is an entry of differences.json: what differs on purpose, and the figure that we have
// instead, worked out by hand. Field "*" is an order that only we refuse.
//
// File positions.json is for whoever evaluates positions, here and in package oracle;
// positions.json/engine is for the engine alone, and where it has entries for an order, those of
// positions.json do not count here. In trading-extra.json, case is the section and what tells its
// vectors apart, order is the vector's number in it.
type difference struct {
	File   string `json:"file"`
	Case   string `json:"case"`
	Order  int    `json:"order"` // -1 is the whole case
	Field  string `json:"field"`
	Defect string `json:"defect"` // as in reference/trading.md §13, or a short name
	Why    string `json:"why"`
	Ours   string `json:"ours"`
}

// mismatch is a figure that is not as the public node has it.
type mismatch struct {
	field        string
	ours, theirs string
	exact        *big.Rat // ours, if it is a number
	rounding     *big.Rat // how far a figure worked out exactly may be from ours
}

// excuses are documented differences, and which of them were needed.
type excuses struct {
	entries []difference
	used    []bool
}

// readExcuses takes the entries that are meant here, and checks that each is complete and single.
func readExcuses(t testing.TB, meant func(difference) bool) *excuses {
	t.Helper()
	var all []difference
	readJSON(t, goldenDir+"/differences.json", true, &all)
	e := &excuses{}
	seen := map[difference]bool{}
	for _, d := range all {
		if !slices.Contains([]string{"positions.json", "positions.json/engine", "trading-extra.json"}, d.File) {
			t.Errorf("%s: nobody reads an entry of file %q", d.Case, d.File)
		}
		if !meant(d) {
			continue
		}
		if d.Field == "" || d.Defect == "" || d.Why == "" || d.Ours == "" || d.Field == "*" && d.Order == -1 {
			t.Errorf("%s, order %d, %s: the entry is incomplete", d.Case, d.Order, d.Field)
		}
		key := difference{File: d.File, Case: d.Case, Order: d.Order, Field: d.Field}
		if seen[key] {
			t.Errorf("%s, order %d, %s: two entries", d.Case, d.Order, d.Field)
		}
		seen[key] = true
		e.entries = append(e.entries, d)
	}
	e.used = make([]bool, len(e.entries))
	return e
}

// without returns the mismatches that no entry excuses. An entry excuses only the figure that it
// states: it is a second calculation, not a waiver.
func (e *excuses) without(t testing.TB, name string, order int, refused bool, found []mismatch) (left []mismatch) {
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
		if d.Field == "*" && (!refused || found[0].field != "ok" || d.Ours != found[0].ours) {
			t.Errorf("%s, order %d: differences.json says that only we refuse: %q; the engine: %s, %s", name, order, d.Ours, found[0].field, found[0].ours)
		}
		if d.Field != "*" && !states(d.Ours, m) {
			t.Errorf("%s, order %d, %s: differences.json says %q, the engine %s", name, order, m.field, d.Ours, m.ours)
		}
	}
	return left
}

// states tells whether an entry's figure is ours, up to what our rounding may do.
func states(ours string, m mismatch) bool {
	if m.exact == nil {
		return ours == m.ours
	}
	v, ok := new(big.Rat).SetString(ours)
	return ok && within(v, m.exact, m.rounding)
}

// unused complains about entries that excuse nothing.
func (e *excuses) unused(t testing.TB) {
	t.Helper()
	for i, d := range e.entries {
		if !e.used[i] {
			t.Errorf("%s: %s, order %d, %s: the entry excuses nothing", d.File, d.Case, d.Order, d.Field)
		}
	}
}
