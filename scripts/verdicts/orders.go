package main

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// orderArgs is an order as it was sent. A figure of 0 is none.
type orderArgs struct {
	Account    string  `json:"account"`
	Pair       string  `json:"pair"`
	Type       string  `json:"type"`
	Side       string  `json:"side"`
	Leverage   big.Rat `json:"leverage"`
	Value      big.Rat `json:"value"`
	Quantity   big.Rat `json:"quantity"`
	LimitPrice big.Rat `json:"limit_price"`
	StopLoss   big.Rat `json:"stop_loss"`
	TakeProfit big.Rat `json:"take_profit"`
}

// order waits (MARKET) or rests (LIMIT, BRACKET). The side of a bracket is the one that closes.
type order struct {
	id, parent          string
	account             *account
	pair                *pair
	kind, side          string
	sizeKind            string // leverage, value, quantity; "" for FLAT
	size                *big.Rat
	limit, stop, profit *big.Rat // 0: none
	fillAfter           int64    // the pair's batch that it waits for
	early               bool     // taken while the market was closed
	gone                bool
}

func (c *checker) pair(id string) *pair {
	for _, p := range c.genesis.Pairs {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func (c *checker) account(key string) *account {
	for _, a := range c.accounts {
		if a.key == key {
			return a
		}
	}
	return nil
}

// submitOrder admits an order. It fills with the n-th batch of its pair after this record, or later.
func (c *checker) submitOrder(r *record) error {
	var args orderArgs
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	a, p := c.account(args.Account), c.pair(args.Pair)
	if a == nil || p == nil {
		return errors.New("no such account or pair")
	}
	if err := c.mustOwn(a.entity, r.Signer); err != nil {
		return err
	}
	o := &order{
		id: r.ID, account: a, pair: p, kind: args.Type, side: args.Side, size: new(big.Rat),
		limit: &args.LimitPrice, stop: &args.StopLoss, profit: &args.TakeProfit,
	}
	if err := errors.Join(o.sized(&args), o.shaped()); err != nil {
		return err
	}
	if a.status != "active" || a.class != p.Class {
		return fmt.Errorf("%s is %s and trades %s", a.key, a.status, a.class)
	}
	extra := object{}
	var err error
	switch {
	case o.kind == "BRACKET":
		err = c.admitBracket(o)
	case o.side == "FLAT":
		err = c.admitFlat(o)
	default:
		err = c.admit(o, extra)
	}
	if err == nil {
		c.counts.Orders++
		c.accept(o, extra)
	}
	return err
}

// accept lets an order wait or rest. What it uses up of the limits stands in the event.
func (c *checker) accept(o *order, used object) {
	isOpen, err := open(o.pair.Class, c.at)
	o.early = err == nil && !isOpen
	o.fillAfter = o.pair.batches + o.account.rules.FillDelayBatches
	c.orders = append(c.orders, o)
	accepted := object{
		"order": o.id, "account": o.account.key, "pair": o.pair.ID, "type": o.kind, "side": o.side, "fill_after": o.fillAfter,
		"account_rate": window{}.object(), "entity_rate": window{}.object(),
	}
	if o.sizeKind != "" {
		accepted["size_kind"], accepted[o.sizeKind] = o.sizeKind, dec(o.size)
	}
	for name, price := range map[string]*big.Rat{"limit_price": o.limit, "stop_loss": o.stop, "take_profit": o.profit} {
		if price.Sign() != 0 {
			accepted[name] = dec(price)
		}
	}
	if o.parent != "" {
		accepted["parent"] = o.parent
	}
	for name, v := range used {
		accepted[name] = v
	}
	c.emit("order_accepted", accepted)
}

// sized takes the one figure that says how much.
func (o *order) sized(args *orderArgs) error {
	for kind, size := range map[string]*big.Rat{"leverage": &args.Leverage, "value": &args.Value, "quantity": &args.Quantity} {
		switch {
		case size.Sign() < 0 || size.Sign() > 0 && o.sizeKind != "":
			return errors.New("a size is negative, or not the only one")
		case size.Sign() > 0:
			o.sizeKind, o.size = kind, size
		}
	}
	return nil
}

// shaped tells why the parts of an order don't make one.
func (o *order) shaped() error {
	for _, price := range []*big.Rat{o.limit, o.stop, o.profit} {
		if price.Sign() < 0 {
			return errors.New("a price is negative")
		}
	}
	protected := o.stop.Sign() != 0 || o.profit.Sign() != 0
	directed := o.side == "LONG" || o.side == "SHORT"
	ok := false
	switch {
	case o.kind == "BRACKET":
		ok = o.side == "" && o.limit.Sign() == 0 && protected
	case o.kind == "LIMIT":
		ok = directed && o.sizeKind != "" && o.limit.Sign() > 0 && between(o.side, o.limit, o.stop, o.profit)
	case o.kind == "MARKET" && o.side == "FLAT":
		ok = o.sizeKind == "" && o.limit.Sign() == 0 && !protected
	case o.kind == "MARKET":
		ok = directed && o.sizeKind != "" && o.limit.Sign() == 0
	}
	if !ok {
		return fmt.Errorf("a %s of side %q, size %q, limit %s, stop %s, profit %s is no order",
			o.kind, o.side, o.sizeKind, dec(o.limit), dec(o.stop), dec(o.profit))
	}
	return nil
}

// between tells whether a price lies strictly between stop and profit, as the side has them.
func between(side string, price, stop, profit *big.Rat) bool {
	lower, upper := stop, profit
	if side == "SHORT" {
		lower, upper = profit, stop
	}
	return lower.Cmp(price) < 0 && (upper.Sign() == 0 || price.Cmp(upper) < 0)
}

// admit tells why an order with a side and a size should have been refused. What reduces a position
// needs a price and no permission.
func (c *checker) admit(o *order, used object) error {
	a, p := o.account, o.pair
	_, _, of := c.usd(p.Quote)
	stale := func(p *pair) bool { return p != nil && (p.batches == 0 || int64(c.at-p.seen) > a.rules.MaxPriceAgeMs) }
	if stale(p) || stale(of) || p.num == nil {
		return fmt.Errorf("the last price of %s is of %s, or has no rate to USD", p.ID, p.seen)
	}
	price := p.mark
	if o.kind == "LIMIT" {
		price = o.limit
	} else if !between(o.side, price, o.stop, o.profit) {
		return fmt.Errorf("the mark %s is not between stop %s and profit %s", dec(price), dec(o.stop), dec(o.profit))
	}
	q, held := o.quantity(price), a.held(p)
	if q.Sign() == 0 {
		return errors.New("the size comes to no quantity")
	}
	if !opposite(held, q) {
		if closed, err := c.shut(a, p); err != nil && !(closed && o.kind == "LIMIT") {
			return err
		}
		if _, err := c.grow(a, p, price, q); err != nil {
			return err
		}
	}
	return c.count(o, used)
}

// shut tells why no exposure is to be had in a pair; closed where that is only for the hour.
func (c *checker) shut(a *account, p *pair) (closed bool, err error) {
	if p.State != "tradable" {
		return false, fmt.Errorf("%s is %s", p.ID, p.State)
	}
	if c.halted || a.entity.halted || a.halted {
		return false, fmt.Errorf("%s is halted", a.key)
	}
	isOpen, err := open(p.Class, c.at)
	if err == nil && !isOpen {
		return true, fmt.Errorf("%s is closed at %s", p.ID, c.at)
	}
	return false, err
}

// grow tells why a position may not grow by so much at a price, and how the node calls that.
func (c *checker) grow(a *account, p *pair, price, q *big.Rat) (reason string, err error) {
	held := a.held(p)
	next := after(held, q)
	if pos := a.position(p); pos != nil && a.rules.MaxOrders != 0 && pos.orders >= a.rules.MaxOrders {
		return "out_of_orders", fmt.Errorf("the position has %d orders", pos.orders)
	}
	if outOfBounds(a, p, price, held, next) {
		return "leverage_exceeded", fmt.Errorf("a position of %s at %s is out of its bounds", dec(next), dec(price))
	}
	weighted := mul(p.usd(value(abs(next), price, p)), whole(p.Multiplier))
	for _, pos := range a.positions {
		if pos.pair != p {
			weighted.Add(weighted, mul(pos.pair.usd(value(abs(pos.quantity), pos.pair.mark, pos.pair)), whole(pos.pair.Multiplier)))
		}
	}
	if limit := &a.rules.PortfolioCap; limit.Sign() != 0 && quo(weighted, a.size).Cmp(limit) > 0 {
		return "leverage_exceeded", fmt.Errorf("the account's positions are worth %s, weighted", dec(weighted))
	}
	return "", nil
}

// outOfBounds tells whether a position that grows leaves the pair's leverage of the account's size.
func outOfBounds(a *account, p *pair, price, held, next *big.Rat) bool {
	if next.Sign() == 0 || held.Sign() == next.Sign() && abs(next).Cmp(abs(held)) < 0 {
		return false
	}
	leverage := func(q *big.Rat) *big.Rat { return quo(p.usd(value(q, price, p)), a.size) }
	// The minimum is asked of the size as ordered, which was rounded down by less than a unit.
	least := add(abs(next), big.NewRat(1, 100_000_000))
	return leverage(abs(next)).Cmp(&p.MaxLeverage) > 0 || leverage(least).Cmp(&p.MinLeverage) < 0
}

// count uses up what limits how often an account orders.
func (c *checker) count(o *order, used object) error {
	a := o.account
	if n := c.waiting(a); n >= a.rules.MaxResting {
		return fmt.Errorf("%d orders wait or rest", n)
	}
	if c.at < a.coolUntil[o.pair] {
		return fmt.Errorf("the cooldown in %s lasts until %s", o.pair.ID, a.coolUntil[o.pair])
	}
	if !a.window.take(a.rules.OrderRate, c.at) || !a.entity.window.take(a.rules.EntityOrderRate, c.at) {
		return fmt.Errorf("the rate is used up: %d since %s, of the entity %d since %s", a.window.count, a.window.start, a.entity.window.count, a.entity.window.start)
	}
	if a.rules.OrderRate.Count != 0 {
		used["account_rate"] = a.window.object()
	}
	if a.rules.EntityOrderRate.Count != 0 {
		used["entity_rate"] = a.entity.window.object()
	}
	if cooldown := a.rules.CooldownMs; cooldown != 0 {
		a.coolUntil[o.pair] = c.at + instant(cooldown)
		used["cool_until"] = a.coolUntil[o.pair]
	}
	return nil
}

// take counts one more; false where the window is full. A window that has lasted longer than its
// length begins anew.
func (w *window) take(limit rate, at instant) bool {
	if w.count > 0 && int64(at-w.start) > limit.WindowMs {
		*w = window{}
	}
	if limit.Count != 0 && w.count >= limit.Count {
		return false
	}
	if w.count == 0 {
		w.start = at
	}
	w.count++
	return true
}

func (w window) object() object { return object{"start": w.start, "count": w.count} }

func (c *checker) waiting(a *account) (n int) {
	for _, o := range c.orders {
		if o.account == a {
			n++
		}
	}
	return n
}

// admitFlat: one FLAT of a pair may wait, for a position or for one that an order will open.
func (c *checker) admitFlat(o *order) error {
	others := 0
	for _, other := range c.orders {
		if other.account == o.account && other.pair == o.pair {
			if others++; other.side == "FLAT" {
				return errors.New("a FLAT waits already")
			}
		}
	}
	if o.pair.batches == 0 || o.account.held(o.pair).Sign() == 0 && others == 0 {
		return errors.New("no price, or nothing to close")
	}
	return nil
}

// admitBracket binds a bracket to the open position, whose direction and quantity it takes.
func (c *checker) admitBracket(o *order) error {
	held := o.account.held(o.pair)
	long, both := held.Sign() > 0, o.stop.Sign() > 0 && o.profit.Sign() > 0
	if held.Sign() == 0 || both && long != (o.stop.Cmp(o.profit) < 0) || both && o.stop.Cmp(o.profit) == 0 {
		return errors.New("nothing is open, or stop and profit are the wrong way round")
	}
	o.side = closing(held)
	if by := o.met(); by != nil && by.name == "take_profit" {
		return fmt.Errorf("the profit at %s is to be had already", dec(o.profit))
	}
	q := abs(held)
	if o.sizeKind != "" {
		if q = abs(o.quantity(o.pair.mark)); q.Sign() == 0 || q.Cmp(abs(held)) > 0 {
			return fmt.Errorf("a bracket of %s for a position of %s", dec(q), dec(held))
		}
	}
	if n := c.waiting(o.account); n >= o.account.rules.MaxResting {
		return fmt.Errorf("%d orders wait or rest", n)
	}
	o.sizeKind, o.size = "quantity", q
	return nil
}

func closing(held *big.Rat) string {
	if held.Sign() > 0 {
		return "SHORT"
	}
	return "LONG"
}

// quantity is what an order comes to at a price: leverage is of the account's size, an amount of
// USD, and rounds down, as the quantity does; USD into quote currency round half-even.
func (o *order) quantity(price *big.Rat) *big.Rat {
	q, p := o.size, o.pair
	if o.sizeKind == "leverage" {
		q = round(mul(q, o.account.size), usdDigits, down)
	}
	if o.sizeKind != "quantity" {
		q = round(quo(mul(q, p.den), p.num), usdDigits, halfEven)
		q = round(quo(q, mul(price, whole(p.Lot))), quantityDigits, down)
	}
	if o.side == "SHORT" {
		return neg(q)
	}
	return q
}

// cancelOrder ends one order of an account, or all of them.
func (c *checker) cancelOrder(r *record) error {
	var args struct{ Account, Order string }
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	a := c.account(args.Account)
	if a == nil {
		return errors.New("no such account")
	}
	if err := c.mustOwn(a.entity, r.Signer); err != nil {
		return err
	}
	c.cancelAll("by_owner", func(o *order) bool { return o.account == a && (args.Order == "" || o.id == args.Order) })
	if len(c.want) == 0 {
		return errors.New("no such order")
	}
	return nil
}

// cancelAll ends the orders that meet a condition, in order of acceptance.
func (c *checker) cancelAll(why string, which func(*order) bool) {
	for _, o := range slices.Clone(c.orders) {
		if which(o) {
			c.cancel(o, why)
		}
	}
}

func (c *checker) cancel(o *order, why string) {
	c.counts.Cancels++
	c.remove(o)
	c.emit("order_cancelled", object{"order": o.id, "account": o.account.key, "reason": why})
}

func (c *checker) remove(o *order) {
	o.gone = true
	c.orders = slices.DeleteFunc(c.orders, func(other *order) bool { return other == o })
}

// setPairState halts, resumes or narrows a pair.
func (c *checker) setPairState(r *record) error {
	var args struct{ Pair, State string }
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	p := c.pair(args.Pair)
	if p == nil || !slices.Contains([]string{"tradable", "reduce_only", "data_only", "halted", "retired"}, args.State) {
		return errors.New("no such pair or state")
	}
	if err := c.mustBe("risk", r.Signer); err != nil {
		return err
	}
	p.State = args.State
	c.emit("pair_state_changed", object{"pair": p.ID, "state": p.State, "by": r.Signer})
	return nil
}

// halt is the kill switch of one account, a firm, or everything. Flattening cancels the orders and
// closes the positions of each active account, in order of the accounts.
func (c *checker) halt(r *record) error {
	var args struct {
		Entity, Account string
		Halted, Flatten bool
	}
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	changed := object{"scope": "everything", "halted": args.Halted, "by": r.Signer}
	concerns := func(*account) bool { return true }
	var e *entity
	switched := &c.halted
	switch {
	case args.Account != "":
		one := c.account(args.Account)
		if one == nil {
			return errors.New("no such account")
		}
		e, switched, changed["scope"], changed["account"] = one.entity, &one.halted, "account", one.key
		concerns = func(a *account) bool { return a == one }
	case args.Entity != "":
		if e = c.entities[args.Entity]; e == nil {
			return errors.New("no such entity")
		}
		switched, changed["scope"] = &e.halted, "entity"
		concerns = func(a *account) bool { return a.entity == e }
	}
	if e != nil {
		changed["entity"] = e.key
	}
	if err := c.mustBe("risk", r.Signer); err != nil && (e == nil || c.mustOwn(e, r.Signer) != nil) {
		return err
	}
	*switched = args.Halted
	c.emit("halt_changed", changed)
	if args.Flatten {
		c.flatten(concerns)
	}
	return nil
}

func (c *checker) flatten(concerns func(*account) bool) {
	flattened := 0
	for _, a := range c.accounts {
		if !concerns(a) || a.status != "active" || len(a.positions) == 0 && c.waiting(a) == 0 {
			continue
		}
		flattened++
		c.cancelAll("kill_switch", func(o *order) bool { return o.account == a })
		for _, pos := range slices.Clone(a.positions) {
			c.close(a, pos, "kill_switch")
		}
	}
	if flattened > maxEliminations {
		c.report("%d accounts are flattened in one record", flattened)
	}
}
