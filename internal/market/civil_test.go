package market_test

import (
	"sort"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

const (
	hourMs = 3_600_000
	dayMs  = 24 * hourMs
)

// at is an instant in UTC.
func at(t *testing.T, s string) prop.Instant {
	t.Helper()
	u, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return prop.Instant(u.UnixMilli())
}

func newYork(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// shows is what the standard library makes of an instant.
func shows(i prop.Instant, zone *time.Location) market.Civil {
	u := time.UnixMilli(int64(i)).In(zone)
	ms := int64(u.Hour())*hourMs + int64(u.Minute())*60_000 + int64(u.Second())*1_000 + int64(u.Nanosecond()/1_000_000)
	return market.Civil{Year: u.Year(), Month: int(u.Month()), Day: u.Day(), Weekday: int(u.Weekday()), Ms: ms}
}

// The ends of the calendar.
var (
	first        = prop.Instant(0)
	firstNewYork = prop.Instant(time.Date(1987, 1, 1, 5, 0, 0, 0, time.UTC).UnixMilli())
	end          = prop.Instant(time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
)

func TestCivilRoundTrip(t *testing.T) {
	zone := newYork(t)
	rapid.Check(t, func(t *rapid.T) {
		i := prop.Instant(rapid.Int64Range(int64(first), int64(end)-1).Draw(t, "instant"))
		c, ok := market.InUTC(i)
		if want := shows(i, time.UTC); !ok || c != want {
			t.Fatalf("%s is %v, %v in UTC, want %v", i, c, ok, want)
		}
		if back, ok := market.FromUTC(c); !ok || back != i {
			t.Fatalf("%s comes back as %s, %v", i, back, ok)
		}
		c, ok = market.InNewYork(i)
		if want := shows(i, zone); ok != (i >= firstNewYork) || ok && c != want {
			t.Fatalf("%s is %v, %v in New York, want %v", i, c, ok, want)
		}
		if !ok {
			return
		}
		// The hour that is shown twice is read as the first, and the last hours of 2262 are not known.
		back, ok := market.FromNewYork(c)
		if ok && back != i && back != i-hourMs || !ok && i < end-5*hourMs {
			t.Fatalf("%s in New York comes back as %s, %v", i, back, ok)
		}
	})
}

// TestNewYorkEveryHour compares every hour of 1987 to 2037, and one in five of the later years, with
// the zone file; an hour of daylight saving less or more is so never missed.
func TestNewYorkEveryHour(t *testing.T) {
	zone := newYork(t)
	later := prop.Instant(time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	for i := firstNewYork; i < end; {
		offset, ok := market.NewYorkOffset(i)
		if _, want := time.UnixMilli(int64(i)).In(zone).Zone(); !ok || offset != int64(want)*1_000 {
			t.Fatalf("%s: offset %d, %v, want %d s", i, offset, ok, want)
		}
		if i < later {
			i += hourMs
		} else {
			i += 5 * hourMs
		}
	}
}

// TestNewYorkChanges looks at the millisecond of each change of the clocks, in every year.
func TestNewYorkChanges(t *testing.T) {
	zone := newYork(t)
	offset := func(ms int64) int {
		_, seconds := time.UnixMilli(ms).In(zone).Zone()
		return seconds
	}
	changes := 0
	for day := int64(firstNewYork); day < int64(end)-dayMs; day += dayMs {
		if offset(day) == offset(day+dayMs) {
			continue
		}
		changes++
		ms := day + int64(sort.Search(dayMs, func(n int) bool { return offset(day+int64(n)) != offset(day) }))
		for _, i := range []prop.Instant{prop.Instant(ms - 1), prop.Instant(ms)} {
			if c, ok := market.InNewYork(i); !ok || c != shows(i, zone) {
				t.Errorf("%s is %v, %v in New York, want %v", i, c, ok, shows(i, zone))
			}
		}
	}
	if changes != 2*(2263-1987) {
		t.Errorf("%d changes", changes)
	}
}

func TestCivilEdges(t *testing.T) {
	for _, i := range []prop.Instant{-1, end, -1 << 63, 1<<63 - 1} {
		if c, ok := market.InUTC(i); ok {
			t.Errorf("%d is %v in UTC", int64(i), c)
		}
	}
	for _, i := range []prop.Instant{0, firstNewYork - 1, end, -1 << 63, 1<<63 - 1} {
		if c, ok := market.InNewYork(i); ok {
			t.Errorf("%d is %v in New York", int64(i), c)
		}
	}
	c := func(y, m, d int, ms int64) market.Civil { return market.Civil{Year: y, Month: m, Day: d, Ms: ms} }
	for _, bad := range []market.Civil{
		{}, c(1969, 12, 31, 0), c(2263, 1, 1, 0), c(2026, 0, 1, 0), c(2026, 13, 1, 0), c(2026, 1, 0, 0), c(2026, 1, 32, 0), c(2026, 4, 31, 0),
		c(2026, 2, 29, 0), c(2100, 2, 29, 0), c(2026, 1, 1, -1), c(2026, 1, 1, dayMs), c(2026, 1, 367, 0), c(2026, 1, 1<<40, 0), c(1<<40, 1, 1, 0),
	} {
		if i, ok := market.FromUTC(bad); ok {
			t.Errorf("%v is %s", bad, i)
		}
		if i, ok := market.FromNewYork(bad); ok {
			t.Errorf("%v in New York is %s", bad, i)
		}
	}
	if i, ok := market.FromNewYork(c(1986, 12, 31, 0)); ok {
		t.Errorf("1986 in New York is %s", i)
	}
	rows := []struct {
		rule string
		c    market.Civil
		want string
	}{
		{"the first day of the calendar", c(1987, 1, 1, 0), "1987-01-01T05:00:00Z"},
		{"a leap day", c(2000, 2, 29, 12*hourMs), "2000-02-29T17:00:00Z"},
		{"an hour that is skipped is read in the old time", c(2026, 3, 8, 5*hourMs/2), "2026-03-08T07:30:00Z"},
		{"an hour that is shown twice is the first", c(2026, 11, 1, 3*hourMs/2), "2026-11-01T05:30:00Z"},
		{"the hour after it is there once", c(2026, 11, 1, 2*hourMs), "2026-11-01T07:00:00Z"},
		{"the law until 2006", c(2006, 4, 1, 12*hourMs), "2006-04-01T17:00:00Z"},
		{"the law from 2007", c(2007, 4, 1, 12*hourMs), "2007-04-01T16:00:00Z"},
	}
	for _, r := range rows {
		if i, ok := market.FromNewYork(r.c); !ok || i != at(t, r.want) {
			t.Errorf("%s: %s, %v, want %s", r.rule, i, ok, r.want)
		}
	}
}
