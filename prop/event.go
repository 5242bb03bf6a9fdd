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

// PricesObserved is one price batch: the quotes that changed, and which pairs were seen at all,
// so that a quiet pair is not a stale one. Evolving it marks every account that holds the pairs.
type PricesObserved struct {
	Observed Instant       `cbor:"1,keyasint"`
	Changed  []PriceChange `cbor:"2,keyasint"`
	Seen     Bitmap        `cbor:"3,keyasint"` // bitmap over pair references, low bit first
}

// OrderAccepted is a market order that waits for the pair's batch number FillAfter.
type OrderAccepted struct {
	Order     CommandID   `cbor:"1,keyasint"`
	Account   AccountRef  `cbor:"2,keyasint"`
	Pair      PairRef     `cbor:"3,keyasint"`
	Side      Side        `cbor:"4,keyasint"`
	SizeKind  SizeKind    `cbor:"5,keyasint,omitempty"`
	Leverage  fixed.Ratio `cbor:"6,keyasint,omitempty"`
	Value     fixed.USD   `cbor:"7,keyasint,omitempty"`
	Quantity  fixed.Qty   `cbor:"8,keyasint,omitempty"`
	FillAfter uint64      `cbor:"9,keyasint"`
}

// OrderFilled moves a position. Quantity is signed; Value is quantity·price·lot, half-even.
type OrderFilled struct {
	Order     CommandID   `cbor:"1,keyasint"`
	Account   AccountRef  `cbor:"2,keyasint"`
	Pair      PairRef     `cbor:"3,keyasint"`
	Side      Side        `cbor:"4,keyasint"`
	Price     fixed.Price `cbor:"5,keyasint"`
	Quantity  fixed.Qty   `cbor:"6,keyasint"`
	Value     fixed.USD   `cbor:"7,keyasint"`
	Realised  fixed.USD   `cbor:"8,keyasint,omitempty"`  // profit or loss of the part that was closed
	CostDelta fixed.USD   `cbor:"9,keyasint"`            // change of the position's signed cost
	NotTraded fixed.Qty   `cbor:"10,keyasint,omitempty"` // excess of an opposite order over the position
	QuotesSeq uint64      `cbor:"11,keyasint"`
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
	Account   AccountRef  `cbor:"1,keyasint"`
	Pair      PairRef     `cbor:"2,keyasint"`
	Price     fixed.Price `cbor:"3,keyasint"`
	Quantity  fixed.Qty   `cbor:"4,keyasint"` // signed change: minus the position
	Value     fixed.USD   `cbor:"5,keyasint"`
	Realised  fixed.USD   `cbor:"6,keyasint"`
	CostDelta fixed.USD   `cbor:"7,keyasint"`
	QuotesSeq uint64      `cbor:"8,keyasint"`
	PriceAge  int64       `cbor:"9,keyasint"` // ms since the pair was last seen
	Reason    Reason      `cbor:"10,keyasint"`
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
	}
	return nil
}
