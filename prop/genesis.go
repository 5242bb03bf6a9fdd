package prop

import "github.com/propnet/propnet/fixed"

// Genesis is record 1: everything that a network starts from, by value.
type Genesis struct {
	Network      string     `cbor:"1,keyasint" toml:"network"`        // audience of every signature, e.g. "mainnet-8"
	Origin       Hotkey     `cbor:"2,keyasint" toml:"origin"`         // the key that signs this journal's blocks
	AuthWindowMs int64      `cbor:"3,keyasint" toml:"auth_window_ms"` // how old a signed call may be
	Operators    []Operator `cbor:"4,keyasint" toml:"operators"`
	Pairs        []Pair     `cbor:"5,keyasint" toml:"pairs"`
	RuleSets     []RuleSet  `cbor:"6,keyasint" toml:"rule_sets"`
	DefaultRules string     `cbor:"7,keyasint" toml:"default_rules"` // rule set that new subaccounts are pinned to
}

// Operator is a key of the node's operators and what it may do.
type Operator struct {
	Key   Hotkey `cbor:"1,keyasint" toml:"key"`
	Roles []Role `cbor:"2,keyasint" toml:"roles"`
}

// Pair is an instrument. Adding one is a line of data.
type Pair struct {
	ID          string      `cbor:"1,keyasint" toml:"id"`    // e.g. BTCUSD
	Base        string      `cbor:"2,keyasint" toml:"base"`  // e.g. BTC
	Quote       string      `cbor:"3,keyasint" toml:"quote"` // currency of its prices
	Class       string      `cbor:"4,keyasint" toml:"class"` // crypto, forex, indices, equities
	Lot         int64       `cbor:"5,keyasint" toml:"lot"`   // units of base per 1.0 quantity
	MinLeverage fixed.Ratio `cbor:"6,keyasint" toml:"min_leverage"`
	MaxLeverage fixed.Ratio `cbor:"7,keyasint" toml:"max_leverage"`
	Display     string      `cbor:"8,keyasint" toml:"display"` // e.g. BTC/USD
	Subclass    string      `cbor:"9,keyasint,omitempty" toml:"subclass,omitempty"`
	Multiplier  int64       `cbor:"10,keyasint" toml:"multiplier"` // weight of its leverage in the portfolio's
	State       PairState   `cbor:"11,keyasint" toml:"state"`      // at the start; see PairStateChanged
}

// RuleSet is a versioned policy. An account is pinned to one at creation, by value of its
// reference, so that a later set never moves the line under a trader. A limit of 0 is off. Source:
// reference/entity.md §3.9, reference/trading.md §1.3, §4, §6.
type RuleSet struct {
	ID               string       `cbor:"1,keyasint" toml:"id"`
	AccountSize      fixed.USD    `cbor:"2,keyasint" toml:"account_size"`                      // starting balance
	Lock             fixed.Theta  `cbor:"3,keyasint" toml:"lock"`                              // collateral per subaccount
	MaxAccounts      int64        `cbor:"4,keyasint" toml:"max_accounts"`                      // slots per entity: pending, active and frozen
	Classes          []ClassRules `cbor:"5,keyasint" toml:"classes"`                           // what may be traded, and what it costs
	FillDelayBatches int64        `cbor:"6,keyasint" toml:"fill_delay_batches"`                // an order fills on the n-th batch of its pair after it; at least 1
	MaxPriceAgeMs    int64        `cbor:"7,keyasint" toml:"max_price_age_ms"`                  // an order is refused on an older price
	Phases           []Phase      `cbor:"8,keyasint" toml:"phases"`                            // in order; passing one leads to the next
	PortfolioCap     fixed.Ratio  `cbor:"9,keyasint,omitempty" toml:"portfolio_cap,omitempty"` // on Σ |leverage| × multiplier
	MaxOrders        int64        `cbor:"10,keyasint,omitempty" toml:"max_orders,omitempty"`   // in one position
	MaxResting       int64        `cbor:"11,keyasint" toml:"max_resting"`                      // orders of an account that rest or wait
	CooldownMs       int64        `cbor:"12,keyasint,omitempty" toml:"cooldown_ms,omitempty"`  // between two orders of an account in a pair
	OrderRate        Rate         `cbor:"13,keyasint" toml:"order_rate"`                       // per account
	EntityOrderRate  Rate         `cbor:"14,keyasint" toml:"entity_order_rate"`                // of all accounts of an entity
	Slippage         Slippage     `cbor:"15,keyasint" toml:"slippage"`
	Miner            MinerRules   `cbor:"16,keyasint" toml:"miner"`
}

// MinerRules size the account of a plain miner: USDPerTheta × deposit, counting at most MaxTheta of it;
// below MinTheta there is none. A size holds from the next UTC day. USDPerTheta 0: no plain miners.
// Source: reference/trading.md §10.
type MinerRules struct {
	USDPerTheta fixed.USD   `cbor:"1,keyasint" toml:"usd_per_theta"`
	MinTheta    fixed.Theta `cbor:"2,keyasint" toml:"min_theta"`
	MaxTheta    fixed.Theta `cbor:"3,keyasint" toml:"max_theta"`
}

// ClassRules are the costs of an asset class.
type ClassRules struct {
	Class     string      `cbor:"1,keyasint" toml:"class"`
	FeeRate   fixed.Ratio `cbor:"2,keyasint" toml:"fee_rate"`   // transaction fee on notional value
	CarryRate fixed.Ratio `cbor:"3,keyasint" toml:"carry_rate"` // of notional value, per unit of the class's carry calendar
}

// Rate allows Count in any window of WindowMs that begins with the first of them. Count 0 is off.
type Rate struct {
	Count    int64 `cbor:"1,keyasint" toml:"count"`
	WindowMs int64 `cbor:"2,keyasint" toml:"window_ms"`
}

// Of is the rules of a class.
func (r *RuleSet) Of(class string) (*ClassRules, bool) {
	for i := range r.Classes {
		if r.Classes[i].Class == class {
			return &r.Classes[i], true
		}
	}
	return nil, false
}

// Phase is a stage of an account's career with its tests.
type Phase struct {
	Bucket        string      `cbor:"1,keyasint" toml:"bucket"` // challenge, funded
	DrawdownLimit fixed.Ratio `cbor:"2,keyasint" toml:"drawdown_limit"`
	DrawdownOp    Op          `cbor:"3,keyasint" toml:"drawdown_op"`
	Target        fixed.Ratio `cbor:"4,keyasint,omitempty" toml:"target,omitempty"`        // return on the starting balance; 0 = none
	TimeLimitMs   int64       `cbor:"5,keyasint,omitempty" toml:"time_limit_ms,omitempty"` // 0 = none
}
