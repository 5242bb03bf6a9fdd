package prop

import "github.com/propnet/propnet/fixed"

// CommandKind numbers the commands in journals. Append-only.
type CommandKind uint16

const (
	KindGenesis CommandKind = iota + 1
	KindRegisterEntity
	KindCreateSubaccount
	KindSubmitOrder
	KindObservePrices
	KindObserveCollateral
	KindRecordSubmission
	KindCompleteEffect
	KindTick
	KindRecordRoot
	KindCancelOrder
	KindSetPairState
	KindHalt
	KindRegisterMiner
)

// Command is something that the engine is asked to do.
type Command interface{ CommandKind() CommandKind }

// Start is the first command of a journal: the genesis takes effect.
type Start struct {
	Genesis Genesis `cbor:"1,keyasint"`
}

// RegisterEntity makes a chain hotkey an entity. Signed by the hotkey, which so proves
// possession; the coldkey becomes its owner.
type RegisterEntity struct {
	Hotkey  Hotkey `cbor:"1,keyasint"`
	Coldkey Hotkey `cbor:"2,keyasint"`
}

// RegisterMiner makes a chain hotkey a plain miner, who trades one account of one asset class, for
// ever, of a size that follows from the deposit (MinerRules). Signed by the hotkey.
type RegisterMiner struct {
	Hotkey  Hotkey `cbor:"1,keyasint"`
	Coldkey Hotkey `cbor:"2,keyasint"`
	Class   string `cbor:"3,keyasint"`
}

// CreateSubaccount opens the entity's next account under the network's default rules, for one
// asset class for ever. Signed by the entity's hotkey or coldkey.
type CreateSubaccount struct {
	Entity Hotkey `cbor:"1,keyasint"`
	Class  string `cbor:"2,keyasint"`
}

// SubmitOrder is an order. Its id is the command's. Signed by the entity's hotkey or coldkey.
//
// MARKET and LIMIT open, add to or reduce a position: side LONG or SHORT with exactly one of the
// three sizes; MARKET also FLAT without size. A LIMIT has a limit price. A stop loss and a take
// profit, either or both, make a BRACKET of the filled quantity when the order fills.
//
// BRACKET closes an open position at its stop loss or take profit; without size it is for the whole
// position. It has no side of its own.
type SubmitOrder struct {
	Account    AccountKey  `cbor:"1,keyasint"`
	Pair       string      `cbor:"2,keyasint"`
	Side       Side        `cbor:"3,keyasint,omitempty"`
	SizeKind   SizeKind    `cbor:"4,keyasint,omitempty"`
	Leverage   fixed.Ratio `cbor:"5,keyasint,omitempty"` // of the starting balance
	Value      fixed.USD   `cbor:"6,keyasint,omitempty"` // notional
	Quantity   fixed.Qty   `cbor:"7,keyasint,omitempty"`
	Type       OrderType   `cbor:"8,keyasint"`
	LimitPrice fixed.Price `cbor:"9,keyasint,omitempty"`
	StopLoss   fixed.Price `cbor:"10,keyasint,omitempty"`
	TakeProfit fixed.Price `cbor:"11,keyasint,omitempty"`
}

// CancelOrder cancels one resting order of an account, or all of them where Order is zero. Signed
// by the entity's hotkey or coldkey.
type CancelOrder struct {
	Account AccountKey `cbor:"1,keyasint"`
	Order   CommandID  `cbor:"2,keyasint,omitempty"`
}

// SetPairState halts or resumes a pair, or narrows it for good. Signed by an operator key with the
// risk role.
type SetPairState struct {
	Pair  string    `cbor:"1,keyasint"`
	State PairState `cbor:"2,keyasint"`
}

// Halt is the kill switch: it stops or allows new exposure, and flattens on request, of one account,
// of a firm (Entity), or of everything. Signed by an operator key with the risk role, or by a firm for
// its own.
type Halt struct {
	Entity  Hotkey     `cbor:"1,keyasint,omitempty"` // zero: every firm
	Account AccountKey `cbor:"2,keyasint,omitempty"` // zero: all of them
	Halted  bool       `cbor:"3,keyasint"`
	Flatten bool       `cbor:"4,keyasint,omitempty"`
}

// Quote is what a source shows for a pair at one moment: 0 < Bid ≤ Ask.
type Quote struct {
	Pair string      `cbor:"1,keyasint"`
	Bid  fixed.Price `cbor:"2,keyasint"`
	Ask  fixed.Price `cbor:"3,keyasint"`
}

// ObservePrices is one sane price batch: at most one quote per pair. Observed is the publishers'
// time. From the node's own feed, or signed by an operator key with the feed role.
type ObservePrices struct {
	Observed Instant `cbor:"1,keyasint"`
	Quotes   []Quote `cbor:"2,keyasint"`
}

