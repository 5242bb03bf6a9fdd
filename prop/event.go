package prop

import "github.com/propnet/propnet/fixed"

// EventKind numbers the events in journals. Append-only.
type EventKind uint16

const (
	KindGenesisSet EventKind = iota + 1
	KindEntityRegistered
	KindCollateralObserved
	KindSubaccountCreated
	KindStatusChanged
	KindBucketChanged
	KindEffectRequested
	KindEffectSubmitted
	KindEffectCompleted
	KindPricesObserved
	KindOrderAccepted
	KindOrderFilled
	KindOrderCancelled
	KindFeeCharged
	KindAccountsFrozen
	KindPositionClosed
	KindAccountEliminated
	KindRootRecorded
	KindOrderTriggered
	KindCarryCharged
	KindPairStateChanged
	KindHaltChanged
	KindSizeScheduled
	KindAccountSized
)

// Event is something that happened. It carries all that evolving needs, so that an old journal
// replays to the same state whatever the rules have become.
type Event interface{ EventKind() EventKind }

// GenesisSet opens the journal.
type GenesisSet struct {
	Genesis Genesis `cbor:"1,keyasint"`
}

// EntityRegistered adds an entity; its references are dense.
type EntityRegistered struct {
	Entity  EntityRef `cbor:"1,keyasint"`
	Hotkey  Hotkey    `cbor:"2,keyasint"`
	Coldkey Hotkey    `cbor:"3,keyasint"`
	Miner   bool      `cbor:"4,keyasint,omitempty"` // a plain miner with one account, not a firm
}

// CollateralObserved replaces what is known of an entity's deposit.
type CollateralObserved struct {
	Entity    EntityRef   `cbor:"1,keyasint"`
	Deposited fixed.Theta `cbor:"2,keyasint"`
}

// SubaccountCreated consumes the entity's next number. The account is pending and its lock is
// reserved from here on.
type SubaccountCreated struct {
	Account AccountRef  `cbor:"1,keyasint"`
	Entity  EntityRef   `cbor:"2,keyasint"`
	ID      uint32      `cbor:"3,keyasint"`
	Rules   RulesRef    `cbor:"4,keyasint"`
	Size    fixed.USD   `cbor:"5,keyasint"`
	Lock    fixed.Theta `cbor:"6,keyasint"`
	Class   string      `cbor:"7,keyasint"` // the one asset class that it may trade, for ever
}

// SizeScheduled says which size a miner's account takes at an instant. It replaces what was scheduled.
type SizeScheduled struct {
	Account AccountRef `cbor:"1,keyasint"`
	Size    fixed.USD  `cbor:"2,keyasint"`
	At      Instant    `cbor:"3,keyasint"`
}

// AccountSized makes the scheduled size the account's: balance and peak move by the difference.
type AccountSized struct {
	Account AccountRef `cbor:"1,keyasint"`
	Size    fixed.USD  `cbor:"2,keyasint"`
}

// StatusChanged moves an account through its life.
type StatusChanged struct {
	Account AccountRef `cbor:"1,keyasint"`
	Status  Status     `cbor:"2,keyasint"`
}

// BucketChanged starts a phase. Verdict is the passed test of the phase before, absent for the first.
type BucketChanged struct {
	Account  AccountRef `cbor:"1,keyasint"`
	Phase    uint8      `cbor:"2,keyasint"` // index into the pinned rule set's phases
	Bucket   string     `cbor:"3,keyasint"`
	Deadline Instant    `cbor:"4,keyasint,omitempty"` // 0 = none
	Verdict  *Verdict   `cbor:"5,keyasint,omitempty"`
}

// Verdict is a decided rule with the numbers that decided it: value against limit from anchor.
//
//	peak_drawdown:  (anchor − value) / anchor  op  limit, anchor = peak equity
//	return target:  (value − anchor) / anchor  ≥   limit, anchor = starting balance
//	time_limit:     at > deadline (limit and op unused), anchor = starting balance
type Verdict struct {
	Rule      string      `cbor:"1,keyasint"`           // peak_drawdown, return_target, time_limit
	Value     fixed.USD   `cbor:"2,keyasint"`           // equity when decided
	Anchor    fixed.USD   `cbor:"3,keyasint"`           // what it is measured from
	AnchorSeq uint64      `cbor:"4,keyasint"`           // record that set the anchor
	Limit     fixed.Ratio `cbor:"5,keyasint,omitempty"` // of the anchor
	Op        Op          `cbor:"6,keyasint,omitempty"`
	Deadline  Instant     `cbor:"7,keyasint,omitempty"`
	QuotesSeq uint64      `cbor:"8,keyasint"` // record of the price batch that was marked
}

