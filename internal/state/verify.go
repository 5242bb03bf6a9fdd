package state

import (
	"errors"
	"fmt"
	"slices"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Verify checks what must hold at every sequence number (design/reliability.md §8): sums of
// money, dense numbers, and that what is derived agrees with what it is derived from.
func (s *State) Verify() error {
	return errors.Join(s.verifyEntities(), s.verifyMoney(), s.verifyLists())
}

func (s *State) verifyEntities() error {
	var errs []error
	locked, live := make([]fixed.Theta, len(s.entities)), make([]int64, len(s.entities))
	for r, st := range s.accounts.status {
		e := s.accounts.entity[r]
		if st == prop.Pending || st == prop.Active || st == prop.Frozen {
			live[e]++
			locked[e] = locked[e].Add(s.accounts.lock[r])
		}
		key := prop.AccountKey{Entity: s.entities[e].Hotkey, ID: s.accounts.id[r]}
		if found, ok := s.AccountRef(key); !ok || found != prop.AccountRef(r) {
			errs = append(errs, fmt.Errorf("account %d is not number %d of its entity", r, s.accounts.id[r]))
		}
	}
	slashed := make([]fixed.Theta, len(s.entities))
	for _, f := range s.effects {
		switch {
		case f.Kind == prop.SlashCollateral && f.Status != prop.EffectDone: // burned only when done
			locked[f.Entity] = locked[f.Entity].Add(f.Amount)
		case f.Kind == prop.SlashCollateral:
			slashed[f.Entity] = slashed[f.Entity].Add(f.Amount)
		}
	}
	for i, e := range s.entities {
		if e.Locked != locked[i] || e.Slashed != slashed[i] || e.Live != live[i] {
			errs = append(errs, fmt.Errorf("entity %s: locked %s slashed %s live %d, by its accounts %s %s %d",
				e.Hotkey, e.Locked, e.Slashed, e.Live, locked[i], slashed[i], live[i]))
		}
		if ref, ok := s.entityByKey[e.Hotkey]; !ok || int(ref) != i {
			errs = append(errs, fmt.Errorf("entity %s is not indexed", e.Hotkey))
		}
	}
	return errors.Join(errs...)
}

func (s *State) verifyMoney() error {
	var errs []error
	sum, held := make([]fixed.USD, s.Accounts()), make([]int, s.Accounts())
	for p, b := range s.books {
		for i, r := range b.account {
			u := unrealised(b.quantity[i], b.cost[i], &s.quotes[p], b.lot)
			sum[r] = sum[r].Add(u)
			held[r]++
			if b.quantity[i] == 0 || u != b.unrealised[i] || b.row[r] != i || !slices.Contains(s.accounts.held[r], prop.PairRef(p)) {
				errs = append(errs, fmt.Errorf("position of account %d in pair %d is inconsistent", r, p))
			}
		}
		if len(b.row) != len(b.account) {
			errs = append(errs, fmt.Errorf("pair %d indexes %d of %d positions", p, len(b.row), len(b.account)))
		}
	}
	for r, st := range s.accounts.status {
		if s.accounts.unrealised[r] != sum[r] || len(s.accounts.held[r]) != held[r] {
			errs = append(errs, fmt.Errorf("account %d: unrealised %s, its positions %s", r, s.accounts.unrealised[r], sum[r]))
		}
		if st != prop.Active && st != prop.Frozen && (held[r] != 0 || len(s.accounts.orders[r]) != 0) {
			errs = append(errs, fmt.Errorf("account %d is %s and still trades", r, st))
		}
	}
	return errors.Join(errs...)
}

// verifyLists builds again what is kept for look-up and compares.
func (s *State) verifyLists() error {
	var errs []error
	fault := func(wrong bool, what string) {
		if wrong {
			errs = append(errs, errors.New(what))
		}
	}
	errs = append(errs, s.verifyOrders())
	var frozen []prop.AccountRef
	var deadlines []deadline
	for r, st := range s.accounts.status {
		if st == prop.Frozen {
			frozen = append(frozen, prop.AccountRef(r))
		}
		if at := s.accounts.deadline[r]; at != 0 && st == prop.Active {
			deadlines = append(deadlines, deadline{at, prop.AccountRef(r)})
		}
	}
	slices.SortFunc(deadlines, deadline.compare)
	var open []prop.EffectID
	dense := true
	for i, f := range s.effects {
		dense = dense && f.Effect == prop.EffectID(i)+1
		if f.Status == prop.EffectRequestedStatus || f.Status == prop.EffectSubmittedStatus {
			open = append(open, f.Effect)
		}
	}
	fault(!slices.EqualFunc(s.frozen, frozen, func(f Frozen, r prop.AccountRef) bool { return f.Account == r }), "the list of frozen accounts is wrong")
	fault(!slices.Equal(deadlines, s.deadlines), "the list of deadlines is wrong")
	fault(!dense || !slices.Equal(open, s.openEffects), "the list of open effects is wrong")
	return errors.Join(append(errs, s.verifyIndexes())...)
}

func (s *State) verifyIndexes() error {
	pairs := s.genesis.Pairs
	sound := len(s.pairByID) == len(pairs) && len(s.books) == len(pairs) && len(s.quotes) == len(pairs) && len(s.entityByKey) == len(s.entities)
	for i, p := range pairs {
		ref, ok := s.pairByID[p.ID]
		sound = sound && ok && int(ref) == i && s.books[i].lot == p.Lot
	}
	ids := s.ids.live()
	sound = sound && len(s.ids.byID) == len(ids)
	for _, e := range ids {
		sound = sound && s.ids.byID[e.id] == e
	}
	if !sound {
		return errors.New("an index of pairs, entities or command ids is wrong")
	}
	return nil
}

func (s *State) verifyOrders() error {
	n, last := 0, map[prop.AccountRef]int{}
	for p, list := range s.orders {
		for i, o := range list {
			n++
			last[o.Account]++
			if int(o.Pair) != p || s.orderByID[o.Order] != o || i > 0 && list[i-1].Number >= o.Number || !slices.Contains(s.accounts.orders[o.Account], o) {
				return fmt.Errorf("order %s is not where it belongs", o.Order)
			}
			if o.Type == prop.Bracket && s.Position(o.Account, o.Pair).Quantity == 0 {
				return fmt.Errorf("bracket %s has outlived its position", o.Order)
			}
		}
	}
	for r, list := range s.accounts.orders {
		if len(list) != last[prop.AccountRef(r)] {
			return fmt.Errorf("account %d has %d orders, its pairs %d", r, len(list), last[prop.AccountRef(r)])
		}
	}
	if n != len(s.orderByID) {
		return fmt.Errorf("%d orders are indexed, there are %d", len(s.orderByID), n)
	}
	return nil
}
