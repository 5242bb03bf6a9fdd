package view

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

// Entities are all prop firms, in order of registration.
func (v *View) Entities() ([]Entity, AsOf) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	out := make([]Entity, len(v.state.Entities()))
	for i := range out {
		out[i] = v.entity(prop.EntityRef(i))
	}
	return out, v.asOf()
}

// Entity is one prop firm.
func (v *View) Entity(k prop.Hotkey) (Entity, AsOf, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	ref, ok := v.state.Entity(k)
	if !ok {
		return Entity{}, v.asOf(), prop.Refuse(prop.EntityNotFound, "the hotkey is not an entity", prop.KV{Key: "entity", Value: k.String()})
	}
	return v.entity(ref), v.asOf(), nil
}

func (v *View) entity(ref prop.EntityRef) Entity {
	e := v.state.Entities()[ref]
	out := Entity{
		Hotkey: e.Hotkey, Coldkey: e.Coldkey, Miner: e.Miner, Known: e.Known, Deposited: e.Deposited, Locked: e.Locked, Slashed: e.Slashed, Free: e.Free(),
		Live: e.Live, ByStatus: map[string]int{}, ByBucket: map[string]int{},
	}
	for _, r := range e.Accounts {
		a := v.state.Account(r)
		out.ByStatus[a.Status.String()]++
		if a.Status == prop.Active {
			out.ByBucket[v.state.Rules(a.Rules).Phases[a.Phase].Bucket]++
			out.Equity = out.Equity.Add(a.Equity())
		}
	}
	return out
}

// Accounts are an entity's accounts from number `from` on, at most n.
func (v *View) Accounts(k prop.Hotkey, from, n int) ([]Account, AsOf, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	ref, ok := v.state.Entity(k)
	if !ok {
		return nil, v.asOf(), prop.Refuse(prop.EntityNotFound, "the hotkey is not an entity", prop.KV{Key: "entity", Value: k.String()})
	}
	all := v.state.Entities()[ref].Accounts
	from = min(max(0, from), len(all))
	out := []Account{}
	for _, r := range all[from:min(len(all), from+n)] {
		out = append(out, v.account(r))
	}
	return out, v.asOf(), nil
}

// Account is one account.
func (v *View) Account(k prop.AccountKey) (Account, AsOf, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	ref, ok := v.state.AccountRef(k)
	if !ok {
		return Account{}, v.asOf(), prop.Refuse(prop.AccountNotFound, "no such account", prop.KV{Key: "account", Value: k.String()})
	}
	return v.account(ref), v.asOf(), nil
}

// Order is one order.
func (v *View) Order(id prop.CommandID) (Order, AsOf, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	o, ok := v.orders[id]
	if !ok {
		return Order{}, v.asOf(), prop.Refuse(prop.NotFound, "no such order", prop.KV{Key: "order", Value: id.String()})
	}
	return *o, v.asOf(), nil
}

// Orders are an account's last n orders, newest first.
func (v *View) Orders(k prop.AccountKey, n int) ([]Order, AsOf, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	ref, ok := v.state.AccountRef(k)
	if !ok {
		return nil, v.asOf(), prop.Refuse(prop.AccountNotFound, "no such account", prop.KV{Key: "account", Value: k.String()})
	}
	ids, out := v.byAccount[ref], []Order{}
	for i := len(ids) - 1; i >= 0 && len(out) < n; i-- {
		out = append(out, *v.orders[ids[i]])
	}
	return out, v.asOf(), nil
}

// Eliminations are the last n, newest first.
func (v *View) Eliminations(n int) ([]Elimination, AsOf) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	out := []Elimination{}
	for i := len(v.eliminations) - 1; i >= 0 && len(out) < n; i-- {
		out = append(out, v.eliminations[i])
	}
	return out, v.asOf()
}

// Prices are all pairs with their last quotes, and what may be done with them at an instant.
func (v *View) Prices(now prop.Instant) ([]Price, AsOf) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	set := v.state.Rules(v.state.DefaultRules())
	out := make([]Price, len(v.state.Pairs()))
	for i := range v.state.Pairs() {
		ref, pair := prop.PairRef(i), &v.state.Pairs()[i]
		q, now := v.state.Quote(ref), max(now, v.state.At())
		p := Price{Pair: *pair, Bid: q.Bid, Ask: q.Ask, Mark: q.Mark, Seen: q.Seen, Seq: q.Seq, State: v.state.PairState(ref), Num: q.Num, Den: q.Den}
		if s, known := market.Session(pair.Class, now); known {
			p.Open, p.NextOpen, p.NextClose = s.Open, s.NextOpen, s.NextClose
		}
		if c, known := set.Of(pair.Class); known {
			p.FeeRate, p.CarryRate = c.FeeRate, c.CarryRate
		}
		switch err := rules.CheckExposure(pair, p.State, false, now); {
		case err != nil:
			p.Why = err.Error()
		case q.Batches == 0:
			p.Why = "no price yet"
		case !rules.Fresh(set, q.Seen, now):
			p.Why = "the last price is stale"
		}
		out[i] = p
	}
	return out, v.asOf()
}

// Summary counts what a newcomer wants to see of a whole network.
type Summary struct {
	AsOf        AsOf
	ByStatus    map[string]int
	ByBucket    map[string]int
	ByReason    map[string]int
	Orders      int
	Fills       int
	Fees        fixed.USD
	Root        Root
	OpenEffects int
}

// Summary counts accounts, eliminations, orders, fills and fees.
func (v *View) Summary() Summary {
	v.mu.RLock()
	defer v.mu.RUnlock()
	s := Summary{AsOf: v.asOf(), ByStatus: map[string]int{}, ByBucket: map[string]int{}, ByReason: map[string]int{}, Root: v.root,
		Orders: len(v.orders), OpenEffects: len(v.state.OpenEffects())}
	for i := range v.state.Entities() {
		e := v.entity(prop.EntityRef(i))
		for k, n := range e.ByStatus {
			s.ByStatus[k] += n
		}
		for k, n := range e.ByBucket {
			s.ByBucket[k] += n
		}
	}
	for _, e := range v.eliminations {
		s.ByReason[e.Reason]++
	}
	s.Fills, s.Fees = v.fills, v.fees
	return s
}
