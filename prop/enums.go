package prop

import "fmt"

// Side of an order: LONG buys, SHORT sells, FLAT closes the whole position.
type Side uint8

const (
	Long Side = iota + 1
	Short
	Flat
)

// SizeKind says which of the three size fields of an order is meant.
type SizeKind uint8

const (
	ByLeverage SizeKind = iota + 1
	ByValue
	ByQuantity
)

// Status is where an account is in its life. Eliminated and failed are final.
type Status uint8

const (
	Pending    Status = iota + 1 // created; its collateral lock is not confirmed yet
	Active                       // may trade
	Frozen                       // breached; being flattened and eliminated
	Eliminated                   // final
	Failed                       // the collateral lock failed; final
)

// EffectKind is what an effect does outside the node.
type EffectKind uint8

const (
	LockCollateral  EffectKind = iota + 1 // reserve theta for one subaccount
	SlashCollateral                       // burn what was reserved
)

// EffectStatus is how far an effect has come.
type EffectStatus uint8

const (
	EffectRequestedStatus EffectStatus = iota + 1 // durable, not sent
	EffectSubmittedStatus                         // its transaction hash is durable; it may have been sent
	EffectDone
	EffectFailed
)

// Op compares a drawdown with its limit: whether touching the limit breaches is the rule's to say.
type Op uint8

const (
	GT Op = iota + 1 // breach only beyond the limit
	GE               // breach at the limit
)

// Reason says why an account was eliminated or an order cancelled.
type Reason uint8

const (
	PeakDrawdown     Reason = iota + 1 // equity fell too far below its peak
	TimeLimit                          // the phase's deadline passed without the target
	AccountGone                        // an order died with its account
	NothingToClose                     // a FLAT found no position
	SizeTooSmall                       // the size came to no quantity at the fill price
	LeverageExceeded                   // at the fill price the position would exceed its bound
	ByOwner                            // cancelled by a signed call
	PositionGone                       // a bracket died with its position
	PairClosed                         // the pair may not be traded when the order would fill
	OutOfOrders                        // the position has as many orders as it may
	PricesInvalid                      // a stop or a take profit is on the wrong side of the fill
	KillSwitch                         // flattened or halted by an operator or the firm
)

// Role is what an operator key may do.
type Role uint8

const (
	FeedRole Role = iota + 1 // push prices
	RiskRole                 // halt and resume pairs, accounts and firms
)

// PairState is what may be done with a pair.
type PairState uint8

const (
	Tradable   PairState = iota + 1
	ReduceOnly           // open positions may be reduced and closed
	DataOnly             // priced, for conversions; never traded
	Halted               // not traded for the time being; positions may be closed
	Retired              // neither traded nor priced any more
)

// OrderType says when an order fills.
type OrderType uint8

const (
	Market  OrderType = iota + 1 // on the pair's next price batch
	Limit                        // when the market reaches its limit price
	Bracket                      // closes a position at a stop loss or a take profit
)

// Scope is what a kill switch is thrown for.
type Scope uint8

const (
	Everything Scope = iota + 1
	OneEntity
	OneAccount
)

// Trigger is what made a resting order fill.
type Trigger uint8

const (
	AtLimit Trigger = iota + 1
	AtStopLoss
	AtTakeProfit
)

type name[T ~uint8] struct {
	v T
	s string
}

