package main

import (
	"errors"
	"fmt"
	"io"
	"math/big"
)

// The node's own limits, which no genesis states.
const (
	maxEliminations = 256   // of one record: by a tick, or flattened by a kill switch
	maxFills        = 4096  // orders that one batch lets fill
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
		Miner            struct {
			USDPerTheta big.Rat `json:"usd_per_theta"`
			MinTheta    big.Rat `json:"min_theta"`
			MaxTheta    big.Rat `json:"max_theta"`
		} `json:"miner"`
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
	miner    *account // of a plain miner: the one that he has
	halted   bool
	window   window
}

type account struct {
	key, class           string
	entity               *entity
	rules                *ruleSet
	size, lock           *big.Rat
	planned              *big.Rat // the size that it takes at an instant; nil: it keeps its own
	plannedAt            instant
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
// the record that froze, carry and deadlines before anything that is later than they are. A root
// may stand in between; it changes nothing, and no time passes with it.
func (c *checker) overdue(r *record) {
	if r.Command == "tick" {
		return
	}
	if b, pairs := c.nextCarry(); b != 0 {
		c.report("missing carry of %s in %v: recorded %s, recomputed a tick", b, pairs, r.Command)
	}
	if a := c.nextSizing(); a != nil {
		c.report("missing size of %s, due at %s: recorded %s, recomputed a tick", a.key, a.plannedAt, r.Command)
	}
	if r.Command == "record_root" {
		if r.At != c.last {
			c.report("time of the root: recorded %s, recomputed %s", r.At, c.last)
		}
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
	case "register_miner":
		return c.registerMiner(r)
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
	case "cancel_order":
		return c.cancelOrder(r)
	case "set_pair_state":
		return c.setPairState(r)
	case "halt":
		return c.halt(r)
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
