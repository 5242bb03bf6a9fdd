package engine

import (
	"cmp"
	"errors"
	"slices"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// fillOrders fills what the batch lets fill: MARKET orders that have waited long enough, and resting
// orders whose price is met, all in order of acceptance. An account that breaches on the batch's
// marks, or has been frozen, gets no fill: its orders die with it.
func (t *tx) fillOrders(seen prop.Bitmap) {
	type due struct {
		id     prop.CommandID
		number uint64
	}
	var list []due
	for p := range t.s.Pairs() {
		if !seen.Has(p) {
			continue
		}
		q := t.s.Quote(prop.PairRef(p))
		for _, o := range t.s.Orders(prop.PairRef(p)) {
			if q.Batches < o.FillAfter {
				continue
			}
			if by, _, _ := rules.Triggered(&o.OrderAccepted, q.Bid, q.Ask); o.Type == prop.Market || by != 0 {
				list = append(list, due{o.Order, o.Number})
			}
		}
	}
	slices.SortFunc(list, func(a, b due) int { return cmp.Compare(a.number, b.number) })
	ended := 0 // an order that goes on waiting takes nobody's place
	for i := 0; i < len(list) && ended < prop.MaxFills; i++ {
		o, ok := t.s.Order(list[i].id)
		if !ok { // it died with a position that an earlier fill closed
			continue
		}
		a := t.s.Account(o.Account)
		if p := &t.s.Rules(a.Rules).Phases[a.Phase]; a.Status != prop.Active || rules.DrawdownBreached(p, a.Equity(), a.Peak) {
			continue
		}
		before := len(t.events)
		if t.trading(a, o.Pair).fill(*o); len(t.events) != before {
			ended++
		}
	}
}

// fill fills a due order or ends it. What would open exposure while that is not to be had waits, or
// ends where it cannot be had any more.
func (x *trading) fill(o state.Order) {
	buy := o.Side == prop.Long || o.Side == prop.Flat && x.held.Quantity < 0
	market := rules.FillPrice(buy, x.quote.Bid, x.quote.Ask)
	quoted := market
	by, level, price := rules.Triggered(&o.OrderAccepted, x.quote.Bid, x.quote.Ask)
	resting := by == prop.AtLimit || by == prop.AtTakeProfit
	if by == prop.AtLimit && (x.quote.Batches == o.FillAfter || x.closed(o.At)) {
		resting = false // it met the market as it came: it fills at the market, if that is no worse
	} else if by != 0 {
		quoted = price
	}
	q, why := x.quantity(o, quoted)
	if why != 0 {
		x.t.cancel(o.Order, o.Account, why)
		return
	}
	reduces := rules.Reduces(x.held.Quantity, q)
	if !reduces {
		switch why, wait := x.mayOpen(o, quoted, q); {
		case wait:
			return
		case why != 0:
			x.t.cancel(o.Order, o.Account, why)
			return
		}
	}
	if by != 0 {
		x.t.emit(&prop.OrderTriggered{Order: o.Order, Account: o.Account, Trigger: by, Price: level})
	}
	trade, notTraded, err := x.trade(q, quoted, resting)
	if buys := q > 0; err == nil && o.Type == prop.Limit && (buys && trade.Price > o.LimitPrice || !buys && trade.Price < o.LimitPrice) {
		trade, notTraded, err = x.trade(q, o.LimitPrice, true) // slippage never takes it beyond its limit
	}
	if err != nil { // at its own price the trade could not be counted, at the market's it can
		trade, notTraded = x.mustTrade(q, market)
	}
	x.t.emit(&prop.OrderFilled{Order: o.Order, Account: o.Account, Pair: o.Pair, Side: o.Side, Trade: trade, NotTraded: notTraded})
	x.t.charge(x.account, o.Pair, trade.Value)
	x.protect(o, trade, reduces)
	x.t.endBrackets(x.account.Ref, o.Pair)
}

// closed tells whether the pair's market was closed then: a LIMIT that was taken meets the market as it opens.
func (x *trading) closed(at prop.Instant) bool {
	return refused(rules.CheckExposure(x.pair, prop.Tradable, false, at), prop.MarketClosed)
}

// quantity is what an order asks for at a price, signed, or why it asks for nothing.
func (x *trading) quantity(o state.Order, price fixed.Price) (fixed.Qty, prop.Reason) {
	switch {
	case o.Side == prop.Flat && x.held.Quantity == 0:
		return 0, prop.NothingToClose
	case o.Side == prop.Flat:
		return -x.held.Quantity, 0
	}
	size := rules.Size{Side: o.Side, Kind: o.SizeKind, Leverage: o.Leverage, Value: o.Value, Quantity: o.Quantity}
	q, err := size.At(price, x.rated(), x.account.Size, x.pair.Lot)
	if err != nil || q == 0 {
		return 0, prop.SizeTooSmall
	}
	if o.Type == prop.Bracket && q.Abs() > x.held.Quantity.Abs() {
		q = -x.held.Quantity
	}
	return q, 0
}

// mayOpen tells whether an order may open or add now, why it must end, or that it waits: a closed
// market opens again, and so may a halt end.
func (x *trading) mayOpen(o state.Order, quoted fixed.Price, q fixed.Qty) (why prop.Reason, wait bool) {
	if err := rules.CheckExposure(x.pair, x.t.s.PairState(x.ref), x.account.Halted, x.t.stamp.At); err != nil {
		return prop.PairClosed, o.Type == prop.Limit || refused(err, prop.MarketClosed)
	}
	if x.quote.Num == 0 {
		return 0, true // no rate to USD yet
	}
	if err := x.grows(quoted, q); err != nil {
		if refused(err, prop.OrdersPerPosition) {
			return prop.OutOfOrders, false
		}
		return prop.LeverageExceeded, false
	}
	// The mark is between bid and ask, and may be far from the price.
	if rules.CheckCountable(x.pair, x.rated(), rules.Next(x.held.Quantity, q).Abs(), x.held.Cost.Abs()) != nil {
		return prop.LeverageExceeded, false
	}
	if rules.CheckProtection(o.Side, quoted, o.StopLoss, o.TakeProfit) != nil {
		return prop.PricesInvalid, false
	}
	return 0, false
}

// trade computes a fill. An order that rested at its price does not slip; anything else does, by
// what is really traded.
func (x *trading) trade(q fixed.Qty, quoted fixed.Price, resting bool) (prop.Trade, fixed.Qty, error) {
	traded := q
	if rules.Reduces(x.held.Quantity, q) && q.Abs() > x.held.Quantity.Abs() {
		traded = -x.held.Quantity
	}
	var slippage fixed.Ratio
	if value, err := x.rated().Value(traded, quoted, x.pair.Lot); err == nil && !resting {
		slippage = rules.Slippage(x.rules, x.pair, q > 0, value, x.t.stamp.At)
	}
	trade, notTraded, err := rules.Fill(q, x.held.Quantity, x.held.Cost, quoted, slippage, x.rated(), x.pair.Lot)
	trade.QuotesSeq = x.quote.Seq
	return trade, notTraded, err
}

// mustTrade computes a fill at the market, whose quotes were checked against what is open.
func (x *trading) mustTrade(q fixed.Qty, quoted fixed.Price) (prop.Trade, fixed.Qty) {
	trade, notTraded, err := x.trade(q, quoted, false)
	if err != nil {
		panic(err)
	}
	return trade, notTraded
}

// protect makes the bracket of an order that opened or added.
func (x *trading) protect(o state.Order, trade prop.Trade, reduced bool) {
	if reduced || o.Type == prop.Bracket || o.StopLoss == 0 && o.TakeProfit == 0 {
		return
	}
	x.t.emit(&prop.OrderAccepted{
		Order: o.Order.BracketID(), Account: o.Account, Pair: o.Pair, Side: closingSide(trade.Quantity), Type: prop.Bracket, SizeKind: prop.ByQuantity,
		Quantity: trade.Quantity.Abs(), StopLoss: o.StopLoss, TakeProfit: o.TakeProfit, Parent: o.Order, FillAfter: x.quote.Batches + uint64(x.rules.FillDelayBatches),
	})
}

// endBrackets ends the brackets of a position that is no more, so that none adds to a later one.
func (t *tx) endBrackets(account prop.AccountRef, pair prop.PairRef) {
	if t.s.Position(account, pair).Quantity != 0 {
		return
	}
	var ids []prop.CommandID
	for _, o := range t.s.OrdersOf(account) {
		if o.Type == prop.Bracket && o.Pair == pair {
			ids = append(ids, o.Order)
		}
	}
	for _, id := range ids {
		t.cancel(id, account, prop.PositionGone)
	}
}

// charge takes the transaction fee of a trade.
func (t *tx) charge(a state.Account, pair prop.PairRef, value fixed.USD) {
	fee, rate, err := rules.Fee(t.s.Rules(a.Rules), t.s.Pairs()[pair].Class, value)
	if err != nil {
		panic(err) // the value was bounded at admission, the rate by the genesis
	}
	if fee != 0 {
		t.emit(&prop.FeeCharged{Account: a.Ref, Pair: pair, Rate: rate, Notional: value, Amount: fee})
	}
}

// close closes a position at the last sane price, whatever the market, the pair or the limits.
func (t *tx) close(a state.Account, pair prop.PairRef, why prop.Reason) {
	x := t.trading(a, pair)
	q := -x.held.Quantity
	trade, _ := x.mustTrade(q, rules.FillPrice(q > 0, x.quote.Bid, x.quote.Ask))
	t.emit(&prop.PositionClosed{Account: a.Ref, Pair: pair, Trade: trade, PriceAge: int64(t.stamp.At - x.quote.Seen), Reason: why})
	t.charge(a, pair, trade.Value)
	t.endBrackets(a.Ref, pair)
}

func refused(err error, code prop.Code) bool {
	var e *prop.Error
	return errors.As(err, &e) && e.Code == code
}
