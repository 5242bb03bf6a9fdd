package engine_test

import (
	"bytes"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/market"
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
//   - money: equity = size + Σ realised − Σ fees − Σ carry + Σ positions at the mark and the rate, each
//     of them computed again with math/big from the events and the quotes;
//   - orders: each fills or ends once, on a later batch; a bracket only reduces; a LIMIT never fills
//     beyond its price; nothing opens in a closed market, a pair that is not tradable, a halted
//     account, or beyond the orders of a position;
//   - collateral: what is locked and slashed is what was created, failed and burned;
//   - an order is decided on a copy of its account as on the whole.
//
// In the end the decoded records alone give a deeply equal state.
func TestEngineProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		for range 200 {
			m.step()
		}
		m.replay()
	})
}

// pauses between commands: most are short, a hundred of them make a month or two.
var pauses = rapid.SampledFrom(append(slices.Repeat([]int64{0, 0, 1, second, 5 * second}, 24), slices.Concat(slices.Repeat([]int64{40 * second, 2 * 60 * second, 3 * 3_600 * second, dayMs, 3 * dayMs}, 2), []int64{20 * dayMs})...))

// starts: New Year's night, a minute before forex closes for the weekend, a minute before it opens, and a
// minute before Wednesday's carry.
var starts = rapid.SampledFrom([]prop.Instant{epoch, epoch + 9*dayMs - 2*3_600*second - 60*second, epoch + 11*dayMs - 2*3_600*second - 60*second, epoch + 7*dayMs - 3*3_600*second - 60*second})

// machine runs two engines side by side and keeps its own books from their events.
type machine struct {
	t          *rapid.T
	live, twin *state.State
	at         prop.Instant
	set        *prop.RuleSet
	prices     []fixed.Price // by pair
	ids        []prop.CommandID
	records    [][]byte
	stamps     []prop.Stamp
	accounts   []*books
	entities   []*collateral
	closed     map[prop.AccountRef]bool // eliminated or failed
	orders     map[prop.CommandID]*openOrder
	pairs      []prop.PairState
	halted     map[any]bool // by entity, by account, and true for everything
}

// openOrder is an order that has neither filled nor ended.
type openOrder struct {
	prop.OrderAccepted
	seq uint64
}

// books are what an account's events add up to.
type books struct {
	entity    prop.EntityRef
	size      fixed.USD
	money     *big.Int // size + realised − fees − carry, in USD units
	positions map[prop.PairRef]*holding
}

type holding struct {
	quantity, cost *big.Int
	orders         int64
}

// collateral is what an entity's events add up to.
type collateral struct{ deposited, locked, slashed fixed.Theta }

// newMachine starts with a firm that has two active accounts for coins and two for currencies, so that not
// every draw is refused.
func newMachine(t *rapid.T) *machine {
	m := &machine{t: t, live: state.New(), twin: state.New(), at: starts.Draw(t, "start"), closed: map[prop.AccountRef]bool{}, orders: map[prop.CommandID]*openOrder{}, halted: map[any]bool{}}
	for _, units := range []fixed.Price{1_000_000, 70_000, 11_000, 1_500_000, 1_650_000, 14_000} {
		m.prices = append(m.prices, units*fixed.PriceScale/10_000)
	}
	g := seedGenesis()
	m.set = &g.RuleSets[0]
	if rapid.Bool().Draw(t, "a command before the genesis") {
		m.apply(m.command())
	}
	m.draw(&g)
	for _, p := range g.Pairs {
		m.pairs = append(m.pairs, p.State)
	}
	m.apply(prop.Signed{Command: &prop.Start{Genesis: g}})
	m.apply(m.signed(&prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}, key("E")))
	m.apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: 9_000 * fixed.ThetaScale}})
	for i := range prop.EffectID(4) {
		m.apply(m.signed(&prop.CreateSubaccount{Entity: key("E"), Class: []string{"crypto", "forex"}[i%2]}, key("E")))
		m.apply(prop.Signed{Command: &prop.RecordSubmission{Effect: i + 1}})
		m.apply(prop.Signed{Command: &prop.CompleteEffect{Effect: i + 1, OK: true}})
	}
	if rapid.Bool().Draw(t, "a miner") {
		m.apply(m.signed(&prop.RegisterMiner{Hotkey: key("M"), Coldkey: key("M-cold"), Class: "forex"}, key("M")))
		m.apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key("M"), Deposited: 400 * fixed.ThetaScale}})
	}
	m.apply(prop.Signed{Command: m.quotes()})
	return m
}

