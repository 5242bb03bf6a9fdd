package main

import (
	"fmt"
	"time"
)

// The calendars of the asset classes, from the texts of the rules. Of the time package only the
// arithmetic of UTC is used: New York's clock is worked out here.

const hour = instant(3_600_000)

// newYork is what a clock in New York shows, as a time that pretends to be of UTC.
func newYork(at instant) (time.Time, error) {
	utc := time.UnixMilli(int64(at)).UTC()
	year := utc.Year()
	if year < 1987 {
		return utc, fmt.Errorf("the clock of New York is not known for %s", at)
	}
	// The law of 2005: from the second Sunday in March to the first in November, at 02:00 by the clock.
	begins, ends := sunday(year, time.March, 8), sunday(year, time.November, 1)
	if year < 2007 { // the law of 1986: from the first Sunday in April to the last in October
		begins, ends = sunday(year, time.April, 1), sunday(year, time.October, 25)
	}
	offset := -5 * time.Hour
	if !utc.Before(begins.Add(7*time.Hour)) && utc.Before(ends.Add(6*time.Hour)) {
		offset = -4 * time.Hour
	}
	return utc.Add(offset), nil
}

// sunday is the first Sunday from a day on.
func sunday(year int, month time.Month, day int) time.Time {
	d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return d.AddDate(0, 0, (7-int(d.Weekday()))%7)
}

// open tells whether a class may be traded. Forex is closed from Friday 17:00 to Sunday 17:00 in New
// York, and on holidays from midnight to midnight.
func open(class string, at instant) (bool, error) {
	switch class {
	case "crypto":
		return true, nil
	case "indices":
		return false, nil
	case "forex":
	default:
		return false, fmt.Errorf("the sessions of %s are not known to this program", class)
	}
	now, err := newYork(at)
	if err != nil {
		return false, err
	}
	switch now.Weekday() {
	case time.Saturday:
		return false, nil
	case time.Sunday:
		return now.Hour() >= 17, nil
	case time.Friday:
		return now.Hour() < 17 && !forexHoliday(now), nil
	}
	return !forexHoliday(now), nil
}

// forexHoliday: New Year, Good Friday, Christmas and Boxing Day. One on a Saturday is kept on the
// Friday before, one on a Sunday on the Monday after.
func forexHoliday(day time.Time) bool {
	y, m, d := day.Date()
	is := func(h time.Time) bool { return h.Year() == y && h.Month() == m && h.Day() == d }
	kept := func(year int, month time.Month, date int) time.Time {
		h := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
		switch h.Weekday() {
		case time.Saturday:
			return h.AddDate(0, 0, -1)
		case time.Sunday:
			return h.AddDate(0, 0, 1)
		}
		return h
	}
	return is(kept(y, time.January, 1)) || is(kept(y+1, time.January, 1)) || is(kept(y, time.December, 25)) ||
		is(kept(y, time.December, 26)) || is(easterSunday(y).AddDate(0, 0, -2))
}

// easterSunday goes by Gauss's rule, with the exceptions of Lichtenberg worked in.
func easterSunday(year int) time.Time {
	k := year / 100
	m := 15 + (3*k+3)/4 - (8*k+13)/25
	s := 2 - (3*k+3)/4
	a := year % 19
	d := (19*a + m) % 30
	r := (d + a/11) / 29
	og := 21 + d - r // the Easter full moon, as a day of March
	sz := 7 - (year+year/4+s)%7
	oe := 7 - (og-sz)%7
	return time.Date(year, time.March, og+oe, 0, 0, 0, 0, time.UTC)
}

// carryUnits is how many units of carry a class pays at an instant: crypto one at 04:00, 12:00 and
// 20:00 UTC each day; the others at 21:00 UTC one from Monday to Friday, on Wednesday three.
func carryUnits(class string, at instant) int64 {
	if at%hour != 0 {
		return 0
	}
	utc := time.UnixMilli(int64(at)).UTC()
	if class == "crypto" {
		if utc.Hour()%8 == 4 {
			return 1
		}
		return 0
	}
	switch weekday := utc.Weekday(); {
	case utc.Hour() != 21 || weekday == time.Saturday || weekday == time.Sunday:
		return 0
	case weekday == time.Wednesday:
		return 3
	}
	return 1
}
