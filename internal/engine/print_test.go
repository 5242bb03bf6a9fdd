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
		return fmt.Sprintf("%s owner=%s", e.Hotkey, e.Coldkey)
	case *prop.CollateralObserved:
		return fmt.Sprintf("%s deposited=%s", p.entity(e.Entity), e.Deposited)
	case *prop.SubaccountCreated:
		return fmt.Sprintf("%s number=%d rules=%s size=%s lock=%s", p.account(e.Account), e.ID, p.s.Rules(e.Rules).ID, e.Size, e.Lock)
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
		size := map[prop.SizeKind]fmt.Stringer{prop.ByLeverage: e.Leverage, prop.ByValue: e.Value, prop.ByQuantity: e.Quantity}
		text := fmt.Sprintf("%s %s %s %s", e.Order, p.account(e.Account), p.pair(e.Pair), e.Side)
		if e.SizeKind != 0 {
			text += fmt.Sprintf(" %s=%s", e.SizeKind, size[e.SizeKind])
		}
		return fmt.Sprintf("%s fills at batch %d", text, e.FillAfter)
	case *prop.OrderFilled:
		text := fmt.Sprintf("%s %s %s %s %s@%s value=%s cost%s", e.Order, p.account(e.Account), p.pair(e.Pair), e.Side, e.Quantity, e.Price, e.Value, signedUSD(e.CostDelta))
		if e.Realised != 0 {
			text += fmt.Sprintf(" realised=%s", e.Realised)
		}
		if e.NotTraded != 0 {
			text += fmt.Sprintf(" not traded=%s", e.NotTraded)
		}
		return fmt.Sprintf("%s quotes=%d", text, e.QuotesSeq)
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
		return fmt.Sprintf("%s %s %s@%s value=%s cost%s realised=%s %s quotes=%d age=%dms", p.account(e.Account), p.pair(e.Pair),
			e.Quantity, e.Price, e.Value, signedUSD(e.CostDelta), e.Realised, e.Reason, e.QuotesSeq, e.PriceAge)
	case *prop.AccountEliminated:
		text := fmt.Sprintf("%s %s in %s; %s; balance=%s", p.account(e.Account), e.Reason, e.Bucket, verdict(e.Verdict), e.Balance)
		for _, q := range e.Prices {
			text += fmt.Sprintf("; %s %s marked %s of %s/%s", p.pair(q.Pair), q.Quantity, q.Mark, q.Bid, q.Ask)
		}
		return text
	}
	return fmt.Sprintf("(%T is not printed)", e)
}

func (p printer) prices(e *prop.PricesObserved) string {
	var parts []string
	for _, c := range e.Changed {
		parts = append(parts, fmt.Sprintf("%s=%s/%s", p.pair(c.Pair), c.Bid, c.Ask))
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
	if n := p.s.Waiting(ref); n != 0 {
		text += fmt.Sprintf("; %d waiting", n)
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
