package engine_test

import (
	"fmt"
	"strings"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// printer writes events in one line each. Keys and ids are printed in full here; the runner puts
// their names in.
type printer struct{ s *state.State }

func (p printer) account(r prop.AccountRef) string { return p.s.Account(r).Key.String() }
func (p printer) pair(r prop.PairRef) string       { return p.s.Pairs()[r].ID }
func (p printer) entity(r prop.EntityRef) string   { return p.s.Entities()[r].Hotkey.String() }

func (p printer) registry(e prop.Event) string {
	switch e := e.(type) {
	case *prop.GenesisSet:
		return e.Genesis.Network
	case *prop.EntityRegistered:
		text := fmt.Sprintf("%s owner=%s", e.Hotkey, e.Coldkey)
		if e.Miner {
			text += ", a plain miner"
		}
		return text
	case *prop.CollateralObserved:
		return fmt.Sprintf("%s deposited=%s", p.entity(e.Entity), e.Deposited)
	case *prop.SubaccountCreated:
		text := p.account(e.Account)
		if e.ID != prop.MinerID {
			text += fmt.Sprintf(" number=%d", e.ID)
		}
		return fmt.Sprintf("%s %s rules=%s size=%s lock=%s", text, e.Class, p.s.Rules(e.Rules).ID, e.Size, e.Lock)
	case *prop.SizeScheduled:
		return fmt.Sprintf("%s %s from %s", p.account(e.Account), e.Size, e.At)
	case *prop.AccountSized:
		return fmt.Sprintf("%s %s", p.account(e.Account), e.Size)
	case *prop.StatusChanged:
		return fmt.Sprintf("%s %s", p.account(e.Account), e.Status)
	case *prop.BucketChanged:
		text := fmt.Sprintf("%s %s", p.account(e.Account), e.Bucket)
		if e.Deadline != 0 {
			text += " until " + e.Deadline.String()
		}
		if e.Verdict != nil {
			text += "; " + verdict(*e.Verdict)
		}
		return text
	case *prop.EffectRequested:
		return fmt.Sprintf("%d %s %s %s", e.Effect, e.Kind, p.account(e.Account), e.Amount)
	case *prop.EffectSubmitted:
		return fmt.Sprintf("%d", e.Effect)
	case *prop.EffectCompleted:
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", e.Effect, map[bool]string{true: "ok", false: "failed"}[e.OK], e.Detail))
	case *prop.RootRecorded:
		return fmt.Sprintf("of %d: %s %s", e.AtSeq, short(e.Registry), short(e.Trading))
	}
	return p.trading(e)
}

func (p printer) trading(e prop.Event) string {
	switch e := e.(type) {
	case *prop.PricesObserved:
		return p.prices(e)
	case *prop.OrderAccepted:
		return p.accepted(e)
	case *prop.OrderTriggered:
		return fmt.Sprintf("%s %s %s %s", e.Order, p.account(e.Account), e.Trigger, e.Price)
	case *prop.OrderFilled:
		text := fmt.Sprintf("%s %s %s %s %s", e.Order, p.account(e.Account), p.pair(e.Pair), e.Side, trade(&e.Trade))
		if e.NotTraded != 0 {
			text += fmt.Sprintf(" not traded=%s", e.NotTraded)
		}
		return fmt.Sprintf("%s quotes=%d", text, e.Trade.QuotesSeq)
	case *prop.OrderCancelled:
		return fmt.Sprintf("%s %s %s", e.Order, p.account(e.Account), e.Reason)
	case *prop.FeeCharged:
		return fmt.Sprintf("%s %s %s (%s of %s)", p.account(e.Account), p.pair(e.Pair), e.Amount, e.Rate, e.Notional)
	case *prop.AccountsFrozen:
		var names []string
		for _, r := range e.Accounts.Refs() {
			names = append(names, p.account(r))
		}
		return fmt.Sprintf("%s %s quotes=%d", strings.Join(names, " "), e.Reason, e.QuotesSeq)
	case *prop.PositionClosed:
		return fmt.Sprintf("%s %s %s %s quotes=%d age=%dms", p.account(e.Account), p.pair(e.Pair), trade(&e.Trade), e.Reason, e.Trade.QuotesSeq, e.PriceAge)
	case *prop.CarryCharged:
		text := e.Boundary.String()
		for _, c := range e.Rates {
			text += fmt.Sprintf(" %s %s (%d of %s)", p.pair(c.Pair), c.Rate, c.Units, p.s.Rules(c.Rules).ID)
		}
		return text
	case *prop.PairStateChanged:
		return fmt.Sprintf("%s %s by %s", p.pair(e.Pair), e.State, e.By)
	case *prop.HaltChanged:
		whom := map[prop.Scope]func() string{
			prop.Everything: func() string { return "everything" }, prop.OneEntity: func() string { return p.entity(*e.Entity) }, prop.OneAccount: func() string { return p.account(*e.Account) },
		}[e.Scope]()
		return fmt.Sprintf("%s %s by %s", whom, map[bool]string{true: "halted", false: "resumed"}[e.Halted], e.By)
	case *prop.AccountEliminated:
		text := fmt.Sprintf("%s %s in %s; %s; balance=%s", p.account(e.Account), e.Reason, e.Bucket, verdict(e.Verdict), e.Balance)
		for _, q := range e.Prices {
			text += fmt.Sprintf("; %s %s marked %s of %s/%s", p.pair(q.Pair), q.Quantity, q.Mark, q.Bid, q.Ask)
		}
		return text
	}
	return fmt.Sprintf("(%T is not printed)", e)
}

func (p printer) accepted(e *prop.OrderAccepted) string {
	size := map[prop.SizeKind]fmt.Stringer{prop.ByLeverage: e.Leverage, prop.ByValue: e.Value, prop.ByQuantity: e.Quantity}
	text := fmt.Sprintf("%s %s %s", e.Order, p.account(e.Account), p.pair(e.Pair))
	if e.Type != prop.Market {
		text += " " + e.Type.String()
	}
	text += " " + e.Side.String()
	if e.SizeKind != 0 {
		text += fmt.Sprintf(" %s=%s", e.SizeKind, size[e.SizeKind])
	}
	for _, price := range []struct {
		name string
		v    fixed.Price
	}{{"limit", e.LimitPrice}, {"stop", e.StopLoss}, {"profit", e.TakeProfit}} {
		if price.v != 0 {
			text += fmt.Sprintf(" %s=%s", price.name, price.v)
		}
	}
	if e.Parent != (prop.CommandID{}) {
		text += fmt.Sprintf(" of %s", e.Parent)
	}
	if e.Type == prop.Market {
		text += fmt.Sprintf(" fills at batch %d", e.FillAfter)
	} else {
		text += fmt.Sprintf(" rests from batch %d", e.FillAfter)
	}
	if e.CoolUntil != 0 {
		text += fmt.Sprintf("; next in the pair from %s", e.CoolUntil)
	}
	return text
}

// trade says what was paid, and in what; without slippage and in USD it is short.
func trade(t *prop.Trade) string {
	text := fmt.Sprintf("%s@%s", t.Quantity, t.Price)
	if t.Slippage != 0 {
		text += fmt.Sprintf(" (%s slipped by %s)", t.Quoted, t.Slippage)
	}
	text += fmt.Sprintf(" value=%s cost%s", t.Value, signedUSD(t.CostDelta))
	if t.RateNum != t.RateDen {
		text += fmt.Sprintf(" at %s/%s", t.RateNum, t.RateDen)
	}
	if t.Gain != 0 {
		text += fmt.Sprintf(" realised=%s", t.Realised)
	}
	if t.RateNum != t.RateDen && t.Gain != 0 {
		text += fmt.Sprintf(" of %s", t.Gain)
	}
	return text
}

func (p printer) prices(e *prop.PricesObserved) string {
	var parts []string
	for _, c := range e.Changed {
		parts = append(parts, fmt.Sprintf("%s=%s/%s", p.pair(c.Pair), c.Bid, c.Ask))
	}
	for _, r := range e.Rates {
		parts = append(parts, fmt.Sprintf("%s in USD %s/%s", p.s.Pairs()[r.Pair].ID, r.Num, r.Den))
	}
	for i, spec := range p.s.Pairs() {
		if e.Seen.Has(i) && !strings.Contains(strings.Join(parts, " ")+"=", spec.ID+"=") {
			parts = append(parts, spec.ID+" as before")
		}
	}
	return strings.Join(parts, ", ")
}

func verdict(v prop.Verdict) string {
	text := fmt.Sprintf("%s: equity %s from %s (record %d)", v.Rule, v.Value, v.Anchor, v.AnchorSeq)
	if v.Op != 0 {
		text += fmt.Sprintf(" %s %s", v.Op, v.Limit)
	}
	if v.Deadline != 0 {
		text += " after " + v.Deadline.String()
	}
	return fmt.Sprintf("%s quotes=%d", text, v.QuotesSeq)
}

func signedUSD(v fixed.USD) string {
	if v < 0 {
		return v.String()
	}
	return "+" + v.String()
}

func short(h prop.Hash) string { return h.String()[:16] }

// show is an account or an entity as it stands.
func (p printer) show(name prop.AccountKey) string {
	ref, ok := p.s.AccountRef(name)
	if !ok {
		return "no such account"
	}
	a := p.s.Account(ref)
	text := fmt.Sprintf("%s %s %s balance=%s unrealised=%s equity=%s peak=%s (record %d)", a.Key, a.Status,
		p.s.Rules(a.Rules).Phases[a.Phase].Bucket, a.Balance, a.Unrealised, a.Equity(), a.Peak, a.PeakSeq)
	for _, pair := range p.s.Held(ref) {
		pos := p.s.Position(ref, pair)
		text += fmt.Sprintf("; %s %s cost=%s unrealised=%s", p.pair(pair), pos.Quantity, pos.Cost, pos.Unrealised)
	}
	for i, o := range p.s.OrdersOf(ref) {
		text += []string{"; orders ", " "}[min(i, 1)] + o.Order.String()
	}
	return text
}

func (p printer) showEntity(k prop.Hotkey) string {
	ref, ok := p.s.Entity(k)
	if !ok {
		return "no such entity"
	}
	e := p.s.Entities()[ref]
	return fmt.Sprintf("%s deposited=%s locked=%s slashed=%s free=%s live=%d numbers=%d", e.Hotkey, e.Deposited, e.Locked, e.Slashed, e.Free(), e.Live, len(e.Accounts))
}
