package golden_test

import (
	"fmt"
	"testing"
)

// tally counts cases, and what became of them.
type tally struct{ run, equal, differ, wrong, entries int }

func (a *tally) add(b tally) {
	a.run, a.equal, a.differ, a.wrong, a.entries = a.run+b.run, a.equal+b.equal, a.differ+b.differ, a.wrong+b.wrong, a.entries+b.entries
}

// count takes in one case: what was found to differ, and what of it nobody excuses.
func (a *tally) count(found, left []mismatch) {
	a.run++
	switch {
	case len(left) != 0:
		a.wrong++
	case len(found) != 0:
		a.differ++
	default:
		a.equal++
	}
}

func (a tally) String() string {
	return fmt.Sprintf("%d vectors run, %d equal, %d with a documented difference (%d entries), %d unexplained", a.run, a.equal, a.differ, a.entries, a.wrong)
}

// TestGolden takes all vectors about trading through engine.Apply and sums up.
func TestGolden(t *testing.T) {
	var sum tally
	for _, part := range []struct {
		name string
		run  func(*testing.T, *tally)
	}{
		{"positions", positions},
		{"slippage", slippageVectors},
		{"parse_order_size", orderSizes},
		{"forex_hours", forexHours},
		{"forex_holidays", forexHolidays},
		{"triggers", triggerVectors},
		{"carry_intervals", carryIntervals},
		{"forex_carry_upstream_vs_calendar", forexCarry},
		{"account_size_from_theta", accountSizes},
		{"cooldown", cooldown},
		{"order_rate_limit", orderRate},
		{"end_to_end_flows", flowVectors},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, &sum) })
	}
	t.Logf("through engine.Apply: %s", sum)
}
