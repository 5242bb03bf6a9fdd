package main

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// What follows is the registry: it names accounts and their states, and moves no money.

func (c *checker) start(r *record) error {
	var args struct {
		Genesis genesis `json:"genesis"`
	}
	var copied object
	if err := errors.Join(decode(r.Args, &args), decode(r.Args, &copied)); err != nil {
		return err
	}
	g := &args.Genesis
	i := slices.IndexFunc(g.RuleSets, func(s *ruleSet) bool { return s.ID == g.DefaultRules })
	if c.genesis != nil || i < 0 {
		return errors.New("a journal has one genesis, with default rules")
	}
	for i, p := range g.Pairs {
		if p.index = i; p.Quote == "USD" {
			p.num, p.den = whole(1), whole(1)
		}
	}
	c.genesis, c.rules = g, g.RuleSets[i]
	c.emit("genesis_set", copied)
	return nil
}

func (c *checker) registerEntity(r *record) error {
	e, _, err := c.register(r)
	if err == nil {
		c.emit("entity_registered", object{"entity": e.key, "hotkey": e.key, "coldkey": e.signers[1]})
	}
	return err
}

// register makes an entity of a firm or a miner.
func (c *checker) register(r *record) (*entity, string, error) {
	var args struct{ Hotkey, Coldkey, Class string }
	if err := decode(r.Args, &args); err != nil {
		return nil, "", err
	}
	if c.entities[args.Hotkey] != nil || r.Signer != args.Hotkey {
		return nil, "", fmt.Errorf("the entity exists, or its registration is signed by %s", r.Signer)
	}
	e := &entity{key: args.Hotkey, signers: []string{args.Hotkey, args.Coldkey}}
	c.entities[e.key] = e
	return e, args.Class, nil
}

// registerMiner opens a miner's one account, whose key is his own. It has no size yet, and no lock.
func (c *checker) registerMiner(r *record) error {
	e, class, err := c.register(r)
	if err != nil {
		return err
	}
	if c.rules.of(class) == nil || c.rules.Miner.USDPerTheta.Sign() == 0 {
		return fmt.Errorf("the rules have no miners, or no class %q", class)
	}
	c.emit("entity_registered", object{"entity": e.key, "hotkey": e.key, "coldkey": e.signers[1], "miner": true})
	e.miner = c.newAccount(e.key, minerID, e, class, new(big.Rat), new(big.Rat))
	return nil
}

// minerID is what stands in place of a miner's subaccount number.
const minerID = 1<<32 - 1

// plan gives a miner's account the size that its deposit buys, from the next day of UTC on.
func (c *checker) plan(e *entity, deposited *big.Rat) {
	a := e.miner
	if a == nil || a.status != "pending" && a.status != "active" {
		return
	}
	m := &a.rules.Miner
	if deposited.Cmp(&m.MinTheta) < 0 {
		return
	}
	if deposited.Cmp(&m.MaxTheta) > 0 {
		deposited = &m.MaxTheta
	}
	size, last := round(mul(deposited, &m.USDPerTheta), usdDigits, down), a.planned
	if last == nil {
		last = a.size
	}
	if size.Cmp(last) != 0 {
		a.planned, a.plannedAt = size, (c.at/(24*hour)+1)*24*hour
		c.emit("size_scheduled", object{"account": a.key, "size": dec(size), "at": a.plannedAt})
	}
}

// nextSizing is the account whose new size was the first to come due.
func (c *checker) nextSizing() (next *account) {
	for _, a := range c.accounts {
		if a.planned != nil && a.plannedAt <= c.at && a.status != "frozen" && a.status != "eliminated" && (next == nil || a.plannedAt < next.plannedAt) {
			next = a
		}
	}
	return next
}

// resize gives an account its new size; what was won or lost stays. The first makes it active.
func (c *checker) resize(a *account) {
	if want := max(a.plannedAt, c.last); c.at != want {
		c.report("time of the size of %s: recorded %s, recomputed %s", a.key, c.at, want)
	}
	if more := sub(a.planned, a.size); more.Sign() != 0 { // its anchors are of this record
		a.size, a.peak, a.startSeq, a.peakSeq = a.planned, add(a.peak, more), c.seq, c.seq
	}
	a.planned = nil
	c.emit("account_sized", object{"account": a.key, "size": dec(a.size)})
	if a.status == "pending" {
		a.status = "active"
		c.emit("status_changed", object{"account": a.key, "status": a.status})
		c.enterPhase(a, 0, nil)
	}
}

