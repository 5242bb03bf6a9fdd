package market_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

func TestSession(t *testing.T) {
	rows := []struct {
		rule, class, at     string
		open                bool
		nextOpen, nextClose string
	}{
		{"a day in the week", market.Forex, "2025-11-13T12:00:00Z", true, "2025-11-16T22:00:00Z", "2025-11-14T22:00:00Z"},
		{"the last millisecond", market.Forex, "2025-11-14T21:59:59.999Z", true, "2025-11-16T22:00:00Z", "2025-11-14T22:00:00Z"},
		{"closed at the instant", market.Forex, "2025-11-14T22:00:00Z", false, "2025-11-16T22:00:00Z", "2025-11-21T22:00:00Z"},
		{"open at the instant", market.Forex, "2025-11-16T22:00:00Z", true, "2025-11-23T22:00:00Z", "2025-11-21T22:00:00Z"},
		{"summer time begins on the weekend", market.Forex, "2026-03-07T12:00:00Z", false, "2026-03-08T21:00:00Z", "2026-03-13T21:00:00Z"},
		{"and ends on one", market.Forex, "2026-10-30T20:59:59.999Z", true, "2026-11-01T22:00:00Z", "2026-10-30T21:00:00Z"},
		{"Good Friday takes the whole Friday", market.Forex, "2026-04-01T12:00:00Z", true, "2026-04-05T21:00:00Z", "2026-04-03T04:00:00Z"},
		{"Christmas on Thursday, Boxing Day, weekend", market.Forex, "2025-12-25T05:00:00Z", false, "2025-12-28T22:00:00Z", "2026-01-01T05:00:00Z"},
		{"New Year in the week: open again at midnight", market.Forex, "2026-01-01T12:00:00Z", false, "2026-01-02T05:00:00Z", "2026-01-02T22:00:00Z"},
		{"a holiday on Friday and one on Monday: the Sunday evening trades", market.Forex, "2027-12-25T12:00:00Z", false, "2027-12-26T22:00:00Z", "2027-12-27T05:00:00Z"},
		{"that evening", market.Forex, "2027-12-26T23:00:00Z", true, "2027-12-28T05:00:00Z", "2027-12-27T05:00:00Z"},
		{"New Year of a Saturday is in the old year", market.Forex, "2027-12-31T12:00:00Z", false, "2028-01-02T22:00:00Z", "2028-01-07T22:00:00Z"},
		{"New Year of a Sunday is on Monday", market.Forex, "2034-01-02T12:00:00Z", false, "2034-01-03T05:00:00Z", "2034-01-06T22:00:00Z"},
		{"the exchange before its day", market.Equities, "2025-11-13T14:29:59.999Z", false, "2025-11-13T14:30:00Z", "2025-11-13T21:00:00Z"},
		{"the exchange opens", market.Equities, "2025-11-13T14:30:00Z", true, "2025-11-14T14:30:00Z", "2025-11-13T21:00:00Z"},
		{"the exchange closes", market.Equities, "2025-11-13T21:00:00Z", false, "2025-11-14T14:30:00Z", "2025-11-14T21:00:00Z"},
		{"in summer time", market.Equities, "2026-07-02T12:00:00Z", false, "2026-07-02T13:30:00Z", "2026-07-02T20:00:00Z"},
		{"Independence Day of a Saturday", market.Equities, "2026-07-02T20:00:00Z", false, "2026-07-06T13:30:00Z", "2026-07-06T20:00:00Z"},
		{"Thanksgiving", market.Equities, "2025-11-26T22:00:00Z", false, "2025-11-28T14:30:00Z", "2025-11-28T18:00:00Z"},
		{"an early close", market.Equities, "2025-11-28T18:00:00Z", false, "2025-12-01T14:30:00Z", "2025-12-01T21:00:00Z"},
		{"a day of mourning", market.Equities, "2025-01-09T15:00:00Z", false, "2025-01-10T14:30:00Z", "2025-01-10T21:00:00Z"},
		{"crypto is always open", market.Crypto, "2025-12-25T12:00:00Z", true, "", ""},
		{"indices never are", market.Indices, "2025-11-13T16:00:00Z", false, "", ""},
	}
	for _, r := range rows {
		info, ok := market.Session(r.class, at(t, r.at))
		want := market.SessionInfo{Open: r.open}
		if r.nextOpen != "" {
			want.NextOpen, want.NextClose = at(t, r.nextOpen), at(t, r.nextClose)
		}
		if !ok || info != want {
			t.Errorf("%s, %s: %v, %v, want %v", r.rule, r.at, info, ok, want)
		}
	}
}