// EffectRequested asks for something outside the node; durable before anyone acts on it.
type EffectRequested struct {
	Effect  EffectID    `cbor:"1,keyasint"`
	Kind    EffectKind  `cbor:"2,keyasint"`
	Entity  EntityRef   `cbor:"3,keyasint"`
	Account AccountRef  `cbor:"4,keyasint"`
	Amount  fixed.Theta `cbor:"5,keyasint"`
}

// EffectSubmitted makes the transaction's hash durable before it is sent.
type EffectSubmitted struct {
	Effect EffectID `cbor:"1,keyasint"`
	TxHash Hash     `cbor:"2,keyasint"`
}

// EffectCompleted ends an effect. Kind, entity and amount are repeated so that evolving needs no rule.
type EffectCompleted struct {
	Effect EffectID `cbor:"1,keyasint"`
	OK     bool     `cbor:"2,keyasint"`
	Detail string   `cbor:"3,keyasint,omitempty"`
}

// PriceChange is a pair whose quote differs from the last one.
type PriceChange struct {
	Pair PairRef     `cbor:"1,keyasint"`
	Bid  fixed.Price `cbor:"2,keyasint"`
	Ask  fixed.Price `cbor:"3,keyasint"`
}

// UsdRate is what one unit of a pair's quote currency is worth in USD: exactly Num/Den.
type UsdRate struct {
	Pair PairRef     `cbor:"1,keyasint"`
	Num  fixed.Price `cbor:"2,keyasint"`
	Den  fixed.Price `cbor:"3,keyasint"`
}

// PricesObserved is one price batch: the quotes that changed, and which pairs were seen at all,
// so that a quiet pair is not a stale one. Evolving it marks every account that holds the pairs.
type PricesObserved struct {
	Observed Instant       `cbor:"1,keyasint"`
	Changed  []PriceChange `cbor:"2,keyasint"`
	Seen     Bitmap        `cbor:"3,keyasint"`           // over pair references
	Rates    []UsdRate     `cbor:"4,keyasint,omitempty"` // of pairs not quoted in USD, where they changed
}

// OrderAccepted is an order that waits: a MARKET for the pair's batch number FillAfter, a LIMIT or
// BRACKET from then on for its price. The limits that it used up are carried as they are after it,
// so that evolving needs no rule.
type OrderAccepted struct {
	Order       CommandID   `cbor:"1,keyasint"`
	Account     AccountRef  `cbor:"2,keyasint"`
	Pair        PairRef     `cbor:"3,keyasint"`
	Side        Side        `cbor:"4,keyasint"` // of a BRACKET: the side that closes its position
	SizeKind    SizeKind    `cbor:"5,keyasint,omitempty"`
	Leverage    fixed.Ratio `cbor:"6,keyasint,omitempty"`
	Value       fixed.USD   `cbor:"7,keyasint,omitempty"`
	Quantity    fixed.Qty   `cbor:"8,keyasint,omitempty"`
	FillAfter   uint64      `cbor:"9,keyasint"`
	Type        OrderType   `cbor:"10,keyasint"`
	LimitPrice  fixed.Price `cbor:"11,keyasint,omitempty"`
	StopLoss    fixed.Price `cbor:"12,keyasint,omitempty"`
	TakeProfit  fixed.Price `cbor:"13,keyasint,omitempty"`
	Parent      CommandID   `cbor:"14,keyasint,omitempty"` // the order whose fill made this bracket
	CoolUntil   Instant     `cbor:"15,keyasint,omitempty"` // the account's next order in the pair
	AccountRate Window      `cbor:"16,keyasint"`           // zero for a bracket that a fill made
	EntityRate  Window      `cbor:"17,keyasint"`
}

// Window is a rate's window as it stands: how many since its start.
type Window struct {
	Start Instant `cbor:"1,keyasint"`
	Count int64   `cbor:"2,keyasint"`
}

// OrderTriggered says that a resting order met its price; it fills in the same record.
type OrderTriggered struct {
	Order   CommandID   `cbor:"1,keyasint"`
	Account AccountRef  `cbor:"2,keyasint"`
	Trigger Trigger     `cbor:"3,keyasint"`
	Price   fixed.Price `cbor:"4,keyasint"` // the limit, stop or take profit that was met
}

