// Package api holds the JSON types that a node serves and the client package reads. Money, prices,
// quantities and ratios are decimal strings; instants are RFC 3339 in UTC with milliseconds; keys
// are SS58 addresses. Every answer names the record that it includes (as_of).
package api

import (
	"encoding/json"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// AsOf is the last record that an answer includes.
type AsOf struct {
	Seq uint64       `json:"seq" doc:"sequence number of the last record that the answer includes"`
	At  prop.Instant `json:"at" doc:"that record's time"`
}

// Time is what a client signs with.
type Time struct {
	Now          prop.Instant `json:"now" doc:"the node's time; in a replay it is the data's"`
	Network      string       `json:"network"`
	Origin       prop.Hotkey  `json:"origin" doc:"audience of signed calls: the key that signs this journal's blocks"`
	AuthWindowMs int64        `json:"auth_window_ms" doc:"how old a signed call may be"`
	Version      string       `json:"version"`
}

// Problem is an error as RFC 9457 has it, with a stable code.
type Problem struct {
	Type    string            `json:"type" doc:"about:blank"`
	Title   string            `json:"title" doc:"name of the code"`
	Status  int               `json:"status"`
	Code    int               `json:"code" doc:"stable number; see docs/errors.md"`
	Detail  string            `json:"detail,omitempty" doc:"what went wrong"`
	Next    string            `json:"next,omitempty" doc:"what to do next"`
	Context map[string]string `json:"context,omitempty" doc:"ids concerned"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Receipt proves a record offline: header, signature and the record's path to the block's root.
type Receipt struct {
	Network   string         `json:"network"`
	Origin    prop.Hotkey    `json:"origin"`
	Header    prop.Hex       `json:"header" doc:"canonical CBOR of the block's header"`
	Signature prop.Signature `json:"signature" doc:"sr25519 by the origin over the header's hash"`
	Index     int            `json:"index" doc:"the record's place in the block"`
	Path      []prop.Hash    `json:"path" doc:"sibling hashes from the record up"`
	Record    prop.Hex       `json:"record" doc:"canonical CBOR of the record, with the signed call"`
}

// Command is an accepted command: what happened, and the proof.
type Command struct {
	ID        prop.CommandID  `json:"id"`
	Seq       uint64          `json:"seq"`
	At        prop.Instant    `json:"at"`
	Duplicate bool            `json:"duplicate" doc:"the command was taken before; this is the first receipt"`
	Record    json.RawMessage `json:"record" doc:"the record with its events, references resolved"`
	Receipt   Receipt         `json:"receipt"`
}

// RegisterEntity is the body of POST /v1/entities.
type RegisterEntity struct {
	Hotkey  prop.Hotkey `json:"hotkey" doc:"becomes the entity; signs this call"`
	Coldkey prop.Hotkey `json:"coldkey" doc:"becomes the entity's owner"`
}

// RegisterMiner is the body of POST /v1/miners.
type RegisterMiner struct {
	Hotkey  prop.Hotkey `json:"hotkey" doc:"names the account; signs this call"`
	Coldkey prop.Hotkey `json:"coldkey" doc:"becomes the owner"`
	Class   string      `json:"class" enum:"crypto,forex,indices,equities" doc:"the one asset class that it may trade, for ever"`
}

// CreateSubaccount is the body of POST /v1/subaccounts.
type CreateSubaccount struct {
	Entity prop.Hotkey `json:"entity"`
	Class  string      `json:"class" enum:"crypto,forex,indices,equities" doc:"the one asset class that it may trade, for ever"`
}

// SubmitOrder is the body of POST /v1/orders. A MARKET fills on the pair's next price batch, a LIMIT
// when the market reaches its limit price. A stop loss and a take profit, either or both, protect what
// fills. A BRACKET protects what is open: it has no side, and without size it is for all of it.
type SubmitOrder struct {
	Account    prop.AccountKey `json:"account"`
	Pair       string          `json:"pair"`
	Type       string          `json:"type,omitempty" enum:"MARKET,LIMIT,BRACKET" doc:"default MARKET"`
	Side       string          `json:"side,omitempty" enum:"LONG,SHORT,FLAT"`
	Leverage   *fixed.Ratio    `json:"leverage,omitempty" doc:"of the starting balance; exactly one of leverage, value and quantity for LONG and SHORT, none for FLAT"`
	Value      *fixed.USD      `json:"value,omitempty" doc:"notional in USD"`
	Quantity   *fixed.Qty      `json:"quantity,omitempty" doc:"lots, coins or shares"`
	LimitPrice *fixed.Price    `json:"limit_price,omitempty"`
	StopLoss   *fixed.Price    `json:"stop_loss,omitempty"`
	TakeProfit *fixed.Price    `json:"take_profit,omitempty"`
}

// CancelOrder is the body of POST /v1/orders/cancel: one order, or all of the account without one.
type CancelOrder struct {
	Account prop.AccountKey `json:"account"`
	Order   *prop.CommandID `json:"order,omitempty"`
}

// SetPairState is the body of POST /v1/pairs/state.
type SetPairState struct {
	Pair  string `json:"pair"`
	State string `json:"state" enum:"tradable,reduce_only,data_only,halted,retired"`
}

// Halt is the body of POST /v1/halts: of one account, a firm, or everything where neither is named.
type Halt struct {
	Entity  *prop.Hotkey     `json:"entity,omitempty"`
	Account *prop.AccountKey `json:"account,omitempty"`
	Action  string           `json:"action" enum:"halt,resume,flatten" doc:"flatten halts, cancels orders and closes positions"`
}

// PushPrices is the body of POST /v1/prices.
type PushPrices struct {
	Observed prop.Instant `json:"observed" doc:"the publishers' time"`
	Quotes   []Quote      `json:"quotes"`
}

// Quote is 0 < bid ≤ ask.
type Quote struct {
	Pair string      `json:"pair"`
	Bid  fixed.Price `json:"bid"`
	Ask  fixed.Price `json:"ask"`
}

// Entity is a prop firm.
type Entity struct {
	Hotkey     prop.Hotkey    `json:"hotkey"`
	Miner      bool           `json:"miner,omitempty" doc:"a plain miner with one account, not a firm"`
	Coldkey    prop.Hotkey    `json:"coldkey"`
	Collateral Collateral     `json:"collateral"`
	Slots      int64          `json:"slots" doc:"accounts that are pending, active or frozen"`
	Equity     fixed.USD      `json:"equity" doc:"of the active accounts"`
	ByStatus   map[string]int `json:"by_status"`
	ByBucket   map[string]int `json:"by_bucket" doc:"active accounts"`
}

// Collateral is an entity's theta: deposited = free + locked + slashed.
type Collateral struct {
	Known     bool        `json:"known" doc:"the deposit has been read"`
	Deposited fixed.Theta `json:"deposited"`
	Locked    fixed.Theta `json:"locked"`
	Slashed   fixed.Theta `json:"slashed"`
	Free      fixed.Theta `json:"free"`
}

// Account is a subaccount with its evaluated rules.
type Account struct {
	Account     prop.AccountKey `json:"account"`
	Status      string          `json:"status" enum:"pending,active,frozen,eliminated,failed"`
	Bucket      string          `json:"bucket,omitempty" doc:"phase of the rule set: challenge, funded"`
	RuleSet     string          `json:"rule_set"`
	Size        fixed.USD       `json:"size" doc:"starting balance"`
	Balance     fixed.USD       `json:"balance" doc:"size + realised - fees"`
	Unrealised  fixed.USD       `json:"unrealised"`
	Equity      fixed.USD       `json:"equity" doc:"balance + unrealised"`
	Peak        fixed.USD       `json:"peak" doc:"highest equity at a price batch"`
	PeakSeq     uint64          `json:"peak_seq"`
	Deadline    *prop.Instant   `json:"deadline,omitempty" doc:"last instant to pass the phase"`
	Class       string          `json:"class"`
	Halted      bool            `json:"halted" doc:"a kill switch forbids new exposure"`
	Waiting     int             `json:"waiting_orders" doc:"MARKET orders that wait for a price"`
	Resting     int             `json:"resting_orders" doc:"LIMIT and BRACKET orders"`
	Positions   []Position      `json:"positions"`
	Tests       []Test          `json:"tests" doc:"the phase's rules, evaluated now"`
	Passes      []Pass          `json:"passes,omitempty"`
	Elimination *Elimination    `json:"elimination,omitempty"`
}

// Position is an open position.
type Position struct {
	Pair       string      `json:"pair"`
	Quantity   fixed.Qty   `json:"quantity" doc:"negative is short"`
	Entry      fixed.Price `json:"entry" doc:"average"`
	Mark       fixed.Price `json:"mark"`
	Value      fixed.USD   `json:"value"`
	Unrealised fixed.USD   `json:"unrealised"`
	Leverage   fixed.Ratio `json:"leverage"`
}

// Test is an evaluated rule: a drawdown breaches below the threshold, a target is reached at it.
type Test struct {
	Rule      string      `json:"rule"`
	Basis     string      `json:"basis"`
	Value     fixed.USD   `json:"value"`
	Anchor    fixed.USD   `json:"anchor"`
	AnchorSeq uint64      `json:"anchor_seq"`
	Limit     fixed.Ratio `json:"limit" doc:"of the anchor"`
	Op        string      `json:"op"`
	Threshold fixed.USD   `json:"threshold"`
	Headroom  fixed.USD   `json:"headroom" doc:"dollars that are left"`
}

// Verdict is a decided rule with the figures that decided it.
type Verdict struct {
	Rule      string        `json:"rule"`
	Value     fixed.USD     `json:"value" doc:"equity when decided"`
	Anchor    fixed.USD     `json:"anchor"`
	AnchorSeq uint64        `json:"anchor_seq"`
	Limit     fixed.Ratio   `json:"limit"`
	Op        string        `json:"op,omitempty"`
	Deadline  *prop.Instant `json:"deadline,omitempty"`
	QuotesSeq uint64        `json:"quotes_seq"`
}

// Pass is a phase that was passed into the bucket.
type Pass struct {
	Seq     uint64       `json:"seq"`
	At      prop.Instant `json:"at"`
	Bucket  string       `json:"bucket"`
	Verdict Verdict      `json:"verdict"`
}

// Elimination is the record of an account's end: price, anchor and limit.
type Elimination struct {
	Account prop.AccountKey `json:"account"`
	Seq     uint64          `json:"seq"`
	At      prop.Instant    `json:"at"`
	Reason  string          `json:"reason"`
	Bucket  string          `json:"bucket"`
	Verdict Verdict         `json:"verdict"`
	Prices  []PriceUsed     `json:"prices"`
	Balance fixed.USD       `json:"balance" doc:"after flattening"`
}

// PriceUsed is a quote of a verdict with the position that it marked.
type PriceUsed struct {
	Pair     string      `json:"pair"`
	Quantity fixed.Qty   `json:"quantity"`
	Bid      fixed.Price `json:"bid"`
	Ask      fixed.Price `json:"ask"`
	Mark     fixed.Price `json:"mark"`
}

// Order is a market order through its life.
type Order struct {
	ID         prop.CommandID  `json:"id"`
	Account    prop.AccountKey `json:"account"`
	Pair       string          `json:"pair"`
	Type       string          `json:"type"`
	Side       string          `json:"side"`
	Leverage   *fixed.Ratio    `json:"leverage,omitempty"`
	Value      *fixed.USD      `json:"value,omitempty"`
	Quantity   *fixed.Qty      `json:"quantity,omitempty"`
	LimitPrice *fixed.Price    `json:"limit_price,omitempty"`
	StopLoss   *fixed.Price    `json:"stop_loss,omitempty"`
	TakeProfit *fixed.Price    `json:"take_profit,omitempty"`
	Parent     *prop.CommandID `json:"parent,omitempty" doc:"the order whose fill made this bracket"`
	Status     string          `json:"status" enum:"waiting,resting,filled,cancelled"`
	Reason     string          `json:"reason,omitempty" doc:"of a cancellation"`
	Seq        uint64          `json:"seq"`
	At         prop.Instant    `json:"at"`
	Fill       *Fill           `json:"fill,omitempty"`
}

// Fill is how an order filled.
type Fill struct {
	Seq       uint64       `json:"seq"`
	At        prop.Instant `json:"at"`
	Trigger   string       `json:"trigger,omitempty" enum:"limit,stop_loss,take_profit"`
	Quoted    fixed.Price  `json:"quoted" doc:"before slippage"`
	Slippage  fixed.Ratio  `json:"slippage" doc:"part of the price, against the trader"`
	Price     fixed.Price  `json:"price" doc:"paid"`
	Quantity  fixed.Qty    `json:"quantity" doc:"signed"`
	Value     fixed.USD    `json:"value"`
	Realised  fixed.USD    `json:"realised"`
	Fee       fixed.USD    `json:"fee"`
	NotTraded fixed.Qty    `json:"not_traded" doc:"what of an opposite order exceeded the position"`
	QuotesSeq uint64       `json:"quotes_seq"`
}

// Price is a pair with its last quote.
type Price struct {
	Pair        string        `json:"pair"`
	Display     string        `json:"display"`
	Class       string        `json:"class"`
	State       string        `json:"state"`
	Bid         fixed.Price   `json:"bid"`
	Ask         fixed.Price   `json:"ask"`
	Mark        fixed.Price   `json:"mark"`
	Seen        *prop.Instant `json:"seen,omitempty"`
	AgeMs       *int64        `json:"age_ms,omitempty" doc:"by the node's time"`
	Seq         uint64        `json:"seq,omitempty"`
	MinLeverage fixed.Ratio   `json:"min_leverage"`
	MaxLeverage fixed.Ratio   `json:"max_leverage"`
	Multiplier  int64         `json:"multiplier" doc:"weight of its leverage in the portfolio's"`
	RateNum     fixed.Price   `json:"usd_rate_num,omitempty" doc:"USD per unit of quote currency is num/den"`
	RateDen     fixed.Price   `json:"usd_rate_den,omitempty"`
	Lot         int64         `json:"lot" doc:"units of base per 1.0 quantity"`
	Open        bool          `json:"open" doc:"the market's session now"`
	NextOpen    *prop.Instant `json:"next_open,omitempty"`
	NextClose   *prop.Instant `json:"next_close,omitempty"`
	FeeRate     fixed.Ratio   `json:"fee_rate" doc:"of notional value, under the default rules"`
	CarryRate   fixed.Ratio   `json:"carry_rate" doc:"of notional value, per unit of the carry calendar"`
	Tradable    bool          `json:"tradable" doc:"new exposure is to be had now"`
	Why         string        `json:"why,omitempty" doc:"why it is not"`
}

// DryRun is what an order would do on the quotes as they are. Nothing has changed.
type DryRun struct {
	AsOf      AsOf     `json:"as_of"`
	Refused   *Problem `json:"refused,omitempty"`
	Fills     bool     `json:"fills" doc:"on the next price batch, if the quote stays; else it rests"`
	Cancelled string   `json:"cancelled,omitempty" doc:"why it would end instead"`
	Fill      *Fill    `json:"fill,omitempty"`
	Account   *Account `json:"account,omitempty" doc:"as it would be afterwards: leverage of the position, headroom of the rules"`
}

// Roots are the newest recorded roots: what was true at at_seq.
type Roots struct {
	AtSeq     uint64    `json:"at_seq"`
	RecordSeq uint64    `json:"record_seq"`
	Registry  prop.Hash `json:"registry"`
	Trading   prop.Hash `json:"trading"`
	AsOf      AsOf      `json:"as_of"`
}

// Lists and single answers with the record that they include.
type (
	EntityAnswer struct {
		AsOf   AsOf   `json:"as_of"`
		Entity Entity `json:"entity"`
	}
	EntityList struct {
		AsOf     AsOf     `json:"as_of"`
		Entities []Entity `json:"entities"`
	}
	AccountAnswer struct {
		AsOf    AsOf    `json:"as_of"`
		Account Account `json:"account"`
	}
	AccountList struct {
		AsOf     AsOf      `json:"as_of"`
		Accounts []Account `json:"accounts"`
	}
	OrderAnswer struct {
		AsOf  AsOf  `json:"as_of"`
		Order Order `json:"order"`
	}
	OrderList struct {
		AsOf   AsOf    `json:"as_of"`
		Orders []Order `json:"orders"`
	}
	EliminationList struct {
		AsOf         AsOf          `json:"as_of"`
		Eliminations []Elimination `json:"eliminations"`
	}
	PriceList struct {
		AsOf   AsOf    `json:"as_of"`
		Prices []Price `json:"prices"`
	}
)
