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
	maxEliminations = 256 // of one tick
	maxWaiting      = 10  // orders of one account
	maxDetail       = 200 // bytes of an effect's outcome
)

// The parts of a genesis that decide something.
type (
	genesis struct {
		Pairs        []*pair    `json:"pairs"`
		RuleSets     []*ruleSet `json:"rule_sets"`
		DefaultRules string     `json:"default_rules"`
	}
	pair struct {
		ID          string  `json:"id"`
		Lot         int64   `json:"lot"`
		MinLeverage big.Rat `json:"min_leverage"`
		MaxLeverage big.Rat `json:"max_leverage"`
		index       int
		quote
	}
	ruleSet struct {
		ID               string   `json:"id"`
		AccountSize      big.Rat  `json:"account_size"`
		Lock             big.Rat  `json:"lock"`
		FeeRate          big.Rat  `json:"fee_rate"`
		FillDelayBatches int64    `json:"fill_delay_batches"`
		MaxPriceAgeMs    int64    `json:"max_price_age_ms"`
		Phases           []*phase `json:"phases"`
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
	observed       instant // by the publishers' time
	seen           instant // by the records' time
	seq, batches   int64   // the record of the last batch that had the pair, and how many had it
}

type account struct {
	key, entity            string
	rules                  *ruleSet
	status                 string // pending, active, frozen, eliminated, failed
	phase                  int
	realised, fees, peak   *big.Rat
	startSeq, peakSeq      int64
	deadline               instant    // 0: none
	positions              []position // by pair
	waiting                int        // orders
	frozenFor              string
	frozenOn               int64 // record of the prices that froze it
	reported               bool  // for being overdue
	equity                 *big.Rat
}

// position of quantity 0 is none.
type position struct{ quantity, cost *big.Rat }

type order struct {
	id        string
	account   *account
	pair      *pair
	args      orderArgs
	fillAfter int64 // the pair's batch that it waits for
}

type orderArgs struct {
	Account  string  `json:"account"`
	Pair     string  `json:"pair"`
	Side     string  `json:"side"`
	Leverage big.Rat `json:"leverage"`
	Value    big.Rat `json:"value"`
	Quantity big.Rat `json:"quantity"`
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
	at       instant
	want     []object // events that follow from the record
	genesis  *genesis
	rules    *ruleSet            // of new accounts
	entities map[string][]string // hotkey → who may sign: itself and its coldkey
	deposits map[string]*big.Rat
	accounts []*account // in order of creation
	orders   []*order   // waiting, in order of acceptance
	effects  []*effect
	ids      map[string]bool
}

func newChecker(partial bool, errOut io.Writer) *checker {
	return &checker{
		partial: partial, errOut: errOut, entities: map[string][]string{}, deposits: map[string]*big.Rat{}, ids: map[string]bool{},
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
