package market

import "github.com/propnet/propnet/prop"

// The classes of instruments.
const (
	Crypto   = "crypto"
	Forex    = "forex"
	Equities = "equities"
	Indices  = "indices"
)

// SessionInfo says whether a market is open, and when it opens and closes next.
type SessionInfo struct {
	Open      bool
	NextOpen  prop.Instant // the first instant after the one asked about at which it opens; 0 = never
	NextClose prop.Instant // likewise, at which it closes: it is open before that instant and not at it
}

// hours are open ≤ t < close, in milliseconds of a New York day; none if they are equal.
type hours struct{ open, close int64 }

// class is how a class of instruments trades.
type class struct {
	name    string
	from    int // the first year that is known, of a class with hours
	always  bool
	week    [7]hours // from Sunday, in New York; empty for what is always or never open
	days    []dayRule
	decrees []decree
	carry   carry
}

// classes. Forex, to which gold and silver belong, is open from Sunday 17:00 to Friday 17:00; a
// holiday is a whole day from midnight to midnight, so that the Sunday evening before one trades.
// The indices of the public network never trade. Source: reference/trading.md §5.
var classes = [...]class{
	{name: Crypto, always: true, carry: carry{4 * hourMs, 8 * hourMs, everyDay}},
	{name: Forex, from: 1987, week: forexWeek, days: forexDays, carry: carry{21 * hourMs, dayMs, workdays}},
	// From the year in which today's rule for early closes came.
	{name: Equities, from: 2013, week: exchangeWeek, days: equitiesDays, decrees: equitiesDecrees, carry: carry{21 * hourMs, dayMs, workdays}},
	{name: Indices, carry: carry{21 * hourMs, dayMs, workdays}},
}

var forexWeek = [7]hours{
	sunday: {17 * hourMs, dayMs}, monday: {0, dayMs}, tuesday: {0, dayMs}, wednesday: {0, dayMs}, thursday: {0, dayMs}, friday: {0, 17 * hourMs},
}

const opens, closes = 9*hourMs + 30*minuteMs, 16 * hourMs

var exchangeWeek = [7]hours{
	monday: {opens, closes}, tuesday: {opens, closes}, wednesday: {opens, closes}, thursday: {opens, closes}, friday: {opens, closes},
}

// Known tells whether the class is one of the four.
func Known(class string) bool {
	_, ok := classOf(class)
	return ok
}

func classOf(name string) (*class, bool) {
	for i := range classes {
		if classes[i].name == name {
			return &classes[i], true
		}
	}
	return nil, false
}

func (c *class) hasHours() bool { return c.week != [7]hours{} }

// horizon is more days than lie between two openings or closings of any market.
const horizon = 12

// Session says whether the class is open at an instant, and when it opens and closes next. False
// for an unknown class, and for an instant that its calendar does not know (for forex before 1987,
// equities 2013, and within days of the end of 2262); then nothing may be assumed.
func Session(class string, at prop.Instant) (SessionInfo, bool) {
	c, ok := classOf(class)
	if !ok || !c.hasHours() {
		return SessionInfo{Open: ok && c.always}, ok
	}
	now, ok := InNewYork(at)
	if !ok || now.Year < c.from {
		return SessionInfo{}, false
	}
	today := dayOf(now.Year, now.Month, now.Day)
	yesterday, h := c.on(today-1), c.on(today)
	info := SessionInfo{Open: h.open <= now.Ms && now.Ms < h.close}
	for d := today; d < today+horizon; d++ {
		tomorrow := c.on(d + 1)
		// What closes at 24:00 and opens at 00:00 has not closed.
		if h.open < h.close && !(h.open == 0 && yesterday.close == dayMs) {
			flip(&info.NextOpen, at, d, h.open)
		}
		if h.open < h.close && !(h.close == dayMs && tomorrow.open == 0 && tomorrow.close > 0) {
			flip(&info.NextClose, at, d, h.close)
		}
		if info.NextOpen != 0 && info.NextClose != 0 {
			return info, true
		}
		yesterday, h = h, tomorrow
	}
	return SessionInfo{}, false
}

// flip notes the instant of a change if it is the first after at, and known.
func flip(next *prop.Instant, at prop.Instant, d, ms int64) {
	if t, ok := newYork(d, ms); ok && *next == 0 && t > at {
		*next = t
	}
}

// on are the hours of a day.
func (c *class) on(d int64) hours {
	h := c.week[weekday(d)]
	if h == (hours{}) {
		return h
	}
	if closes, free := c.free(d); free {
		if closes == 0 {
			return hours{}
		}
		h.close = closes
	}
	return h
}
