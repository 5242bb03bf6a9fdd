package state

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Begin opens a record: time and sequence move, and a signed command's id is remembered.
func (s *State) Begin(st prop.Stamp) {
	if st.Seq != s.seq+1 || st.At < s.at {
		panic(fmt.Sprintf("record %d at %s does not follow %d at %s", st.Seq, st.At, s.seq, s.at))
	}
	s.seq, s.at = st.Seq, st.At
	s.ids.expire(st.At - prop.Instant(s.genesis.AuthWindowMs+prop.AuthSkewMs))
	if st.ID != (prop.CommandID{}) {
		s.ids.add(idEntry{st.ID, st.Seq, st.At, st.BodyHash})
	}
}

// Evolve applies one event of the open record. An event that cannot have happened is a bug or a
// forged journal and panics; the caller stops.
func (s *State) Evolve(e prop.Event) {
	switch e := e.(type) {
	case *prop.GenesisSet:
		s.setGenesis(e)
	case *prop.EntityRegistered:
		s.mustBeNext("entity", int(e.Entity), len(s.entities))
		s.entities = append(s.entities, Entity{Hotkey: e.Hotkey, Coldkey: e.Coldkey, Miner: e.Miner})
		s.entityByKey[e.Hotkey] = e.Entity
	case *prop.CollateralObserved:
		s.entities[e.Entity].Known, s.entities[e.Entity].Deposited = true, e.Deposited
	case *prop.SubaccountCreated:
		s.createAccount(e)
	case *prop.StatusChanged:
		s.setStatus(e.Account, e.Status)
	case *prop.BucketChanged:
		s.setPhase(e)
	case *prop.EffectRequested:
		s.mustBeNext("effect", int(e.Effect), len(s.effects)+1)
		s.effects = append(s.effects, Effect{EffectRequested: *e, Status: prop.EffectRequestedStatus})
		s.openEffects = append(s.openEffects, e.Effect)
	case *prop.EffectSubmitted:
		s.effects[e.Effect-1].Status, s.effects[e.Effect-1].TxHash = prop.EffectSubmittedStatus, e.TxHash
	case *prop.EffectCompleted:
		s.completeEffect(e)
	case *prop.PricesObserved:
		s.observePrices(e)
	case *prop.OrderAccepted:
		s.acceptOrder(e)
	case *prop.OrderTriggered: // its fill or its end follows
	case *prop.OrderFilled:
		s.removeOrder(e.Order)
		s.trade(e.Account, e.Pair, &e.Trade)
	case *prop.OrderCancelled:
		s.removeOrder(e.Order)
	case *prop.FeeCharged:
		s.accounts.balance[e.Account] = s.accounts.balance[e.Account].Sub(e.Amount)
	case *prop.AccountsFrozen:
		for _, r := range e.Accounts.Refs() {
			s.setStatus(r, prop.Frozen)
			at, _ := slices.BinarySearchFunc(s.frozen, r, Frozen.compare)
			s.frozen = slices.Insert(s.frozen, at, Frozen{r, e.Reason, e.QuotesSeq})
		}
	case *prop.PositionClosed:
		s.trade(e.Account, e.Pair, &e.Trade)
	case *prop.CarryCharged:
		for _, c := range e.Rates {
			s.chargeCarry(c)
		}
	case *prop.PairStateChanged:
		s.pairs[e.Pair] = e.State
	case *prop.SizeScheduled:
		s.unsize(e.Account)
		z := Sizing{e.At, e.Account, e.Size}
		at, _ := slices.BinarySearchFunc(s.sizings, z, Sizing.compare)
		s.sizings = slices.Insert(s.sizings, at, z)
	case *prop.AccountSized:
		s.resize(e)
	case *prop.HaltChanged:
		s.setHalt(e)
	case *prop.AccountEliminated:
		s.setStatus(e.Account, prop.Eliminated)
	case *prop.RootRecorded: // states what is true already
	default:
		panic(fmt.Sprintf("event %T has no meaning here", e))
	}
}

func (s *State) mustBeNext(what string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("%s %d, the next is %d", what, got, want))
	}
}

// home is the currency that accounts are kept in.
const home = "USD"

