package demo

import (
	"math/rand/v2"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// memory is how many prices the traders remember.
const memory = 2048

// market is what the traders have seen: the last price of each price batch.
type market struct {
	prices []fixed.Price // the newest last
	bars   int           // groups seen so far
	moved  bool          // since the traders last acted
	last   prop.Instant
}

func (m *market) add(at prop.Instant, p fixed.Price) {
	if m.prices = append(m.prices, p); len(m.prices) > 2*memory {
		m.prices = append(m.prices[:0], m.prices[memory:]...)
	}
	if at/60_000 != m.last/60_000 {
		m.bars++
	}
	m.last, m.moved = at, true
}

// change is the relative move over the last n prices, in parts per million.
func (m *market) change(n int) int64 {
	if len(m.prices) <= n {
		return 0
	}
	now, then := int64(m.prices[len(m.prices)-1]), int64(m.prices[len(m.prices)-1-n])
	return (now/1000 - then/1000) * 1000 / (then / 1000_000)
}

// temperament is a way to trade: how often to look, and what to do then.
type temperament struct {
	name   string
	every  int // minutes between two looks
	decide func(m *market, held fixed.Ratio, r *rand.Rand) (api.SubmitOrder, bool)
}

// turn tells whether he looks now; each trader looks at his own minute.
func (t *trader) turn(bars int) bool { return bars%t.every == (t.number*7)%t.every }

const one = fixed.Ratio(fixed.RatioScale)

var temperaments = []temperament{
	{"holder", 60, hold},
	{"trend follower", 60, follow(240, 6_000, one)},
	{"mean reverter", 30, revert(120, 8_000, one)},
	{"scalper", 20, scalp},
	{"gambler", 240, gamble},
}

func open(side prop.Side, leverage fixed.Ratio) (api.SubmitOrder, bool) {
	return api.SubmitOrder{Side: side.String(), Leverage: &leverage}, true
}

func flat() (api.SubmitOrder, bool) { return api.SubmitOrder{Side: prop.Flat.String()}, true }

func nothing() (api.SubmitOrder, bool) { return api.SubmitOrder{}, false }

// hold buys once and stays.
func hold(_ *market, held fixed.Ratio, _ *rand.Rand) (api.SubmitOrder, bool) {
	if held == 0 {
		return open(prop.Long, one/2)
	}
	return nothing()
}

// follow goes with a move of at least ppm over n prices, and leaves when it turns.
func follow(n int, ppm int64, leverage fixed.Ratio) func(*market, fixed.Ratio, *rand.Rand) (api.SubmitOrder, bool) {
	return func(m *market, held fixed.Ratio, _ *rand.Rand) (api.SubmitOrder, bool) {
		c := m.change(n)
		switch {
		case held == 0 && c > ppm:
			return open(prop.Long, leverage)
		case held == 0 && c < -ppm:
			return open(prop.Short, leverage)
		case held > 0 && c < -ppm/2 || held < 0 && c > ppm/2:
			return flat()
		}
		return nothing()
	}
}

// revert goes against a move of at least ppm over n prices, and leaves when it is undone.
func revert(n int, ppm int64, leverage fixed.Ratio) func(*market, fixed.Ratio, *rand.Rand) (api.SubmitOrder, bool) {
	return func(m *market, held fixed.Ratio, _ *rand.Rand) (api.SubmitOrder, bool) {
		c := m.change(n)
		switch {
		case held == 0 && c > ppm:
			return open(prop.Short, leverage)
		case held == 0 && c < -ppm:
			return open(prop.Long, leverage)
		case held > 0 && c >= 0 || held < 0 && c <= 0:
			return flat()
		}
		return nothing()
	}
}

// scalp is in and out all the time, and pays for it.
func scalp(m *market, held fixed.Ratio, r *rand.Rand) (api.SubmitOrder, bool) {
	if held != 0 {
		return flat()
	}
	if r.IntN(3) != 0 {
		return nothing()
	}
	if m.change(4) < 0 {
		return open(prop.Short, one/4)
	}
	return open(prop.Long, one/4)
}

// gamble bets big on nothing.
func gamble(_ *market, held fixed.Ratio, r *rand.Rand) (api.SubmitOrder, bool) {
	switch {
	case held != 0 && r.IntN(6) == 0:
		return flat()
	case held != 0:
		return nothing()
	case r.IntN(2) == 0:
		return open(prop.Long, 3*one)
	}
	return open(prop.Short, 3*one)
}
