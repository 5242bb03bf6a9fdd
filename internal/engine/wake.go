package engine

import (
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// NextWake is when a Tick would do something; ok is false where nothing is planned. Eliminations
// of frozen accounts are due at once.
func NextWake(s *state.State) (at prop.Instant, ok bool) {
	if len(s.Frozen()) != 0 {
		return s.At(), true
	}
	deadline, ok := s.NextDeadline()
	at = deadline + 1 // an account may still pass on its last millisecond
	if carry, due := nextCarry(s); due && (!ok || carry < at) {
		at, ok = carry, true
	}
	if z, due := s.NextSizing(); due && (!ok || z.At < at) {
		at, ok = z.At, true
	}
	return at, ok
}

// nextCarry is the next boundary at which anyone pays carry. Boundaries up to the state's instant
// have passed: a tick stood on each while anyone held anything.
func nextCarry(s *state.State) (at prop.Instant, ok bool) {
	for p := range s.Pairs() {
		if b, due := carryOf(s, prop.PairRef(p)); due && (!ok || b.At < at) {
			at, ok = b.At, true
		}
	}
	return at, ok
}

// carryOf is the next boundary of a pair that anyone holds.
func carryOf(s *state.State, p prop.PairRef) (market.Boundary, bool) {
	if len(s.Holders(p)) == 0 {
		return market.Boundary{}, false
	}
	return market.NextCarry(s.Pairs()[p].Class, s.At())
}

// tick eliminates frozen accounts, charges carry at its boundary, gives a miner's account its new size, or
// freezes accounts whose deadline has passed.
func (t *tx) tick() error {
	if frozen := t.s.Frozen(); len(frozen) != 0 {
		for range min(len(frozen), prop.MaxEliminations) {
			t.eliminate(t.s.Frozen()[0])
		}
		return nil
	}
	if at, due := nextCarry(t.s); due && at <= t.stamp.At {
		t.carry(at)
		return nil
	}
	if z, due := t.s.NextSizing(); due && z.At <= t.stamp.At {
		t.resize(z)
		return nil
	}
	if late := t.s.Due(t.stamp.At, prop.MaxEliminations); len(late) != 0 {
		t.emit(&prop.AccountsFrozen{Accounts: prop.PackAccounts(late), Reason: prop.TimeLimit, QuotesSeq: t.lastQuotes()})
	}
	return nil
}

// carry charges a boundary: one rate for each pair and rule set that anyone holds it under.
func (t *tx) carry(at prop.Instant) {
	e := &prop.CarryCharged{Boundary: at}
	for p, spec := range t.s.Pairs() {
		b, due := carryOf(t.s, prop.PairRef(p))
		if !due || b.At != at {
			continue
		}
		held := make([]bool, len(t.s.Genesis().RuleSets))
		for _, r := range t.s.Holders(prop.PairRef(p)) {
			held[t.s.Account(r).Rules] = true
		}
		for r, there := range held {
			if there {
				rate := rules.Carry(t.s.Rules(prop.RulesRef(r)), spec.Class, b.Units)
				e.Rates = append(e.Rates, prop.CarryRate{Pair: prop.PairRef(p), Rules: prop.RulesRef(r), Units: int64(b.Units), Rate: rate})
			}
		}
	}
	t.emit(e)
}

// lastQuotes is the record of the newest price batch.
func (t *tx) lastQuotes() (seq uint64) {
	for p := range t.s.Pairs() {
		seq = max(seq, t.s.Quote(prop.PairRef(p)).Seq)
	}
	return seq
}

// eliminate flattens a frozen account at the quotes that froze it and ends it, with the figures
// that decided it. The verdict is taken before the first close moves anything.
func (t *tx) eliminate(f state.Frozen) {
	a := t.s.Account(f.Account)
	phase := &t.s.Rules(a.Rules).Phases[a.Phase]
	record := &prop.AccountEliminated{Account: a.Ref, Reason: f.Reason, Bucket: phase.Bucket, Verdict: verdict(f, a, phase)}
	for _, p := range t.s.Held(a.Ref) {
		pos, quote := t.s.Position(a.Ref, p), t.s.Quote(p)
		record.Prices = append(record.Prices, prop.PairPrice{Pair: p, Quantity: pos.Quantity, Bid: quote.Bid, Ask: quote.Ask, Mark: quote.Mark})
	}
	for _, id := range t.ordersOf(a.Ref) {
		t.cancel(id, a.Ref, prop.AccountGone)
	}
	for _, p := range append([]prop.PairRef(nil), t.s.Held(a.Ref)...) {
		t.close(a, p, f.Reason)
	}
	record.Balance = t.s.Account(a.Ref).Balance
	t.emit(record)
	if a.Lock != 0 {
		t.emit(&prop.EffectRequested{Effect: t.s.NextEffect(), Kind: prop.SlashCollateral, Entity: a.Entity, Account: a.Ref, Amount: a.Lock})
	}
}

func verdict(f state.Frozen, a state.Account, phase *prop.Phase) prop.Verdict {
	v := prop.Verdict{Rule: f.Reason.String(), Value: a.Equity(), Anchor: a.Peak, AnchorSeq: a.PeakSeq, QuotesSeq: f.QuotesSeq}
	if f.Reason == prop.TimeLimit {
		v.Anchor, v.AnchorSeq, v.Deadline = a.Size, a.StartSeq, a.Deadline
		return v
	}
	v.Limit, v.Op = phase.DrawdownLimit, phase.DrawdownOp
	return v
}

func (t *tx) ordersOf(r prop.AccountRef) (ids []prop.CommandID) {
	for _, o := range t.s.OrdersOf(r) {
		ids = append(ids, o.Order)
	}
	return ids
}