func (s *State) setGenesis(e *prop.GenesisSet) {
	s.genesis = e.Genesis
	n := len(e.Genesis.Pairs)
	s.quotes, s.books, s.pairs, s.orders = make([]Quote, n), make([]book, n), make([]prop.PairState, n), make([][]*Order, n)
	for i, p := range e.Genesis.Pairs {
		s.pairs[i] = p.State
		if p.Quote == home {
			s.quotes[i].Num, s.quotes[i].Den = fixed.PriceScale, fixed.PriceScale
		}
		s.pairByID[p.ID] = prop.PairRef(i)
		s.books[i] = book{lot: p.Lot, row: map[prop.AccountRef]int{}}
	}
}

func (s *State) createAccount(e *prop.SubaccountCreated) {
	entity := &s.entities[e.Entity]
	s.mustBeNext("account", int(e.Account), s.Accounts())
	if entity.Miner {
		s.mustBeNext("account of a miner", len(entity.Accounts), 0)
	} else {
		s.mustBeNext("subaccount number", int(e.ID), len(entity.Accounts))
	}
	entity.Accounts = append(entity.Accounts, e.Account)
	entity.Locked = entity.Locked.Add(e.Lock)
	entity.Live++
	s.createRow(e)
}

// createRow adds an account's row.
func (s *State) createRow(e *prop.SubaccountCreated) {
	a := &s.accounts
	a.entity = append(a.entity, e.Entity)
	a.id = append(a.id, e.ID)
	a.rules = append(a.rules, e.Rules)
	a.status = append(a.status, prop.Pending)
	a.phase = append(a.phase, 0)
	a.size = append(a.size, e.Size)
	a.lock = append(a.lock, e.Lock)
	a.balance = append(a.balance, e.Size)
	a.unrealised = append(a.unrealised, 0)
	a.peak = append(a.peak, e.Size)
	a.peakSeq = append(a.peakSeq, s.seq)
	a.startSeq = append(a.startSeq, s.seq)
	a.deadline = append(a.deadline, 0)
	a.held = append(a.held, nil)
	a.class = append(a.class, e.Class)
	a.halted = append(a.halted, false)
	a.orderRate = append(a.orderRate, prop.Window{})
	a.cooldown = append(a.cooldown, nil)
	a.orders = append(a.orders, nil)
}

func (s *State) unsize(r prop.AccountRef) {
	s.sizings = slices.DeleteFunc(s.sizings, func(z Sizing) bool { return z.Account == r })
}

// resize moves the balance and the peak by the difference, so that what was won or lost stays.
func (s *State) resize(e *prop.AccountSized) {
	s.unsize(e.Account)
	a, r := &s.accounts, e.Account
	more := e.Size.Sub(a.size[r])
	if more == 0 {
		return
	}
	a.size[r], a.balance[r], a.peak[r] = e.Size, a.balance[r].Add(more), a.peak[r].Add(more)
	a.startSeq[r], a.peakSeq[r] = s.seq, s.seq // where a verdict finds its anchors
}

// moves lists the legal steps of an account's life. Eliminated and failed lead nowhere.
var moves = map[[2]prop.Status]bool{
	{prop.Pending, prop.Active}: true, {prop.Pending, prop.Failed}: true,
	{prop.Active, prop.Frozen}: true, {prop.Frozen, prop.Eliminated}: true,
}

func (s *State) setStatus(r prop.AccountRef, to prop.Status) {
	a := &s.accounts
	if !moves[[2]prop.Status{a.status[r], to}] {
		panic(fmt.Sprintf("account %d cannot go from %s to %s", r, a.status[r], to))
	}
	a.status[r] = to
	switch to {
	case prop.Frozen:
		s.unschedule(r)
		s.unsize(r)
	case prop.Eliminated:
		at, _ := slices.BinarySearchFunc(s.frozen, r, Frozen.compare)
		s.frozen = slices.Delete(s.frozen, at, at+1)
		s.entities[a.entity[r]].Live--
	case prop.Failed:
		s.entities[a.entity[r]].Live--
	}
}

func (s *State) setPhase(e *prop.BucketChanged) {
	s.unschedule(e.Account)
	s.accounts.phase[e.Account], s.accounts.deadline[e.Account] = e.Phase, e.Deadline
	if d := (deadline{e.Deadline, e.Account}); d.at != 0 {
		at, _ := slices.BinarySearchFunc(s.deadlines, d, deadline.compare)
		s.deadlines = slices.Insert(s.deadlines, at, d)
	}
}

