package main

import (
	"math/big"
	"slices"
	"time"
)

// usd is what one unit of a currency is worth in USD, as a fraction, and the pair that says so, nil
// for USD itself: a pair of it against USD first, then one of USD against it. A share is no currency.
func (c *checker) usd(currency string) (num, den *big.Rat, of *pair) {
	one := whole(1)
	if currency == "USD" {
		return one, one, nil
	}
	for _, p := range c.genesis.Pairs {
		if p.Base == currency && p.Quote == "USD" && p.Class != "equities" && p.Class != "indices" && p.batches > 0 {
			return p.mark, one, p
		}
	}
	for _, p := range c.genesis.Pairs {
		if p.Base == "USD" && p.Quote == currency && p.Class != "equities" && p.Class != "indices" && p.batches > 0 {
			return one, p.mark, p
		}
	}
	return nil, nil, nil
}

// usd is an amount of the pair's quote currency in USD.
func (p *pair) usd(amount *big.Rat) *big.Rat {
	if p.Quote == "USD" {
		return amount
	}
	return round(quo(mul(amount, p.num), p.den), usdDigits, halfEven)
}

// value is what a quantity is worth at a price, in the pair's quote currency.
func value(q, price *big.Rat, p *pair) *big.Rat {
	return round(mul(mul(q, whole(p.Lot)), price), usdDigits, halfEven)
}

// opposite tells whether a trade reduces what is held.
func opposite(held, q *big.Rat) bool { return held.Sign()*q.Sign() < 0 }

// after is the position that a trade leads to: an opposite one closes at most what is held.
func after(held, q *big.Rat) *big.Rat {
	if opposite(held, q) && abs(q).Cmp(abs(held)) >= 0 {
		return new(big.Rat)
	}
	return add(held, q)
}

// position is the open one in a pair; nil for none.
func (a *account) position(p *pair) *position {
	for _, pos := range a.positions {
		if pos.pair == p {
			return pos
		}
	}
	return nil
}

// held is the quantity that is open in a pair.
func (a *account) held(p *pair) *big.Rat {
	if pos := a.position(p); pos != nil {
		return pos.quantity
	}
	return new(big.Rat)
}

// trigger is what made a resting order fill: the price that was met, and the price to fill at.
type trigger struct {
	name        string
	level, fill *big.Rat
}

// met tells whether a resting order meets its price, nil if not. A limit is met where the market
// reaches it; a stop and a profit, where it has passed them. A limit and a profit fill at their
// price, a stop at the worse of its own and the market's.
func (o *order) met() *trigger {
	bid, ask := o.pair.bid, o.pair.ask
	buys := o.side == "LONG"
	switch {
	case o.kind == "LIMIT" && (buys && ask.Cmp(o.limit) <= 0 || !buys && bid.Cmp(o.limit) >= 0):
		return &trigger{"limit", o.limit, o.limit}
	case o.kind != "BRACKET":
		return nil
	case o.stop.Sign() > 0 && !buys && bid.Cmp(o.stop) < 0: // it sells what is long
		return &trigger{"stop_loss", o.stop, bid}
	case o.stop.Sign() > 0 && buys && ask.Cmp(o.stop) > 0:
		return &trigger{"stop_loss", o.stop, ask}
	case o.profit.Sign() > 0 && (!buys && bid.Cmp(o.profit) > 0 || buys && ask.Cmp(o.profit) < 0):
		return &trigger{"take_profit", o.profit, o.profit}
	}
	return nil
}

// fillOrders fills what this batch lets fill, in order of acceptance: orders that have waited for it,
// and resting ones whose price it meets. What belongs to an account that breaches before the fill
// stays, and dies with it.
func (c *checker) fillOrders(seen map[*pair]bool) {
	var due []*order
	for _, o := range c.orders {
		if seen[o.pair] && o.pair.batches >= o.fillAfter && (o.kind == "MARKET" || o.met() != nil) {
			due = append(due, o)
		}
	}
	for _, o := range due[:min(len(due), maxFills)] {
		if a := o.account; !o.gone && a.status == "active" && !a.breached(c.equity(a)) {
			c.fill(o)
		}
	}
}

