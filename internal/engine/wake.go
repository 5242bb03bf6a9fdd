package engine

import (
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
	return deadline + 1, ok // an account may still pass on its last millisecond
}

// tick eliminates frozen accounts, or freezes those whose deadline has passed.
func (t *tx) tick() error {
	if frozen := t.s.Frozen(); len(frozen) != 0 {
		for range min(len(frozen), prop.MaxEliminations) {
			t.eliminate(t.s.Frozen()[0])
		}
		return nil
	}
	if late := t.s.Due(t.stamp.At, prop.MaxEliminations); len(late) != 0 {
		t.emit(&prop.AccountsFrozen{Accounts: prop.PackAccounts(late), Reason: prop.TimeLimit, QuotesSeq: t.lastQuotes()})
	}
	return nil
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
	for _, o := range t.ordersOf(a.Ref) {
		t.emit(&prop.OrderCancelled{Order: o, Account: a.Ref, Reason: prop.AccountGone})
	}
	for _, p := range append([]prop.PairRef(nil), t.s.Held(a.Ref)...) {
		pos, quote := t.s.Position(a.Ref, p), t.s.Quote(p)
		record.Prices = append(record.Prices, prop.PairPrice{Pair: p, Quantity: pos.Quantity, Bid: quote.Bid, Ask: quote.Ask, Mark: quote.Mark})
		price := rules.FillPrice(pos.Quantity < 0, quote.Bid, quote.Ask)
		trade := mustFill(-pos.Quantity, pos, price, t.s.Pairs()[p].Lot)
		t.emit(&prop.PositionClosed{
			Account: a.Ref, Pair: p, Price: price, Quantity: trade.Quantity, Value: trade.Value, Realised: trade.Realised,
			CostDelta: trade.CostDelta, QuotesSeq: quote.Seq, PriceAge: int64(t.stamp.At - quote.Seen), Reason: f.Reason,
		})
		t.charge(a, p, trade.Value)
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
	if t.s.Waiting(r) == 0 {
		return nil
	}
	for _, o := range t.s.Orders() {
		if o.Account == r {
			ids = append(ids, o.Order)
		}
	}
	return ids
}