var (
	sideNames   = []name[Side]{{Long, "LONG"}, {Short, "SHORT"}, {Flat, "FLAT"}}
	sizeNames   = []name[SizeKind]{{ByLeverage, "leverage"}, {ByValue, "value"}, {ByQuantity, "quantity"}}
	statusNames = []name[Status]{{Pending, "pending"}, {Active, "active"}, {Frozen, "frozen"}, {Eliminated, "eliminated"}, {Failed, "failed"}}
	effectNames = []name[EffectKind]{{LockCollateral, "lock_collateral"}, {SlashCollateral, "slash_collateral"}}
	stageNames  = []name[EffectStatus]{{EffectRequestedStatus, "requested"}, {EffectSubmittedStatus, "submitted"}, {EffectDone, "done"}, {EffectFailed, "failed"}}
	opNames     = []name[Op]{{GT, "gt"}, {GE, "ge"}}
	roleNames   = []name[Role]{{FeedRole, "feed"}, {RiskRole, "risk"}}
	reasonNames = []name[Reason]{
		{PeakDrawdown, "peak_drawdown"}, {TimeLimit, "time_limit"}, {AccountGone, "account_eliminated"},
		{NothingToClose, "nothing_to_close"}, {SizeTooSmall, "size_too_small"}, {LeverageExceeded, "leverage_exceeded"},
		{ByOwner, "by_owner"}, {PositionGone, "position_gone"}, {PairClosed, "pair_closed"}, {OutOfOrders, "out_of_orders"},
		{PricesInvalid, "prices_invalid"}, {KillSwitch, "kill_switch"},
	}
	pairStateNames = []name[PairState]{{Tradable, "tradable"}, {ReduceOnly, "reduce_only"}, {DataOnly, "data_only"}, {Halted, "halted"}, {Retired, "retired"}}
	orderTypeNames = []name[OrderType]{{Market, "MARKET"}, {Limit, "LIMIT"}, {Bracket, "BRACKET"}}
	scopeNames     = []name[Scope]{{Everything, "everything"}, {OneEntity, "entity"}, {OneAccount, "account"}}
	triggerNames   = []name[Trigger]{{AtLimit, "limit"}, {AtStopLoss, "stop_loss"}, {AtTakeProfit, "take_profit"}}
)

func nameOf[T ~uint8](names []name[T], v T) string {
	for _, n := range names {
		if n.v == v {
			return n.s
		}
	}
	return fmt.Sprintf("unknown(%d)", v) // %v would ask String again
}

func valueOf[T ~uint8](names []name[T], v *T, text []byte) error {
	for _, n := range names {
		if n.s == string(text) {
			*v = n.v
			return nil
		}
	}
	return fmt.Errorf("%q is not one of the known values", clip(string(text)))
}

func (v Side) String() string         { return nameOf(sideNames, v) }
func (v SizeKind) String() string     { return nameOf(sizeNames, v) }
func (v Status) String() string       { return nameOf(statusNames, v) }
func (v EffectKind) String() string   { return nameOf(effectNames, v) }
func (v EffectStatus) String() string { return nameOf(stageNames, v) }
func (v Op) String() string           { return nameOf(opNames, v) }
func (v Role) String() string         { return nameOf(roleNames, v) }
func (v Reason) String() string       { return nameOf(reasonNames, v) }

func (v Side) MarshalText() ([]byte, error)         { return []byte(v.String()), nil }
func (v SizeKind) MarshalText() ([]byte, error)     { return []byte(v.String()), nil }
func (v Status) MarshalText() ([]byte, error)       { return []byte(v.String()), nil }
func (v EffectKind) MarshalText() ([]byte, error)   { return []byte(v.String()), nil }
func (v EffectStatus) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
func (v Op) MarshalText() ([]byte, error)           { return []byte(v.String()), nil }
func (v Role) MarshalText() ([]byte, error)         { return []byte(v.String()), nil }
func (v Reason) MarshalText() ([]byte, error)       { return []byte(v.String()), nil }

func (v *Side) UnmarshalText(b []byte) error { return valueOf(sideNames, v, b) }
func (v *Op) UnmarshalText(b []byte) error   { return valueOf(opNames, v, b) }
func (v *Role) UnmarshalText(b []byte) error { return valueOf(roleNames, v, b) }

func (v PairState) String() string                { return nameOf(pairStateNames, v) }
func (v PairState) MarshalText() ([]byte, error)  { return []byte(v.String()), nil }
func (v *PairState) UnmarshalText(b []byte) error { return valueOf(pairStateNames, v, b) }

func (v OrderType) String() string                { return nameOf(orderTypeNames, v) }
func (v OrderType) MarshalText() ([]byte, error)  { return []byte(v.String()), nil }
func (v *OrderType) UnmarshalText(b []byte) error { return valueOf(orderTypeNames, v, b) }

func (v Trigger) String() string               { return nameOf(triggerNames, v) }
func (v Trigger) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

func (v Scope) String() string               { return nameOf(scopeNames, v) }
func (v Scope) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
