package main

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// The node's own limits, which no genesis states.
const (
	maxEliminations = 256   // of one record: by a tick, or flattened by a kill switch
	maxDetail       = 200   // bytes of an effect's outcome
	maxAhead        = 2_000 // milliseconds that the publishers' time may be ahead
)

// The parts of a genesis that decide something.
type (
	genesis struct {
		Operators    []operator `json:"operators"`
		Pairs        []*pair    `json:"pairs"`
		RuleSets     []*ruleSet `json:"rule_sets"`
		DefaultRules string     `json:"default_rules"`
	}
	operator struct {
		Key   string   `json:"key"`
		Roles []string `json:"roles"`
	}
	pair struct {
		ID          string  `json:"id"`
		Base        string  `json:"base"`
		Quote       string  `json:"quote"`
		Class       string  `json:"class"`
		Lot         int64   `json:"lot"`
		MinLeverage big.Rat `json:"min_leverage"`
		MaxLeverage big.Rat `json:"max_leverage"`
		Multiplier  int64   `json:"multiplier"`
		State       string  `json:"state"`
		index       int
		quote
	}
	ruleSet struct {
		ID               string        `json:"id"`
		AccountSize      big.Rat       `json:"account_size"`
		Lock             big.Rat       `json:"lock"`
		Classes          []*classRules `json:"classes"`
		FillDelayBatches int64         `json:"fill_delay_batches"`
		MaxPriceAgeMs    int64         `json:"max_price_age_ms"`
		PortfolioCap     big.Rat       `json:"portfolio_cap"`
		MaxOrders        int64         `json:"max_orders"`
		MaxResting       int           `json:"max_resting"`
		CooldownMs       int64         `json:"cooldown_ms"`
		OrderRate        rate          `json:"order_rate"`
		EntityOrderRate  rate          `json:"entity_order_rate"`
		Slippage         slippage      `json:"slippage"`
		Phases           []*phase      `json:"phases"`
	}
	classRules struct {
		Class     string  `json:"class"`
		FeeRate   big.Rat `json:"fee_rate"`
		CarryRate big.Rat `json:"carry_rate"`
	}
	rate struct {
		Count    int64 `json:"count"`
		WindowMs int64 `json:"window_ms"`
	}
	slippage struct {
		Free   big.Rat `json:"free"`
		Cap    big.Rat `json:"cap"`
		Crypto struct {
			Multiplier int64   `json:"multiplier"`
			Default    big.Rat `json:"default"`
			Pairs      []struct {
				Pair string `json:"pair"`
				Buy  []step `json:"buy"`
				Sell []step `json:"sell"`
			} `json:"pairs"`
		} `json:"crypto"`
		Forex struct {
			Usual big.Rat `json:"usual"`
			Hours []struct {
				Hour int     `json:"hour"`
				Rate big.Rat `json:"rate"`
			} `json:"hours"`
		} `json:"forex"`
	}
	step struct {
		Below    big.Rat `json:"below"`
		Estimate big.Rat `json:"estimate"`
	}
	phase struct {
		Bucket        string  `json:"bucket"`
		DrawdownLimit big.Rat `json:"drawdown_limit"`
		DrawdownOp    string  `json:"drawdown_op"`
		Target        big.Rat `json:"target"`
		TimeLimitMs   int64   `json:"time_limit_ms"`
	}
)

// quote is what is known of a pair's price.
type quote struct {
	bid, ask, mark *big.Rat
	num, den       *big.Rat // USD per unit of its quote currency; nil while that is not known
	observed       instant  // by the publishers' time
	seen           instant  // by the records' time
	seq, batches   int64    // the record of the last batch that had the pair, and how many had it
}

type entity struct {
	key      string
	signers  []string // itself and its coldkey
	accounts int
	halted   bool
	window   window
	first    bool // of all
}

type account struct {
	key, class           string
	entity               *entity
	rules                *ruleSet
	status               string // pending, active, frozen, eliminated, failed
	phase                int
	realised, paid, peak *big.Rat // paid: fees and carry
	startSeq, peakSeq    int64
	deadline             instant // 0: none
	positions            []*position
	halted               bool
	window               window
	coolUntil            map[*pair]instant
	frozenFor            string
	frozenOn             int64 // record of the prices that froze it
	reported             bool  // for being overdue
	first                bool  // of all
}

// position is open; they stand in order of the pairs.
type position struct {
	pair           *pair
	quantity, cost *big.Rat // the cost in quote currency
	orders         int64    // filled in it
}

// window is a rate's, as it stands: how many since its start.
type window struct {
	start instant
	count int64
}

type effect struct {
	account      *account
	kind, status string
}

