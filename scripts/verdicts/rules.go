package main

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// quoted is a quote of a price batch.
type quoted struct {
	Pair     string
	Bid, Ask big.Rat
}

// balance is size + realised − fees − carry.
func (a *account) balance() *big.Rat { return sub(add(a.size, a.realised), a.paid) }

// equity is the balance and what the open positions would bring at their marks.
func (c *checker) equity(a *account) *big.Rat {
	e := a.balance()
	for _, pos := range a.positions {
		e.Add(e, pos.pair.usd(sub(value(pos.quantity, pos.pair.mark, pos.pair), pos.cost)))
	}
	return e
}

func (a *account) inPhase() *phase { return a.rules.Phases[a.phase] }

// breached compares (peak − equity) / peak with the limit.
func (a *account) breached(equity *big.Rat) bool {
	drawdown := quo(sub(a.peak, equity), a.peak).Cmp(&a.inPhase().DrawdownLimit)
	return drawdown > 0 || drawdown == 0 && a.inPhase().DrawdownOp == "ge"
}

// passed compares (equity − size) / size with the target.
func (a *account) passed(equity *big.Rat) bool {
	target, size := &a.inPhase().Target, a.size
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
	if r.ID != "" {
		if err := c.mustBe("feed", r.Signer); err != nil {
			return err
		}
	}
	seen, err := c.mark(r, args.Observed, c.believe(r, args.Observed, args.Quotes))
	if err != nil || len(seen) == 0 {
		return err
	}
	c.counts.Prices++
	for _, a := range c.accounts {
		if a.status != "active" || len(a.positions) == 0 {
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

// mark takes the quotes over, and emits what changed, which pairs were seen and which rates to USD
// follow, all in order of the genesis but the changes.
func (c *checker) mark(r *record, observed instant, quotes []quoted) (map[*pair]bool, error) {
	seen, changed, pairs, rates := map[*pair]bool{}, []any{}, []any{}, []any{}
	if observed > r.At+maxAhead {
		return nil, fmt.Errorf("prices of %s, after %s", observed, r.At)
	}
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
		num, den, of := c.usd(p.Quote)
		if of != nil && (p.num == nil || p.num.Cmp(num) != 0 || p.den.Cmp(den) != 0) {
			p.num, p.den = num, den
			rates = append(rates, object{"pair": p.ID, "num": dec(num), "den": dec(den)})
		}
	}
	if len(pairs) > 0 {
		batch := object{"observed": observed, "changed": changed, "seen": pairs}
		if len(rates) > 0 {
			batch["rates"] = rates
		}
		c.emit("prices_observed", batch)
	}
	return seen, nil
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
			"rule": "return_target", "value": dec(c.equity(a)), "anchor": dec(a.size), "anchor_seq": a.startSeq,
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

// tick eliminates the frozen accounts or, where there are none, charges carry or, where none is due,
// gives an account its new size or, where none has one, freezes those that are past their deadline,
// the earliest first.
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
	if b, _ := c.nextCarry(); b != 0 {
		c.carry(b)
		return
	}
	if a := c.nextSizing(); a != nil {
		c.resize(a)
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

// nextCarry is the first boundary after the record before and up to this one, at which anyone who
// holds anything pays, and in which pairs; 0 for none.
func (c *checker) nextCarry() (instant, []string) {
	for b := c.last/hour*hour + hour; b <= c.at && c.last != 0; b += hour {
		var due []string
		for _, a := range c.accounts {
			for _, pos := range a.positions {
				if carryUnits(pos.pair.Class, b) != 0 && !slices.Contains(due, pos.pair.ID) {
					due = append(due, pos.pair.ID)
				}
			}
		}
		if due != nil {
			return b, due
		}
	}
	return 0, nil
}

// carry charges every position at a boundary: units × rate × its value at the mark, rounded up. The
// event has the rates, in order of the pairs and of the rule sets.
func (c *checker) carry(boundary instant) {
	if c.at != boundary {
		c.report("time of carry: recorded %s, recomputed %s", c.at, boundary)
	}
	rates := []any{}
	for _, p := range c.genesis.Pairs {
		units := carryUnits(p.Class, boundary)
		for _, set := range c.genesis.RuleSets {
			rate, held := new(big.Rat), false
			if r := set.of(p.Class); r != nil {
				rate = mul(&r.CarryRate, whole(units))
			}
			for _, a := range c.accounts {
				if pos := a.position(p); pos != nil && a.rules == set && units != 0 {
					held = true
					a.paid = add(a.paid, round(mul(abs(p.usd(value(pos.quantity, p.mark, p))), rate), usdDigits, up))
					c.counts.Carries++
				}
			}
			if held {
				rates = append(rates, object{"pair": p.ID, "rules": set.ID, "units": units, "rate": dec(rate)})
			}
		}
	}
	c.emit("carry_charged", object{"boundary": boundary, "rates": rates})
}

// eliminate ends a frozen account: its verdict as it stood, its orders, its positions, its lock.
func (c *checker) eliminate(a *account) {
	verdict := object{"rule": a.frozenFor, "value": dec(c.equity(a)), "quotes_seq": a.frozenOn}
	if a.frozenFor == "time_limit" {
		verdict["anchor"], verdict["anchor_seq"], verdict["deadline"] = dec(a.size), a.startSeq, a.deadline
	} else {
		verdict["anchor"], verdict["anchor_seq"] = dec(a.peak), a.peakSeq
		verdict["limit"], verdict["op"] = dec(&a.inPhase().DrawdownLimit), a.inPhase().DrawdownOp
	}
	prices := []any{}
	for _, pos := range a.positions {
		p := pos.pair
		prices = append(prices, object{"pair": p.ID, "quantity": dec(pos.quantity), "bid": dec(p.bid), "ask": dec(p.ask), "mark": dec(p.mark)})
	}
	c.cancelAll("account_eliminated", func(o *order) bool { return o.account == a })
	for _, pos := range slices.Clone(a.positions) {
		c.close(a, pos, a.frozenFor)
	}
	a.status = "eliminated"
	c.counts.Eliminations++
	c.emit("account_eliminated", object{
		"account": a.key, "reason": a.frozenFor, "bucket": a.inPhase().Bucket, "verdict": verdict, "prices": prices, "balance": dec(a.balance()),
	})
	if a.lock.Sign() != 0 {
		c.request("slash_collateral", a)
	}
}
