package engine_test

import (
	"bytes"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// TestEngineProperties throws random commands, rubbish among them, at an engine and checks after
// every one of them:
//
//   - a refusal, a duplicate and a command without events leave no trace: sequence and roots stay;
//   - a second engine that is fed the same emits the same bytes;
//   - state verifies itself; eliminated and failed accounts never move again;
//   - money: equity = size − Σ what was traded − Σ fees + Σ positions at the mark;
//   - collateral: what is locked and slashed is what was created, failed and burned.
//
// In the end the decoded records alone give a deeply equal state.
func TestEngineProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		for range 120 {
			m.step()
		}
		m.replay()
	})
}

// pauses between commands: most are short, a hundred of them make three months.
var pauses = rapid.SampledFrom(append(slices.Repeat([]int64{0, 0, 1, second, 5 * second}, 6), 40*second, 2*60*second, 30*dayMs))

// machine runs two engines side by side and keeps its own books from their events.
type machine struct {
	t          *rapid.T
	live, twin *state.State
	at         prop.Instant
	prices     [2]fixed.Price
	ids        []prop.CommandID
	records    [][]byte
	stamps     []prop.Stamp
	accounts   []*books
	entities   []*collateral
	closed     map[prop.AccountRef]bool // eliminated or failed
}

// books are what an account's events add up to.
type books struct {
	size      *big.Int // USD units
	traded    *big.Int // Σ signed value of what was bought and sold
	fees      *big.Int
	positions map[prop.PairRef]*big.Int
}

// collateral is what an entity's events add up to.
type collateral struct{ deposited, locked, slashed fixed.Theta }

// newMachine starts with a firm that has three active accounts, so that not every draw is refused.
func newMachine(t *rapid.T) *machine {
	m := &machine{t: t, live: state.New(), twin: state.New(), at: epoch, prices: [2]fixed.Price{100 * fixed.PriceScale, 7 * fixed.PriceScale}, closed: map[prop.AccountRef]bool{}}
	if rapid.Bool().Draw(t, "a command before the genesis") {
		m.apply(m.command())
	}
	g := seedGenesis()
	r := &g.RuleSets[0]
	r.FeeRate = fixed.Ratio(rapid.SampledFrom([]int64{0, fixed.RatioScale / 1000, 1}).Draw(t, "fee rate"))
	r.FillDelayBatches = rapid.Int64Range(1, 2).Draw(t, "fill delay")
	r.MaxAccounts = 5
	r.Phases[0].DrawdownOp = rapid.SampledFrom([]prop.Op{prop.GT, prop.GE}).Draw(t, "op")
	m.apply(prop.Signed{Command: &prop.Start{Genesis: g}})
	m.apply(m.signed(&prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}, key("E")))
	m.apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: 8_000 * fixed.ThetaScale}})
	for i := range prop.EffectID(3) {
		m.apply(m.signed(&prop.CreateSubaccount{Entity: key("E")}, key("E")))
		m.apply(prop.Signed{Command: &prop.RecordSubmission{Effect: i + 1}})
		m.apply(prop.Signed{Command: &prop.CompleteEffect{Effect: i + 1, OK: true}})
	}
	m.apply(prop.Signed{Command: m.quotes()})
	return m
}

func (m *machine) step() {
	m.at += prop.Instant(pauses.Draw(m.t, "pause"))
	if rapid.IntRange(0, 9).Draw(m.t, "late ticks") != 0 {
		dueTicks(m.live, m.at, func(at prop.Instant, out engine.Outcome, err error) {
			if err != nil || len(out.Events) == 0 {
				m.t.Fatalf("a tick was due at %s and did nothing: %v", at, err)
			}
			again, err := engine.Apply(m.twin, at, prop.Signed{Command: &prop.Tick{}})
			m.same(prop.Signed{Command: &prop.Tick{}}, out, again, nil, err)
			m.book(&prop.Tick{}, out)
		})
	}
	m.apply(m.command())
}

func (m *machine) apply(cmd prop.Signed) {
	seq, at := m.live.Seq(), m.live.At()
	registry, trading := m.live.Roots()
	out, err := engine.Apply(m.live, max(m.at, at), cmd)
	again, err2 := engine.Apply(m.twin, max(m.at, at), cmd)
	m.same(cmd, out, again, err, err2)
	if len(out.Events) != 0 {
		m.book(cmd.Command, out)
		return
	}
	if r, tr := m.live.Roots(); r != registry || tr != trading || m.live.Seq() != seq || m.live.At() != at {
		m.t.Fatalf("%T left a trace: %v", cmd.Command, err)
	}
	m.check()
}

// same compares what two engines made of one command, byte for byte.
func (m *machine) same(cmd prop.Signed, a, b engine.Outcome, errA, errB error) {
	if (errA == nil) != (errB == nil) || errA != nil && errA.Error() != errB.Error() {
		m.t.Fatalf("one engine says %v, the other %v", errA, errB)
	}
	if a.Stamp != b.Stamp || a.Duplicate != b.Duplicate || (errA != nil || a.Duplicate != 0) && len(a.Events) != 0 {
		m.t.Fatalf("one engine gives %+v, the other %+v", a, b)
	}
	if len(a.Events) != 0 && !bytes.Equal(m.encode(cmd.Command, a), m.encode(cmd.Command, b)) {
		m.t.Fatalf("two engines emit different events for %T", cmd.Command)
	}
}