// fill trades an order, ends it, or leaves it where it is.
func (c *checker) fill(o *order) {
	a, p := o.account, o.pair
	held, flat := a.held(p), o.side == "FLAT"
	price, slips := side(p, o.side == "LONG" || flat && held.Sign() < 0), true
	by := o.met()
	// A limit that meets the market with the first batch that it may fill on has not rested, nor has
	// one of a market that was closed then: it fills as a market order does, but not beyond its limit.
	if by != nil && !(by.name == "limit" && (p.batches == o.fillAfter || o.early)) {
		price, slips = by.fill, by.name == "stop_loss"
	}
	q := neg(held)
	if flat && q.Sign() == 0 {
		c.cancel(o, "nothing_to_close")
		return
	}
	if !flat {
		if q = o.quantity(price); q.Sign() == 0 {
			c.cancel(o, "size_too_small")
			return
		}
		if o.kind == "BRACKET" && abs(q).Cmp(abs(held)) > 0 {
			q = neg(held)
		}
	}
	opens := !opposite(held, q)
	if opens {
		if why, waits := c.mayOpen(o, price, q); waits {
			return
		} else if why != "" {
			c.cancel(o, why)
			return
		}
	}
	if by != nil {
		c.counts.Triggers++
		c.emit("order_triggered", object{"order": o.id, "account": a.key, "trigger": by.name, "price": dec(by.level)})
	}
	c.remove(o)
	filled := object{"order": o.id, "account": a.key, "pair": p.ID, "side": o.side}
	rest := new(big.Rat)
	if opposite(held, q) && abs(q).Cmp(abs(held)) > 0 {
		rest, q = sub(abs(q), abs(held)), neg(held)
		filled["not_traded"] = dec(rest)
	}
	if _, paid := c.worse(a, p, q, price, slips); o.kind == "LIMIT" && paid.Cmp(o.limit)*q.Sign() > 0 {
		price, slips = o.limit, false // no slippage takes it beyond its limit
	}
	var worth *big.Rat
	filled["trade"], worth = c.trade(a, p, q, price, slips)
	c.emit("order_filled", filled)
	c.counts.Fills++
	c.charge(a, p, worth)
	if opens && (o.stop.Sign() > 0 || o.profit.Sign() > 0) {
		c.accept(&order{
			id: bracketOf(o.id), parent: o.id, account: a, pair: p, kind: "BRACKET", side: closing(q), sizeKind: "quantity", size: abs(q),
			limit: new(big.Rat), stop: o.stop, profit: o.profit,
		}, nil)
	}
	c.endBrackets(a, p)
}

// bracketOf is the id of the bracket that an order's fill makes: as a UUID of version 8.
func bracketOf(id string) string {
	if len(id) < 15 {
		return id
	}
	return id[:14] + "8" + id[15:]
}

// mayOpen tells why an order that opens or adds must end, or that it waits for better times.
func (c *checker) mayOpen(o *order, price, q *big.Rat) (why string, waits bool) {
	if closed, err := c.shut(o.account, o.pair); err != nil {
		return "pair_closed", closed || o.kind == "LIMIT"
	}
	if why, err := c.grow(o.account, o.pair, price, q); err != nil {
		return why, false
	}
	if !between(o.side, price, o.stop, o.profit) {
		return "prices_invalid", false
	}
	return "", false
}

// endBrackets ends the brackets of a position that is no more.
func (c *checker) endBrackets(a *account, p *pair) {
	if a.position(p) == nil {
		c.cancelAll("position_gone", func(o *order) bool { return o.account == a && o.pair == p && o.kind == "BRACKET" })
	}
}

// side is what the market asks or pays.
func side(p *pair, buy bool) *big.Rat {
	if buy {
		return p.ask
	}
	return p.bid
}

// worse is the price that a trade pays, and by which part it is worse than the quoted one: by what is
// traded at that, and rounded against the trader.
func (c *checker) worse(a *account, p *pair, q, quoted *big.Rat, slips bool) (slip, price *big.Rat) {
	buy := q.Sign() > 0
	if slip = new(big.Rat); slips {
		slip = a.rules.slip(p, buy, abs(p.usd(value(q, quoted, p))), c.at)
	}
	if buy {
		return slip, round(mul(quoted, add(whole(1), slip)), priceDigits, up)
	}
	return slip, round(mul(quoted, sub(whole(1), slip)), priceDigits, down)
}

