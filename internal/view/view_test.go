package view_test

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

// TestViewIsTheState: after any commands, what the view says of an account is what the state that
// decided them holds.
func TestViewIsTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := founded(t, 3)
		for range 60 {
			w.random(t)
			w.compare(t)
		}
	})
}

// random does something: mostly orders and prices.
func (w *world) random(t *rapid.T) {
	w.at += prop.Instant(rapid.SampledFrom([]int64{0, 0, 0, second, 40 * second, 1_800 * second}).Draw(t, "pause"))
	w.ticks(t)
	switch rapid.SampledFrom([]string{"order", "order", "limit", "limit", "bracket", "cancel", "halt", "prices", "prices", "prices", "create", "effects", "deposit", "root"}).Draw(t, "what") {
	case "limit":
		o := order(uint32(rapid.IntRange(0, 4).Draw(t, "account")), "BTCUSD", rapid.SampledFrom([]string{"LONG", "SHORT"}).Draw(t, "side"), fixed.RatioScale)
		at, stop := fixed.Price(rapid.Int64Range(96, 104).Draw(t, "limit"))*fixed.PriceScale, fixed.Price(rapid.Int64Range(90, 110).Draw(t, "stop"))*fixed.PriceScale
		o.Type, o.LimitPrice, o.StopLoss = "LIMIT", &at, &stop
		w.call(t, request.PathOrders, o)
	case "bracket":
		o := order(uint32(rapid.IntRange(0, 4).Draw(t, "account")), "BTCUSD", "", 0)
		stop := fixed.Price(rapid.Int64Range(94, 106).Draw(t, "stop")) * fixed.PriceScale
		o.Type, o.StopLoss = "BRACKET", &stop
		w.call(t, request.PathOrders, o)
	case "cancel":
		w.call(t, request.PathCancel, api.CancelOrder{Account: prop.AccountKey{Entity: firm.Public(), ID: uint32(rapid.IntRange(0, 4).Draw(t, "account"))}})
	case "halt":
		who := prop.AccountKey{Entity: firm.Public(), ID: uint32(rapid.IntRange(0, 4).Draw(t, "account"))}
		w.call(t, request.PathHalts, api.Halt{Account: &who, Action: rapid.SampledFrom([]string{"halt", "resume", "resume", "flatten"}).Draw(t, "action")})
	case "order":
		id := uint32(rapid.IntRange(0, 4).Draw(t, "account"))
		pair := rapid.SampledFrom([]string{"BTCUSD", "ETHUSD"}).Draw(t, "pair")
		side := rapid.SampledFrom([]string{"LONG", "SHORT", "FLAT"}).Draw(t, "side")
		leverage := fixed.Ratio(rapid.Int64Range(1, 6*fixed.RatioScale).Draw(t, "leverage"))
		if side == "FLAT" {
			leverage = 0
		}
		w.call(t, request.PathOrders, order(id, pair, side, leverage))
	case "prices":
		w.prices(t, rapid.Int64Range(94, 106).Draw(t, "price"))
	case "create":
		w.call(t, request.PathSubaccounts, api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	case "effects":
		w.effects(t, rapid.IntRange(0, 3).Draw(t, "fails") != 0)
	case "deposit":
		w.own(t, &prop.ObserveCollateral{Entity: firm.Public(), Deposited: fixed.Theta(rapid.Int64Range(0, 9).Draw(t, "deposit")) * lock})
	case "root":
		registry, trading := w.view.Roots()
		w.own(t, &prop.RecordRoot{AtSeq: w.state.Seq(), Registry: registry, Trading: trading})
	}
}

// compare holds the view against the state.
func (w *world) compare(t *rapid.T) {
	registry, trading := w.state.Roots()
	if r, tr := w.view.Roots(); r != registry || tr != trading {
		t.Fatalf("at %d the roots differ", w.state.Seq())
	}
	firms, asOf := w.view.Entities()
	e := &w.state.Entities()[0]
	if got := firms[0]; asOf.Seq != w.state.Seq() || got.Deposited != e.Deposited || got.Locked != e.Locked || got.Slashed != e.Slashed || got.Free != e.Free() || got.Live != e.Live {
		t.Fatalf("the firm is %+v, its state %+v", got, e)
	}
	all, _, err := w.view.Accounts(firm.Public(), 0, 1000)
	if err != nil || len(all) != w.state.Accounts() {
		t.Fatalf("%d accounts, %d in state, %v", len(all), w.state.Accounts(), err)
	}
	var equity fixed.USD
	byStatus := map[string]int{}
	for i, got := range all {
		a := w.state.Account(prop.AccountRef(i))
		byStatus[a.Status.String()]++
		if a.Status == prop.Active {
			equity = equity.Add(a.Equity())
		}
		compareAccount(t, w.state, a, got)
	}
	if firms[0].Equity != equity || !reflect.DeepEqual(firms[0].ByStatus, byStatus) {
		t.Fatalf("the firm's equity is %s, its accounts' %s; %v and %v", firms[0].Equity, equity, firms[0].ByStatus, byStatus)
	}
}

func compareAccount(t *rapid.T, s *state.State, a state.Account, got view.Account) {
	if got.Key != a.Key || got.Status != a.Status || got.Balance != a.Balance || got.Unrealised != a.Unrealised || got.Equity != a.Equity() ||
		got.Peak != a.Peak || got.PeakSeq != a.PeakSeq || got.Deadline != a.Deadline || got.Waiting+got.Resting != len(s.OrdersOf(a.Ref)) ||
		got.Class != a.Class || got.Halted != a.Halted {
		t.Fatalf("the account is %+v, its state %+v", got, a)
	}
	if (got.Elimination != nil) != (a.Status == prop.Eliminated) || (len(got.Tests) > 0) != (a.Status == prop.Active) {
		t.Fatalf("an account that is %s: elimination %v, tests %v", a.Status, got.Elimination, got.Tests)
	}
	var unrealised fixed.USD
	for i, p := range s.Held(a.Ref) {
		pos, shown := s.Position(a.Ref, p), got.Positions[i]
		if shown.Pair != s.Pairs()[p].ID || shown.Quantity != pos.Quantity || shown.Unrealised != pos.Unrealised || shown.Value.Sub(pos.Cost) != pos.Unrealised {
			t.Fatalf("the position is %+v, its state %+v", shown, pos)
		}
		unrealised = unrealised.Add(shown.Unrealised)
	}
	if len(got.Positions) != len(s.Held(a.Ref)) || unrealised != got.Unrealised || got.Balance.Add(unrealised) != got.Equity {
		t.Fatalf("positions of %s in an account of %s", unrealised, got.Unrealised)
	}
	phase := &s.Rules(a.Rules).Phases[a.Phase]
	for _, test := range got.Tests {
		switch test.Rule {
		case "peak_drawdown":
			if breached := rules.DrawdownBreached(phase, test.Value, test.Anchor); breached != (test.Value < test.Threshold) || test.Headroom != test.Value.Sub(test.Threshold) {
				t.Fatalf("breached %t by %+v", breached, test)
			}
		case "return_target":
			if reached := rules.TargetReached(phase, test.Value, test.Anchor); reached != (test.Value >= test.Threshold) || test.Headroom != test.Threshold.Sub(test.Value) {
				t.Fatalf("reached %t by %+v", reached, test)
			}
		default:
			t.Fatalf("an unknown test %+v", test)
		}
	}
}

// TestThresholdsAgreeWithTheRules: the figure that a trader is shown is exactly the one that
// decides.
func TestThresholdsAgreeWithTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Custom(func(t *rapid.T) int64 { return rapid.Int64Range(1, 1_000_000).Draw(t, "tens") * fixed.RatioScale }) // any limit of it is exact
		anchor := fixed.USD(rapid.OneOf(whole, rapid.Int64Range(fixed.USDScale, 1_000_000_000*fixed.USDScale)).Draw(t, "anchor"))
		p := &prop.Phase{
			DrawdownLimit: fixed.Ratio(rapid.OneOf(rapid.Int64Range(1, fixed.RatioScale), rapid.SampledFrom([]int64{6 * percent, percent / 10, fixed.RatioScale})).Draw(t, "limit")),
			DrawdownOp:    rapid.SampledFrom([]prop.Op{prop.GT, prop.GE}).Draw(t, "op"),
			Target:        fixed.Ratio(rapid.OneOf(rapid.Int64Range(1, 10*fixed.RatioScale), rapid.Just(int64(3*percent))).Draw(t, "target")),
		}
		near := rapid.OneOf(rapid.Int64Range(-1, 1), rapid.Int64Range(-1, 1), rapid.Int64Range(-int64(anchor), int64(anchor))).Draw(t, "distance")
		floor := rules.DrawdownFloor(p, anchor)
		if equity := floor + fixed.USD(near); rules.DrawdownBreached(p, equity, anchor) != (equity < floor) {
			t.Fatalf("equity %s of peak %s, limit %s %s: the floor is %s", equity, anchor, p.DrawdownOp, p.DrawdownLimit, floor)
		}
		target := rules.TargetEquity(p, anchor)
		if equity := target + fixed.USD(near); rules.TargetReached(p, equity, anchor) != (equity >= target) {
			t.Fatalf("equity %s of size %s, target %s: the threshold is %s", equity, anchor, p.Target, target)
		}
	})
}

