package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// quoted is a quote of a price batch.
type quoted struct {
	Pair     string
	Bid, Ask big.Rat
}

func (c *checker) pair(id string) *pair {
	for _, p := range c.genesis.Pairs {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// submitOrder admits a market order. It waits for the n-th batch of its pair after this record.
func (c *checker) submitOrder(r *record) error {
	o := &order{id: r.ID}
	if err := decode(r.Args, &o.args); err != nil {
		return err
	}
	o.pair = c.pair(o.args.Pair)
	if i := slices.IndexFunc(c.accounts, func(a *account) bool { return a.key == o.args.Account }); i >= 0 {
		o.account = c.accounts[i]
	}
	if err := c.admit(o, r.Signer); err != nil {
		return err
	}
	o.fillAfter = o.pair.batches + o.account.rules.FillDelayBatches
	c.orders = append(c.orders, o)
	c.counts.Orders++
	accepted := object{"order": o.id, "account": o.account.key, "pair": o.pair.ID, "side": o.args.Side, "fill_after": o.fillAfter}
	if kind, size := o.size(); kind != "" {
		accepted["size_kind"], accepted[kind] = kind, dec(size)
	}
	c.emit("order_accepted", accepted)
	return nil
}

// size is the one figure that says how much, and its name; "" for FLAT.
func (o *order) size() (string, *big.Rat) {
	switch {
	case o.args.Leverage.Sign() != 0:
		return "leverage", &o.args.Leverage
	case o.args.Value.Sign() != 0:
		return "value", &o.args.Value
	case o.args.Quantity.Sign() != 0:
		return "quantity", &o.args.Quantity
	}
	return "", nil
}

// admit tells why an order should have been refused.
func (c *checker) admit(o *order, signer string) error {
	a, p := o.account, o.pair
	if a == nil || p == nil {
		return errors.New("no such account or pair")
	}
	if err := c.mustOwn(a.entity, signer); err != nil {
		return err
	}
	if a.status != "active" {
		return fmt.Errorf("%s is %s", a.key, a.status)
	}
	if p.batches == 0 || int64(c.at-p.seen) > a.rules.MaxPriceAgeMs {
		return fmt.Errorf("the last price is of %s", p.seen)
	}
	waiting, sizes := 0, 0
	for _, other := range c.orders {
		if other.account == a {
			waiting++
		}
	}
	for _, size := range []*big.Rat{&o.args.Leverage, &o.args.Value, &o.args.Quantity} {
		if size.Sign() < 0 {
			sizes = -1
			break
		}
		sizes += size.Sign()
	}
	held := a.positions[p.index].quantity
	switch side := o.args.Side; {
	case waiting >= maxWaiting:
		return fmt.Errorf("%d orders wait", waiting)
	case side == "FLAT" && (sizes != 0 || held.Sign() == 0 && waiting == 0):
		return errors.New("FLAT with a size, or with nothing to close")
	case side == "FLAT":
		return nil
	case side != "LONG" && side != "SHORT" || sizes != 1:
		return fmt.Errorf("side %s with %d sizes", side, sizes)
	}
	q := o.quantity(p.mark)
	if q.Sign() == 0 {
		return errors.New("the size comes to no quantity")
	}
	if outOfBounds(a, p, p.mark, held, after(held, q)) {
		return fmt.Errorf("a position of %s at %s is out of its bounds", dec(after(held, q)), dec(p.mark))
	}
	return nil
}

// quantity is what an order comes to at a price: leverage is of the account's size, an amount of
// USD, and every step rounds down.
func (o *order) quantity(price *big.Rat) *big.Rat {
	kind, q := o.size()
	if kind == "leverage" {
		q = round(mul(q, &o.account.rules.AccountSize), usdDigits, down)
	}
	if kind != "quantity" {
		q = round(quo(q, mul(price, whole(o.pair.Lot))), quantityDigits, down)
	}
	if o.args.Side == "SHORT" {
		return neg(q)
	}
	return q
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

// outOfBounds tells whether a position that grows leaves the pair's leverage of the account's size.
func outOfBounds(a *account, p *pair, price, held, next *big.Rat) bool {
	if next.Sign() == 0 || held.Sign() == next.Sign() && abs(next).Cmp(abs(held)) < 0 {
		return false
	}
	leverage := func(q *big.Rat) *big.Rat { return quo(value(q, price, p), &a.rules.AccountSize) }
	// The minimum is asked of the size as ordered, which was rounded down by less than a unit.
	least := add(abs(next), big.NewRat(1, 100_000_000))
	return leverage(abs(next)).Cmp(&p.MaxLeverage) > 0 || leverage(least).Cmp(&p.MinLeverage) < 0
}

// value is what a quantity is worth at a price, in USD.
func value(q, price *big.Rat, p *pair) *big.Rat {
	return round(mul(mul(q, whole(p.Lot)), price), usdDigits, halfEven)
}

// balance is size + realised − fees.
func (a *account) balance() *big.Rat { return sub(add(&a.rules.AccountSize, a.realised), a.fees) }

// equity is the balance and what the open positions would bring at their marks.
func (c *checker) equity(a *account) *big.Rat {
	e := a.balance()
	for i, p := range c.genesis.Pairs {
		if pos := &a.positions[i]; pos.quantity.Sign() != 0 {
			e.Add(e, sub(value(pos.quantity, p.mark, p), pos.cost))
		}
	}
	return e
}

func (a *account) holds() bool {
	return slices.ContainsFunc(a.positions, func(p position) bool { return p.quantity.Sign() != 0 })
}

func (a *account) inPhase() *phase { return a.rules.Phases[a.phase] }

// breached compares (peak − equity) / peak with the limit.
func (a *account) breached(equity *big.Rat) bool {
	drawdown := quo(sub(a.peak, equity), a.peak).Cmp(&a.inPhase().DrawdownLimit)
	return drawdown > 0 || drawdown == 0 && a.inPhase().DrawdownOp == "ge"
}

// passed compares (equity − size) / size with the target.
func (a *account) passed(equity *big.Rat) bool {
	target, size := &a.inPhase().Target, &a.rules.AccountSize
	return target.Sign() != 0 && a.phase+1 < len(a.rules.Phases) && quo(sub(equity, size), size).Cmp(target) >= 0
}

// observePrices marks, takes the new peaks, fills what has waited for this batch, and then judges
// every active account: a breach before a pass.
func (c *checker) observePrices(r *record) error {
	var args struct {
		Observed instant
		Quotes   []quoted
	}
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	seen, err := c.mark(r, args.Observed, c.believe(r, args.Observed, args.Quotes))
	if err != nil || len(seen) == 0 {
		return err
	}
	c.counts.Prices++
	for _, a := range c.accounts {
		if a.status != "active" || !a.holds() {
			continue
		}
		if e := c.equity(a); e.Cmp(a.peak) > 0 {
			a.peak, a.peakSeq = e, c.seq
		}
	}
	c.fillOrders(seen)
	c.judge()
	return nil
}

// mark takes the quotes over, and emits what changed and which pairs were seen, these in order of
// the genesis.
func (c *checker) mark(r *record, observed instant, quotes []quoted) (map[*pair]bool, error) {
	seen, changed, pairs := map[*pair]bool{}, []any{}, []any{}
	for i := range quotes {
		q := &quotes[i]
		p := c.pair(q.Pair)
		if p == nil || seen[p] || q.Bid.Sign() <= 0 || q.Ask.Cmp(&q.Bid) < 0 || observed < p.observed {
			return nil, fmt.Errorf("the quote of %s bid %s ask %s", q.Pair, dec(&q.Bid), dec(&q.Ask))
		}
		seen[p] = true
		if p.batches == 0 || p.bid.Cmp(&q.Bid) != 0 || p.ask.Cmp(&q.Ask) != 0 {
			p.bid, p.ask = &q.Bid, &q.Ask
			p.mark = round(mul(add(p.bid, p.ask), big.NewRat(1, 2)), priceDigits, halfEven)
			changed = append(changed, object{"pair": p.ID, "bid": dec(p.bid), "ask": dec(p.ask)})
		}
		p.observed, p.seen, p.seq, p.batches = observed, r.At, c.seq, p.batches+1
	}
	for _, p := range c.genesis.Pairs {
		if seen[p] {
			pairs = append(pairs, p.ID)
		}
	}
	if len(pairs) > 0 {
		c.emit("prices_observed", object{"observed": observed, "changed": changed, "seen": pairs})
	}
	return seen, nil
}

// fillOrders fills what has waited for this batch, in order of acceptance. What belongs to an
// account that breaches before the fill stays, and dies with it.
func (c *checker) fillOrders(seen map[*pair]bool) {
	var left []*order
	for _, o := range c.orders {
		a := o.account
		if !seen[o.pair] || o.pair.batches < o.fillAfter || a.status != "active" || a.breached(c.equity(a)) {
			left = append(left, o)
			continue
		}
		if why := c.fill(o); why != "" {
			c.cancel(o, why)
		}
	}
	c.orders = left
}

func (c *checker) cancel(o *order, why string) {
	c.emit("order_cancelled", object{"order": o.id, "account": o.account.key, "reason": why})
}

// fill trades an order at the batch's quote, or tells why it cannot be.
func (c *checker) fill(o *order) (why string) {
	a, p := o.account, o.pair
	held, flat := a.positions[p.index].quantity, o.args.Side == "FLAT"
	price := side(p, o.args.Side == "LONG" || flat && held.Sign() < 0)
	q := neg(held)
	if flat && q.Sign() == 0 {
		return "nothing_to_close"
	}
	if !flat {
		if q = o.quantity(price); q.Sign() == 0 {
			return "size_too_small"
		}
		if outOfBounds(a, p, price, held, after(held, q)) {
			return "leverage_exceeded"
		}
	}
	filled := object{"order": o.id, "side": o.args.Side}
	worth, rest := c.trade(a, p, q, price, filled)
	if filled["realised"] == "0" { // printed where there is one
		delete(filled, "realised")
	}
	if rest.Sign() != 0 {
		filled["not_traded"] = dec(rest)
	}
	c.emit("order_filled", filled)
	c.counts.Fills++
	c.charge(a, p, worth)
	return ""
}

// side is what the market asks or pays.
func side(p *pair, buy bool) *big.Rat {
	if buy {
		return p.ask
	}
	return p.bid
}

// trade changes a position and writes the figures into the event. It returns the value traded, and
// what of an opposite order was more than the position.
func (c *checker) trade(a *account, p *pair, q, price *big.Rat, event object) (worth, rest *big.Rat) {
	pos := &a.positions[p.index]
	rest = new(big.Rat)
	closing := opposite(pos.quantity, q)
	if closing && abs(q).Cmp(abs(pos.quantity)) > 0 {
		rest, q = sub(abs(q), abs(pos.quantity)), neg(pos.quantity)
	}
	worth = value(q, price, p)
	cost, realised := worth, new(big.Rat)
	if closing {
		share := round(mul(pos.cost, quo(abs(q), abs(pos.quantity))), usdDigits, halfEven)
		cost, realised = neg(share), sub(neg(worth), share)
	}
	pos.quantity, pos.cost, a.realised = add(pos.quantity, q), add(pos.cost, cost), add(a.realised, realised)
	event["account"], event["pair"], event["quotes_seq"] = a.key, p.ID, p.seq
	event["price"], event["quantity"], event["value"] = dec(price), dec(q), dec(worth)
	event["realised"], event["cost_delta"] = dec(realised), dec(cost)
	return worth, rest
}

// charge takes the fee of a trade.
func (c *checker) charge(a *account, p *pair, worth *big.Rat) {
	fee := round(mul(abs(worth), &a.rules.FeeRate), usdDigits, up)
	if fee.Sign() == 0 {
		return
	}
	a.fees = add(a.fees, fee)
	c.emit("fee_charged", object{
		"account": a.key, "pair": p.ID, "rate": dec(&a.rules.FeeRate), "notional": dec(abs(worth)), "amount": dec(fee),
	})
}

// judge looks at every active account after a batch's fills.
func (c *checker) judge() {
	var frozen, passed []*account
	for _, a := range c.accounts {
		if a.status != "active" {
			continue
		}
		switch e := c.equity(a); {
		case a.breached(e):
			frozen = append(frozen, a)
		case a.passed(e):
			passed = append(passed, a)
		}
	}
	c.freeze(frozen, "peak_drawdown", c.seq)
	for _, a := range passed {
		c.counts.Passes++
		c.enterPhase(a, a.phase+1, object{
			"rule": "return_target", "value": dec(c.equity(a)), "anchor": dec(&a.rules.AccountSize), "anchor_seq": a.startSeq,
			"limit": dec(&a.inPhase().Target), "op": "ge", "quotes_seq": c.seq,
		})
	}
}

// enterPhase starts a phase; the verdict is of the one before, nil for the first.
func (c *checker) enterPhase(a *account, next int, verdict object) {
	a.phase, a.deadline = next, 0
	changed := object{"account": a.key, "phase": next, "bucket": a.inPhase().Bucket}
	if limit := a.inPhase().TimeLimitMs; limit != 0 {
		a.deadline = c.at + instant(limit)
		changed["deadline"] = a.deadline
	}
	if verdict != nil {
		changed["verdict"] = verdict
	}
	c.emit("bucket_changed", changed)
}

// freeze stops accounts until a tick has eliminated them.
func (c *checker) freeze(accounts []*account, reason string, quotes int64) {
	if len(accounts) == 0 {
		return
	}
	keys := []any{}
	for _, a := range accounts {
		a.status, a.frozenFor, a.frozenOn = "frozen", reason, quotes
		keys = append(keys, a.key)
	}
	c.emit("accounts_frozen", object{"accounts": keys, "reason": reason, "quotes_seq": quotes})
}

// tick eliminates the frozen accounts or, where there are none, freezes those that are past their
// deadline, the earliest first.
func (c *checker) tick() {
	var frozen, late []*account
	for _, a := range c.accounts {
		switch {
		case a.status == "frozen":
			frozen = append(frozen, a)
		case a.status == "active" && a.deadline != 0 && c.at > a.deadline:
			late = append(late, a)
		}
	}
	if len(frozen) > 0 {
		for _, a := range frozen[:min(len(frozen), maxEliminations)] {
			c.eliminate(a)
		}
		return
	}
	slices.SortStableFunc(late, func(a, b *account) int { return cmp.Compare(a.deadline, b.deadline) })
	late = late[:min(len(late), maxEliminations)]
	slices.SortFunc(late, func(a, b *account) int { return slices.Index(c.accounts, a) - slices.Index(c.accounts, b) })
	var quotes int64
	for _, p := range c.genesis.Pairs {
		quotes = max(quotes, p.seq)
	}
	c.freeze(late, "time_limit", quotes)
}

// eliminate ends a frozen account: its verdict as it stood, its orders, its positions, its lock.
func (c *checker) eliminate(a *account) {
	verdict := object{"rule": a.frozenFor, "value": dec(c.equity(a)), "quotes_seq": a.frozenOn}
	if a.frozenFor == "time_limit" {
		verdict["anchor"], verdict["anchor_seq"], verdict["deadline"] = dec(&a.rules.AccountSize), a.startSeq, a.deadline
	} else {
		verdict["anchor"], verdict["anchor_seq"] = dec(a.peak), a.peakSeq
		verdict["limit"], verdict["op"] = dec(&a.inPhase().DrawdownLimit), a.inPhase().DrawdownOp
	}
	var left []*order
	for _, o := range c.orders {
		if o.account != a {
			left = append(left, o)
			continue
		}
		c.cancel(o, "account_eliminated")
	}
	c.orders = left
	prices := []any{}
	for i, p := range c.genesis.Pairs {
		q := a.positions[i].quantity
		if q.Sign() == 0 {
			continue
		}
		prices = append(prices, object{"pair": p.ID, "quantity": dec(q), "bid": dec(p.bid), "ask": dec(p.ask), "mark": dec(p.mark)})
		closed := object{"price_age": int64(c.at - p.seen), "reason": a.frozenFor}
		worth, _ := c.trade(a, p, neg(q), side(p, q.Sign() < 0), closed)
		c.emit("position_closed", closed)
		c.charge(a, p, worth)
	}
	a.status = "eliminated"
	c.counts.Eliminations++
	c.emit("account_eliminated", object{
		"account": a.key, "reason": a.frozenFor, "bucket": a.inPhase().Bucket, "verdict": verdict, "prices": prices, "balance": dec(a.balance()),
	})
	if a.rules.Lock.Sign() != 0 {
		c.request("slash_collateral", a)
	}
}