// draw sets costs and limits: each is on in some runs.
func (m *machine) draw(g *prop.Genesis) {
	t, r := m.t, &g.RuleSets[0]
	for i := range r.Classes {
		r.Classes[i].FeeRate = fixed.Ratio(rapid.SampledFrom([]int64{0, fixed.RatioScale / 1000, 1}).Draw(t, "fee rate"))
		r.Classes[i].CarryRate = fixed.Ratio(rapid.SampledFrom([]int64{0, fixed.RatioScale / 1000, 105_905}).Draw(t, "carry rate"))
	}
	if rapid.Bool().Draw(t, "slippage") {
		r.Slippage = testSlippage()
	}
	r.FillDelayBatches = rapid.Int64Range(1, 2).Draw(t, "fill delay")
	r.MaxAccounts, r.MaxResting = 6, rapid.SampledFrom([]int64{4, 20}).Draw(t, "resting")
	r.MaxOrders = rapid.SampledFrom([]int64{0, 3, 6}).Draw(t, "orders")
	r.CooldownMs = rapid.SampledFrom([]int64{0, 0, 3_000}).Draw(t, "cooldown")
	r.OrderRate = prop.Rate{Count: rapid.SampledFrom([]int64{0, 0, 5}).Draw(t, "rate"), WindowMs: 60 * second}
	r.EntityOrderRate = prop.Rate{Count: rapid.SampledFrom([]int64{0, 0, 12}).Draw(t, "firm's rate"), WindowMs: 60 * second}
	r.PortfolioCap = fixed.Ratio(rapid.SampledFrom([]int64{0, 0, 20, 6}).Draw(t, "cap") * fixed.RatioScale)
	for i := range g.Pairs {
		g.Pairs[i].Multiplier = rapid.Int64Range(1, 3).Draw(t, "weight")
	}
	r.Phases[0].DrawdownOp = rapid.SampledFrom([]prop.Op{prop.GT, prop.GE}).Draw(t, "op")
	if rapid.IntRange(0, 3).Draw(t, "short lives") != 3 {
		r.Phases[0].DrawdownLimit, r.Phases[0].Target, r.Phases[0].TimeLimitMs, r.Phases[1].DrawdownLimit = 90*percent, 100*percent, 0, 90*percent
	}
}

func (m *machine) step() {
	pause := pauses.Draw(m.t, "pause")
	m.at += prop.Instant(pause)
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
	if pause > 60*second && !m.oneIn(4, "no price after a pause") {
		m.apply(prop.Signed{Command: m.quotes()})
	}
	m.apply(m.command())
}

func (m *machine) apply(cmd prop.Signed) {
	seq, at := m.live.Seq(), m.live.At()
	registry, trading := m.live.Roots()
	alone, onCopy, copied := m.onCopy(cmd, max(m.at, at))
	out, err := engine.Apply(m.live, max(m.at, at), cmd)
	again, err2 := engine.Apply(m.twin, max(m.at, at), cmd)
	m.same(cmd, out, again, err, err2)
	if copied && (fmt.Sprint(err) != fmt.Sprint(onCopy) || fmt.Sprintf("%+v", anonymous(out)) != fmt.Sprintf("%+v", anonymous(alone))) {
		m.t.Fatalf("on a copy of the account: %+v, %v; on the whole: %+v, %v", anonymous(alone), onCopy, anonymous(out), err)
	}
	if len(out.Events) != 0 {
		m.book(cmd.Command, out)
		return
	}
	if r, tr := m.live.Roots(); r != registry || tr != trading || m.live.Seq() != seq || m.live.At() != at {
		m.t.Fatalf("%T left a trace: %v", cmd.Command, err)
	}
	m.check()
}

// onCopy decides an order on a copy of its account.
func (m *machine) onCopy(cmd prop.Signed, at prop.Instant) (engine.Outcome, error, bool) {
	order, is := cmd.Command.(*prop.SubmitOrder)
	if _, _, known := m.live.Known(cmd.ID); !is || known {
		return engine.Outcome{}, nil, false
	}
	ref, there := m.live.AccountRef(order.Account)
	if !there {
		return engine.Outcome{}, nil, false
	}
	out, err := engine.Apply(m.live.Extract(ref), at, cmd)
	return out, err, true
}

