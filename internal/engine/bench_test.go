package engine_test

import (
	"fmt"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// benchPairs are five coins, and a currency pair in yen with the one that gives its rate.
var benchPairs = []string{"BTCUSD", "ETHUSD", "SOLUSD", "EURJPY", "USDJPY"}

// crowd is a state of many accounts: how many, in how many of benchPairs each holds a position, of how many
// fills, and how many brackets rest for each position, which no price of the benchmarks meets.
type crowd struct{ accounts, pairs, fills, resting int }

// state is evolved from events alone.
func (c crowd) state() *state.State {
	s, g := state.New(), seedGenesis()
	g.Pairs = nil
	for _, id := range benchPairs {
		g.Pairs = append(g.Pairs, prop.Pair{ID: id, Base: id[:3], Quote: id[3:], Class: "crypto", Lot: 1, MaxLeverage: fixed.RatioScale, Multiplier: 1, State: prop.Tradable})
	}
	s.Begin(prop.Stamp{Seq: 1, At: epoch})
	s.Evolve(&prop.GenesisSet{Genesis: g})
	s.Evolve(&prop.EntityRegistered{Hotkey: key("E"), Coldkey: key("E-cold")})
	s.Evolve(benchPrices(100))
	n := uint64(0)
	order := func(o prop.OrderAccepted) prop.CommandID {
		n++
		o.Order = benchID(1, n)
		s.Evolve(&o)
		return o.Order
	}
	for r := range prop.AccountRef(c.accounts) {
		s.Evolve(&prop.SubaccountCreated{Account: r, ID: uint32(r), Size: 100_000 * usd, Class: "crypto"})
		s.Evolve(&prop.StatusChanged{Account: r, Status: prop.Active})
		for p := range prop.PairRef(c.pairs) {
			q := fixed.Qty(1+r%9) * fixed.QtyScale
			for range c.fills {
				id := order(prop.OrderAccepted{Account: r, Pair: p, Side: prop.Long, Type: prop.Market})
				s.Evolve(&prop.OrderFilled{Order: id, Account: r, Pair: p, Trade: prop.Trade{Quantity: q, CostDelta: fixed.USD(q) * 100}})
			}
			for range c.resting {
				order(prop.OrderAccepted{Account: r, Pair: p, Side: prop.Short, Type: prop.Bracket, SizeKind: prop.ByQuantity, Quantity: q,
					StopLoss: 90 * fixed.PriceScale, TakeProfit: 110 * fixed.PriceScale})
			}
		}
	}
	return s
}

func benchID(kind byte, n uint64) prop.CommandID {
	return prop.NewCommandID(epoch, [10]byte{kind, 5: byte(n >> 32), 6: byte(n >> 24), 7: byte(n >> 16), 8: byte(n >> 8), 9: byte(n)})
}

// benchPrices moves every pair, and with it the rate of the yen.
func benchPrices(price fixed.Price) *prop.PricesObserved {
	e := &prop.PricesObserved{Observed: epoch, Seen: prop.NewBitmap(len(benchPairs))}
	for p := range prop.PairRef(len(benchPairs)) {
		e.Seen.Set(int(p))
		e.Changed = append(e.Changed, prop.PriceChange{Pair: p, Bid: price*fixed.PriceScale - 1_000, Ask: price*fixed.PriceScale + 1_000})
	}
	for _, p := range []prop.PairRef{3, 4} {
		e.Rates = append(e.Rates, prop.UsdRate{Pair: p, Num: fixed.PriceScale, Den: price * fixed.PriceScale})
	}
	return e
}

// benchQuotes are the same prices as a command.
func benchQuotes(price fixed.Price) prop.Signed {
	cmd := &prop.ObservePrices{Observed: epoch}
	for _, c := range benchPrices(price).Changed {
		cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: benchPairs[c.Pair], Bid: c.Bid, Ask: c.Ask})
	}
	return prop.Signed{Command: cmd}
}

