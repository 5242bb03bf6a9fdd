package httpapi

import (
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

// each converts a list; an empty one is [] in JSON, not null.
func each[A, B any](in []A, convert func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = convert(a)
	}
	return out
}

// optional is nil for the zero value, which then does not appear in JSON.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func entityJSON(e view.Entity) api.Entity {
	return api.Entity{
		Hotkey: e.Hotkey, Coldkey: e.Coldkey, Miner: e.Miner, Slots: e.Live, Equity: e.Equity, ByStatus: e.ByStatus, ByBucket: e.ByBucket,
		Collateral: api.Collateral{Known: e.Known, Deposited: e.Deposited, Locked: e.Locked, Slashed: e.Slashed, Free: e.Free},
	}
}

func accountJSON(a view.Account) api.Account {
	out := api.Account{
		Account: a.Key, Status: a.Status.String(), Bucket: a.Bucket, RuleSet: a.Rules, Size: a.Size, Balance: a.Balance, Unrealised: a.Unrealised,
		Equity: a.Equity, Peak: a.Peak, PeakSeq: a.PeakSeq, Deadline: optional(a.Deadline), Waiting: a.Waiting, Resting: a.Resting, Class: a.Class, Halted: a.Halted,
		Positions: each(a.Positions, func(p view.Position) api.Position { return api.Position(p) }),
		Tests: each(a.Tests, func(t view.Test) api.Test {
			return api.Test{
				Rule: t.Rule, Basis: t.Basis, Value: t.Value, Anchor: t.Anchor, AnchorSeq: t.AnchorSeq, Limit: t.Limit, Op: t.Op.String(),
				Threshold: t.Threshold, Headroom: t.Headroom,
			}
		}),
		Passes: each(a.Passes, func(p view.Pass) api.Pass {
			return api.Pass{Seq: p.Seq, At: p.At, Bucket: p.Bucket, Verdict: verdictJSON(p.Verdict)}
		}),
	}
	if a.Elimination != nil {
		e := eliminationJSON(*a.Elimination)
		out.Elimination = &e
	}
	return out
}

func verdictJSON(v prop.Verdict) api.Verdict {
	out := api.Verdict{Rule: v.Rule, Value: v.Value, Anchor: v.Anchor, AnchorSeq: v.AnchorSeq, Limit: v.Limit, Deadline: optional(v.Deadline), QuotesSeq: v.QuotesSeq}
	if v.Op != 0 {
		out.Op = v.Op.String()
	}
	return out
}

func eliminationJSON(e view.Elimination) api.Elimination {
	return api.Elimination{
		Account: e.Account, Seq: e.Seq, At: e.At, Reason: e.Reason, Bucket: e.Bucket, Verdict: verdictJSON(e.Verdict), Balance: e.Balance,
		Prices: each(e.Prices, func(p view.PriceUsed) api.PriceUsed { return api.PriceUsed(p) }),
	}
}

func orderJSON(o view.Order) api.Order {
	out := api.Order{
		ID: o.ID, Account: o.Account, Pair: o.Pair, Type: o.Type.String(), Side: o.Side.String(), LimitPrice: optional(o.LimitPrice),
		StopLoss: optional(o.StopLoss), TakeProfit: optional(o.TakeProfit), Parent: optional(o.Parent), Leverage: optional(o.Leverage), Value: optional(o.Value),
		Quantity: optional(o.Quantity), Status: o.Status, Reason: o.Reason, Seq: o.Seq, At: o.At,
	}
	if o.Fill != nil {
		f := api.Fill(*o.Fill)
		out.Fill = &f
	}
	return out
}

func priceJSON(p view.Price, now prop.Instant) api.Price {
	out := api.Price{
		Pair: p.Pair.ID, Class: p.Pair.Class, Bid: p.Bid, Ask: p.Ask, Mark: p.Mark, Seen: optional(p.Seen), Seq: p.Seq,
		Display: p.Pair.Display, State: p.State.String(), MinLeverage: p.Pair.MinLeverage, MaxLeverage: p.Pair.MaxLeverage,
		Multiplier: p.Pair.Multiplier, RateNum: p.Num, RateDen: p.Den, Lot: p.Pair.Lot, Open: p.Open, NextOpen: optional(p.NextOpen),
		NextClose: optional(p.NextClose), FeeRate: p.FeeRate, CarryRate: p.CarryRate, Tradable: p.Why == "", Why: p.Why,
	}
	if p.Seen != 0 {
		age := int64(now - p.Seen)
		out.AgeMs = &age
	}
	return out
}
