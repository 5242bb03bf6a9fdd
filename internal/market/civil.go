package market

import "github.com/propnet/propnet/prop"

const (
	secondMs = 1_000
	minuteMs = 60 * secondMs
	hourMs   = 60 * minuteMs
	dayMs    = 24 * hourMs
)

// The days that the calendar knows, as numbers since 1970-01-01: in UTC the years 1970 to 2262; in
// New York from 1987, the first year of the oldest daylight saving law below.
const (
	firstDay        = 0
	firstNewYorkDay = 6_209   // 1987-01-01
	endDay          = 107_016 // 2263-01-01
)

// Days of the week, as Civil counts them.
const (
	sunday = iota
	monday
	tuesday
	wednesday
	thursday
	friday
	saturday
)

// Civil is a date and a time of day as a clock on a wall shows it.
type Civil struct {
	Year, Month, Day int
	Weekday          int   // 0 is Sunday; not read when an instant is made of it
	Ms               int64 // since 00:00
}

// InUTC is what a clock in UTC shows: for the years 1970 to 2262, false beyond.
func InUTC(at prop.Instant) (Civil, bool) {
	if at < firstDay*dayMs || at >= endDay*dayMs {
		return Civil{}, false
	}
	return civil(int64(at)), true
}

// FromUTC is the inverse of InUTC. False for a date or time that does not exist.
func FromUTC(c Civil) (prop.Instant, bool) {
	d, ok := dayNumber(c)
	if !ok || d < firstDay || d >= endDay {
		return 0, false
	}
	return prop.Instant(d*dayMs + c.Ms), true
}

// InNewYork is what a clock in New York shows: for the years 1987 to 2262, false beyond.
func InNewYork(at prop.Instant) (Civil, bool) {
	offset, ok := NewYorkOffset(at)
	if !ok {
		return Civil{}, false
	}
	return civil(int64(at) + offset), true
}

// FromNewYork is the inverse of InNewYork. In the night in which an hour is skipped, a time in it
// is read as if the clock had not been set yet; in the night in which an hour is shown twice, it is
// the first.
func FromNewYork(c Civil) (prop.Instant, bool) {
	d, ok := dayNumber(c)
	if !ok {
		return 0, false
	}
	return newYork(d, c.Ms)
}

// newYork is the instant at which New York's clocks show ms of the day; 24:00 is 00:00 of the next.
func newYork(d, ms int64) (prop.Instant, bool) {
	if d < firstNewYorkDay || d >= endDay {
		return 0, false
	}
	local := prop.Instant(d*dayMs + ms)
	if at := local + 4*hourMs; newYorkOffset(at) == -4*hourMs {
		return at, at < endDay*dayMs
	}
	at := local + 5*hourMs
	return at, at < endDay*dayMs
}

// NewYorkOffset is what New York's clocks are ahead of UTC: minus five hours, or minus four in
// daylight saving time. False before New York's 1987 and after 2262 in UTC.
func NewYorkOffset(at prop.Instant) (ms int64, ok bool) {
	if at < firstNewYorkDay*dayMs+5*hourMs || at >= endDay*dayMs {
		return 0, false
	}
	return newYorkOffset(at), true
}

// newYorkOffset goes by the laws of the United States, as they stand: daylight saving time from
// 02:00 of the second Sunday in March to 02:00 of the first in November, since 2007 (Energy Policy
// Act of 2005); before, from the first Sunday in April to the last in October, since 1987.
func newYorkOffset(at prop.Instant) int64 {
	year, _, _ := date(int64(at) / dayMs)
	begins, ends := nthWeekday(year, 3, sunday, 2), nthWeekday(year, 11, sunday, 1)
	if year < 2007 {
		begins, ends = nthWeekday(year, 4, sunday, 1), nthWeekday(year, 10, sunday, -1)
	}
	// 02:00 standard time and 02:00 daylight saving time.
	if t := int64(at); t >= begins*dayMs+7*hourMs && t < ends*dayMs+6*hourMs {
		return -4 * hourMs
	}
	return -5 * hourMs
}

// civil reads milliseconds since 1970, not negative.
func civil(ms int64) Civil {
	d := ms / dayMs
	c := Civil{Weekday: weekday(d), Ms: ms % dayMs}
	c.Year, c.Month, c.Day = date(d)
	return c
}

// dayNumber is the number of c's day, false where there is no such day or time.
func dayNumber(c Civil) (int64, bool) {
	if c.Year < 1970 || c.Year > 2262 || c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Ms < 0 || c.Ms >= dayMs {
		return 0, false
	}
	d := dayOf(c.Year, c.Month, c.Day)
	_, month, _ := date(d)
	return d, c.Day <= 31 && month == c.Month
}

// weekday of a day, 0 for Sunday: 1970-01-01 was a Thursday.
func weekday(d int64) int { return int((d + thursday) % 7) }

// Years are counted from the first of March, so that the leap day is the last of its year, and in
// eras of 400 years of 146,097 days. daysToEpoch lie between 0000-03-01 and 1970-01-01.
const daysToEpoch, daysPerEra = 719_468, 146_097

// dayOf is the number of a date of the Gregorian calendar, for years from 1.
func dayOf(year, month, day int) int64 {
	y, m := int64(year), int64(month)-3
	if m < 0 {
		y, m = y-1, m+12
	}
	ofYear := (153*m+2)/5 + int64(day) - 1 // months alternate 31 and 30 in a pattern of five
	return y*365 + y/4 - y/100 + y/400 + ofYear - daysToEpoch
}

// date is the inverse of dayOf.
func date(d int64) (year, month, day int) {
	d += daysToEpoch
	era, ofEra := d/daysPerEra, d%daysPerEra
	y := (ofEra - ofEra/1_460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*y + y/4 - y/100)
	m := (5*ofYear + 2) / 153
	day = int(ofYear - (153*m+2)/5 + 1)
	y, m = y+era*400, m+3
	if m > 12 {
		y, m = y+1, m-12
	}
	return int(y), int(m), day
}

// nthWeekday is the nth such day of the week in a month; -1 is the last.
func nthWeekday(year, month, day, nth int) int64 {
	if nth < 0 {
		last := dayOf(year, month+1, 1) - 1 // month 13 is January: months are counted from March
		return last - int64((weekday(last)-day+7)%7)
	}
	first := dayOf(year, month, 1)
	return first + int64((day-weekday(first)+7)%7+(nth-1)*7)
}

// easter is Easter Sunday of the Gregorian computus.
func easter(year int) int64 {
	golden, century := year%19, year/100
	epact := (19*golden + century - century/4 - (century-(century+8)/25+1)/3 + 15) % 30
	toSunday := (32 + 2*(century%4) + 2*(year%100/4) - epact - year%100%4) % 7
	late := (golden + 11*epact + 22*toSunday) / 451
	n := epact + toSunday - 7*late + 114
	return dayOf(year, n/31, n%31+1)
}