func TestSessionUnknown(t *testing.T) {
	rows := []struct {
		class string
		at    prop.Instant
		ok    bool
	}{
		{"", at(t, "2026-01-01T12:00:00Z"), false}, {"Forex", at(t, "2026-01-01T12:00:00Z"), false}, {"futures", at(t, "2026-01-01T12:00:00Z"), false},
		{market.Forex, firstNewYork - 1, false}, {market.Forex, firstNewYork, true},
		{market.Equities, at(t, "2013-01-01T04:59:59Z"), false}, {market.Equities, at(t, "2013-01-01T05:00:00Z"), true},
		{market.Forex, at(t, "2262-12-01T12:00:00Z"), true}, {market.Forex, at(t, "2262-12-31T12:00:00Z"), false},
		{market.Forex, -1, false}, {market.Forex, end, false}, {market.Forex, -1 << 63, false}, {market.Forex, 1<<63 - 1, false},
		{market.Crypto, -1 << 63, true}, {market.Crypto, 1<<63 - 1, true}, {market.Indices, -1, true},
	}
	for _, r := range rows {
		if info, ok := market.Session(r.class, r.at); ok != r.ok || !ok && info != (market.SessionInfo{}) {
			t.Errorf("%q at %d: %v, %v", r.class, int64(r.at), info, ok)
		}
	}
	for class, known := range map[string]bool{market.Crypto: true, market.Forex: true, market.Equities: true, market.Indices: true, "": false, "futures": false} {
		if market.Known(class) != known {
			t.Errorf("%q is known: %v", class, !known)
		}
	}
}

// TestForexEveryHalfHour walks through the golden vectors' years, and compares with the same rules
// written with the standard library and the vectors' own holidays.
func TestForexEveryHalfHour(t *testing.T) {
	zone, off := newYork(t), map[string]bool{}
	for _, list := range golden(t).Holidays {
		for _, day := range list {
			off[day] = true
		}
	}
	from, to := at(t, "2024-01-01T05:00:00Z"), at(t, "2032-01-01T05:00:00Z")
	info, _ := market.Session(market.Forex, from)
	checked, flips := info, 0
	for i := from; i < to; i += hourMs / 2 {
		u := time.UnixMilli(int64(i)).In(zone)
		want := !off[u.Format(time.DateOnly)]
		switch u.Weekday() {
		case time.Saturday:
			want = false
		case time.Sunday:
			want = want && u.Hour() >= 17
		case time.Friday:
			want = want && u.Hour() < 17
		}
		info, ok := market.Session(market.Forex, i)
		if !ok || info.Open != want {
			t.Fatalf("%s: open %v, %v, want %v", i, info.Open, ok, want)
		}
		// What was said before must have come true.
		if flipped := info.Open != checked.Open; flipped != (i == nextFlip(checked)) {
			t.Fatalf("%s: open %v; before, %v was foretold", i, info.Open, checked)
		} else if flipped {
			flips++
		}
		checked = info
	}
	if flips < 8*2*52 {
		t.Errorf("%d flips in eight years", flips)
	}
}

// nextFlip is when the market will be what it is not now.
func nextFlip(s market.SessionInfo) prop.Instant {
	if s.Open {
		return s.NextClose
	}
	return s.NextOpen
}

// TestSessionProperties: nothing changes before the next flip, at which it does; and what is
// foretold does not depend on when one asks.
func TestSessionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SampledFrom([]string{market.Forex, market.Equities}).Draw(t, "class")
		from := firstNewYork
		if class == market.Equities {
			from = prop.Instant(time.Date(2013, 1, 1, 5, 0, 0, 0, time.UTC).UnixMilli())
		}
		now := prop.Instant(rapid.Int64Range(int64(from), int64(end)-30*dayMs).Draw(t, "now"))
		info := session(t, class, now)
		flip, after := nextFlip(info), max(info.NextOpen, info.NextClose)
		if flip <= now || flip >= after || flip > now+6*dayMs || after > now+10*dayMs {
			t.Fatalf("%s at %s: %v", class, now, info)
		}
		for _, i := range []prop.Instant{prop.Instant(rapid.Int64Range(int64(now), int64(flip)-1).Draw(t, "before")), flip - 1} {
			if later := session(t, class, i); later != info {
				t.Fatalf("%s: %v at %s, %v at %s", class, info, now, later, i)
			}
		}
		then := session(t, class, flip)
		if then.Open == info.Open || nextFlip(then) != after {
			t.Fatalf("%s: %v at %s, %v at the flip", class, info, now, then)
		}
	})
}

