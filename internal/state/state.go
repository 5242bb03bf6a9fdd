package state

import (
	"cmp"
	"slices"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// State is the ground state. The zero value is not usable; see New.
type State struct {
	seq     uint64
	at      prop.Instant
	genesis prop.Genesis

	entities []Entity
	accounts accounts
	quotes   []Quote          // by PairRef
	pairs    []prop.PairState // by PairRef
	books    []book           // by PairRef
	orders   [][]*Order       // by PairRef: waiting or resting, in order of acceptance
	accepted uint64           // orders so far
	halted   bool             // nobody takes new exposure
	effects  []Effect
	sizings  []Sizing // ascending by time, then account
	frozen   []Frozen // wait for elimination, ascending by account
	ids      idWindow

	// Derived from the above, for look-up.
	entityByKey map[prop.Hotkey]prop.EntityRef
	pairByID    map[string]prop.PairRef
	orderByID   map[prop.CommandID]*Order
	deadlines   []deadline      // ascending; of active accounts only
	openEffects []prop.EffectID // ascending; requested or submitted
}

// Entity is a prop firm.
type Entity struct {
	Hotkey, Coldkey prop.Hotkey
	Miner           bool // a plain miner with one account, not a firm
	Known           bool // its deposit has been read
	Deposited       fixed.Theta
	Locked          fixed.Theta // reserved for accounts, confirmed or not
	Slashed         fixed.Theta
	Halted          bool // its accounts take no new exposure
	OrderRate       prop.Window
	Live            int64             // slots taken: pending, active and frozen accounts
	Accounts        []prop.AccountRef // by the account's number in the entity; its length is the next number
}

// Free is what may still be locked.
func (e *Entity) Free() fixed.Theta { return e.Deposited.Sub(e.Locked).Sub(e.Slashed) }

// accounts holds one column per attribute.
type accounts struct {
	entity     []prop.EntityRef
	id         []uint32
	class      []string
	rules      []prop.RulesRef
	status     []prop.Status
	phase      []uint8
	size       []fixed.USD
	lock       []fixed.Theta
	balance    []fixed.USD
	unrealised []fixed.USD
	peak       []fixed.USD
	peakSeq    []uint64
	startSeq   []uint64
	deadline   []prop.Instant
	held       [][]prop.PairRef // pairs with an open position, ascending
	halted     []bool
	orderRate  []prop.Window
	cooldown   [][]cooldown // of pairs, in order of acceptance
	orders     [][]*Order   // derived: waiting or resting, in order of acceptance
}

// cooldown is until when an account may not order in a pair again.
type cooldown struct {
	pair  prop.PairRef
	until prop.Instant
}

// Account is one account's row.
type Account struct {
	Ref        prop.AccountRef
	Key        prop.AccountKey
	Entity     prop.EntityRef
	Class      string // the asset class that it may trade
	Rules      prop.RulesRef
	Status     prop.Status
	Phase      uint8
	Halted     bool // takes no new exposure, for itself, its entity or everybody
	OrderRate  prop.Window
	Size       fixed.USD
	Lock       fixed.Theta
	Balance    fixed.USD
	Unrealised fixed.USD
	Peak       fixed.USD
	PeakSeq    uint64 // record that set the peak
	StartSeq   uint64 // record that gave the account its size
	Deadline   prop.Instant
}

// Equity is balance plus unrealised profit and loss.
func (a Account) Equity() fixed.USD { return a.Balance.Add(a.Unrealised) }

// Quote is what is known of a pair's price.
type Quote struct {
	Bid, Ask, Mark fixed.Price
	Observed       prop.Instant // the publishers' time of the last batch that had the pair
	Seen           prop.Instant // the record's time of that batch
	Batches        uint64       // how many batches had the pair
	Seq            uint64       // record of the last of them
	Num, Den       fixed.Price  // USD per unit of its quote currency; 0/0 while that is not known
}

// Order is an order that waits or rests. Number counts acceptances: the order in which orders are
// evaluated.
type Order struct {
	prop.OrderAccepted
	Number uint64
	Seq    uint64
	At     prop.Instant
}

// Sizing is a size that an account takes at an instant.
type Sizing struct {
	At      prop.Instant
	Account prop.AccountRef
	Size    fixed.USD
}

func (z Sizing) compare(o Sizing) int {
	return cmp.Or(cmp.Compare(z.At, o.At), cmp.Compare(z.Account, o.Account))
}

// Frozen is an account that breached and waits for elimination, with what stopped it.
type Frozen struct {
	Account   prop.AccountRef
	Reason    prop.Reason
	QuotesSeq uint64 // record of the price batch that was marked
}

func (f Frozen) compare(r prop.AccountRef) int { return cmp.Compare(f.Account, r) }

// Effect is something asked of the world outside, for ever in the state it ended in.
type Effect struct {
	prop.EffectRequested
	Status prop.EffectStatus
	TxHash prop.Hash
}

type deadline struct {
	at  prop.Instant
	ref prop.AccountRef
}

func (d deadline) compare(o deadline) int {
	return cmp.Or(cmp.Compare(d.at, o.at), cmp.Compare(d.ref, o.ref))
}

// New is the state before the first record.
func New() *State {
	return &State{
		entityByKey: map[prop.Hotkey]prop.EntityRef{},
		pairByID:    map[string]prop.PairRef{},
		orderByID:   map[prop.CommandID]*Order{},
		ids:         idWindow{byID: map[prop.CommandID]idEntry{}},
	}
}

// Seq is the last record's sequence number; 0 before the first.
func (s *State) Seq() uint64 { return s.seq }

// At is the last record's instant.
func (s *State) At() prop.Instant { return s.at }

// Genesis is what the journal began with.
func (s *State) Genesis() *prop.Genesis { return &s.genesis }

// Rules is the rule set of the reference.
func (s *State) Rules(r prop.RulesRef) *prop.RuleSet { return &s.genesis.RuleSets[r] }

// DefaultRules is the rule set that new accounts are pinned to.
func (s *State) DefaultRules() prop.RulesRef {
	return prop.RulesRef(slices.IndexFunc(s.genesis.RuleSets, func(r prop.RuleSet) bool { return r.ID == s.genesis.DefaultRules }))
}

// Pairs are the instruments, by reference.
func (s *State) Pairs() []prop.Pair { return s.genesis.Pairs }

// Pair finds an instrument by its id.
func (s *State) Pair(id string) (prop.PairRef, bool) {
	p, ok := s.pairByID[id]
	return p, ok
}

// Quote is what is known of the pair's price.
func (s *State) Quote(p prop.PairRef) Quote { return s.quotes[p] }

// Entities are the prop firms, by reference. The caller must not change them.
func (s *State) Entities() []Entity { return s.entities }

// Entity finds a prop firm by its hotkey.
func (s *State) Entity(k prop.Hotkey) (prop.EntityRef, bool) {
	e, ok := s.entityByKey[k]
	return e, ok
}

// AccountRef finds an account by its key.
func (s *State) AccountRef(k prop.AccountKey) (prop.AccountRef, bool) {
	e, ok := s.entityByKey[k.Entity]
	if !ok || s.entities[e].Miner != (k.ID == prop.MinerID) {
		return 0, false
	}
	number := uint64(k.ID)
	if k.ID == prop.MinerID {
		number = 0 // the one that a miner has
	}
	if number >= uint64(len(s.entities[e].Accounts)) {
		return 0, false
	}
	return s.entities[e].Accounts[number], true
}

// Accounts is how many accounts there have ever been.
func (s *State) Accounts() int { return len(s.accounts.status) }

// Account is a copy of an account's row.
func (s *State) Account(r prop.AccountRef) Account {
	a := &s.accounts
	return Account{
		Ref: r, Key: prop.AccountKey{Entity: s.entities[a.entity[r]].Hotkey, ID: a.id[r]}, Entity: a.entity[r],
		Class: a.class[r], Halted: s.halted || a.halted[r] || s.entities[a.entity[r]].Halted, OrderRate: a.orderRate[r],
		Rules: a.rules[r], Status: a.status[r], Phase: a.phase[r], Size: a.size[r], Lock: a.lock[r], Balance: a.balance[r],
		Unrealised: a.unrealised[r], Peak: a.peak[r], PeakSeq: a.peakSeq[r], StartSeq: a.startSeq[r], Deadline: a.deadline[r],
	}
}

// Held are the pairs in which the account has a position, ascending. The caller must not change it.
func (s *State) Held(r prop.AccountRef) []prop.PairRef { return s.accounts.held[r] }

// EachActive visits every active account with what the drawdown and target rules need, in order of
// the references. It is the hot loop of a price batch: no copies, no allocations.
func (s *State) EachActive(visit func(r prop.AccountRef, rules prop.RulesRef, phase uint8, size, equity, peak fixed.USD)) {
	a := &s.accounts
	for i, st := range a.status {
		if st == prop.Active {
			visit(prop.AccountRef(i), a.rules[i], a.phase[i], a.size[i], a.balance[i].Add(a.unrealised[i]), a.peak[i])
		}
	}
}

// Largest are the largest quantity and the largest cost, by amount, that anyone has in the pair.
func (s *State) Largest(p prop.PairRef) (quantity fixed.Qty, cost fixed.USD) {
	for _, q := range s.books[p].quantity {
		quantity = max(quantity, q.Abs())
	}
	for _, c := range s.books[p].cost {
		cost = max(cost, c.Abs())
	}
	return quantity, cost
}

// PairState is what may be done with the pair.
func (s *State) PairState(p prop.PairRef) prop.PairState { return s.pairs[p] }

// Orders are the pair's orders that wait or rest, in order of acceptance. The caller must not
// change it, and holds no part of it across an event.
func (s *State) Orders(p prop.PairRef) []*Order { return s.orders[p] }

// OrdersOf are the account's orders that wait or rest, in order of acceptance; as Orders.
func (s *State) OrdersOf(r prop.AccountRef) []*Order { return s.accounts.orders[r] }

// Order is an order that waits or rests.
func (s *State) Order(id prop.CommandID) (*Order, bool) {
	o, ok := s.orderByID[id]
	return o, ok
}

// CoolUntil is until when the account may not order in the pair again.
func (s *State) CoolUntil(r prop.AccountRef, p prop.PairRef) prop.Instant {
	var until prop.Instant
	for _, c := range s.accounts.cooldown[r] {
		if c.pair == p {
			until = c.until
		}
	}
	return until
}

// Holders are the accounts that hold the pair, in no order that means anything. The caller must not
// change it.
func (s *State) Holders(p prop.PairRef) []prop.AccountRef { return s.books[p].account }

// Frozen are the accounts that wait for elimination, ascending. The caller must not change it.
func (s *State) Frozen() []Frozen { return s.frozen }

// NextDeadline is the earliest deadline of an active account.
func (s *State) NextDeadline() (prop.Instant, bool) {
	if len(s.deadlines) == 0 {
		return 0, false
	}
	return s.deadlines[0].at, true
}

// Due are the accounts with the earliest deadlines before the instant, at most n, ascending.
func (s *State) Due(before prop.Instant, n int) []prop.AccountRef {
	var due []prop.AccountRef
	for _, d := range s.deadlines[:min(n, len(s.deadlines))] {
		if d.at < before {
			due = append(due, d.ref)
		}
	}
	slices.Sort(due)
	return due
}

// PlannedSize is the size that the account is to take, or has where none is scheduled.
func (s *State) PlannedSize(r prop.AccountRef) fixed.USD {
	for _, z := range s.sizings {
		if z.Account == r {
			return z.Size
		}
	}
	return s.accounts.size[r]
}

// NextSizing is the earliest size that an account is to take.
func (s *State) NextSizing() (Sizing, bool) {
	if len(s.sizings) == 0 {
		return Sizing{}, false
	}
	return s.sizings[0], true
}

// Effect is one effect.
func (s *State) Effect(id prop.EffectID) (Effect, bool) {
	if id == 0 || uint64(id) > uint64(len(s.effects)) {
		return Effect{}, false
	}
	return s.effects[id-1], true
}

// NextEffect is the id that the next effect takes.
func (s *State) NextEffect() prop.EffectID { return prop.EffectID(len(s.effects)) + 1 }

// OpenEffects are the effects without an outcome, ascending. The caller must not change it.
func (s *State) OpenEffects() []prop.EffectID { return s.openEffects }
