package feed

import (
	"fmt"
	"hash/fnv"
	"math/bits"
	"math/rand/v2"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

const (
	ppm = 1_000_000
	// sigma is one standard deviation of what normal draws.
	sigma = 1 << 16

	jumpEvery = 2_000 // about one step in so many is a jump
	jumpTimes = 8     // and so many times larger

	fineBelow  = 10 * fixed.PriceScale      // prices below it have the fine tick
	fineTick   = fixed.PriceScale / 100_000 // 0.00001
	coarseTick = fixed.PriceScale / 100     // 0.01

	// A walk stays within a tenth and ten times its first price, and never below lowest, where a
	// tick is 1 % of the price: close to zero a percentage is no longer a price.
	wander  = 10
	lowest  = 100 * fineTick
	highest = 50_000_000 * fixed.PriceScale // ten times it, with the spread, is within int64

	// The largest draw is six deviations: as a jump at maxVol it takes 96 % of the price, so
	// that no step reaches zero.
	maxVol    = 20_000
	maxSpread = 100_000
	maxStepMs = 24 * 60 * 60 * 1000
)

// SimConfig describes a simulated market.
type SimConfig struct {
	Seed   uint64
	Start  prop.Instant // of the first batch, which quotes the configured prices
	StepMs int64        // between two batches; at most a day
	Pairs  []SimPair
}

// SimPair is one pair's walk.
type SimPair struct {
	ID        string
	Price     fixed.Price // where it begins: 0.001 to 50 million
	VolPPM    int64       // standard deviation of one step, in millionths of the price; at most 2 %
	SpreadPPM int64       // between bid and ask, in millionths of the price; at most 10 %
}

// Sim is an endless random walk of each pair. A pair's path depends on the seed, its id and its
// own settings only: it stays the same when other pairs come or go.
type Sim struct {
	err   error // of the configuration
	at    prop.Instant
	step  int64
	walks []walk
}

// walk is one pair on its way.
type walk struct {
	SimPair
	rng       *rand.PCG
	low, high fixed.Price
}

// NewSim makes a market. What is wrong with its configuration, the first Next says.
func NewSim(c SimConfig) *Sim {
	s := &Sim{err: c.check(), at: c.Start, step: c.StepMs}
	for _, p := range c.Pairs {
		id := fnv.New64a()
		id.Write([]byte(p.ID))
		s.walks = append(s.walks, walk{
			SimPair: p,
			// The bare generator: its output is specified, that of rand.Rand's methods is not.
			rng:  rand.NewPCG(c.Seed, id.Sum64()),
			low:  max(p.Price/wander, lowest),
			high: p.Price * wander,
		})
	}
	return s
}

func (c SimConfig) check() error {
	if c.StepMs < 1 || c.StepMs > maxStepMs {
		return fmt.Errorf("feed: a simulated step of %d ms: want 1 to %d", c.StepMs, maxStepMs)
	}
	if len(c.Pairs) == 0 {
		return fmt.Errorf("feed: a simulated market without pairs")
	}
	seen := map[string]bool{}
	for _, p := range c.Pairs {
		if p.ID == "" || seen[p.ID] {
			return fmt.Errorf("feed: simulated pair %q: an id stands once and is not empty", p.ID)
		}
		seen[p.ID] = true
		if err := p.check(); err != nil {
			return fmt.Errorf("feed: simulated pair %s: %w", p.ID, err)
		}
	}
	return nil
}

func (p SimPair) check() error {
	switch {
	case p.Price < lowest || p.Price > highest:
		return fmt.Errorf("a price of %s: want %s to %s", p.Price, fixed.Price(lowest), fixed.Price(highest))
	case p.VolPPM < 0 || p.VolPPM > maxVol:
		return fmt.Errorf("a volatility of %d ppm a step: want 0 to %d", p.VolPPM, maxVol)
	case p.SpreadPPM < 0 || p.SpreadPPM > maxSpread:
		return fmt.Errorf("a spread of %d ppm: want 0 to %d", p.SpreadPPM, maxSpread)
	}
	return nil
}

// Next is the next step: one batch with a quote for each pair. It never ends.
func (s *Sim) Next() (Group, error) {
	if s.err != nil {
		return Group{}, s.err
	}
	batch := &prop.ObservePrices{Observed: s.at}
	for i := range s.walks {
		batch.Quotes = append(batch.Quotes, s.walks[i].quote())
	}
	s.advance()
	return Group{Batches: []*prop.ObservePrices{batch}}, nil
}

// Skip drops the batches at or before after. It walks them silently, about 20 ns a pair and step,
// so that what follows is what would have followed.
func (s *Sim) Skip(after prop.Instant) {
	for s.err == nil && s.at <= after {
		s.advance()
	}
}

func (s *Sim) advance() {
	s.at += prop.Instant(s.step)
	for i := range s.walks {
		s.walks[i].advance()
	}
}

// advance moves the price by price · vol · g. Every step takes the same number of draws, so a
// change of a setting changes sizes and never the shape of the path.
func (w *walk) advance() {
	g := w.normal()
	if w.rng.Uint64()%jumpEvery == 0 {
		g *= jumpTimes
	}
	move := part(w.Price, max(g, -g)*w.VolPPM, ppm*sigma)
	if g < 0 {
		move = -move
	}
	w.Price = min(max(w.Price+move, w.low), w.high)
}

// normal draws an approximately normal number with mean 0 and deviation sigma: the sum of twelve
// uniform ones. It ends at six deviations, which a market does not; that is what jumps are for.
func (w *walk) normal() int64 {
	g := int64(-6 * (sigma - 1)) // the mean of the twelve
	for range 3 {
		u := w.rng.Uint64()
		for range 4 {
			g += int64(u % sigma)
			u /= sigma
		}
	}
	return g
}

// quote is the price on the tick with half of the spread, at least a tick, to each side.
func (w *walk) quote() prop.Quote {
	tick := fixed.Price(coarseTick)
	if w.Price < fineBelow {
		tick = fineTick
	}
	mid := nearest(w.Price, tick)
	half := max(nearest(part(w.Price, w.SpreadPPM, 2*ppm), tick), tick)
	return prop.Quote{Pair: w.ID, Bid: mid - half, Ask: mid + half}
}

func nearest(p, tick fixed.Price) fixed.Price { return (p + tick/2) / tick * tick }

// part is p·num/den rounded down, for num below den and none of them negative: the product needs
// 128 bits, the quotient is below p.
func part(p fixed.Price, num, den int64) fixed.Price {
	hi, lo := bits.Mul64(uint64(p), uint64(num))
	q, _ := bits.Div64(hi, lo, uint64(den))
	return fixed.Price(q)
}
