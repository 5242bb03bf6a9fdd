package engine

import (
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

// setPairState halts, resumes or narrows a pair.
func (t *tx) setPairState(c *prop.SetPairState) error {
	if err := rules.CheckRole(t.s.Genesis(), t.cmd.Signer, prop.RiskRole); err != nil {
		return err
	}
	ref, ok := t.s.Pair(c.Pair)
	if !ok {
		return prop.Refuse(prop.PairUnknown, "the network has no such pair", prop.KV{Key: "pair", Value: c.Pair})
	}
	if c.State < prop.Tradable || c.State > prop.Retired {
		return prop.Refuse(prop.InvalidField, "a pair is tradable, reduce_only, data_only, halted or retired")
	}
	t.emit(&prop.PairStateChanged{Pair: ref, State: c.State, By: t.cmd.Signer})
	return nil
}

// halt is the kill switch. An operator throws it for anyone, a firm for its own.
func (t *tx) halt(c *prop.Halt) error {
	e := &prop.HaltChanged{Scope: prop.Everything, Halted: c.Halted, By: t.cmd.Signer}
	entity := c.Entity
	if c.Account != (prop.AccountKey{}) {
		ref, ok := t.s.AccountRef(c.Account)
		if !ok {
			return prop.Refuse(prop.AccountNotFound, "no such account", prop.KV{Key: "account", Value: c.Account.String()})
		}
		e.Scope, e.Account, entity = prop.OneAccount, &ref, c.Account.Entity
	}
	if entity != (prop.Hotkey{}) {
		ref, err := t.entity(entity)
		if err != nil {
			return err
		}
		if e.Entity = &ref; e.Scope == prop.Everything {
			e.Scope = prop.OneEntity
		}
	}
	if err := t.mayHalt(entity); err != nil {
		return err
	}
	accounts := t.inScope(e)
	if c.Flatten && len(accounts) > prop.MaxEliminations {
		return prop.Refuse(prop.InvalidField, "too many accounts hold positions to flatten them in one record; halt first, then flatten firm by firm")
	}
	t.emit(e)
	if c.Flatten {
		for _, r := range accounts {
			t.flatten(r)
		}
	}
	return nil
}

func (t *tx) mayHalt(entity prop.Hotkey) error {
	err := rules.CheckRole(t.s.Genesis(), t.cmd.Signer, prop.RiskRole)
	if ref, ok := t.s.Entity(entity); err != nil && ok {
		e := t.s.Entities()[ref]
		return rules.CheckOwner(t.cmd.Signer, e.Hotkey, e.Coldkey)
	}
	return err
}

// inScope are the active accounts of a halt that hold positions or have orders, ascending.
func (t *tx) inScope(e *prop.HaltChanged) (list []prop.AccountRef) {
	for i := range t.s.Accounts() {
		r := prop.AccountRef(i)
		a := t.s.Account(r)
		inside := e.Scope == prop.Everything || e.Scope == prop.OneEntity && a.Entity == *e.Entity || e.Scope == prop.OneAccount && r == *e.Account
		if inside && a.Status == prop.Active && len(t.s.Held(r))+len(t.s.OrdersOf(r)) != 0 {
			list = append(list, r)
		}
	}
	return list
}

// flatten cancels an account's orders and closes its positions.
func (t *tx) flatten(r prop.AccountRef) {
	for _, id := range t.ordersOf(r) {
		if _, there := t.s.Order(id); there {
			t.cancel(id, r, prop.KillSwitch)
		}
	}
	for _, p := range append([]prop.PairRef(nil), t.s.Held(r)...) {
		t.close(t.s.Account(r), p, prop.KillSwitch)
	}
}