// BenchmarkMark (P7, P8): a batch that moves every pair marks every position, takes the new peaks and looks
// for breaches and passes. "evolve" is that alone, "batch" the whole command.
func BenchmarkMark(b *testing.B) {
	for _, accounts := range []int{500, 50_000} {
		b.Run(fmt.Sprintf("%dx5/evolve", accounts), func(b *testing.B) {
			s := crowd{accounts, 5, 1, 0}.state()
			events := []*prop.PricesObserved{benchPrices(100), benchPrices(101)}
			b.ReportAllocs()
			for b.Loop() {
				s.Begin(prop.Stamp{Seq: s.Seq() + 1, At: epoch})
				s.Evolve(events[0])
				events[0], events[1] = events[1], events[0]
				if breached(s) != 0 {
					b.Fatal("a breach")
				}
			}
		})
		b.Run(fmt.Sprintf("%dx5/batch", accounts), func(b *testing.B) { benchBatches(b, crowd{accounts, 5, 1, 0}.state()) })
	}
}

// BenchmarkMarkWithResting is BenchmarkMark with five resting orders for each account on top.
func BenchmarkMarkWithResting(b *testing.B) {
	for _, accounts := range []int{500, 50_000} {
		b.Run(fmt.Sprintf("%dx5/batch", accounts), func(b *testing.B) { benchBatches(b, crowd{accounts, 5, 1, 1}.state()) })
	}
}

func benchBatches(b *testing.B, s *state.State) {
	batches := []prop.Signed{benchQuotes(100), benchQuotes(101)}
	b.ReportAllocs()
	for b.Loop() {
		if out, err := engine.Apply(s, epoch, batches[0]); err != nil || len(out.Events) != 1 {
			b.Fatal(len(out.Events), err)
		}
		batches[0], batches[1] = batches[1], batches[0]
	}
}

// breached is the scan that follows a batch.
func breached(s *state.State) (n int) {
	s.EachActive(func(_ prop.AccountRef, set prop.RulesRef, phase uint8, size, equity, peak fixed.USD) {
		if p := &s.Rules(set).Phases[phase]; rules.DrawdownBreached(p, equity, peak) || rules.TargetReached(p, equity, size) {
			n++
		}
	})
	return n
}

// TestMarkingAllocatesNothing: neither marking every position at new prices and rates, nor the scan after it.
func TestMarkingAllocatesNothing(t *testing.T) {
	s := crowd{100, 5, 1, 1}.state()
	events := []*prop.PricesObserved{benchPrices(100), benchPrices(101)}
	if n := testing.AllocsPerRun(50, func() {
		s.Begin(prop.Stamp{Seq: s.Seq() + 1, At: epoch})
		s.Evolve(events[0])
		events[0], events[1] = events[1], events[0]
		breached(s)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkOrderInPosition (P5): admitting and filling an order of a position that has none yet, and one that
// has 99. A batch fills as many as one record may.
func BenchmarkOrderInPosition(b *testing.B) {
	for _, before := range []int{0, 99} {
		b.Run(fmt.Sprintf("order %d", before+1), func(b *testing.B) {
			const accounts = 2_000
			var s *state.State
			n := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				i := uint32(n % accounts)
				if n++; i == 0 {
					b.StopTimer()
					s = crowd{accounts, 1, before, 0}.state()
					b.StartTimer()
				}
				cmd := &prop.SubmitOrder{Account: prop.AccountKey{Entity: key("E"), ID: i}, Pair: "BTCUSD", Type: prop.Market, Side: prop.Long, Quantity: fixed.QtyScale}
				if _, err := engine.Apply(s, epoch, prop.Signed{Command: cmd, ID: benchID(2, n), Signer: cmd.Account.Entity}); err != nil {
					b.Fatal(err)
				}
				if i == accounts-1 {
					if out, err := engine.Apply(s, epoch, benchQuotes(100)); err != nil || len(out.Events) != accounts+1 {
						b.Fatal(len(out.Events), err)
					}
				}
			}
		})
	}
}