// unschedule takes the account's deadline off the list; the row keeps it as evidence.
func (s *State) unschedule(r prop.AccountRef) {
	if at, found := slices.BinarySearchFunc(s.deadlines, deadline{s.accounts.deadline[r], r}, deadline.compare); found {
		s.deadlines = slices.Delete(s.deadlines, at, at+1)
	}
}

// completeEffect books what the outcome means for the collateral. A lock was reserved when its
// account was created, so only a failure moves it; a slash burns what was locked.
func (s *State) completeEffect(e *prop.EffectCompleted) {
	f := &s.effects[e.Effect-1]
	entity := &s.entities[f.Entity]
	f.Status = prop.EffectFailed
	if e.OK {
		f.Status = prop.EffectDone
	}
	switch {
	case f.Kind == prop.LockCollateral && !e.OK:
		entity.Locked = entity.Locked.Sub(f.Amount)
	case f.Kind == prop.SlashCollateral && e.OK:
		entity.Locked = entity.Locked.Sub(f.Amount)
		entity.Slashed = entity.Slashed.Add(f.Amount)
	}
	at, _ := slices.BinarySearch(s.openEffects, e.Effect)
	s.openEffects = slices.Delete(s.openEffects, at, at+1)
}

// observePrices marks every position in the changed pairs, then takes the new peaks: an account
// with two pairs is measured when both are marked.
func (s *State) observePrices(e *prop.PricesObserved) {
	a := &s.accounts
	for _, c := range e.Changed {
		q := &s.quotes[c.Pair]
		q.Bid, q.Ask, q.Mark = c.Bid, c.Ask, fixed.MidHalfEven(c.Bid, c.Ask)
	}
	for _, c := range e.Rates {
		s.quotes[c.Pair].Num, s.quotes[c.Pair].Den = c.Num, c.Den
		s.books[c.Pair].mark(&s.quotes[c.Pair], a.unrealised)
	}
	for _, c := range e.Changed {
		s.books[c.Pair].mark(&s.quotes[c.Pair], a.unrealised)
	}
	for p := range s.quotes {
		if e.Seen.Has(p) {
			s.quotes[p].Observed, s.quotes[p].Seen, s.quotes[p].Seq = e.Observed, s.at, s.seq
			s.quotes[p].Batches++
		}
	}
	for i, held := range a.held {
		if len(held) == 0 {
			continue
		}
		if equity := a.balance[i].Add(a.unrealised[i]); equity > a.peak[i] && a.status[i] == prop.Active {
			a.peak[i], a.peakSeq[i] = equity, s.seq
		}
	}
}

func (s *State) acceptOrder(e *prop.OrderAccepted) {
	a := &s.accounts
	s.accepted++
	o := &Order{OrderAccepted: *e, Number: s.accepted, Seq: s.seq, At: s.at}
	s.orders[e.Pair] = append(s.orders[e.Pair], o)
	a.orders[e.Account] = append(a.orders[e.Account], o)
	s.orderByID[e.Order] = o
	if e.AccountRate.Count != 0 {
		a.orderRate[e.Account] = e.AccountRate
	}
	if e.EntityRate.Count != 0 {
		s.entities[a.entity[e.Account]].OrderRate = e.EntityRate
	}
	if e.CoolUntil != 0 {
		list := slices.DeleteFunc(a.cooldown[e.Account], func(c cooldown) bool { return c.pair == e.Pair || c.until <= s.at })
		a.cooldown[e.Account] = append(list, cooldown{e.Pair, e.CoolUntil})
	}
}

func (s *State) removeOrder(id prop.CommandID) {
	o := s.orderByID[id]
	delete(s.orderByID, id)
	remove := func(list []*Order) []*Order {
		at, _ := slices.BinarySearchFunc(list, o.Number, func(o *Order, n uint64) int { return cmp.Compare(o.Number, n) })
		return slices.Delete(list, at, at+1)
	}
	s.orders[o.Pair] = remove(s.orders[o.Pair])
	s.accounts.orders[o.Account] = remove(s.accounts.orders[o.Account])
}

func (s *State) setHalt(e *prop.HaltChanged) {
	switch e.Scope {
	case prop.Everything:
		s.halted = e.Halted
	case prop.OneEntity:
		s.entities[*e.Entity].Halted = e.Halted
	case prop.OneAccount:
		s.accounts.halted[*e.Account] = e.Halted
	}
}
