package view

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Entity is a prop firm with its collateral and the funnel of its accounts.
type Entity struct {
	Miner                            bool
	Hotkey, Coldkey                  prop.Hotkey
	Known                            bool
	Deposited, Locked, Slashed, Free fixed.Theta
	Live                             int64
	Equity                           fixed.USD // of active accounts
	ByStatus                         map[string]int
	ByBucket                         map[string]int // active accounts
}

// Account is one account with its evaluated rules.
type Account struct {
	Key         prop.AccountKey
	Status      prop.Status
	Bucket      string // empty before the first phase
	Rules       string // id of the pinned rule set
	Size        fixed.USD
	Lock        fixed.Theta
	Balance     fixed.USD
	Unrealised  fixed.USD
	Equity      fixed.USD
	Peak        fixed.USD
	PeakSeq     uint64
	Deadline    prop.Instant // 0 = none
	Waiting     int          // MARKET orders that wait for a price
	Resting     int          // LIMIT and BRACKET orders
	Class       string
	Halted      bool
	Positions   []Position
	Tests       []Test
	Passes      []Pass
	Elimination *Elimination
}

// Position is an open position at the last mark.
type Position struct {
	Pair       string
	Quantity   fixed.Qty
	Entry      fixed.Price // average
	Mark       fixed.Price
	Value      fixed.USD
	Unrealised fixed.USD
	Leverage   fixed.Ratio // |value| / size
}

// Test is a rule evaluated now. A drawdown breaches below Threshold, a target is reached at it;
// Headroom is the distance in dollars that is left.
type Test struct {
	Rule, Basis         string
	Value, Anchor       fixed.USD
	AnchorSeq           uint64
	Limit               fixed.Ratio
	Op                  prop.Op
	Threshold, Headroom fixed.USD
}

// Order is a market order through its life: waiting, filled or cancelled.
type Order struct {
	ID                               prop.CommandID
	Account                          prop.AccountKey
	Pair                             string
	Type                             prop.OrderType
	Side                             prop.Side
	Leverage                         fixed.Ratio
	Value                            fixed.USD
	Quantity                         fixed.Qty
	LimitPrice, StopLoss, TakeProfit fixed.Price
	Parent                           prop.CommandID // of a bracket that a fill made
	Status                           string         // waiting, resting, filled, cancelled
	Reason                           string         // of a cancellation
	Seq                              uint64
	At                               prop.Instant
	Fill                             *Fill
}

// Fill is how an order filled.
type Fill struct {
	Seq       uint64
	At        prop.Instant
	Trigger   string      // of a resting order
	Quoted    fixed.Price // before slippage
	Slippage  fixed.Ratio
	Price     fixed.Price
	Quantity  fixed.Qty // signed
	Value     fixed.USD
	Realised  fixed.USD
	Fee       fixed.USD
	NotTraded fixed.Qty
	QuotesSeq uint64
}

// Pass is a phase that was passed into Bucket.
type Pass struct {
	Seq     uint64
	At      prop.Instant
	Bucket  string
	Verdict prop.Verdict
}

// Elimination is the record of an account's end.
type Elimination struct {
	Account prop.AccountKey
	Seq     uint64
	At      prop.Instant
	Reason  string
	Bucket  string
	Verdict prop.Verdict
	Prices  []PriceUsed
	Balance fixed.USD
}

// PriceUsed is a pair's quote and the position that it marked in a verdict.
type PriceUsed struct {
	Pair           string
	Quantity       fixed.Qty
	Bid, Ask, Mark fixed.Price
}

// Price is a pair with its last quote, and what may be done with it.
type Price struct {
	Pair                prop.Pair
	State               prop.PairState
	Num, Den            fixed.Price // USD per unit of quote currency; 0/0 = not known
	Bid, Ask, Mark      fixed.Price
	Seen                prop.Instant // 0 = never
	Seq                 uint64
	Open                bool         // its market
	NextOpen, NextClose prop.Instant // 0 = never
	FeeRate, CarryRate  fixed.Ratio  // under the default rules
	Why                 string       // why no new exposure is to be had; empty = it is
}
