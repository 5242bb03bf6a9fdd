package feed

import (
	"errors"
	"io"
	"os"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// emptyPerHole is how many of a hole's missing bars get a batch of their own, besides the last.
// Prices are stale long before, and a hole of weeks must not become thousands of blocks.
const emptyPerHole = 10

// Replay tells a file of price bars as price batches, in order of time. Each bar is one group of
// four batches with one quote each (bid = ask), a quarter of the bar's length apart: the open,
// the extreme nearer to it, the other extreme, the close. Equally near: the low first.
type Replay struct {
	pair  string
	bars  []bar
	barMs int64
	next  int   // the bar that comes next
	hole  int64 // empty groups already yielded of the hole before it
}

// ReplayInfo says what a file held.
type ReplayInfo struct {
	Bars int
	// Sorted counts the places where a row was earlier than the row right before it in the
	// file: 0 says that nothing had to be sorted. A block of rows that stands too late as a
	// whole is one such place, however long it is.
	Sorted int
	// Holes counts the places where at least one bar is missing between two neighbours.
	Holes       int
	First, Last prop.Instant // when the first and the last bar start
	// BarMs is a bar's length: the smallest distance between neighbours.
	BarMs int64
}

// OpenReplay reads the file at path, plain or gz. See NewReplay.
func OpenReplay(path, pair string) (*Replay, ReplayInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, ReplayInfo{}, err
	}
	defer f.Close()
	return NewReplay(f, path, pair)
}

// NewReplay reads r to its end: CSV with the header date,open,high,low,close[,volume] and two
// rows or more, the date in UTC as 2006-01-02 15:04:05, in any order of time, perhaps compressed
// with gzip. Errors give name and line.
func NewReplay(r io.Reader, name, pair string) (*Replay, ReplayInfo, error) {
	if pair == "" {
		return nil, ReplayInfo{}, errors.New("feed: a replay needs the pair that its prices are of")
	}
	d, err := decode(r, name, limits{bytes: maxBytes, rows: maxRows})
	if err != nil {
		return nil, ReplayInfo{}, err
	}
	p := &Replay{pair: pair, bars: d.bars, barMs: shortest(d.bars)}
	info := ReplayInfo{Bars: len(p.bars), Sorted: d.unsorted, BarMs: p.barMs}
	info.First, info.Last = p.bars[0].at, p.bars[len(p.bars)-1].at
	for i := range p.bars {
		if p.missing(i) > 0 {
			info.Holes++
		}
	}
	return p, info, nil
}

// shortest is the smallest distance between neighbours of two bars or more.
func shortest(bars []bar) int64 {
	ms := int64(bars[1].at - bars[0].at)
	for i := 2; i < len(bars); i++ {
		ms = min(ms, int64(bars[i].at-bars[i-1].at))
	}
	return ms
}

// missing is how many bars are missing right before bar i.
func (r *Replay) missing(i int) int64 {
	if i == 0 {
		return 0
	}
	return (int64(r.bars[i].at-r.bars[i-1].at) - 1) / r.barMs
}

// Next is the next bar, or a batch without quotes where bars are missing: it lets data time pass.
func (r *Replay) Next() (Group, error) {
	if r.next == len(r.bars) {
		return Group{}, io.EOF
	}
	at, hole := r.peek()
	b := r.bars[r.next]
	r.advance(hole)
	if hole {
		return Group{Batches: []*prop.ObservePrices{{Observed: at}}}, nil
	}
	return r.group(b), nil
}

// Skip drops the groups that end at or before after: those that a stopped run has made durable.
// A bar that ends later is yielded whole, because its block was never written in part.
func (r *Replay) Skip(after prop.Instant) {
	for r.next < len(r.bars) {
		at, hole := r.peek()
		if at > after {
			return
		}
		r.advance(hole)
	}
}

// peek is when the next group ends, and whether it is one of a hole.
func (r *Replay) peek() (at prop.Instant, hole bool) {
	missing := r.missing(r.next)
	if r.hole >= min(missing, emptyPerHole+1) {
		return r.bars[r.next].at + prop.Instant(3*(r.barMs/4)), false
	}
	n := r.hole + 1
	if n > emptyPerHole {
		n = missing // the last one stands right before the bar that ends the hole
	}
	return r.bars[r.next-1].at + prop.Instant(n*r.barMs), true
}

func (r *Replay) advance(hole bool) {
	if hole {
		r.hole++
		return
	}
	r.next, r.hole = r.next+1, 0
}

// group tells a bar in four moments. Dates are whole seconds, so a quarter of a bar is exact.
func (r *Replay) group(b bar) Group {
	first, second := b.low, b.high
	if b.high-b.open < b.open-b.low {
		first, second = b.high, b.low
	}
	var g Group
	for i, p := range []fixed.Price{b.open, first, second, b.close} {
		g.Batches = append(g.Batches, &prop.ObservePrices{
			Observed: b.at + prop.Instant(int64(i)*(r.barMs/4)),
			Quotes:   []prop.Quote{{Pair: r.pair, Bid: p, Ask: p}},
		})
	}
	return g
}
