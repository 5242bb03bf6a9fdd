package market_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

var everyClass = []string{market.Crypto, market.Forex, market.Equities, market.Indices}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func boundaries(t fataler, class string, after, upTo prop.Instant) []market.Boundary {
	t.Helper()
	seq, ok := market.CarryBoundaries(class, after, upTo)
	if !ok {
		t.Fatalf("no boundaries of %s from %s to %s", class, after, upTo)
	}
	return slices.Collect(seq)
}

func unitsOf(list []market.Boundary) (units int) {
	for _, b := range list {
		units += b.Units
	}
	return units
}

func TestCarryWeek(t *testing.T) {
	rows := []struct{ class, want string }{
		{market.Crypto, "2025-11-14T04:00 1, 2025-11-14T12:00 1, 2025-11-14T20:00 1, 2025-11-15T04:00 1, 2025-11-15T12:00 1, 2025-11-15T20:00 1, "},
		{market.Forex, "2025-11-14T21:00 1, 2025-11-17T21:00 1, 2025-11-18T21:00 1, 2025-11-19T21:00 3, 2025-11-20T21:00 1, 2025-11-21T21:00 1, "},
		{market.Equities, "2025-11-14T21:00 1, 2025-11-17T21:00 1, 2025-11-18T21:00 1, 2025-11-19T21:00 3, 2025-11-20T21:00 1, 2025-11-21T21:00 1, "},
		{market.Indices, "2025-11-14T21:00 1, 2025-11-17T21:00 1, 2025-11-18T21:00 1, 2025-11-19T21:00 3, 2025-11-20T21:00 1, 2025-11-21T21:00 1, "},
	}
	for _, r := range rows {
		got := ""
		for i, b := range boundaries(t, r.class, at(t, "2025-11-13T21:00:00Z"), at(t, "2025-12-01T00:00:00Z")) {
			if i < 6 {
				got += fmt.Sprintf("%s %d, ", b.At.String()[:16], b.Units)
			}
		}
		if got != r.want {
			t.Errorf("%s: %s", r.class, got)
		}
	}
}

// TestCarryEnds: strictly after the beginning, the end included.
func TestCarryEnds(t *testing.T) {
	due := at(t, "2025-11-13T21:00:00Z")
	rows := []struct {
		after, upTo prop.Instant
		want        int
	}{{due, due, 0}, {due - 1, due - 1, 0}, {due - 1, due, 1}, {due, due + 1, 0}, {due - 1, due + 1, 1}, {due, due + dayMs, 1}, {due - 1, due + dayMs, 2}, {due + 1, due - 1, 0}}
	for _, r := range rows {
		if got := len(boundaries(t, market.Forex, r.after, r.upTo)); got != r.want {
			t.Errorf("after %s up to %s: %d boundaries, want %d", r.after, r.upTo, got, r.want)
		}
	}
	seq, _ := market.CarryBoundaries(market.Crypto, first, end-1)
	for range seq { // who has seen enough need not see three centuries
		break
	}
}

func TestCarryUnknown(t *testing.T) {
	for _, class := range []string{"", "CRYPTO", "futures"} {
		if b, ok := market.NextCarry(class, 0); ok {
			t.Errorf("%q: %v", class, b)
		}
		if _, ok := market.CarryBoundaries(class, 0, 1); ok {
			t.Errorf("%q has boundaries", class)
		}
	}
	for _, i := range []prop.Instant{-1, end, -1 << 63, 1<<63 - 1} {
		if b, ok := market.NextCarry(market.Crypto, i); ok {
			t.Errorf("after %d: %v", int64(i), b)
		}
		_, from := market.CarryBoundaries(market.Crypto, i, 1)
		_, to := market.CarryBoundaries(market.Crypto, 1, i)
		if from || to {
			t.Errorf("boundaries after or up to %d", int64(i))
		}
	}
	if b, ok := market.NextCarry(market.Crypto, end-1); ok {
		t.Errorf("after the last instant: %v", b)
	}
	if b, ok := market.NextCarry(market.Crypto, 0); !ok || b.At != 4*hourMs {
		t.Errorf("after the first instant: %v, %v", b, ok)
	}
}

// TestCarryProperties: seven days are seven units of a day's carry whenever they begin (21 of a
// third of a day for crypto); cutting an interval loses and doubles nothing; next is the first.
func TestCarryProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SampledFrom(everyClass).Draw(t, "class")
		from := prop.Instant(rapid.Int64Range(int64(first), int64(end)-60*dayMs).Draw(t, "from"))
		week := 7
		if class == market.Crypto {
			week = 21
		}
		if units := unitsOf(boundaries(t, class, from, from+7*dayMs)); units != week {
			t.Fatalf("%s: %d units in the week after %s", class, units, from)
		}
		to := from + prop.Instant(rapid.Int64Range(0, 40*dayMs).Draw(t, "length"))
		cut := from + prop.Instant(rapid.Int64Range(0, int64(to-from)).Draw(t, "cut"))
		whole := boundaries(t, class, from, to)
		parts := append(boundaries(t, class, from, cut), boundaries(t, class, cut, to)...)
		if !slices.Equal(whole, parts) {
			t.Fatalf("%s: %v from %s to %s, cut at %s: %v", class, whole, from, to, cut, parts)
		}
		for i, b := range whole {
			if b.At <= from || b.At > to || b.Units < 1 || i > 0 && b.At <= whole[i-1].At {
				t.Fatalf("%s: %v from %s to %s", class, whole, from, to)
			}
		}
		next, ok := market.NextCarry(class, from)
		if !ok || len(whole) > 0 && next != whole[0] || len(whole) == 0 && next.At <= to {
			t.Fatalf("%s: next after %s is %v, %v, not of %v", class, from, next, ok, whole)
		}
	})
}