// TestOrders follows orders through their lives.
func TestOrders(t *testing.T) {
	w := founded(t, 1)
	bought := w.call(t, request.PathOrders, order(0, "BTCUSD", "LONG", fixed.RatioScale))
	o, _, err := w.view.Order(bought)
	if err != nil || o.Status != "waiting" || o.Fill != nil {
		t.Errorf("%+v, %v", o, err)
	}
	w.prices(t, 100)
	if o, _, _ = w.view.Order(bought); o.Status != "filled" || o.Fill.Quantity != 100*fixed.QtyScale || o.Fill.Value != 10_000*fixed.USDScale || o.Fill.Fee != 10*fixed.USDScale {
		t.Errorf("%+v, %+v", o, o.Fill)
	}
	sold := w.call(t, request.PathOrders, order(0, "BTCUSD", "SHORT", 2*fixed.RatioScale))
	late := w.call(t, request.PathOrders, order(0, "BTCUSD", "FLAT", 0))
	w.prices(t, 101)
	if o, _, _ = w.view.Order(sold); o.Fill == nil || o.Fill.Quantity != -100*fixed.QtyScale || o.Fill.Realised != 100*fixed.USDScale || o.Fill.NotTraded == 0 {
		t.Errorf("%+v, %+v", o, o.Fill)
	}
	if o, _, _ = w.view.Order(late); o.Status != "cancelled" || o.Reason != "nothing_to_close" {
		t.Errorf("%+v", o)
	}
	newest, _, err := w.view.Orders(account, 2)
	if err != nil || len(newest) != 2 || newest[0].ID != late || newest[1].ID != sold {
		t.Errorf("the newest are %+v, %v", newest, err)
	}
	if s := w.view.Summary(); s.Orders != 3 || s.Fills != 2 || s.Fees != (10*fixed.USDScale+1_010*fixed.USDScale/100) {
		t.Errorf("%+v", s)
	}
	for _, id := range []prop.CommandID{bought, sold, late} {
		o, _, _ := w.view.Order(id)
		if seq, ok := w.view.CommandSeq(id); !ok || seq != o.Seq {
			t.Errorf("order %s of record %d is in record %d", id, o.Seq, seq)
		}
	}
}