// trade changes a position, by at most all of it, and returns the trade as records have it and its
// value in USD.
func (c *checker) trade(a *account, p *pair, q, quoted *big.Rat, slips bool) (object, *big.Rat) {
	slip, price := c.worse(a, p, q, quoted, slips)
	signed := value(q, price, p)
	worth := p.usd(abs(signed))
	pos := a.position(p)
	if pos == nil {
		pos = &position{pair: p, quantity: new(big.Rat), cost: new(big.Rat)}
		a.positions = append(a.positions, pos)
		slices.SortFunc(a.positions, func(x, y *position) int { return x.pair.index - y.pair.index })
	}
	cost, gain, realised := signed, new(big.Rat), new(big.Rat)
	if opposite(pos.quantity, q) {
		cost = neg(round(mul(pos.cost, quo(abs(q), abs(pos.quantity))), usdDigits, halfEven))
		gain = sub(cost, signed)
		realised = p.usd(gain)
	}
	pos.quantity, pos.cost, a.realised = add(pos.quantity, q), add(pos.cost, cost), add(a.realised, realised)
	if pos.orders++; pos.quantity.Sign() == 0 {
		a.positions = slices.DeleteFunc(a.positions, func(other *position) bool { return other == pos })
	}
	t := object{
		"quoted": dec(quoted), "price": dec(price), "quantity": dec(q), "cost_delta": dec(cost), "value": dec(worth),
		"rate_num": dec(p.num), "rate_den": dec(p.den), "quotes_seq": p.seq,
	}
	for name, x := range map[string]*big.Rat{"slippage": slip, "gain": gain, "realised": realised} {
		if x.Sign() != 0 {
			t[name] = dec(x)
		}
	}
	return t, worth
}

// slip is how much worse than its quote a trade fills, as a part of the price: by the tables of the
// rules, of crypto by dollars traded, of forex by the hour in New York.
func (s *ruleSet) slip(p *pair, buy bool, worth *big.Rat, at instant) *big.Rat {
	tables := &s.Slippage
	var part *big.Rat
	switch p.Class {
	case "crypto":
		part = tables.ofCrypto(p.ID, buy, worth)
	case "forex":
		now, err := newYork(at)
		if err != nil {
			return new(big.Rat)
		}
		part = tables.ofForex(now)
	default:
		return new(big.Rat)
	}
	if worth.Cmp(&tables.Free) <= 0 {
		return new(big.Rat)
	}
	if part.Cmp(&tables.Cap) > 0 {
		return &tables.Cap
	}
	return part
}

func (t *slippage) ofCrypto(pair string, buy bool, worth *big.Rat) *big.Rat {
	for _, table := range t.Crypto.Pairs {
		if table.Pair != pair {
			continue
		}
		steps := table.Sell
		if buy {
			steps = table.Buy
		}
		i := slices.IndexFunc(steps, func(s step) bool { return worth.Cmp(&s.Below) < 0 })
		if i < 0 {
			i = len(steps) - 1
		}
		return mul(&steps[i].Estimate, whole(t.Crypto.Multiplier))
	}
	return &t.Crypto.Default
}

func (t *slippage) ofForex(now time.Time) *big.Rat {
	for i := range t.Forex.Hours {
		if h := &t.Forex.Hours[i]; h.Hour == now.Hour() {
			return &h.Rate
		}
	}
	return &t.Forex.Usual
}

// charge takes the fee of a trade.
func (c *checker) charge(a *account, p *pair, worth *big.Rat) {
	rate := new(big.Rat)
	if r := a.rules.of(p.Class); r != nil {
		rate = &r.FeeRate
	}
	fee := round(mul(worth, rate), usdDigits, up)
	if fee.Sign() == 0 {
		return
	}
	a.paid = add(a.paid, fee)
	c.emit("fee_charged", object{"account": a.key, "pair": p.ID, "rate": dec(rate), "notional": dec(worth), "amount": dec(fee)})
}

// close closes a position at the last price, whatever the market or the pair.
func (c *checker) close(a *account, pos *position, why string) {
	p := pos.pair
	trade, worth := c.trade(a, p, neg(pos.quantity), side(p, pos.quantity.Sign() < 0), true)
	c.emit("position_closed", object{"account": a.key, "pair": p.ID, "trade": trade, "price_age": int64(c.at - p.seen), "reason": why})
	c.charge(a, p, worth)
	c.endBrackets(a, p)
}
