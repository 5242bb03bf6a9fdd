package state

import (
	"slices"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// book holds the open positions of one pair in columns. Rows move when one is closed; the order
// is a function of the events alone.
type book struct {
	lot        int64
	account    []prop.AccountRef
	quantity   []fixed.Qty // signed, never zero
	cost       []fixed.USD // signed: what the quantity was bought or sold for
	unrealised []fixed.USD // value at the mark − cost
	row        map[prop.AccountRef]int
}

// Position is an open position.
type Position struct {
	Quantity   fixed.Qty
	Cost       fixed.USD
	Unrealised fixed.USD
}

// Position is the account's position in the pair; the zero Position where it has none.
func (s *State) Position(r prop.AccountRef, p prop.PairRef) Position {
	b := &s.books[p]
	i, ok := b.row[r]
	if !ok {
		return Position{}
	}
	return Position{b.quantity[i], b.cost[i], b.unrealised[i]}
}

// mark values every position of the pair at the price and moves the difference to the accounts.
func (b *book) mark(price fixed.Price, accountUnrealised []fixed.USD) {
	for i, q := range b.quantity {
		u := mustValue(q, price, b.lot).Sub(b.cost[i])
		r := b.account[i]
		accountUnrealised[r] = accountUnrealised[r].Add(u.Sub(b.unrealised[i]))
		b.unrealised[i] = u
	}
}

// trade changes a position by a signed quantity and cost, and marks it again.
func (s *State) trade(r prop.AccountRef, p prop.PairRef, quantity fixed.Qty, cost, realised fixed.USD) {
	b, a := &s.books[p], &s.accounts
	i, open := b.row[r]
	if !open {
		i = len(b.account)
		b.account = append(b.account, r)
		b.quantity = append(b.quantity, 0)
		b.cost = append(b.cost, 0)
		b.unrealised = append(b.unrealised, 0)
		b.row[r] = i
		at, _ := slices.BinarySearch(a.held[r], p)
		a.held[r] = slices.Insert(a.held[r], at, p)
	}
	b.quantity[i] = b.quantity[i].Add(quantity)
	b.cost[i] = b.cost[i].Add(cost)
	a.balance[r] = a.balance[r].Add(realised)
	u := mustValue(b.quantity[i], s.quotes[p].Mark, b.lot).Sub(b.cost[i])
	a.unrealised[r] = a.unrealised[r].Add(u.Sub(b.unrealised[i]))
	b.unrealised[i] = u
	if b.quantity[i] == 0 {
		b.remove(i)
		at, _ := slices.BinarySearch(a.held[r], p)
		a.held[r] = slices.Delete(a.held[r], at, at+1)
	}
}

// remove closes the hole of a closed position with the last row.
func (b *book) remove(i int) {
	last := len(b.account) - 1
	delete(b.row, b.account[i])
	if i != last {
		b.account[i], b.quantity[i], b.cost[i], b.unrealised[i] = b.account[last], b.quantity[last], b.cost[last], b.unrealised[last]
		b.row[b.account[i]] = i
	}
	b.account, b.quantity, b.cost, b.unrealised = b.account[:last], b.quantity[:last], b.cost[:last], b.unrealised[:last]
}

// mustValue is for quantities and prices that admission has bounded.
func mustValue(q fixed.Qty, p fixed.Price, lot int64) fixed.USD {
	v, err := fixed.ValueHalfEven(q, p, lot)
	if err != nil {
		panic(err)
	}
	return v
}
