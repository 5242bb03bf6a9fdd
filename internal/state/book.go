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
	cost       []fixed.USD // signed, in quote currency: what the quantity was bought or sold for
	unrealised []fixed.USD // value at the mark − cost, in USD
	orders     []int64     // filled in the position
	row        map[prop.AccountRef]int
}

// Position is an open position.
type Position struct {
	Quantity   fixed.Qty
	Cost       fixed.USD // in quote currency
	Unrealised fixed.USD
	Orders     int64 // filled in it
}

// Position is the account's position in the pair; the zero Position where it has none.
func (s *State) Position(r prop.AccountRef, p prop.PairRef) Position {
	b := &s.books[p]
	i, ok := b.row[r]
	if !ok {
		return Position{}
	}
	return Position{b.quantity[i], b.cost[i], b.unrealised[i], b.orders[i]}
}

// mark values every position of the pair at the quote and moves the difference to the accounts.
func (b *book) mark(q *Quote, accountUnrealised []fixed.USD) {
	for i, quantity := range b.quantity {
		u := unrealised(quantity, b.cost[i], q, b.lot)
		r := b.account[i]
		accountUnrealised[r] = accountUnrealised[r].Add(u.Sub(b.unrealised[i]))
		b.unrealised[i] = u
	}
}

// unrealised is a position's profit or loss in USD at the quote's mark and rate.
func unrealised(quantity fixed.Qty, cost fixed.USD, q *Quote, lot int64) fixed.USD {
	return mustConvert(mustValue(quantity, q.Mark, lot).Sub(cost), q)
}

// trade changes a position and the account's balance, and marks the position again.
func (s *State) trade(r prop.AccountRef, p prop.PairRef, t *prop.Trade) {
	b, a := &s.books[p], &s.accounts
	i, open := b.row[r]
	if !open {
		i = len(b.account)
		b.account = append(b.account, r)
		b.quantity = append(b.quantity, 0)
		b.cost = append(b.cost, 0)
		b.unrealised = append(b.unrealised, 0)
		b.orders = append(b.orders, 0)
		b.row[r] = i
		at, _ := slices.BinarySearch(a.held[r], p)
		a.held[r] = slices.Insert(a.held[r], at, p)
	}
	b.quantity[i] = b.quantity[i].Add(t.Quantity)
	b.cost[i] = b.cost[i].Add(t.CostDelta)
	b.orders[i]++
	a.balance[r] = a.balance[r].Add(t.Realised)
	u := unrealised(b.quantity[i], b.cost[i], &s.quotes[p], b.lot)
	a.unrealised[r] = a.unrealised[r].Add(u.Sub(b.unrealised[i]))
	b.unrealised[i] = u
	if b.quantity[i] == 0 {
		b.remove(i)
		at, _ := slices.BinarySearch(a.held[r], p)
		a.held[r] = slices.Delete(a.held[r], at, at+1)
	}
}

// chargeCarry takes a boundary's carry from every position of the pair under the rules.
func (s *State) chargeCarry(c prop.CarryRate) {
	b := &s.books[c.Pair]
	for i, r := range b.account {
		if s.accounts.rules[r] != c.Rules {
			continue
		}
		value := mustConvert(mustValue(b.quantity[i], s.quotes[c.Pair].Mark, b.lot), &s.quotes[c.Pair])
		fee, err := fixed.ChargeUp(value, c.Rate)
		if err != nil {
			panic(err)
		}
		s.accounts.balance[r] = s.accounts.balance[r].Sub(fee)
	}
}

// remove closes the hole of a closed position with the last row.
func (b *book) remove(i int) {
	last := len(b.account) - 1
	delete(b.row, b.account[i])
	if i != last {
		b.account[i], b.quantity[i], b.cost[i] = b.account[last], b.quantity[last], b.cost[last]
		b.unrealised[i], b.orders[i] = b.unrealised[last], b.orders[last]
		b.row[b.account[i]] = i
	}
	b.account, b.quantity, b.cost = b.account[:last], b.quantity[:last], b.cost[:last]
	b.unrealised, b.orders = b.unrealised[:last], b.orders[:last]
}

// mustValue is for quantities and prices that admission has bounded.
func mustValue(q fixed.Qty, p fixed.Price, lot int64) fixed.USD {
	v, err := fixed.ValueHalfEven(q, p, lot)
	if err != nil {
		panic(err)
	}
	return v
}

// mustConvert is an amount of the pair's quote currency in USD. A pair that anyone holds has a rate.
func mustConvert(v fixed.USD, q *Quote) fixed.USD {
	usd, err := fixed.ConvertHalfEven(v, q.Num, q.Den)
	if err != nil {
		panic(err)
	}
	return usd
}