func (m *machine) encode(cmd prop.Command, out engine.Outcome) []byte {
	b, err := wire.EncodeRecord(prop.Record{Seq: out.Stamp.Seq, At: out.Stamp.At, Command: cmd, Events: out.Events})
	if err != nil {
		m.t.Fatal(err)
	}
	return b
}

func (m *machine) book(cmd prop.Command, out engine.Outcome) {
	m.records, m.stamps = append(m.records, m.encode(cmd, out)), append(m.stamps, out.Stamp)
	for _, e := range out.Events {
		m.bookEvent(e)
	}
	m.check()
}

func (m *machine) bookEvent(e prop.Event) {
	switch e := e.(type) {
	case *prop.EntityRegistered:
		m.entities = append(m.entities, &collateral{})
	case *prop.CollateralObserved:
		m.entities[e.Entity].deposited = e.Deposited
	case *prop.SubaccountCreated:
		m.accounts = append(m.accounts, &books{big.NewInt(int64(e.Size)), new(big.Int), new(big.Int), map[prop.PairRef]*big.Int{}})
		m.entities[e.Entity].locked += e.Lock
	case *prop.EffectCompleted:
		f, _ := m.live.Effect(e.Effect)
		switch {
		case f.Kind == prop.LockCollateral && !e.OK:
			m.entities[f.Entity].locked -= f.Amount
		case f.Kind == prop.SlashCollateral && e.OK:
			m.entities[f.Entity].locked -= f.Amount
			m.entities[f.Entity].slashed += f.Amount
		}
	case *prop.StatusChanged:
		m.moves(e.Account)
		m.closed[e.Account] = e.Status == prop.Failed
	case *prop.BucketChanged:
		m.moves(e.Account)
	case *prop.OrderAccepted:
		m.moves(e.Account)
	case *prop.OrderFilled:
		m.trade(e.Account, e.Pair, e.Quantity, e.Price, e.Value, e.Realised, e.CostDelta)
	case *prop.PositionClosed:
		m.trade(e.Account, e.Pair, e.Quantity, e.Price, e.Value, e.Realised, e.CostDelta)
	case *prop.FeeCharged:
		m.moves(e.Account)
		m.accounts[e.Account].fees.Add(m.accounts[e.Account].fees, big.NewInt(int64(e.Amount)))
	case *prop.AccountEliminated:
		m.moves(e.Account)
		m.closed[e.Account] = true
	}
}

// moves fails where an account does something after its end.
func (m *machine) moves(r prop.AccountRef) {
	if m.closed[r] {
		m.t.Fatalf("account %d moves after its end", r)
	}
}

func (m *machine) trade(r prop.AccountRef, p prop.PairRef, q fixed.Qty, price fixed.Price, value, realised, cost fixed.USD) {
	m.moves(r)
	b := m.accounts[r]
	if b.positions[p] == nil {
		b.positions[p] = new(big.Int)
	}
	b.positions[p].Add(b.positions[p], big.NewInt(int64(q)))
	b.traded.Add(b.traded, big.NewInt(int64(value)))
	if worth := worth(big.NewInt(int64(q)), price); worth.Cmp(big.NewInt(int64(value))) != 0 {
		m.t.Fatalf("%s at %s is worth %s, not %s", q, price, worth, value)
	}
	if realised != 0 && realised+value != cost {
		m.t.Fatalf("realised %s + value %s is not the change of the cost %s", realised, value, cost)
	}
}

// worth is quantity·price in USD units, half to even, of a lot of one.
func worth(q *big.Int, p fixed.Price) *big.Int {
	n, d := new(big.Int).Mul(q, big.NewInt(int64(p))), big.NewInt(fixed.PriceScale)
	low, rest := new(big.Int).DivMod(n, d, new(big.Int))
	if half := new(big.Int).Lsh(rest, 1).Cmp(d); half > 0 || half == 0 && low.Bit(0) == 1 {
		low.Add(low, big.NewInt(1))
	}
	return low
}

func (m *machine) check() {
	if err := m.live.Verify(); err != nil {
		m.t.Fatal(err)
	}
	for i, b := range m.accounts {
		a := m.live.Account(prop.AccountRef(i))
		if closed := a.Status == prop.Eliminated || a.Status == prop.Failed; closed != m.closed[a.Ref] {
			m.t.Fatalf("account %d is %s", i, a.Status)
		}
		equity := new(big.Int).Sub(b.size, b.traded)
		equity.Sub(equity, b.fees)
		for p, q := range b.positions {
			equity.Add(equity, worth(q, m.live.Quote(p).Mark))
			if got := m.live.Position(a.Ref, p).Quantity; q.Cmp(big.NewInt(int64(got))) != 0 {
				m.t.Fatalf("account %d holds %s of pair %d, by its fills %s", i, got, p, q)
			}
		}
		if equity.Cmp(big.NewInt(int64(a.Equity()))) != 0 {
			m.t.Fatalf("account %d has the equity %s, by its events %s units", i, a.Equity(), equity)
		}
	}
	for i, c := range m.entities {
		if e := m.live.Entities()[i]; e.Deposited != c.deposited || e.Locked != c.locked || e.Slashed != c.slashed {
			m.t.Fatalf("entity %d: %+v, by its events %+v", i, e, *c)
		}
	}
}

