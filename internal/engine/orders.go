package engine

import (
	"errors"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// submitOrder admits an order. It fills on a later price batch of its pair, never on the quote that
// its sender may have seen; what is checked here on the last mark is checked again then.
func (t *tx) submitOrder(c *prop.SubmitOrder) error {
	a, err := t.ownAccount(c.Account)
	if err != nil {
		return err
	}
	if a.Status != prop.Active {
		return prop.Refuse(prop.AccountNotActive, "the account is "+a.Status.String(), prop.KV{Key: "account", Value: c.Account.String()})
	}
	pair, ok := t.s.Pair(c.Pair)
	if !ok {
		return prop.Refuse(prop.PairUnknown, "the network has no such pair")
	}
	if err := rules.CheckOrder(c); err != nil {
		return err
	}
	x := t.trading(a, pair)
	if x.pair.Class != a.Class {
		return prop.Refuse(prop.ClassMismatch, "the account trades "+a.Class+", the pair is of class "+x.pair.Class, x.which())
	}
	accepted := &prop.OrderAccepted{
		Order: t.cmd.ID, Account: a.Ref, Pair: pair, Side: c.Side, Type: c.Type, LimitPrice: c.LimitPrice, StopLoss: c.StopLoss,
		TakeProfit: c.TakeProfit, FillAfter: x.quote.Batches + uint64(x.rules.FillDelayBatches),
	}
	size := rules.SizeOf(c)
	accepted.SizeKind, accepted.Leverage, accepted.Value, accepted.Quantity = size.Kind, size.Leverage, size.Value, size.Quantity
	switch {
	case c.Type == prop.Bracket:
		err = x.admitBracket(accepted, size)
	case c.Side == prop.Flat:
		err = x.admitFlat()
	default:
		err = x.admit(accepted, size)
	}
	if err != nil {
		return err
	}
	t.emit(accepted)
	return nil
}

// ownAccount finds an account that the signer may act for.
func (t *tx) ownAccount(k prop.AccountKey) (state.Account, error) {
	ref, ok := t.s.AccountRef(k)
	if !ok {
		return state.Account{}, prop.Refuse(prop.AccountNotFound, "no such account", prop.KV{Key: "account", Value: k.String()})
	}
	a := t.s.Account(ref)
	e := t.s.Entities()[a.Entity]
	return a, rules.CheckOwner(t.cmd.Signer, e.Hotkey, e.Coldkey)
}

// cancelOrder ends one resting order of an account, or all of them.
func (t *tx) cancelOrder(c *prop.CancelOrder) error {
	a, err := t.ownAccount(c.Account)
	if err != nil {
		return err
	}
	var ids []prop.CommandID
	for _, o := range t.s.OrdersOf(a.Ref) {
		if o.Order == c.Order || c.Order == (prop.CommandID{}) {
			ids = append(ids, o.Order)
		}
	}
	if len(ids) == 0 {
		return prop.Refuse(prop.OrderNotFound, "the account has no such order waiting or resting", prop.KV{Key: "account", Value: c.Account.String()})
	}
	for _, id := range ids {
		t.cancel(id, a.Ref, prop.ByOwner)
	}
	return nil
}

func (t *tx) cancel(id prop.CommandID, account prop.AccountRef, why prop.Reason) {
	t.emit(&prop.OrderCancelled{Order: id, Account: account, Reason: why})
}

// trading is an account in a pair at one moment: all that admitting and filling look at.
type trading struct {
	t       *tx
	account state.Account
	ref     prop.PairRef
	pair    *prop.Pair
	quote   state.Quote
	held    state.Position
	rules   *prop.RuleSet
}

func (t *tx) trading(a state.Account, pair prop.PairRef) *trading {
	return &trading{t: t, account: a, ref: pair, pair: &t.s.Pairs()[pair], quote: t.s.Quote(pair), held: t.s.Position(a.Ref, pair), rules: t.s.Rules(a.Rules)}
}

func (x *trading) which() prop.KV { return prop.KV{Key: "pair", Value: x.pair.ID} }

func (x *trading) rated() rules.Quote {
	return rules.Quote{Bid: x.quote.Bid, Ask: x.quote.Ask, Mark: x.quote.Mark, Num: x.quote.Num, Den: x.quote.Den}
}

// priced refuses where there is no fresh price, or no fresh rate to USD.
func (x *trading) priced() error {
	at := x.t.stamp.At
	if x.quote.Batches == 0 {
		return prop.Refuse(prop.NoPrice, "the pair has had no price yet", x.which())
	}
	if !rules.Fresh(x.rules, x.quote.Seen, at) {
		return prop.Refuse(prop.PriceStale, "the last price is of "+x.quote.Seen.String()+", the node's time is "+at.String(), x.which())
	}
	rate, known := market.QuoteUsd(x.t.s.Pairs(), x.pair, x.t.lastQuote)
	if !known || rate.AgeMs > x.rules.MaxPriceAgeMs {
		return prop.Refuse(prop.NoRate, "no fresh rate from "+x.pair.Quote+" to USD", x.which())
	}
	return nil
}

// lastQuote is a pair's last quote with its age, for conversions.
func (t *tx) lastQuote(id string) (market.Quote, bool) {
	ref, ok := t.s.Pair(id)
	if !ok {
		return market.Quote{}, false
	}
	q := t.s.Quote(ref)
	return market.Quote{Bid: q.Bid, Ask: q.Ask, AgeMs: int64(t.stamp.At - q.Seen)}, q.Batches != 0
}

// admit checks a MARKET or LIMIT with a size. What only reduces is asked for a price alone: one can
// always get out.
func (x *trading) admit(o *prop.OrderAccepted, size rules.Size) error {
	if err := x.priced(); err != nil {
		return err
	}
	price := x.quote.Mark
	if o.Type == prop.Limit {
		price = o.LimitPrice
	} else if err := rules.CheckProtection(o.Side, x.quote.Mark, o.StopLoss, o.TakeProfit); err != nil {
		return err
	}
	q, err := size.At(price, x.rated(), x.account.Size, x.pair.Lot)
	if err != nil {
		return err
	}
	if q == 0 {
		return prop.Refuse(prop.InvalidSize, "the size comes to less than the smallest quantity", x.which())
	}
	if !rules.Reduces(x.held.Quantity, q) {
		if err := rules.CheckExposure(x.pair, x.t.s.PairState(x.ref), x.account.Halted, x.t.stamp.At); err != nil {
			if o.Type != prop.Limit || !refused(err, prop.MarketClosed) { // a LIMIT rests until the market opens
				return err
			}
		}
		if err := x.grows(price, q); err != nil {
			return err
		}
	}
	return x.count(o)
}

// grows checks the bounds of a position that would grow.
func (x *trading) grows(price fixed.Price, q fixed.Qty) error {
	if err := rules.CheckOrders(x.rules, x.held.Orders); err != nil {
		return err
	}
	next := rules.Next(x.held.Quantity, q)
	if err := rules.CheckLeverage(x.pair, x.account.Size, price, x.rated(), x.held.Quantity, next); err != nil {
		return err
	}
	weighted, err := x.weighted(price, next)
	if err != nil {
		return prop.Refuse(prop.PortfolioBounds, "the account's positions would be worth more than can be counted")
	}
	return rules.CheckPortfolio(x.rules, x.account.Size, weighted)
}

// weighted is Σ |value| × multiplier over the account's pairs in USD, with this pair as it would be.
func (x *trading) weighted(price fixed.Price, next fixed.Qty) (sum fixed.USD, err error) {
	add := func(o *trading, q fixed.Qty, price fixed.Price) {
		value, err2 := o.rated().Value(q.Abs(), price, o.pair.Lot)
		weighted, err3 := fixed.ScaleDown(value, fixed.Ratio(o.pair.Multiplier)*fixed.RatioScale) // exact
		if sum += weighted; sum < 0 {                                                             // neither is negative
			err3 = fixed.ErrOverflow
		}
		err = errors.Join(err, err2, err3)
	}
	add(x, next, price)
	for _, p := range x.t.s.Held(x.account.Ref) {
		if o := x.t.trading(x.account, p); p != x.ref {
			add(o, o.held.Quantity, o.quote.Mark)
		}
	}
	return sum, err
}

// count uses up what limits how often and how much an account orders.
func (x *trading) count(o *prop.OrderAccepted) error {
	s, at := x.t.s, x.t.stamp.At
	if err := x.resting(); err != nil {
		return err
	}
	if err := rules.CheckCooldown(s.CoolUntil(x.account.Ref, x.ref), at); err != nil {
		return err
	}
	var err error
	if o.AccountRate, err = rules.Take(x.rules.OrderRate, x.account.OrderRate, at); err != nil {
		return err
	}
	if o.EntityRate, err = rules.Take(x.rules.EntityOrderRate, s.Entities()[x.account.Entity].OrderRate, at); err != nil {
		return err
	}
	if x.rules.CooldownMs != 0 {
		o.CoolUntil = at + prop.Instant(x.rules.CooldownMs)
	}
	return nil
}

func (x *trading) resting() error {
	if int64(len(x.t.s.OrdersOf(x.account.Ref))) >= x.rules.MaxResting {
		return prop.Refuse(prop.TooManyPending, "the account has as many waiting and resting orders as it may", x.which())
	}
	return nil
}

// admitFlat lets an account out of a position, whatever the limits: only one at a time may wait.
func (x *trading) admitFlat() error {
	if x.quote.Batches == 0 {
		return prop.Refuse(prop.NoPrice, "the pair has had no price yet", x.which())
	}
	waiting := false
	for _, o := range x.t.s.OrdersOf(x.account.Ref) {
		if o.Pair == x.ref && o.Side == prop.Flat {
			return prop.Refuse(prop.TooManyPending, "a FLAT of the pair waits already", x.which())
		}
		waiting = waiting || o.Pair == x.ref
	}
	if x.held.Quantity == 0 && !waiting {
		return prop.Refuse(prop.NothingOpen, "the account has no position in the pair", x.which())
	}
	return nil
}

// admitBracket binds a stop loss and a take profit to the open position.
func (x *trading) admitBracket(o *prop.OrderAccepted, size rules.Size) error {
	if x.held.Quantity == 0 {
		return prop.Refuse(prop.NothingOpen, "a BRACKET needs an open position", x.which())
	}
	if err := rules.CheckBracketPrices(x.held.Quantity > 0, o.StopLoss, o.TakeProfit); err != nil {
		return err
	}
	o.Side = closingSide(x.held.Quantity)
	if by, _, _ := rules.Triggered(o, x.quote.Bid, x.quote.Ask); by == prop.AtTakeProfit { // it would fill there, and the market is better
		return prop.Refuse(prop.InvalidPrices, "the take profit is met already; to close now order a FLAT", x.which())
	}
	quantity := x.held.Quantity.Abs()
	if size.Kind != 0 {
		size.Side = prop.Long // the amount, without direction
		var err error
		if quantity, err = size.At(x.quote.Mark, x.rated(), x.account.Size, x.pair.Lot); err != nil {
			return err
		}
		if quantity == 0 || quantity > x.held.Quantity.Abs() {
			return prop.Refuse(prop.InvalidSize, "a BRACKET is for at most the open quantity", x.which())
		}
	}
	o.SizeKind, o.Leverage, o.Value, o.Quantity = prop.ByQuantity, 0, 0, quantity
	return x.resting()
}

func closingSide(held fixed.Qty) prop.Side {
	if held > 0 {
		return prop.Short
	}
	return prop.Long
}
