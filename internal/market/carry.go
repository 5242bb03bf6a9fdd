package market

import (
	"iter"

	"github.com/propnet/propnet/prop"
)

// Boundary is an instant at which carry is due, and how many units of the class's rate it costs.
type Boundary struct {
	At    prop.Instant
	Units int
}

// carry is a class's calendar of carry, in UTC.
type carry struct {
	first, every int64  // milliseconds: of the day's first, and from one to the next
	units        [7]int // of each boundary on that day, from Sunday
}

var (
	everyDay = [7]int{1, 1, 1, 1, 1, 1, 1}
	workdays = [7]int{monday: 1, tuesday: 1, wednesday: 3, thursday: 1, friday: 1}
)

// next is the first boundary after the instant that costs something.
func (c *carry) next(after int64) Boundary {
	// Boundaries are first, first+every, …; one before the day's first is of the day before.
	at := (after-c.first+dayMs)/c.every*c.every + c.first - dayMs + c.every
	for c.units[weekday(at/dayMs)] == 0 {
		at += c.every
	}
	return Boundary{prop.Instant(at), c.units[weekday(at/dayMs)]}
}

// NextCarry is the first boundary after the instant. False for an unknown class, and before 1970 or
// after 2262.
//
// A boundary that costs nothing, as on a Saturday, is none. Wednesday's has three units, so a week
// has seven.
func NextCarry(class string, after prop.Instant) (Boundary, bool) {
	c, ok := classOf(class)
	if _, known := InUTC(after); !ok || !known {
		return Boundary{}, false
	}
	b := c.carry.next(int64(after))
	_, known := InUTC(b.At)
	return b, known
}

// CarryBoundaries are the boundaries after `after` and up to upTo, upTo itself included, in order:
// so that intervals that follow on each other have each boundary once. False as NextCarry.
func CarryBoundaries(class string, after, upTo prop.Instant) (iter.Seq[Boundary], bool) {
	c, ok := classOf(class)
	_, from := InUTC(after)
	_, to := InUTC(upTo)
	if !ok || !from || !to {
		return nil, false
	}
	return func(yield func(Boundary) bool) {
		for b := c.carry.next(int64(after)); b.At <= upTo && yield(b); {
			b = c.carry.next(int64(b.At))
		}
	}, true
}