// replay evolves a fresh state from the bytes of the records alone.
func (m *machine) replay() {
	s := state.New()
	for i, b := range m.records {
		r, err := wire.DecodeRecord(b)
		if err != nil {
			m.t.Fatalf("record %d: %v", i+1, err)
		}
		s.Begin(m.stamps[i])
		for _, e := range r.Events {
			s.Evolve(e)
		}
	}
	registry, trading := s.Roots()
	if r, tr := m.live.Roots(); r != registry || tr != trading || s.Seq() != m.live.Seq() || s.At() != m.live.At() {
		m.t.Fatal("replaying the records gives other roots")
	}
	if !reflect.DeepEqual(s, m.live) || !reflect.DeepEqual(m.twin, m.live) {
		m.t.Fatal("replaying the records gives another state")
	}
}

// TestScaling: an account of twice the size that orders twice the quantities has the same life, at
// twice the money. Rounding cannot matter here: quantities are hundredths and prices whole dollars,
// so every value and fee is a decimal without rest; sizes are quantities; and each account trades in
// one direction and closes whole positions, so no cost is shared.
func TestScaling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		single, double := scaled(t, 1), scaled(t, 2)
		both := func(at prop.Instant, cmd func(factor int64) prop.Signed) {
			_, err := engine.Apply(single, at, cmd(1))
			_, err2 := engine.Apply(double, at, cmd(2))
			if (err == nil) != (err2 == nil) {
				t.Fatalf("single: %v, double: %v", err, err2)
			}
			for r := range prop.AccountRef(single.Accounts()) {
				a, b := single.Account(r), double.Account(r)
				if a.Status != b.Status || a.Phase != b.Phase || 2*a.Equity() != b.Equity() || 2*a.Peak != b.Peak || 2*a.Balance != b.Balance {
					t.Fatalf("single: %+v, double: %+v", a, b)
				}
			}
		}
		price, at := int64(100), epoch
		for n := range 80 {
			at += second
			if rapid.Bool().Draw(t, "order") {
				account := uint32(rapid.IntRange(0, 2).Draw(t, "account"))
				side := []prop.Side{prop.Long, prop.Short, prop.Long}[account]
				quantity := fixed.Qty(rapid.IntRange(1, 40_000).Draw(t, "quantity") * fixed.QtyScale / 100)
				if rapid.IntRange(0, 3).Draw(t, "flat") == 3 {
					side, quantity = prop.Flat, 0
				}
				both(at, func(factor int64) prop.Signed {
					return signed(t, &prop.SubmitOrder{Account: prop.AccountKey{Entity: key("E"), ID: account}, Pair: "BTCUSD", Side: side, Quantity: quantity * fixed.Qty(factor)},
						key("E"), prop.NewCommandID(at, [10]byte{9: byte(n)}))
				})
				continue
			}
			price = max(3, price+rapid.Int64Range(-3, 3).Draw(t, "move"))
			half := rapid.Int64Range(0, 1).Draw(t, "half spread")
			quote := prop.Quote{Pair: "BTCUSD", Bid: fixed.Price(price-half) * fixed.PriceScale, Ask: fixed.Price(price+half) * fixed.PriceScale}
			both(at, func(int64) prop.Signed {
				return prop.Signed{Command: &prop.ObservePrices{Observed: at, Quotes: []prop.Quote{quote}}}
			})
			both(at, func(int64) prop.Signed { return prop.Signed{Command: &prop.Tick{}} })
		}
	})
}

// scaled is a state with three active accounts of a multiple of the seed's size.
func scaled(t *rapid.T, factor int64) *state.State {
	s, g := state.New(), seedGenesis()
	g.RuleSets[0].AccountSize *= fixed.USD(factor)
	g.RuleSets[0].FeeRate = fixed.RatioScale / 1000
	setup := []prop.Signed{
		{Command: &prop.Start{Genesis: g}},
		signed(t, &prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}, key("E"), prop.NewCommandID(epoch, [10]byte{1})),
		{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: 3_000 * fixed.ThetaScale}},
	}
	for i := range byte(3) {
		effect := prop.EffectID(i) + 1
		setup = append(setup, signed(t, &prop.CreateSubaccount{Entity: key("E")}, key("E"), prop.NewCommandID(epoch, [10]byte{0: 2, 9: i})),
			prop.Signed{Command: &prop.RecordSubmission{Effect: effect}}, prop.Signed{Command: &prop.CompleteEffect{Effect: effect, OK: true}})
	}
	for _, cmd := range setup {
		if _, err := engine.Apply(s, epoch, cmd); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