// ObserveCollateral says what an entity has deposited, as read from the collateral port.
type ObserveCollateral struct {
	Entity    Hotkey      `cbor:"1,keyasint"`
	Deposited fixed.Theta `cbor:"2,keyasint"`
}

// RecordSubmission makes an effect's transaction hash durable before the transaction is sent.
type RecordSubmission struct {
	Effect EffectID `cbor:"1,keyasint"`
	TxHash Hash     `cbor:"2,keyasint"`
}

// CompleteEffect brings an effect's outcome back.
type CompleteEffect struct {
	Effect EffectID `cbor:"1,keyasint"`
	OK     bool     `cbor:"2,keyasint"`
	Detail string   `cbor:"3,keyasint,omitempty"`
}

// Tick lets time do what NextWake promised: eliminations that are due, deadlines.
type Tick struct{}

// RecordRoot puts the roots of the state as of AtSeq into the journal.
type RecordRoot struct {
	AtSeq    uint64 `cbor:"1,keyasint"`
	Registry Hash   `cbor:"2,keyasint"`
	Trading  Hash   `cbor:"3,keyasint"`
}

func (*Start) CommandKind() CommandKind             { return KindGenesis }
func (*RegisterEntity) CommandKind() CommandKind    { return KindRegisterEntity }
func (*CreateSubaccount) CommandKind() CommandKind  { return KindCreateSubaccount }
func (*SubmitOrder) CommandKind() CommandKind       { return KindSubmitOrder }
func (*ObservePrices) CommandKind() CommandKind     { return KindObservePrices }
func (*ObserveCollateral) CommandKind() CommandKind { return KindObserveCollateral }
func (*RecordSubmission) CommandKind() CommandKind  { return KindRecordSubmission }
func (*CompleteEffect) CommandKind() CommandKind    { return KindCompleteEffect }
func (*Tick) CommandKind() CommandKind              { return KindTick }
func (*RecordRoot) CommandKind() CommandKind        { return KindRecordRoot }
func (*CancelOrder) CommandKind() CommandKind       { return KindCancelOrder }
func (*SetPairState) CommandKind() CommandKind      { return KindSetPairState }
func (*Halt) CommandKind() CommandKind              { return KindHalt }
func (*RegisterMiner) CommandKind() CommandKind     { return KindRegisterMiner }

// NewCommand is an empty command of the kind, or nil where the kind is unknown.
func NewCommand(k CommandKind) Command {
	switch k {
	case KindGenesis:
		return new(Start)
	case KindRegisterEntity:
		return new(RegisterEntity)
	case KindCreateSubaccount:
		return new(CreateSubaccount)
	case KindSubmitOrder:
		return new(SubmitOrder)
	case KindObservePrices:
		return new(ObservePrices)
	case KindObserveCollateral:
		return new(ObserveCollateral)
	case KindRecordSubmission:
		return new(RecordSubmission)
	case KindCompleteEffect:
		return new(CompleteEffect)
	case KindTick:
		return new(Tick)
	case KindRecordRoot:
		return new(RecordRoot)
	case KindCancelOrder:
		return new(CancelOrder)
	case KindSetPairState:
		return new(SetPairState)
	case KindHalt:
		return new(Halt)
	case KindRegisterMiner:
		return new(RegisterMiner)
	}
	return nil
}

// Envelope is a signed call as it was received. The signature covers all other fields; request
// says how.
type Envelope struct {
	Network   string    `cbor:"1,keyasint"`
	Audience  Hotkey    `cbor:"2,keyasint"` // the origin whose journal the call is for
	Path      string    `cbor:"3,keyasint"` // of the POST
	ID        CommandID `cbor:"4,keyasint"`
	Time      Instant   `cbor:"5,keyasint"`
	Signer    Hotkey    `cbor:"6,keyasint"`
	Signature Signature `cbor:"7,keyasint"`
	Body      []byte    `cbor:"8,keyasint"` // raw, as signed
}

// Signed is a command with the verified facts of its envelope that deciding may use. The zero ID
// marks a command of the node itself.
type Signed struct {
	Command  Command
	ID       CommandID
	BodyHash Hash // of path and body
	Signer   Hotkey
}

// Internal tells whether the command comes from the node itself and not from a signed call.
func (s Signed) Internal() bool { return s.ID == CommandID{} }

// Stamp is the part of a record that state remembers besides its events.
type Stamp struct {
	Seq      uint64
	At       Instant
	ID       CommandID // zero for the node's own commands
	BodyHash Hash
}

// Record is one journaled decision. A signed record holds the envelope, from which the command
// is decoded again; a record of the node's own holds the command.
type Record struct {
	Seq      uint64
	At       Instant
	Envelope *Envelope
	Command  Command
	Events   []Event
}