// anonymous is an accepted order without its account's reference, which a copy gives anew.
func anonymous(out engine.Outcome) (orders []prop.OrderAccepted) {
	for _, e := range out.Events {
		o := *e.(*prop.OrderAccepted)
		o.Account = 0
		orders = append(orders, o)
	}
	return orders
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
		m.bookEvent(e, out.Stamp)
	}
	m.check()
}

func (m *machine) bookEvent(e prop.Event, stamp prop.Stamp) {
	switch e := e.(type) {
	case *prop.EntityRegistered:
		m.entities = append(m.entities, &collateral{})
	case *prop.CollateralObserved:
		m.entities[e.Entity].deposited = e.Deposited
	case *prop.SubaccountCreated:
		m.accounts = append(m.accounts, &books{e.Entity, e.Size, big.NewInt(int64(e.Size)), map[prop.PairRef]*holding{}})
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
	case *prop.SizeScheduled:
		m.moves(e.Account)
	case *prop.AccountSized:
		m.resize(e)
	case *prop.AccountEliminated:
		m.moves(e.Account)
		m.closed[e.Account] = true
	case *prop.PairStateChanged:
		m.pairs[e.Pair] = e.State
	case *prop.HaltChanged:
		switch e.Scope {
		case prop.Everything:
			m.halted[true] = e.Halted
		case prop.OneEntity:
			m.halted[*e.Entity] = e.Halted
		case prop.OneAccount:
			m.halted[*e.Account] = e.Halted
		}
	default:
		m.bookTrading(e, stamp)
	}
}

func (m *machine) bookTrading(e prop.Event, stamp prop.Stamp) {
	switch e := e.(type) {
	case *prop.OrderAccepted:
		m.moves(e.Account)
		if m.orders[e.Order] != nil {
			m.t.Fatalf("order %s is accepted twice", e.Order)
		}
		m.orders[e.Order] = &openOrder{*e, stamp.Seq}
	case *prop.OrderTriggered:
		if o := m.orders[e.Order]; o == nil || e.Price != o.LimitPrice && e.Price != o.StopLoss && e.Price != o.TakeProfit {
			m.t.Fatalf("%+v was triggered: %+v", o, e)
		}
	case *prop.OrderFilled:
		m.fill(e, stamp)
	case *prop.OrderCancelled:
		m.moves(e.Account)
		m.end(e.Order)
	case *prop.PositionClosed:
		if h := m.accounts[e.Account].positions[e.Pair]; h == nil || h.quantity.Cmp(big.NewInt(-int64(e.Trade.Quantity))) != 0 {
			m.t.Fatalf("%+v does not close %+v", e, h)
		}
		m.trade(e.Account, e.Pair, &e.Trade)
	case *prop.FeeCharged:
		m.moves(e.Account)
		m.accounts[e.Account].money.Sub(m.accounts[e.Account].money, big.NewInt(int64(e.Amount)))
	case *prop.CarryCharged:
		m.carry(e)
	}
}

// moves fails where an account does something after its end.
func (m *machine) moves(r prop.AccountRef) {
	if m.closed[r] {
		m.t.Fatalf("account %d moves after its end", r)
	}
}

func (m *machine) resize(e *prop.AccountSized) {
	m.moves(e.Account)
	b := m.accounts[e.Account]
	b.money.Add(b.money, big.NewInt(int64(e.Size-b.size)))
	b.size = e.Size
}

func (m *machine) end(id prop.CommandID) *openOrder {
	o := m.orders[id]
	if o == nil {
		m.t.Fatalf("order %s ends and is not open", id)
	}
	delete(m.orders, id)
	return o
}