// checker is the state that follows from the commands so far.
type checker struct {
	partial bool
	file    *pricesFile // nil: believe the journal
	errOut  io.Writer
	counts  counts

	seq      int64
	at, last instant  // of this record and of the one before
	want     []object // events that follow from the record
	genesis  *genesis
	rules    *ruleSet // of new accounts
	entities map[string]*entity
	deposits map[string]*big.Rat
	accounts []*account // in order of creation
	orders   []*order   // waiting or resting, in order of acceptance
	effects  []*effect
	ids      map[string]bool
	halted   bool // nobody takes new exposure
}

func newChecker(partial bool, errOut io.Writer) *checker {
	return &checker{
		partial: partial, errOut: errOut, entities: map[string]*entity{}, deposits: map[string]*big.Rat{}, ids: map[string]bool{},
	}
}

func (c *checker) emit(kind string, fields object) {
	fields["event"] = kind
	c.want = append(c.want, fields)
}

// end checks what must be true after the last record.
func (c *checker) end() {
	if c.partial {
		return
	}
	for _, a := range c.accounts {
		if a.status == "frozen" && !a.reported {
			c.report("missing elimination of %s, frozen on %d: recorded nothing until the end", a.key, a.frozenOn)
		}
	}
	if f := c.file; f != nil && f.next < len(f.prices) {
		c.report("missing: %d prices from %s on: the file goes on, the journal does not", len(f.prices)-f.next, f.prices[f.next].at)
	}
}

// overdue reports what a tick should have done before this record: eliminations come right after
// the record that froze, deadlines before anything that is later than they are.
func (c *checker) overdue(r *record) {
	if r.Command == "tick" || r.Command == "record_root" { // a root changes nothing
		return
	}
	for _, a := range c.accounts {
		frozen, late := a.status == "frozen", a.status == "active" && a.deadline != 0 && r.At > a.deadline
		if !(frozen || late) || a.reported {
			continue
		}
		a.reported = true
		if frozen {
			c.report("missing elimination of %s, frozen on %d: recorded %s, recomputed a tick", a.key, a.frozenOn, r.Command)
		} else {
			c.report("missing freeze of %s, whose deadline was %s: recorded %s, recomputed a tick", a.key, a.deadline, r.Command)
		}
	}
}

// decide fills c.want with what follows from a command. Its error says why nothing can.
func (c *checker) decide(r *record) error {
	if c.genesis == nil && r.Command != "start" {
		return errors.New("the journal has no genesis yet")
	}
	if r.ID != "" {
		if c.ids[r.ID] {
			return fmt.Errorf("its id %s has been used", r.ID)
		}
		c.ids[r.ID] = true
	}
	switch r.Command {
	case "start":
		return c.start(r)
	case "register_entity":
		return c.registerEntity(r)
	case "observe_collateral":
		return c.observeCollateral(r)
	case "create_subaccount":
		return c.createSubaccount(r)
	case "record_submission":
		return c.recordSubmission(r)
	case "complete_effect":
		return c.completeEffect(r)
	case "submit_order":
		return c.submitOrder(r)
	case "observe_prices":
		return c.observePrices(r)
	case "tick":
		c.tick()
		return nil
	case "record_root":
		return c.recordRoot(r)
	}
	return errors.New("no such command is known")
}

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
		p.index = i
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
	c.entities[args.Hotkey] = []string{args.Hotkey, args.Coldkey}
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
	var args struct{ Entity string }
	if err := decode(r.Args, &args); err != nil {
		return err
	}
	if err := c.mustOwn(args.Entity, r.Signer); err != nil {
		return err
	}
	number := 0
	for _, a := range c.accounts {
		if a.entity == args.Entity {
			number++
		}
	}
	a := &account{
		key: fmt.Sprintf("%s_%d", args.Entity, number), entity: args.Entity, rules: c.rules, status: "pending",
		realised: new(big.Rat), fees: new(big.Rat), peak: &c.rules.AccountSize, startSeq: c.seq, peakSeq: c.seq,
	}
	for range c.genesis.Pairs {
		a.positions = append(a.positions, position{new(big.Rat), new(big.Rat)})
	}
	c.accounts = append(c.accounts, a)
	c.counts.Accounts++
	c.emit("subaccount_created", object{
		"account": a.key, "entity": a.entity, "id": number, "rules": a.rules.ID,
		"size": dec(&a.rules.AccountSize), "lock": dec(&a.rules.Lock),
	})
	c.request("lock_collateral", a)
	return nil
}

func (c *checker) mustOwn(entity, signer string) error {
	if !slices.Contains(c.entities[entity], signer) {
		return fmt.Errorf("%s may not sign for entity %s", signer, entity)
	}
	return nil
}

// request asks for something outside the node.
func (c *checker) request(kind string, a *account) {
	c.effects = append(c.effects, &effect{a, kind, "requested"})
	c.emit("effect_requested", object{
		"effect": len(c.effects), "kind": kind, "entity": a.entity, "account": a.key, "amount": dec(&a.rules.Lock),
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
