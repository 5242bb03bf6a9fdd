package state

import (
	"slices"

	"github.com/propnet/propnet/prop"
)

// Extract is a state with one account alone: its entity, its positions and orders, every quote, and
// the genesis. It shares nothing that evolving changes. It answers to the account's key; it is for
// deciding about that account, and has no roots that mean anything.
func (s *State) Extract(r prop.AccountRef) *State {
	x := New()
	x.seq, x.at, x.halted = s.seq, s.at, s.halted
	x.setGenesis(&prop.GenesisSet{Genesis: s.genesis})
	copy(x.quotes, s.quotes)
	copy(x.pairs, s.pairs)
	a := s.Account(r)
	e := s.entities[a.Entity]
	numbers := 1
	if !e.Miner {
		numbers = int(a.Key.ID) + 1
	}
	e.Accounts = make([]prop.AccountRef, numbers) // the number finds the one account, which is 0 here
	x.entities, x.entityByKey[e.Hotkey] = []Entity{e}, 0
	x.createRow(&prop.SubaccountCreated{ID: a.Key.ID, Rules: a.Rules, Size: a.Size, Lock: a.Lock, Class: a.Class})
	from, to := &s.accounts, &x.accounts
	to.status[0], to.phase[0], to.balance[0], to.unrealised[0] = a.Status, a.Phase, a.Balance, a.Unrealised
	to.peak[0], to.peakSeq[0], to.startSeq[0], to.deadline[0] = a.Peak, a.PeakSeq, a.StartSeq, a.Deadline
	to.held[0], to.cooldown[0] = slices.Clone(from.held[r]), slices.Clone(from.cooldown[r])
	to.halted[0], to.orderRate[0] = from.halted[r], from.orderRate[r]
	for _, p := range from.held[r] {
		b, pos := &x.books[p], s.Position(r, p)
		b.account, b.quantity, b.cost = []prop.AccountRef{0}, append(b.quantity, pos.Quantity), append(b.cost, pos.Cost)
		b.unrealised, b.orders, b.row[0] = append(b.unrealised, pos.Unrealised), append(b.orders, pos.Orders), 0
	}
	for _, o := range from.orders[r] {
		c := *o
		c.Account = 0
		x.accepted = c.Number
		x.orders[c.Pair] = append(x.orders[c.Pair], &c)
		to.orders[0] = append(to.orders[0], &c)
		x.orderByID[c.Order] = &c
	}
	return x
}