// fill checks a fill against its order and the state of the world.
func (m *machine) fill(e *prop.OrderFilled, stamp prop.Stamp) {
	o, a, b := m.end(e.Order), m.live.Account(e.Account), m.accounts[e.Account]
	spec := &m.live.Pairs()[e.Pair]
	h := b.positions[e.Pair]
	opens := h == nil || h.quantity.Sign() == 0 || (h.quantity.Sign() > 0) == (e.Trade.Quantity > 0)
	bad := ""
	switch {
	case o.seq >= stamp.Seq || e.Trade.QuotesSeq != stamp.Seq:
		bad = "on a batch that its sender may have seen"
	case e.Account != o.Account || e.Pair != o.Pair || e.Side != o.Side:
		bad = "for someone else"
	case o.Type == prop.Bracket && opens:
		bad = "a bracket that opens"
	case o.Type == prop.Limit && (e.Trade.Quantity > 0 && e.Trade.Price > o.LimitPrice || e.Trade.Quantity < 0 && e.Trade.Price < o.LimitPrice):
		bad = "beyond its limit"
	case o.SizeKind == prop.ByQuantity && big.NewInt(int64(e.Trade.Quantity.Abs()+e.NotTraded)).Cmp(big.NewInt(int64(o.Quantity))) != 0 && o.Type != prop.Bracket:
		bad = "of another quantity"
	}
	if opens && bad == "" {
		session, known := market.Session(spec.Class, stamp.At)
		switch {
		case !known || !session.Open:
			bad = "in a closed market"
		case m.pairs[e.Pair] != prop.Tradable:
			bad = "in a pair that is " + m.pairs[e.Pair].String()
		case m.halted[true] || m.halted[b.entity] || m.halted[e.Account]:
			bad = "of a halted account"
		case h != nil && m.set.MaxOrders != 0 && h.orders >= m.set.MaxOrders:
			bad = "beyond the orders of a position"
		case spec.Class != a.Class:
			bad = "of another class"
		}
	}
	if bad != "" {
		m.t.Fatalf("filled %s: %+v of %+v", bad, e, o)
	}
	m.trade(e.Account, e.Pair, &e.Trade)
}

// trade computes a trade again and books it.
func (m *machine) trade(r prop.AccountRef, p prop.PairRef, t *prop.Trade) {
	m.moves(r)
	h := m.accounts[r].positions[p]
	if h == nil {
		h = &holding{new(big.Int), new(big.Int), 0}
		m.accounts[r].positions[p] = h
	}
	q, rate, scale := big.NewInt(int64(t.Quantity)), m.rate(p), big.NewInt(fixed.RatioScale)
	slipped := new(big.Int).Mul(big.NewInt(int64(t.Quoted)), new(big.Int).Add(scale, big.NewInt(int64(t.Slippage)*int64(q.Sign()))))
	paid := floor(slipped, scale)
	if q.Sign() > 0 {
		paid = ceil(slipped, scale)
	}
	signed := m.worth(p, q, t.Price)
	cost, gain := signed, new(big.Int)
	if closing := h.quantity.Sign() != 0 && h.quantity.Sign() != q.Sign(); closing {
		part := new(big.Int).Abs(q)
		cost = halfEven(new(big.Int).Neg(new(big.Int).Mul(h.cost, part)), new(big.Int).Abs(h.quantity))
		gain.Sub(cost, signed)
	}
	value, realised := rate(new(big.Int).Abs(signed)), rate(gain)
	for _, c := range []struct {
		what      string
		got, want int64
	}{{"price", int64(t.Price), paid.Int64()}, {"cost", int64(t.CostDelta), cost.Int64()}, {"gain", int64(t.Gain), gain.Int64()},
		{"value", int64(t.Value), value.Int64()}, {"realised", int64(t.Realised), realised.Int64()}} {
		if c.got != c.want {
			m.t.Fatalf("the %s of %+v is not %d", c.what, t, c.want)
		}
	}
	h.quantity.Add(h.quantity, q)
	h.cost.Add(h.cost, cost)
	if h.orders++; h.quantity.Sign() == 0 {
		delete(m.accounts[r].positions, p)
		if h.cost.Sign() != 0 {
			m.t.Fatalf("a closed position leaves %s of cost", h.cost)
		}
	}
	m.accounts[r].money.Add(m.accounts[r].money, realised)
}

// carry computes a boundary again: rate·|value at the mark in USD|, up.
func (m *machine) carry(e *prop.CarryCharged) {
	for _, c := range e.Rates {
		for _, b := range m.accounts {
			if h := b.positions[c.Pair]; h != nil {
				value := m.rate(c.Pair)(m.worth(c.Pair, h.quantity, m.live.Quote(c.Pair).Mark))
				b.money.Sub(b.money, ceil(new(big.Int).Mul(value.Abs(value), big.NewInt(int64(c.Rate))), big.NewInt(fixed.RatioScale)))
			}
		}
	}
}