// Trade is what a fill or a forced close does to a position, in quote currency (signed) and in USD.
type Trade struct {
	Quoted    fixed.Price `cbor:"1,keyasint"`           // bid or ask, or the resting order's price, before slippage
	Slippage  fixed.Ratio `cbor:"2,keyasint,omitempty"` // against the trader
	Price     fixed.Price `cbor:"3,keyasint"`           // what was paid
	Quantity  fixed.Qty   `cbor:"4,keyasint"`           // signed
	CostDelta fixed.USD   `cbor:"5,keyasint"`           // of the position's signed cost, in quote currency
	Gain      fixed.USD   `cbor:"6,keyasint,omitempty"` // of the part that was closed, in quote currency
	RateNum   fixed.Price `cbor:"7,keyasint"`           // USD per unit of quote currency
	RateDen   fixed.Price `cbor:"8,keyasint"`
	Value     fixed.USD   `cbor:"9,keyasint"`            // |quantity|·price·lot in USD, half-even
	Realised  fixed.USD   `cbor:"10,keyasint,omitempty"` // the gain in USD, half-even
	QuotesSeq uint64      `cbor:"11,keyasint"`           // record of the price batch
}

// OrderFilled moves a position.
type OrderFilled struct {
	Order     CommandID  `cbor:"1,keyasint"`
	Account   AccountRef `cbor:"2,keyasint"`
	Pair      PairRef    `cbor:"3,keyasint"`
	Side      Side       `cbor:"4,keyasint"`
	Trade     Trade      `cbor:"5,keyasint"`
	NotTraded fixed.Qty  `cbor:"6,keyasint,omitempty"` // excess of an opposite order over the position
}

// OrderCancelled ends an order that did not fill.
type OrderCancelled struct {
	Order   CommandID  `cbor:"1,keyasint"`
	Account AccountRef `cbor:"2,keyasint"`
	Reason  Reason     `cbor:"3,keyasint"`
}

// FeeCharged is a transaction fee: rate·|notional|, rounded up.
type FeeCharged struct {
	Account  AccountRef  `cbor:"1,keyasint"`
	Pair     PairRef     `cbor:"2,keyasint"`
	Rate     fixed.Ratio `cbor:"3,keyasint"`
	Notional fixed.USD   `cbor:"4,keyasint"`
	Amount   fixed.USD   `cbor:"5,keyasint"`
}

// AccountsFrozen stops all accounts that breached on one batch, at once.
type AccountsFrozen struct {
	Accounts  AccountSet `cbor:"1,keyasint"`
	Reason    Reason     `cbor:"2,keyasint"`
	QuotesSeq uint64     `cbor:"3,keyasint"`
}

// PositionClosed is a forced close at the last sane price.
type PositionClosed struct {
	Account  AccountRef `cbor:"1,keyasint"`
	Pair     PairRef    `cbor:"2,keyasint"`
	Trade    Trade      `cbor:"3,keyasint"`
	PriceAge int64      `cbor:"4,keyasint"` // ms since the pair was last seen
	Reason   Reason     `cbor:"5,keyasint"`
}

// CarryCharged is one boundary of the carry calendar: each open position in the pairs pays rate·|value
// at the mark|, rounded up.
type CarryCharged struct {
	Boundary Instant     `cbor:"1,keyasint"`
	Rates    []CarryRate `cbor:"2,keyasint"`
}

// CarryRate is what a position in the pair pays at a boundary: units × the rule set's rate.
type CarryRate struct {
	Pair  PairRef     `cbor:"1,keyasint"`
	Rules RulesRef    `cbor:"2,keyasint"`
	Units int64       `cbor:"3,keyasint"`
	Rate  fixed.Ratio `cbor:"4,keyasint"`
}

// PairStateChanged says what may be done with a pair from now on.
type PairStateChanged struct {
	Pair  PairRef   `cbor:"1,keyasint"`
	State PairState `cbor:"2,keyasint"`
	By    Hotkey    `cbor:"3,keyasint"`
}

// HaltChanged stops or allows new exposure of one account, a firm, or everything.
type HaltChanged struct {
	Scope   Scope       `cbor:"1,keyasint"`
	Entity  *EntityRef  `cbor:"2,keyasint,omitempty"` // of a firm or an account
	Account *AccountRef `cbor:"3,keyasint,omitempty"` // of an account
	Halted  bool        `cbor:"4,keyasint"`
	By      Hotkey      `cbor:"5,keyasint"`
}

// PairPrice is a pair with the mark that a verdict used.
type PairPrice struct {
	Pair     PairRef     `cbor:"1,keyasint"`
	Quantity fixed.Qty   `cbor:"2,keyasint"` // position when the account was frozen
	Bid      fixed.Price `cbor:"3,keyasint"`
	Ask      fixed.Price `cbor:"4,keyasint"`
	Mark     fixed.Price `cbor:"5,keyasint"`
}

