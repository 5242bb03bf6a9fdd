package state

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/propnet/propnet/prop"
)

// role is what a field is to the roots.
type role int

const (
	committed role = iota + 1 // a change changes a root
	derived                   // built from committed fields; Verify finds a difference
	stamped                   // in every block's header
	inside                    // its own fields have their roles
)

// roles lists every field. Whoever adds one decides here, and in hash.go or verify.go, what it is.
var roles = map[string]role{
	"State.seq": stamped, "State.at": stamped, "State.genesis": committed, "State.entities": inside, "State.accounts": inside,
	"State.quotes": inside, "State.pairs": committed, "State.books": inside, "State.orders": inside, "State.accepted": committed, "State.halted": committed,
	"State.effects": inside, "State.sizings": inside, "State.frozen": inside, "State.ids": inside,
	"State.entityByKey": derived, "State.pairByID": derived, "State.orderByID": derived, "State.deadlines": derived, "State.openEffects": derived,

	"Entity.Hotkey": committed, "Entity.Coldkey": committed, "Entity.Miner": committed, "Entity.Known": committed, "Entity.Deposited": committed, "Entity.Locked": committed,
	"Entity.Slashed": committed, "Entity.Halted": committed, "Entity.OrderRate": committed, "Entity.Live": committed, "Entity.Accounts": derived,

	"accounts.entity": committed, "accounts.id": committed, "accounts.class": committed, "accounts.rules": committed, "accounts.status": committed, "accounts.phase": committed,
	"accounts.size": committed, "accounts.lock": committed, "accounts.balance": committed, "accounts.unrealised": committed, "accounts.peak": committed,
	"accounts.peakSeq": committed, "accounts.startSeq": committed, "accounts.deadline": committed, "accounts.held": committed,
	"accounts.halted": committed, "accounts.orderRate": committed, "accounts.cooldown": committed, "accounts.orders": derived,

	"Quote.Bid": committed, "Quote.Ask": committed, "Quote.Mark": committed, "Quote.Observed": committed, "Quote.Seen": committed,
	"Quote.Batches": committed, "Quote.Seq": committed, "Quote.Num": committed, "Quote.Den": committed,

	"book.lot": derived, "book.account": derived, "book.quantity": committed, "book.cost": committed, "book.unrealised": committed, "book.orders": committed, "book.row": derived,

	"Order.OrderAccepted": inside, "Order.Number": committed, "Order.Seq": committed, "Order.At": committed,
	"OrderAccepted.Order": committed, "OrderAccepted.Account": committed, "OrderAccepted.Pair": committed, "OrderAccepted.Side": committed,
	"OrderAccepted.SizeKind": committed, "OrderAccepted.Leverage": committed, "OrderAccepted.Value": committed, "OrderAccepted.Quantity": committed,
	"OrderAccepted.FillAfter": committed, "OrderAccepted.Type": committed, "OrderAccepted.LimitPrice": committed, "OrderAccepted.StopLoss": committed,
	"OrderAccepted.TakeProfit": committed, "OrderAccepted.Parent": committed, "OrderAccepted.CoolUntil": committed, "OrderAccepted.AccountRate": committed,
	"OrderAccepted.EntityRate": committed,

	"Sizing.At": committed, "Sizing.Account": committed, "Sizing.Size": committed,

	"Effect.EffectRequested": inside, "Effect.Status": committed, "Effect.TxHash": committed,
	"EffectRequested.Effect": committed, "EffectRequested.Kind": committed, "EffectRequested.Entity": committed,
	"EffectRequested.Account": committed, "EffectRequested.Amount": committed,

	"Frozen.Account": committed, "Frozen.Reason": committed, "Frozen.QuotesSeq": committed,

	"idWindow.byID": derived, "idWindow.queue": inside, "idWindow.head": committed,
	"idEntry.id": committed, "idEntry.seq": committed, "idEntry.at": committed, "idEntry.hash": committed,
}

// TestEveryFieldIsAccountedFor changes every value in a state, one at a time. It is also what
// shows that Verify finds what is planted.
func TestEveryFieldIsAccountedFor(t *testing.T) {
	s := richState()
	registry, trading := s.Roots()
	seen := map[string]bool{}
	visit(t, reflect.ValueOf(s).Elem(), seen, func(name string, r role, value reflect.Value) {
		changed := 0
		mutations(value, func() {
			changed++
			rooted := panics(func() { // a panic is noticed too
				if reg, trd := s.Roots(); reg != registry || trd != trading {
					panic("another root")
				}
			})
			verified := panics(func() {
				if s.Verify() != nil {
					panic("refused")
				}
			})
			if r == committed && !rooted || r == derived && !verified || r == stamped && rooted {
				t.Errorf("a change of %s: other roots %v, found by Verify %v", name, rooted, verified)
			}
		})
		if changed == 0 {
			t.Errorf("%s is empty in the test's state", name)
		}
	})
	for name := range roles {
		if !seen[name] {
			t.Errorf("%s is listed and not there", name)
		}
	}
	if reg, trd := s.Roots(); reg != registry || trd != trading || s.Verify() != nil {
		t.Error("the test did not put everything back")
	}
}

