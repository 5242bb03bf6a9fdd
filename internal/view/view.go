package view

import (
	"sync"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// View is a read-only second state. mu guards everything: Publish writes, all else reads.
type View struct {
	mu           sync.RWMutex
	state        *state.State
	commands     map[prop.CommandID]uint64
	orders       map[prop.CommandID]*Order
	byAccount    map[prop.AccountRef][]prop.CommandID
	eliminations []Elimination // in order of sequence
	eliminated   map[prop.AccountRef]int
	passes       map[prop.AccountRef][]Pass
	fills        int
	fees         fixed.USD
	root         Root
}

// New is a view before the first record.
func New() *View {
	return &View{
		state: state.New(), commands: map[prop.CommandID]uint64{}, orders: map[prop.CommandID]*Order{},
		byAccount: map[prop.AccountRef][]prop.CommandID{}, eliminated: map[prop.AccountRef]int{}, passes: map[prop.AccountRef][]Pass{},
	}
}

// AsOf says which record an answer includes.
type AsOf struct {
	Seq uint64
	At  prop.Instant
}

// Root is the newest recorded pair of roots.
type Root struct {
	RecordSeq, AtSeq  uint64
	Registry, Trading prop.Hash
}

// Publish evolves by one block's records.
func (v *View) Publish(_ *wire.Block, records []prop.Record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range records {
		v.apply(&records[i])
	}
}

// Roots are the roots of the last published record.
func (v *View) Roots() (registry, trading prop.Hash) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.state.Roots()
}

// Copy is a view of one account alone, to try something on (package whatif).
func (v *View) Copy(k prop.AccountKey) (*View, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	r, ok := v.state.AccountRef(k)
	if !ok {
		return nil, prop.Refuse(prop.AccountNotFound, "no such account", prop.KV{Key: "account", Value: k.String()})
	}
	c := New()
	c.state = v.state.Extract(r)
	return c, nil
}

// State is what a copy is tried on. Of any other view nobody may take it.
func (v *View) State() *state.State { return v.state }

// AsOf is the last published record.
func (v *View) AsOf() AsOf {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.asOf()
}

func (v *View) asOf() AsOf { return AsOf{v.state.Seq(), v.state.At()} }

// RecordedRoot is the newest recorded pair of roots.
func (v *View) RecordedRoot() (Root, AsOf) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.root, v.asOf()
}

// CommandSeq finds the record that took a command.
func (v *View) CommandSeq(id prop.CommandID) (uint64, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	seq, ok := v.commands[id]
	return seq, ok
}

func (v *View) apply(r *prop.Record) {
	st := request.StampOf(*r)
	v.state.Begin(st)
	if st.ID != (prop.CommandID{}) {
		v.commands[st.ID] = r.Seq
	}
	var before prop.Event
	for _, e := range r.Events {
		v.state.Evolve(e)
		v.index(r, e, before)
		before = e
	}
}

func (v *View) index(r *prop.Record, e, before prop.Event) {
	switch e := e.(type) {
	case *prop.OrderAccepted:
		key := v.state.Account(e.Account).Key
		status := "resting"
		if e.Type == prop.Market {
			status = "waiting"
		}
		v.orders[e.Order] = &Order{
			ID: e.Order, Account: key, Pair: v.state.Pairs()[e.Pair].ID, Type: e.Type, Side: e.Side, Leverage: e.Leverage, Value: e.Value,
			Quantity: e.Quantity, LimitPrice: e.LimitPrice, StopLoss: e.StopLoss, TakeProfit: e.TakeProfit, Parent: e.Parent,
			Status: status, Seq: r.Seq, At: r.At,
		}
		v.byAccount[e.Account] = append(v.byAccount[e.Account], e.Order)
	case *prop.OrderFilled:
		v.fills++
		o := v.orders[e.Order]
		o.Status = "filled"
		o.Fill = &Fill{
			Seq: r.Seq, At: r.At, Quoted: e.Trade.Quoted, Slippage: e.Trade.Slippage, Price: e.Trade.Price, Quantity: e.Trade.Quantity,
			Value: e.Trade.Value, Realised: e.Trade.Realised, NotTraded: e.NotTraded, QuotesSeq: e.Trade.QuotesSeq,
		}
		if t, ok := before.(*prop.OrderTriggered); ok {
			o.Fill.Trigger = t.Trigger.String()
		}
	case *prop.OrderCancelled:
		v.orders[e.Order].Status, v.orders[e.Order].Reason = "cancelled", e.Reason.String()
	case *prop.FeeCharged:
		v.fees = v.fees.Add(e.Amount)
		if f, ok := before.(*prop.OrderFilled); ok { // a fee follows its fill
			v.orders[f.Order].Fill.Fee = e.Amount
		}
	case *prop.BucketChanged:
		if e.Verdict != nil {
			v.passes[e.Account] = append(v.passes[e.Account], Pass{Seq: r.Seq, At: r.At, Bucket: e.Bucket, Verdict: *e.Verdict})
		}
	case *prop.AccountEliminated:
		v.eliminated[e.Account] = len(v.eliminations)
		v.eliminations = append(v.eliminations, v.elimination(r, e))
	case *prop.RootRecorded:
		v.root = Root{r.Seq, e.AtSeq, e.Registry, e.Trading}
	}
}