// AccountEliminated is final. It names price, anchor and limit.
type AccountEliminated struct {
	Account AccountRef  `cbor:"1,keyasint"`
	Reason  Reason      `cbor:"2,keyasint"`
	Bucket  string      `cbor:"3,keyasint"`
	Verdict Verdict     `cbor:"4,keyasint"`
	Prices  []PairPrice `cbor:"5,keyasint"` // one per open position, in order of the pair references
	Balance fixed.USD   `cbor:"6,keyasint"` // after flattening
}

// RootRecorded states the roots as of AtSeq, the sequence before this record's.
type RootRecorded struct {
	AtSeq    uint64 `cbor:"1,keyasint"`
	Registry Hash   `cbor:"2,keyasint"`
	Trading  Hash   `cbor:"3,keyasint"`
}

func (*GenesisSet) EventKind() EventKind         { return KindGenesisSet }
func (*EntityRegistered) EventKind() EventKind   { return KindEntityRegistered }
func (*CollateralObserved) EventKind() EventKind { return KindCollateralObserved }
func (*SubaccountCreated) EventKind() EventKind  { return KindSubaccountCreated }
func (*StatusChanged) EventKind() EventKind      { return KindStatusChanged }
func (*BucketChanged) EventKind() EventKind      { return KindBucketChanged }
func (*EffectRequested) EventKind() EventKind    { return KindEffectRequested }
func (*EffectSubmitted) EventKind() EventKind    { return KindEffectSubmitted }
func (*EffectCompleted) EventKind() EventKind    { return KindEffectCompleted }
func (*PricesObserved) EventKind() EventKind     { return KindPricesObserved }
func (*OrderAccepted) EventKind() EventKind      { return KindOrderAccepted }
func (*OrderFilled) EventKind() EventKind        { return KindOrderFilled }
func (*OrderCancelled) EventKind() EventKind     { return KindOrderCancelled }
func (*FeeCharged) EventKind() EventKind         { return KindFeeCharged }
func (*AccountsFrozen) EventKind() EventKind     { return KindAccountsFrozen }
func (*PositionClosed) EventKind() EventKind     { return KindPositionClosed }
func (*AccountEliminated) EventKind() EventKind  { return KindAccountEliminated }
func (*RootRecorded) EventKind() EventKind       { return KindRootRecorded }
func (*OrderTriggered) EventKind() EventKind     { return KindOrderTriggered }
func (*CarryCharged) EventKind() EventKind       { return KindCarryCharged }
func (*PairStateChanged) EventKind() EventKind   { return KindPairStateChanged }
func (*HaltChanged) EventKind() EventKind        { return KindHaltChanged }
func (*SizeScheduled) EventKind() EventKind      { return KindSizeScheduled }
func (*AccountSized) EventKind() EventKind       { return KindAccountSized }

// NewEvent is an empty event of the kind, or nil where the kind is unknown.
func NewEvent(k EventKind) Event {
	switch k {
	case KindGenesisSet:
		return new(GenesisSet)
	case KindEntityRegistered:
		return new(EntityRegistered)
	case KindCollateralObserved:
		return new(CollateralObserved)
	case KindSubaccountCreated:
		return new(SubaccountCreated)
	case KindStatusChanged:
		return new(StatusChanged)
	case KindBucketChanged:
		return new(BucketChanged)
	case KindEffectRequested:
		return new(EffectRequested)
	case KindEffectSubmitted:
		return new(EffectSubmitted)
	case KindEffectCompleted:
		return new(EffectCompleted)
	case KindPricesObserved:
		return new(PricesObserved)
	case KindOrderAccepted:
		return new(OrderAccepted)
	case KindOrderFilled:
		return new(OrderFilled)
	case KindOrderCancelled:
		return new(OrderCancelled)
	case KindFeeCharged:
		return new(FeeCharged)
	case KindAccountsFrozen:
		return new(AccountsFrozen)
	case KindPositionClosed:
		return new(PositionClosed)
	case KindAccountEliminated:
		return new(AccountEliminated)
	case KindRootRecorded:
		return new(RootRecorded)
	case KindOrderTriggered:
		return new(OrderTriggered)
	case KindCarryCharged:
		return new(CarryCharged)
	case KindPairStateChanged:
		return new(PairStateChanged)
	case KindHaltChanged:
		return new(HaltChanged)
	case KindSizeScheduled:
		return new(SizeScheduled)
	case KindAccountSized:
		return new(AccountSized)
	}
	return nil
}
