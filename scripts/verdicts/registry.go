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
	var args struct{ Hotkey, Coldkey string }
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	if c.entities[args.Hotkey] != nil || r.Signer != args.Hotkey {
		return fmt.Errorf("the entity exists, or its registration is signed by %s", r.Signer)
	}
	c.entities[args.Hotkey] = &entity{key: args.Hotkey, signers: []string{args.Hotkey, args.Coldkey}}
	c.emit("entity_registered", object{"entity": args.Hotkey, "hotkey": args.Hotkey, "coldkey": args.Coldkey})
	return nil
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
	number := e.accounts
	e.accounts++
	a := &account{
		key: fmt.Sprintf("%s_%d", e.key, number), class: args.Class, entity: e, rules: c.rules, status: "pending",
		realised: new(big.Rat), paid: new(big.Rat), peak: &c.rules.AccountSize, startSeq: c.seq, peakSeq: c.seq, coolUntil: map[*pair]instant{},
	}
	c.accounts = append(c.accounts, a)
	c.counts.Accounts++
	c.emit("subaccount_created", object{
		"account": a.key, "entity": e.key, "id": number, "rules": a.rules.ID,
		"size": dec(&a.rules.AccountSize), "lock": dec(&a.rules.Lock), "class": a.class,
	})
	c.request("lock_collateral", a)
	return nil
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
		"effect": len(c.effects), "kind": kind, "entity": a.entity.key, "account": a.key, "amount": dec(&a.rules.Lock),
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
