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

// Pair is an instrument.
type Pair struct {
	ID          string      `cbor:"1,keyasint" toml:"id"`    // e.g. BTCUSD
	Base        string      `cbor:"2,keyasint" toml:"base"`  // e.g. BTC
	Quote       string      `cbor:"3,keyasint" toml:"quote"` // USD
	Class       string      `cbor:"4,keyasint" toml:"class"` // crypto
	Lot         int64       `cbor:"5,keyasint" toml:"lot"`   // units of base per 1.0 quantity
	MinLeverage fixed.Ratio `cbor:"6,keyasint" toml:"min_leverage"`
	MaxLeverage fixed.Ratio `cbor:"7,keyasint" toml:"max_leverage"`
}

// RuleSet is a versioned policy. An account is pinned to one at creation, by value of its
// reference, so that a later set never moves the line under a trader. Source:
// reference/entity.md §3.9.
type RuleSet struct {
	ID               string      `cbor:"1,keyasint" toml:"id"`
	AccountSize      fixed.USD   `cbor:"2,keyasint" toml:"account_size"`       // starting balance
	Lock             fixed.Theta `cbor:"3,keyasint" toml:"lock"`               // collateral per subaccount
	MaxAccounts      int64       `cbor:"4,keyasint" toml:"max_accounts"`       // slots per entity: pending, active and frozen
	FeeRate          fixed.Ratio `cbor:"5,keyasint" toml:"fee_rate"`           // transaction fee on notional value
	FillDelayBatches int64       `cbor:"6,keyasint" toml:"fill_delay_batches"` // an order fills on the n-th batch of its pair after it; at least 1
	MaxPriceAgeMs    int64       `cbor:"7,keyasint" toml:"max_price_age_ms"`   // an order is refused on an older price
	Phases           []Phase     `cbor:"8,keyasint" toml:"phases"`             // in order; passing one leads to the next
}

// Phase is a stage of an account's career with its tests.
type Phase struct {
	Bucket        string      `cbor:"1,keyasint" toml:"bucket"` // challenge, funded
	DrawdownLimit fixed.Ratio `cbor:"2,keyasint" toml:"drawdown_limit"`
	DrawdownOp    Op          `cbor:"3,keyasint" toml:"drawdown_op"`
	Target        fixed.Ratio `cbor:"4,keyasint,omitempty" toml:"target,omitempty"`        // return on the starting balance; 0 = none
	TimeLimitMs   int64       `cbor:"5,keyasint,omitempty" toml:"time_limit_ms,omitempty"` // 0 = none
}
