package engine

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// submitOrder admits a market order. It fills on a later price batch of its pair, never on the
// quote that its sender may have seen; what is checked here on the last mark is checked again then.
func (t *tx) submitOrder(c *prop.SubmitOrder) error {
	ref, ok := t.s.AccountRef(c.Account)
	who := prop.KV{Key: "account", Value: c.Account.String()}
	if !ok {
		return prop.Refuse(prop.AccountNotFound, "no such account", who)
	}
	a := t.s.Account(ref)
	e := t.s.Entities()[a.Entity]
	if err := rules.CheckOwner(t.cmd.Signer, e.Hotkey, e.Coldkey); err != nil {
		return err
	}
	if a.Status != prop.Active {
		return prop.Refuse(prop.AccountNotActive, "the account is "+a.Status.String(), who)
	}
	pair, ok := t.s.Pair(c.Pair)
	if !ok {
		return prop.Refuse(prop.PairUnknown, "the network has no such pair")
	}
	if err := rules.CheckSize(c); err != nil {
		return err
	}
	r := t.s.Rules(a.Rules)
	if err := t.admit(r, a, pair, c); err != nil {
		return err
	}
	t.emit(&prop.OrderAccepted{
		Order: t.cmd.ID, Account: ref, Pair: pair, Side: c.Side, SizeKind: sizeKind(c), Leverage: c.Leverage, Value: c.Value,
		Quantity: c.Quantity, FillAfter: t.s.Quote(pair).Batches + uint64(r.FillDelayBatches),
	})
	return nil
}

func sizeKind(c *prop.SubmitOrder) prop.SizeKind {
	switch {
	case c.Leverage != 0:
		return prop.ByLeverage
	case c.Value != 0:
		return prop.ByValue
	case c.Quantity != 0:
		return prop.ByQuantity
	}
	return 0
}

func (t *tx) admit(r *prop.RuleSet, a state.Account, pair prop.PairRef, c *prop.SubmitOrder) error {
	spec, quote := &t.s.Pairs()[pair], t.s.Quote(pair)
	which := prop.KV{Key: "pair", Value: spec.ID}
	if quote.Batches == 0 {
		return prop.Refuse(prop.NoPrice, "the pair has had no price yet", which)
	}
	if !rules.Fresh(r, quote.Seen, t.stamp.At) {
		return prop.Refuse(prop.PriceStale, "the last price is of "+quote.Seen.String()+", the node's time is "+t.stamp.At.String(), which)
	}
	waiting := t.s.Waiting(a.Ref)
	if waiting >= prop.MaxPendingPerAccount {
		return prop.Refuse(prop.TooManyPending, "the account has as many waiting orders as it may", which)
	}
	held := t.s.Position(a.Ref, pair).Quantity
	if c.Side == prop.Flat {
		if held == 0 && waiting == 0 {
			return prop.Refuse(prop.NothingOpen, "the account has no position in the pair", which)
		}
		return nil
	}
	q, err := rules.Quantity(c.Side, sizeKind(c), c.Leverage, c.Value, c.Quantity, a.Size, quote.Mark, spec.Lot)
	if err != nil {
		return err
	}
	if q == 0 {
		return prop.Refuse(prop.InvalidSize, "the size comes to less than the smallest quantity", which)
	}
	return rules.CheckLeverage(spec, a.Size, quote.Mark, held, after(held, q))
}

// after is the position that an order leads to: an opposite one closes at most what is open.
func after(held, q fixed.Qty) fixed.Qty {
	if held != 0 && (held > 0) != (q > 0) && q.Abs() >= held.Abs() {
		return 0
	}
	return held.Add(q)
}

// fillOrders fills the orders that have waited for this batch, in order of acceptance. An account
// that breaches on the batch's marks, or has been frozen, gets no fill: its orders die with it.
func (t *tx) fillOrders(seen prop.Bitmap) {
	var due []state.Order
	for _, o := range t.s.Orders() {
		if seen.Has(int(o.Pair)) && t.s.Quote(o.Pair).Batches >= o.FillAfter {
			due = append(due, o)
		}
	}
	for _, o := range due[:min(len(due), prop.MaxFills)] {
		a := t.s.Account(o.Account)
		if p := &t.s.Rules(a.Rules).Phases[a.Phase]; a.Status != prop.Active || rules.DrawdownBreached(p, a.Equity(), a.Peak) {
			continue
		}
		t.fill(o, a)
	}
}

func (t *tx) fill(o state.Order, a state.Account) {
	spec, quote, pos := &t.s.Pairs()[o.Pair], t.s.Quote(o.Pair), t.s.Position(o.Account, o.Pair)
	cancel := func(why prop.Reason) {
		t.emit(&prop.OrderCancelled{Order: o.Order, Account: o.Account, Reason: why})
	}
	buy := o.Side == prop.Long || o.Side == prop.Flat && pos.Quantity < 0
	price := rules.FillPrice(buy, quote.Bid, quote.Ask)
	q := -pos.Quantity
	if o.Side == prop.Flat && q == 0 {
		cancel(prop.NothingToClose)
		return
	}
	if o.Side != prop.Flat {
		var err error
		q, err = rules.Quantity(o.Side, o.SizeKind, o.Leverage, o.Value, o.Quantity, a.Size, price, spec.Lot)
		if err != nil || q == 0 {
			cancel(prop.SizeTooSmall)
			return
		}
		next := after(pos.Quantity, q)
		shown := prop.Quote{Pair: spec.ID, Bid: quote.Bid, Ask: quote.Ask} // the mark is in between, and may be far from the price
		if rules.CheckLeverage(spec, a.Size, price, pos.Quantity, next) != nil || rules.CheckQuote(shown, next.Abs(), spec.Lot) != nil {
			cancel(prop.LeverageExceeded)
			return
		}
	}
	trade := mustFill(q, pos, price, spec.Lot)
	t.emit(&prop.OrderFilled{
		Order: o.Order, Account: o.Account, Pair: o.Pair, Side: o.Side, Price: price, Quantity: trade.Quantity, Value: trade.Value,
		Realised: trade.Realised, CostDelta: trade.CostDelta, NotTraded: trade.NotTraded, QuotesSeq: quote.Seq,
	})
	t.charge(a, o.Pair, trade.Value)
}

// charge takes the transaction fee of a trade.
func (t *tx) charge(a state.Account, pair prop.PairRef, value fixed.USD) {
	r := t.s.Rules(a.Rules)
	fee, err := rules.Fee(r, value)
	if err != nil {
		panic(err) // the value was bounded at admission, the rate by the genesis
	}
	if fee != 0 {
		t.emit(&prop.FeeCharged{Account: a.Ref, Pair: pair, Rate: r.FeeRate, Notional: value.Abs(), Amount: fee})
	}
}

// mustFill is for positions and prices that admission has bounded.
func mustFill(q fixed.Qty, pos state.Position, price fixed.Price, lot int64) rules.Trade {
	trade, err := rules.Fill(q, pos.Quantity, pos.Cost, price, lot)
	if err != nil {
		panic(err)
	}
	return trade
}