// visit calls f for each field that has a role of its own.
func visit(t *testing.T, v reflect.Value, seen map[string]bool, f func(string, role, reflect.Value)) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			visit(t, v.Index(i), seen, f)
		}
		return
	}
	for i := range v.NumField() {
		name := v.Type().Name() + "." + v.Type().Field(i).Name
		field := reflect.NewAt(v.Field(i).Type(), unsafe.Pointer(v.Field(i).UnsafeAddr())).Elem() // may be set, though unexported
		switch r := roles[name]; r {
		case 0:
			t.Errorf("%s is new: list it, and commit to it in hash.go or check it in verify.go", name)
		case inside:
			seen[name] = true
			visit(t, field, seen, f)
		default:
			if empty := strings.HasPrefix(name, "book.") && v.FieldByName("account").Len() == 0; !empty {
				f(name, r, field)
			}
			seen[name] = true
		}
	}
}

// mutations changes each leaf of a value, calls check, and puts it back.
func mutations(v reflect.Value, check func()) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			mutations(reflect.NewAt(v.Field(i).Type(), unsafe.Pointer(v.Field(i).UnsafeAddr())).Elem(), check)
		}
	case reflect.Slice:
		for i := range v.Len() {
			mutations(v.Index(i), check)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			old := v.MapIndex(k)
			v.SetMapIndex(k, reflect.Value{})
			check()
			changed := reflect.New(old.Type()).Elem()
			changed.Set(old)
			mutations(changed, func() {
				v.SetMapIndex(k, changed)
				check()
			})
			v.SetMapIndex(k, old)
		}
	default:
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		nudge(v)
		check()
		v.Set(old)
	}
}

func nudge(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer: // another one to the same
		copied := reflect.New(v.Type().Elem())
		copied.Elem().Set(v.Elem())
		v.Set(copied)
	case reflect.Array:
		nudge(v.Index(v.Len() - 1))
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	default:
		v.SetUint(v.Uint() + 1)
	}
}

// TestRootsForgetHistory: look-up tables built in another order, and the rows of a book in another
// order, are the same state.
func TestRootsForgetHistory(t *testing.T) {
	a, b := richState(), richState()
	b.entityByKey, b.pairByID, b.ids.byID = rebuilt(b.entityByKey), rebuilt(b.pairByID), rebuilt(b.ids.byID)
	for i := range b.books {
		k := &b.books[i]
		slices.Reverse(k.account)
		slices.Reverse(k.quantity)
		slices.Reverse(k.cost)
		slices.Reverse(k.unrealised)
		slices.Reverse(k.orders)
		k.row = map[prop.AccountRef]int{}
		for row, account := range k.account {
			k.row[account] = row
		}
	}
	b.ids.queue, b.ids.head = append([]idEntry{{seq: 1}}, b.ids.queue...), 1
	registry, trading := a.Roots()
	if reg, trd := b.Roots(); reg != registry || trd != trading {
		t.Error("the roots depend on the way that led here")
	}
	if err := b.Verify(); err != nil {
		t.Error(err)
	}
}

// rebuilt is the map filled in another order: backwards over what iteration gives.
func rebuilt[K comparable, V any](m map[K]V) map[K]V {
	other := make(map[K]V, 1_000)
	keys := slices.Collect(maps.Keys(m))
	slices.Reverse(keys)
	for _, k := range keys {
		other[k] = m[k]
	}
	return other
}

// TestRootsTellStatesApart: the registry's root moves with the registry, trading's with trading.
func TestRootsTellStatesApart(t *testing.T) {
	w := writer{richState()}
	registry, trading := w.s.Roots()
	step := func(what string, registryMoves bool, events ...prop.Event) {
		t.Helper()
		w.record(events...)
		reg, trd := w.s.Roots()
		if (reg != registry) != registryMoves || trd == trading { // the command's id is trading's
			t.Errorf("%s: registry moved %v, trading %v", what, reg != registry, trd != trading)
		}
		registry, trading = reg, trd
	}
	step("a root", false, &prop.RootRecorded{})
	step("a fee", false, &prop.FeeCharged{Account: 0, Amount: 1})
	one := prop.Window{Start: 5, Count: 1}
	step("an order", false, &prop.OrderAccepted{Order: prop.CommandID{77}, Account: 0, Pair: 0, CoolUntil: 1 << 40, AccountRate: one, EntityRate: one})
	step("its end", false, &prop.OrderCancelled{Order: prop.CommandID{77}, Account: 0})
	step("carry", false, &prop.CarryCharged{Rates: []prop.CarryRate{{Pair: 0, Rate: 5}}})
	step("a pair", false, &prop.PairStateChanged{Pair: 0, State: prop.ReduceOnly})
	step("a halt of all", false, &prop.HaltChanged{Scope: prop.Everything, Halted: true})
	step("a price", false, &prop.PricesObserved{Observed: 9, Seen: prop.Bitmap{2}})
	step("an entity", true, &prop.EntityRegistered{Entity: 3, Hotkey: prop.Hotkey{99}})
	step("a deposit", true, &prop.CollateralObserved{Entity: 3, Deposited: 1})
	step("a halt of a firm", true, &prop.HaltChanged{Scope: prop.OneEntity, Entity: new(prop.EntityRef(0)), Halted: true})
	step("a size to come", true, &prop.SizeScheduled{Account: 6, Size: 1, At: 1})
	step("a size", true, &prop.AccountSized{Account: 6, Size: 1})
	step("a phase", true, &prop.BucketChanged{Account: 0, Phase: 1})
	if err := w.s.Verify(); err != nil {
		t.Error(err)
	}
}