func session(t fataler, class string, i prop.Instant) market.SessionInfo {
	t.Helper()
	info, ok := market.Session(class, i)
	if !ok {
		t.Fatalf("no session of %s at %s", class, i)
	}
	return info
}

// TestExchangeHolidays has the days that the New York exchanges announced (full days, then those
// that close at 13:00), from their announcements of 2013 to 2024, and the two days of mourning.
func TestExchangeHolidays(t *testing.T) {
	rows := []struct{ year, full, early string }{
		{"2013", "01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"},
		{"2014", "01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25", "07-03 11-28 12-24"},
		{"2015", "01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25", "11-27 12-24"},
		{"2016", "01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26", "11-25"},
		{"2018", "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25", "07-03 11-23 12-24"},
		{"2020", "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25", "11-27 12-24"},
		{"2021", "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24", "11-26"},
		{"2022", "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26", "11-25"},
		{"2023", "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"},
		{"2024", "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"},
		{"2025", "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", "07-03 11-28 12-24"},
		{"2026", "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25", "11-27 12-24"},
		{"2027", "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24", "11-26"},
	}
	for _, r := range rows {
		var year int
		fmt.Sscan(r.year, &year)
		var full, early []string
		list, ok := market.Holidays(market.Equities, year)
		for _, h := range list {
			day := fmt.Sprintf("%02d-%02d", h.Month, h.Day)
			u := time.Date(h.Year, time.Month(h.Month), h.Day, 12, 0, 0, 0, time.UTC)
			if h.Year != year || u.Weekday() == time.Saturday || u.Weekday() == time.Sunday || h.Name == "" {
				t.Errorf("%d has %v, a %s", year, h, u.Weekday())
			}
			switch h.ClosesMs {
			case 0:
				full = append(full, day)
			case 13 * hourMs:
				early = append(early, day)
			default:
				t.Errorf("%v closes at another hour", h)
			}
		}
		if !ok || strings.Join(full, " ") != r.full || strings.Join(early, " ") != r.early {
			t.Errorf("%s: %v and %v", r.year, full, early)
		}
	}
}

func TestHolidaysUnknown(t *testing.T) {
	rows := []struct {
		class string
		year  int
		ok    bool
	}{
		{market.Forex, 1986, false}, {market.Forex, 1987, true}, {market.Forex, 2262, true}, {market.Forex, 2263, false},
		{market.Equities, 2012, false}, {market.Equities, 2013, true}, {market.Crypto, 2026, false}, {market.Indices, 2026, false}, {"futures", 2026, false},
	}
	for _, r := range rows {
		if list, ok := market.Holidays(r.class, r.year); ok != r.ok || !ok && list != nil {
			t.Errorf("%s %d: %v, %v", r.class, r.year, list, ok)
		}
	}
}

// TestGoodFriday compares every year with another form of the computus (Oudin's of 1940), and some
// with the almanac.
func TestGoodFriday(t *testing.T) {
	almanac := map[int]string{2000: "04-21", 2008: "03-21", 2011: "04-22", 2038: "04-23", 2160: "03-21"}
	for y := 1987; y <= 2262; y++ {
		g, c := y%19, y/100
		h := (c - c/4 - (8*c+13)/25 + 19*g + 15) % 30
		i := h - h/28*(1-29/(h+1)*((21-g)/11))
		l := i - (y+y/4+i+2-c+c/4)%7
		month := 3 + (l+40)/44
		easter := time.Date(y, time.Month(month), l+28-31*(month/4), 0, 0, 0, 0, time.UTC)
		want, got := easter.AddDate(0, 0, -2).Format("01-02"), ""
		list, _ := market.Holidays(market.Forex, y)
		for _, h := range list {
			if h.Name == "Good Friday" {
				got += fmt.Sprintf("%02d-%02d", h.Month, h.Day)
			}
		}
		if got != want || almanac[y] != "" && almanac[y] != got {
			t.Errorf("Good Friday of %d is %s, want %s %s", y, got, want, almanac[y])
		}
	}
}

func BenchmarkSession(b *testing.B) {
	for i := range b.N {
		market.Session(market.Forex, 1_763_000_000_000+prop.Instant(i%1_000)*hourMs)
	}
}
