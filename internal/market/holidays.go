package market

import (
	"cmp"
	"slices"
)

// Holiday is a day on which a market does not keep its usual hours.
type Holiday struct {
	Name             string
	Year, Month, Day int
	ClosesMs         int64 // since 00:00 in New York; 0 = closed all day
}

// dayRule names a day of a year: a date, an nth day of the week in a month, or one counted from
// Easter Sunday.
type dayRule struct {
	name         string
	from         int // the first year of the rule; 0 = always
	month, day   int
	weekday, nth int   // with nth, of the month; -1 is the last
	plus         int64 // days after it
	easter       int64 // days from Easter Sunday
	move         move
	closes       int64 // see Holiday.ClosesMs
}

// move says what becomes of a date that falls on a weekend.
type move int

const (
	nearest    move = iota // Saturday to Friday, Sunday to Monday
	fromSunday             // Sunday to Monday; not kept in a year in which it is a Saturday
	monToThu               // the day exists from Monday to Thursday only
)

// forexDays are the public node's. A moved day may fall on one that is free already: nothing is
// lost or added then. Source: reference/trading.md §5.
var forexDays = []dayRule{
	{name: "New Year's Day", month: 1, day: 1},
	{name: "Good Friday", easter: -2},
	{name: "Christmas Day", month: 12, day: 25},
	{name: "Boxing Day", month: 12, day: 26},
}

// equitiesDays are those of the American exchanges, as they announce them. New Year's Day is not
// moved to the old year. Of the early closes each lies before, or after, a day off in the week.
var equitiesDays = []dayRule{
	{name: "New Year's Day", month: 1, day: 1, move: fromSunday},
	{name: "Martin Luther King Day", month: 1, weekday: monday, nth: 3},
	{name: "Washington's Birthday", month: 2, weekday: monday, nth: 3},
	{name: "Good Friday", easter: -2},
	{name: "Memorial Day", month: 5, weekday: monday, nth: -1},
	{name: "Juneteenth", from: 2022, month: 6, day: 19},
	{name: "Independence Day", month: 7, day: 4},
	{name: "Labor Day", month: 9, weekday: monday, nth: 1},
	{name: "Thanksgiving Day", month: 11, weekday: thursday, nth: 4},
	{name: "Christmas Day", month: 12, day: 25},
	{name: "day before Independence Day", month: 7, day: 3, move: monToThu, closes: 13 * hourMs},
	{name: "day after Thanksgiving", month: 11, weekday: thursday, nth: 4, plus: 1, closes: 13 * hourMs},
	{name: "Christmas Eve", month: 12, day: 24, move: monToThu, closes: 13 * hourMs},
}

// decree is a day off that no rule names.
type decree struct {
	name             string
	year, month, day int
}

var equitiesDecrees = []decree{
	{"day of mourning for President Bush", 2018, 12, 5},
	{"day of mourning for President Carter", 2025, 1, 9},
}

// in is the day of the rule that belongs to the year; it may lie in the year before.
func (r *dayRule) in(year int) (d int64, ok bool) {
	switch {
	case year < r.from:
		return 0, false
	case r.easter != 0:
		return easter(year) + r.easter, true
	case r.nth != 0:
		return nthWeekday(year, r.month, r.weekday, r.nth) + r.plus, true
	}
	d = dayOf(year, r.month, r.day)
	w := weekday(d)
	switch {
	case r.move == monToThu:
		return d, w >= monday && w <= thursday
	case r.move == fromSunday && w == saturday:
		return 0, false
	case w == saturday:
		return d - 1, true
	case w == sunday:
		return d + 1, true
	}
	return d, true
}

// Holidays are the days of the year, in New York, on which the class does not keep its usual hours,
// in order of date; a date may have two names. False for a class that is not known, has no hours or
// is not known in that year.
func Holidays(name string, year int) ([]Holiday, bool) {
	c, ok := classOf(name)
	if !ok || !c.hasHours() || year < c.from || year > 2262 {
		return nil, false
	}
	var list []Holiday
	add := func(name string, d, closes int64) {
		if y, m, day := date(d); y == year {
			list = append(list, Holiday{name, y, m, day, closes})
		}
	}
	for i := range c.days {
		for _, of := range [...]int{year, year + 1} { // New Year's Day may be moved to the old year
			if d, ok := c.days[i].in(of); ok {
				add(c.days[i].name, d, c.days[i].closes)
			}
		}
	}
	for _, x := range c.decrees {
		add(x.name, dayOf(x.year, x.month, x.day), 0)
	}
	slices.SortStableFunc(list, func(a, b Holiday) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Day, b.Day))
	})
	return list, true
}

// free tells whether a day is a holiday of the class, and if it is only from some hour on, from
// which: 0 for a whole day.
func (c *class) free(d int64) (closes int64, is bool) {
	year, _, _ := date(d)
	for _, x := range c.decrees {
		if dayOf(x.year, x.month, x.day) == d {
			return 0, true
		}
	}
	for i := range c.days { // whole days stand before early closes
		for _, of := range [...]int{year, year + 1} {
			if on, ok := c.days[i].in(of); ok && on == d {
				return c.days[i].closes, true
			}
		}
	}
	return 0, false
}
