package feed

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

func market(t testing.TB, seed uint64) SimConfig {
	return SimConfig{Seed: seed, Start: 1_600_000_000_000, StepMs: 1000, Pairs: []SimPair{
		{ID: "BTCUSD", Price: mustPrice(t, "50000"), VolPPM: 200, SpreadPPM: 100},
		{ID: "EURUSD", Price: mustPrice(t, "1.1"), VolPPM: 20, SpreadPPM: 40},
	}}
}

// The path is part of what a seed means: a journal made from it must be made again on any
// machine and by any later version.
func TestSimGolden(t *testing.T) {
	got := show(1_600_000_000_000, take(t, NewSim(market(t, 1)), 4)...)
	want := strings.Join([]string{
		"0:BTCUSD/49997.5/50002.5+EURUSD/1.09998/1.10002",
		"1:BTCUSD/50005.19/50010.19+EURUSD/1.1/1.10004",
		"2:BTCUSD/49999.25/50004.25+EURUSD/1.09997/1.10001",
		"3:BTCUSD/49995.74/50000.74+EURUSD/1.09994/1.09998",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSimSeeds(t *testing.T) {
	one := show(0, take(t, NewSim(market(t, 1)), 500)...)
	if again := show(0, take(t, NewSim(market(t, 1)), 500)...); again != one {
		t.Error("the same seed gave another path")
	}
	if other := show(0, take(t, NewSim(market(t, 2)), 500)...); other == one {
		t.Error("another seed gave the same path")
	}
}

// A pair's path doesn't depend on its company.
func TestSimPairsAlone(t *testing.T) {
	c := market(t, 7)
	both := take(t, NewSim(c), 200)
	c.Pairs = c.Pairs[1:]
	for i, g := range take(t, NewSim(c), 200) {
		if g.Batches[0].Quotes[0] != both[i].Batches[0].Quotes[1] {
			t.Fatalf("step %d: %+v", i, g.Batches[0].Quotes[0])
		}
	}
}

func TestSimSkip(t *testing.T) {
	c := market(t, 3)
	all := take(t, NewSim(c), 400)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		// On the steps and between them.
		read, after := rng.IntN(20), c.Start-1500+prop.Instant(500*rng.IntN(700))
		s := NewSim(c)
		take(t, s, read)
		s.Skip(after)
		rest := all[read:]
		for rest[0].At() <= after {
			rest = rest[1:]
		}
		if got, want := show(0, take(t, s, 5)...), show(0, rest[:5]...); got != want {
			t.Fatalf("%d read, after %s got\n%s\nwant\n%s", read, after, got, want)
		}
	}
}

func TestSimTimes(t *testing.T) {
	c := market(t, 1)
	c.StepMs = 250
	for k, g := range take(t, NewSim(c), 50) {
		if want := c.Start + prop.Instant(250*k); len(g.Batches) != 1 || g.At() != want {
			t.Fatalf("step %d: %d batches at %s, want one at %s", k, len(g.Batches), g.At(), want)
		}
	}
}

// Quotes stand on their tick, with half of the spread to each side and never less than a tick.
func TestSimQuotes(t *testing.T) {
	for _, c := range []struct {
		price  string
		spread int64
		want   string
	}{
		{"50000", 100, "0:P/49997.5/50002.5"},
		{"50000", 0, "0:P/49999.99/50000.01"},
		{"123.456", 0, "0:P/123.45/123.47"},
		{"123.454", 1000, "0:P/123.39/123.51"}, // 0.0617 is six ticks
		{"10", 0, "0:P/9.99/10.01"},
		{"9.999999", 0, "0:P/9.99999/10.00001"},
		{"1.1", 40, "0:P/1.09998/1.10002"},
		{"0.001", 0, "0:P/0.00099/0.00101"},
		{"0.001", 100_000, "0:P/0.00095/0.00105"},
		{"50000000", 100_000, "0:P/47500000/52500000"},
	} {
		s := NewSim(SimConfig{StepMs: 1, Pairs: []SimPair{{ID: "P", Price: mustPrice(t, c.price), SpreadPPM: c.spread}}})
		if got := show(0, take(t, s, 1)...); got != c.want {
			t.Errorf("%s with %d ppm: got %s, want %s", c.price, c.spread, got, c.want)
		}
	}
}

// The wildest walks of the highest and the lowest price stay within their bounds, where the
// arithmetic cannot overflow and a bid is a price.
func TestSimBounds(t *testing.T) {
	for _, first := range []fixed.Price{lowest, 20 * lowest, fineBelow, highest} {
		c := SimConfig{Seed: 5, StepMs: 1, Pairs: []SimPair{{ID: "P", Price: first, VolPPM: maxVol, SpreadPPM: maxSpread}}}
		s := NewSim(c)
		for range 100 {
			orderly(t, take(t, s, 200))
			if p := s.walks[0].Price; p < max(first/wander, lowest) || p > first*wander {
				t.Fatalf("from %s to %s", first, p)
			}
		}
	}
	top := &walk{SimPair: SimPair{Price: wander * highest, VolPPM: maxVol}, rng: rand.NewPCG(1, 1), low: lowest, high: wander * highest}
	for range 1000 {
		if top.advance(); top.Price < lowest || top.Price > top.high {
			t.Fatalf("from the highest to %s", top.Price)
		}
	}
}

// The largest move takes less than the whole price, and at the largest price it doesn't overflow.
func TestSimLargestMove(t *testing.T) {
	const largest = 6 * (sigma - 1) * jumpTimes * maxVol
	if p := fixed.Price(wander * highest); part(p, largest, ppm*sigma) >= p {
		t.Errorf("a step can take all of %s", p)
	}
}

// Seeds side by side give unrelated paths: about half of their steps go the same way.
func TestSimNearSeeds(t *testing.T) {
	const n = 10_000
	ups := make([][]bool, 20)
	for seed := range ups {
		w := &NewSim(market(t, uint64(seed))).walks[0]
		for range n {
			before := w.Price
			w.advance()
			ups[seed] = append(ups[seed], w.Price > before)
		}
	}
	for i := range ups {
		for j := range i {
			same := 0
			for k := range n {
				if ups[i][k] == ups[j][k] {
					same++
				}
			}
			if same < n*45/100 || same > n*55/100 { // ten deviations
				t.Errorf("seeds %d and %d: %d of %d steps go the same way", i, j, same, n)
			}
		}
	}
}

// The draws are as described: mean about 0, deviation about sigma, a jump in about 2,000 steps.
func TestSimDistribution(t *testing.T) {
	const n, vol = 400_000, 1000
	w := &NewSim(SimConfig{Seed: 11, StepMs: 1, Pairs: []SimPair{{ID: "P", Price: fixed.PriceScale, VolPPM: vol}}}).walks[0]
	var sum, squares, beyond int64
	const unit = fixed.PriceScale * vol / ppm / 100 // a hundredth of a deviation
	for range n {
		w.Price = fixed.PriceScale // each step from the same price
		w.advance()
		d := int64(w.Price-fixed.PriceScale) / unit
		sum, squares = sum+d, squares+d*d
		if d > 600 || d < -600 { // only a jump gets there, and 45 % of jumps do
			beyond++
		}
	}
	if mean := sum / n; mean < -1 || mean > 1 {
		t.Errorf("mean %d hundredths of a deviation", mean)
	}
	// 1 + 64/2000: what the jumps add.
	if v := squares / n; v < 10_000 || v > 10_700 {
		t.Errorf("variance %d, want about 10,320", v)
	}
	if beyond < 60 || beyond > 130 {
		t.Errorf("%d of %d steps beyond six deviations, want about 91", beyond, n)
	}
}

func TestSimRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*SimConfig)
		want string
	}{
		{"no step", func(c *SimConfig) { c.StepMs = 0 }, "a simulated step of 0 ms"},
		{"long step", func(c *SimConfig) { c.StepMs = maxStepMs + 1 }, "a simulated step of 86400001 ms"},
		{"no pairs", func(c *SimConfig) { c.Pairs = nil }, "without pairs"},
		{"no id", func(c *SimConfig) { c.Pairs[0].ID = "" }, `pair ""`},
		{"one id twice", func(c *SimConfig) { c.Pairs[1].ID = "BTCUSD" }, `pair "BTCUSD"`},
		{"no price", func(c *SimConfig) { c.Pairs[0].Price = 0 }, "BTCUSD: a price of 0"},
		{"price too high", func(c *SimConfig) { c.Pairs[0].Price = highest + 1 }, "a price of 50000000.0000000001"},
		{"negative volatility", func(c *SimConfig) { c.Pairs[1].VolPPM = -1 }, "EURUSD: a volatility of -1 ppm"},
		{"wild volatility", func(c *SimConfig) { c.Pairs[1].VolPPM = maxVol + 1 }, "a volatility of 20001 ppm"},
		{"negative spread", func(c *SimConfig) { c.Pairs[1].SpreadPPM = -1 }, "a spread of -1 ppm"},
		{"wide spread", func(c *SimConfig) { c.Pairs[1].SpreadPPM = maxSpread + 1 }, "a spread of 100001 ppm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := market(t, 1)
			c.bend(&config)
			s := NewSim(config)
			s.Skip(config.Start + 10) // returns, and changes nothing
			if g, err := s.Next(); err == nil || !strings.Contains(err.Error(), c.want) || g.Batches != nil {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func BenchmarkSimStep(b *testing.B) {
	s := NewSim(market(b, 1))
	for b.Loop() {
		s.advance()
	}
}