// rate turns an amount of a pair's quote currency into USD, half-even, at the last quotes.
func (m *machine) rate(p prop.PairRef) func(*big.Int) *big.Int {
	num, den := int64(1), int64(1)
	if quote := m.live.Pairs()[p].Quote; quote != "USD" {
		of, _ := m.live.Pair("USD" + quote)
		num, den = fixed.PriceScale, int64(m.live.Quote(of).Mark)
	}
	return func(v *big.Int) *big.Int { return halfEven(new(big.Int).Mul(v, big.NewInt(num)), big.NewInt(den)) }
}

// worth is quantity·price·lot in units of quote currency, half to even.
func (m *machine) worth(p prop.PairRef, q *big.Int, price fixed.Price) *big.Int {
	n := new(big.Int).Mul(q, big.NewInt(m.live.Pairs()[p].Lot))
	return halfEven(n.Mul(n, big.NewInt(int64(price))), big.NewInt(fixed.PriceScale))
}

func floor(n, d *big.Int) *big.Int { return new(big.Int).Div(n, d) } // d > 0
func ceil(n, d *big.Int) *big.Int {
	return new(big.Int).Neg(floor(new(big.Int).Neg(n), d))
}

func halfEven(n, d *big.Int) *big.Int {
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
	open := 0
	for i, b := range m.accounts {
		a := m.live.Account(prop.AccountRef(i))
		if closed := a.Status == prop.Eliminated || a.Status == prop.Failed; closed != m.closed[a.Ref] {
			m.t.Fatalf("account %d is %s", i, a.Status)
		}
		equity := new(big.Int).Set(b.money)
		if len(m.live.Held(a.Ref)) != len(b.positions) || b.money.Cmp(big.NewInt(int64(a.Balance))) != 0 {
			m.t.Fatalf("account %d: balance %s, %d positions; by its events %s units, %d", i, a.Balance, len(m.live.Held(a.Ref)), b.money, len(b.positions))
		}
		for p, h := range b.positions {
			quote, pos := m.live.Quote(p), m.live.Position(a.Ref, p)
			equity.Add(equity, m.rate(p)(new(big.Int).Sub(m.worth(p, h.quantity, quote.Mark), h.cost)))
			if h.quantity.Cmp(big.NewInt(int64(pos.Quantity))) != 0 || h.cost.Cmp(big.NewInt(int64(pos.Cost))) != 0 || h.orders != pos.Orders {
				m.t.Fatalf("account %d holds %+v of pair %d, by its fills %+v", i, pos, p, h)
			}
		}
		if equity.Cmp(big.NewInt(int64(a.Equity()))) != 0 {
			m.t.Fatalf("account %d has the equity %s, by its events %s units", i, a.Equity(), equity)
		}
		for _, o := range m.live.OrdersOf(a.Ref) {
			if open++; m.orders[o.Order] == nil || m.orders[o.Order].OrderAccepted != o.OrderAccepted {
				m.t.Fatalf("order %+v is not as it was accepted", o)
			}
		}
	}
	if open != len(m.orders) {
		m.t.Fatalf("%d orders are open, by their events %d", open, len(m.orders))
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
					return signed(t, &prop.SubmitOrder{Account: prop.AccountKey{Entity: key("E"), ID: account}, Pair: "BTCUSD", Type: prop.Market, Side: side, Quantity: quantity * fixed.Qty(factor)},
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
	g.RuleSets[0].Classes[0].FeeRate = fixed.RatioScale / 1000
	setup := []prop.Signed{
		{Command: &prop.Start{Genesis: g}},
		signed(t, &prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}, key("E"), prop.NewCommandID(epoch, [10]byte{1})),
		{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: 3_000 * fixed.ThetaScale}},
	}
	for i := range byte(3) {
		effect := prop.EffectID(i) + 1
		setup = append(setup, signed(t, &prop.CreateSubaccount{Entity: key("E"), Class: "crypto"}, key("E"), prop.NewCommandID(epoch, [10]byte{0: 2, 9: i})),
			prop.Signed{Command: &prop.RecordSubmission{Effect: effect}}, prop.Signed{Command: &prop.CompleteEffect{Effect: effect, OK: true}})
	}
	for _, cmd := range setup {
		if _, err := engine.Apply(s, epoch, cmd); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