func (c *checker) observeCollateral(r *record) error {
	var args struct {
		Entity    string
		Deposited big.Rat
	}
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	if c.entities[args.Entity] == nil {
		return errors.New("no such entity")
	}
	if last := c.deposits[args.Entity]; last == nil || last.Cmp(&args.Deposited) != 0 {
		c.deposits[args.Entity] = &args.Deposited
		c.emit("collateral_observed", object{"entity": args.Entity, "deposited": dec(&args.Deposited)})
		c.plan(c.entities[args.Entity], &args.Deposited)
	}
	return nil
}

func (c *checker) createSubaccount(r *record) error {
	var args struct{ Entity, Class string }
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	e := c.entities[args.Entity]
	if err := c.mustOwn(e, r.Signer); err != nil {
		return err
	}
	if c.rules.of(args.Class) == nil {
		return fmt.Errorf("the rules have no class %q", args.Class)
	}
	if e.miner != nil {
		return fmt.Errorf("%s is a miner", e.key)
	}
	e.accounts++
	a := c.newAccount(fmt.Sprintf("%s_%d", e.key, e.accounts-1), e.accounts-1, e, args.Class, &c.rules.AccountSize, &c.rules.Lock)
	c.request("lock_collateral", a)
	return nil
}

func (c *checker) newAccount(key string, number int, e *entity, class string, size, lock *big.Rat) *account {
	a := &account{
		key: key, class: class, entity: e, rules: c.rules, size: size, lock: lock, status: "pending", realised: new(big.Rat), paid: new(big.Rat),
		peak: size, startSeq: c.seq, peakSeq: c.seq, coolUntil: map[*pair]instant{},
	}
	c.accounts = append(c.accounts, a)
	c.counts.Accounts++
	c.emit("subaccount_created", object{
		"account": key, "entity": e.key, "id": number, "rules": a.rules.ID, "size": dec(size), "lock": dec(lock), "class": class,
	})
	return a
}

func (c *checker) mustOwn(e *entity, signer string) error {
	if e == nil || !slices.Contains(e.signers, signer) {
		return fmt.Errorf("%s may not sign for it", signer)
	}
	return nil
}

// mustBe refuses a signer who is no operator of the role.
func (c *checker) mustBe(role, signer string) error {
	for _, o := range c.genesis.Operators {
		if o.Key == signer && slices.Contains(o.Roles, role) {
			return nil
		}
	}
	return fmt.Errorf("%s is no operator of the role %s", signer, role)
}

func (s *ruleSet) of(class string) *classRules {
	for _, r := range s.Classes {
		if r.Class == class {
			return r
		}
	}
	return nil
}

// request asks for something outside the node.
func (c *checker) request(kind string, a *account) {
	c.effects = append(c.effects, &effect{a, kind, "requested"})
	c.emit("effect_requested", object{
		"effect": len(c.effects), "kind": kind, "entity": a.entity.key, "account": a.key, "amount": dec(a.lock),
	})
}

type effectArgs struct {
	Effect int
	TxHash string `json:"tx_hash"`
	OK     bool
	Detail string
}

// advance moves an effect from one stage to the next.
func (c *checker) advance(r *record, from, to string) (*effect, effectArgs, error) {
	var args effectArgs
	if err := decode(r.Args, &args); err != nil {
		return nil, args, err
	}
	if args.Effect < 1 || args.Effect > len(c.effects) || c.effects[args.Effect-1].status != from {
		return nil, args, fmt.Errorf("effect %d is not %s", args.Effect, from)
	}
	e := c.effects[args.Effect-1]
	e.status = to
	return e, args, nil
}

func (c *checker) recordSubmission(r *record) error {
	_, args, err := c.advance(r, "requested", "submitted")
	if err == nil {
		c.emit("effect_submitted", object{"effect": args.Effect, "tx_hash": args.TxHash})
	}
	return err
}

// completeEffect ends an effect; the end of its lock makes an account active, or failed.
func (c *checker) completeEffect(r *record) error {
	e, args, err := c.advance(r, "submitted", "completed")
	if err != nil {
		return err
	}
	done := object{"effect": args.Effect, "ok": args.OK}
	if args.Detail != "" {
		done["detail"] = strings.ToValidUTF8(args.Detail[:min(len(args.Detail), maxDetail)], "")
	}
	c.emit("effect_completed", done)
	a := e.account
	if e.kind != "lock_collateral" {
		return nil
	}
	if a.status = "failed"; args.OK {
		a.status = "active"
	}
	c.emit("status_changed", object{"account": a.key, "status": a.status})
	if args.OK {
		c.enterPhase(a, 0, nil)
	}
	return nil
}

// recordRoot takes the roots as they are: hashing the state is the node's own check.
func (c *checker) recordRoot(r *record) error {
	var copied object
	if err := decode(r.Args, &copied); err != nil {
		return err
	}
	copied["at_seq"] = c.seq - 1
	c.emit("root_recorded", copied)
	return nil
}