func (v *View) elimination(r *prop.Record, e *prop.AccountEliminated) Elimination {
	out := Elimination{Account: v.state.Account(e.Account).Key, Seq: r.Seq, At: r.At, Reason: e.Reason.String(), Bucket: e.Bucket, Verdict: e.Verdict, Balance: e.Balance}
	for _, p := range e.Prices {
		out.Prices = append(out.Prices, PriceUsed{Pair: v.state.Pairs()[p.Pair].ID, Quantity: p.Quantity, Bid: p.Bid, Ask: p.Ask, Mark: p.Mark})
	}
	return out
}

func (v *View) account(r prop.AccountRef) Account {
	a := v.state.Account(r)
	set := v.state.Rules(a.Rules)
	phase := &set.Phases[a.Phase]
	out := Account{
		Key: a.Key, Status: a.Status, Rules: set.ID, Size: a.Size, Lock: a.Lock, Balance: a.Balance, Unrealised: a.Unrealised,
		Equity: a.Equity(), Peak: a.Peak, PeakSeq: a.PeakSeq, Deadline: a.Deadline, Passes: v.passes[r], Class: a.Class, Halted: a.Halted,
	}
	if a.Status != prop.Pending && a.Status != prop.Failed {
		out.Bucket = phase.Bucket
	}
	for _, o := range v.state.OrdersOf(r) {
		if o.Type == prop.Market {
			out.Waiting++
		} else {
			out.Resting++
		}
	}
	for _, p := range v.state.Held(r) {
		out.Positions = append(out.Positions, v.position(r, p))
	}
	if a.Status == prop.Active {
		out.Tests = evaluate(phase, a)
	}
	if i, ok := v.eliminated[r]; ok {
		out.Elimination = &v.eliminations[i]
	}
	return out
}

func (v *View) position(r prop.AccountRef, p prop.PairRef) Position {
	pos, spec, quote := v.state.Position(r, p), v.state.Pairs()[p], v.state.Quote(p)
	entry, _ := fixed.PriceHalfEven(pos.Cost, pos.Quantity, spec.Lot) // an open position has a quantity
	quoted, _ := fixed.ValueHalfEven(pos.Quantity, quote.Mark, spec.Lot)
	value, _ := fixed.ConvertHalfEven(quoted, quote.Num, quote.Den)
	leverage, _ := fixed.QuotientHalfEven(value.Abs(), v.state.Account(r).Size)
	return Position{Pair: spec.ID, Quantity: pos.Quantity, Entry: entry, Mark: quote.Mark, Value: value, Unrealised: pos.Unrealised, Leverage: leverage}
}

// evaluate shows each rule of the phase with what it measures, from where, and what is left.
func evaluate(p *prop.Phase, a state.Account) []Test {
	floor := rules.DrawdownFloor(p, a.Peak)
	tests := []Test{{
		Rule: "peak_drawdown", Basis: "equity", Value: a.Equity(), Anchor: a.Peak, AnchorSeq: a.PeakSeq, Limit: p.DrawdownLimit, Op: p.DrawdownOp,
		Threshold: floor, Headroom: a.Equity().Sub(floor),
	}}
	if target := rules.TargetEquity(p, a.Size); target != 0 {
		tests = append(tests, Test{
			Rule: "return_target", Basis: "equity", Value: a.Equity(), Anchor: a.Size, AnchorSeq: a.StartSeq, Limit: p.Target, Op: prop.GE,
			Threshold: target, Headroom: target.Sub(a.Equity()),
		})
	}
	return tests
}