// TestUnknown: what is not there is refused by its name.
func TestUnknown(t *testing.T) {
	w := founded(t, 1)
	_, _, entity := w.view.Entity(prop.Hotkey{1})
	_, _, accounts := w.view.Accounts(prop.Hotkey{1}, 0, 10)
	_, _, one := w.view.Account(prop.AccountKey{Entity: firm.Public(), ID: 1})
	_, _, order := w.view.Order(prop.CommandID{1})
	_, _, orders := w.view.Orders(prop.AccountKey{Entity: firm.Public(), ID: 1}, 10)
	for name, c := range map[string]struct {
		err  error
		code prop.Code
	}{
		"entity": {entity, prop.EntityNotFound}, "accounts": {accounts, prop.EntityNotFound}, "account": {one, prop.AccountNotFound},
		"order": {order, prop.NotFound}, "orders": {orders, prop.AccountNotFound},
	} {
		var refusal *prop.Error
		if !errors.As(c.err, &refusal) || refusal.Code != c.code {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	for _, page := range [][2]int{{1, 10}, {9, 10}, {-5, 0}, {0, 0}} {
		if got, _, err := w.view.Accounts(firm.Public(), page[0], page[1]); err != nil || len(got) != 0 {
			t.Errorf("page %v: %v, %v", page, got, err)
		}
	}
	if _, known := w.view.CommandSeq(prop.CommandID{1}); known {
		t.Error("a command that was never made is known")
	}
}
