package view_test

import (
	"encoding/json"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

// everything is a world in which every kind of command has been taken and every kind of event has
// happened.
func everything(t *testing.T) *world {
	w := founded(t, 3)
	w.call(t, request.PathOrders, order(0, "BTCUSD", "LONG", fixed.RatioScale))
	w.call(t, request.PathOrders, order(1, "BTCUSD", "LONG", 5*fixed.RatioScale))
	w.call(t, request.PathOrders, order(1, "ETHUSD", "SHORT", fixed.RatioScale))
	w.call(t, request.PathOrders, order(0, "ETHUSD", "SHORT", fixed.RatioScale/2))
	w.call(t, request.PathOrders, order(0, "ETHUSD", "FLAT", 0))
	w.prices(t, 100)
	w.call(t, request.PathOrders, order(0, "ETHUSD", "FLAT", 0))
	w.call(t, request.PathOrders, order(1, "BTCUSD", "FLAT", 0))
	w.prices(t, 98) // number 1 ends
	w.prices(t, 107)
	w.at += 3_601 * second // number 2 is late
	w.ticks(t)
	w.own(t, &prop.ObserveCollateral{Entity: firm.Public(), Deposited: 9 * lock})
	w.call(t, request.PathSubaccounts, api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	w.effects(t, false)
	miner := prop.Hotkey{77}
	w.callAs(t, miner, request.PathMiners, api.RegisterMiner{Hotkey: miner, Coldkey: miner, Class: "crypto"})
	w.own(t, &prop.ObserveCollateral{Entity: miner, Deposited: 400 * fixed.ThetaScale})
	w.at += 24 * 3_600 * second // carry on the way, and the miner's day
	w.ticks(t)
	w.prices(t, 107)
	target, limit := 108*fixed.Price(fixed.PriceScale), fixed.Price(fixed.PriceScale)
	holder := prop.AccountKey{Entity: firm.Public()}
	w.call(t, request.PathOrders, api.SubmitOrder{Account: holder, Pair: "BTCUSD", Type: "BRACKET", TakeProfit: &target})
	one := fixed.Ratio(fixed.RatioScale)
	w.call(t, request.PathOrders, api.SubmitOrder{Account: holder, Pair: "ETHUSD", Type: "LIMIT", Side: "LONG", Leverage: &one, LimitPrice: &limit})
	w.call(t, request.PathCancel, api.CancelOrder{Account: holder})
	w.call(t, request.PathOrders, api.SubmitOrder{Account: holder, Pair: "BTCUSD", Type: "BRACKET", TakeProfit: &target})
	w.prices(t, 109)
	w.call(t, request.PathPairState, api.SetPairState{Pair: "ETHUSD", State: "halted"})
	w.call(t, request.PathHalts, api.Halt{Account: &holder, Action: "halt"})
	registry, trading := w.view.Roots()
	w.own(t, &prop.RecordRoot{AtSeq: w.state.Seq(), Registry: registry, Trading: trading})
	return w
}

// named says of a field of that name whether the text in it is a name and not a reference.
var named = map[string]func(string) bool{
	"entity":   func(s string) bool { _, err := prop.ParseHotkey(s); return err == nil },
	"account":  func(s string) bool { _, err := prop.ParseAccountKey(s); return err == nil },
	"accounts": func(s string) bool { _, err := prop.ParseAccountKey(s); return err == nil },
	"pair":     func(s string) bool { return s == "BTCUSD" || s == "ETHUSD" },
	"seen":     func(s string) bool { return s == "BTCUSD" || s == "ETHUSD" },
	"rules":    func(s string) bool { return s == "seed" },
	"order":    func(s string) bool { _, err := prop.ParseCommandID(s); return err == nil },
}

// numbers may stand bare in a rendered record; everything else has a name or is a decimal string.
var numbers = map[string]bool{
	"seq": true, "effect": true, "id": true, "phase": true, "quotes_seq": true, "anchor_seq": true, "at_seq": true, "fill_after": true, "price_age": true,
	"auth_window_ms": true, "lot": true, "max_accounts": true, "fill_delay_batches": true, "max_price_age_ms": true, "time_limit_ms": true,
	"multiplier": true, "max_resting": true, "count": true, "window_ms": true, "units": true, "hour": true, "max_orders": true, "cooldown_ms": true,
}

// TestRenderNamesEverything: a person who reads a record needs no table of references.
func TestRenderNamesEverything(t *testing.T) {
	w := everything(t)
	commands, kinds := map[string]bool{}, map[string]bool{}
	for i := range w.records {
		r := &w.records[i]
		raw := w.view.Render(r)
		var got struct {
			Seq     uint64
			Command string
			ID      string
			Signer  string
			Events  []map[string]any
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatalf("record %d is no JSON: %v\n%s", r.Seq, err, raw)
		}
		if got.Seq != r.Seq || len(got.Events) != len(r.Events) || got.Command != view.Kind(r.Command) {
			t.Errorf("record %d reads %s", r.Seq, raw)
		}
		if r.Envelope != nil && (got.ID != r.Envelope.ID.String() || got.Signer != r.Envelope.Signer.String()) {
			t.Errorf("record %d has lost its call: %s", r.Seq, raw)
		}
		var all any
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		namedOnly(t, string(raw), "", all)
		commands[got.Command] = true
		for _, e := range got.Events {
			kinds[e["event"].(string)] = true
		}
	}
	for k := prop.EventKind(1); prop.NewEvent(k) != nil; k++ {
		if kind := view.Kind(prop.NewEvent(k)); !kinds[kind] {
			t.Errorf("no %s has happened", kind)
		}
	}
	for k := prop.CommandKind(1); prop.NewCommand(k) != nil; k++ {
		if kind := view.Kind(prop.NewCommand(k)); !commands[kind] {
			t.Errorf("no %s was taken", kind)
		}
	}
}

func namedOnly(t *testing.T, record, field string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			namedOnly(t, record, k, e)
		}
	case []any:
		for _, e := range v {
			namedOnly(t, record, field, e)
		}
	case string:
		if right, ok := named[field]; ok && !right(v) {
			t.Errorf("%s is %q in %s", field, v, record)
		}
	case float64:
		if !numbers[field] {
			t.Errorf("%s is the number %v in %s", field, v, record)
		}
	case nil:
		t.Errorf("%s is null in %s", field, record)
	}
}

func TestSnake(t *testing.T) {
	for in, want := range map[string]string{"NotTraded": "not_traded", "ID": "id", "AtSeq": "at_seq", "TxHash": "tx_hash", "USDPerTheta": "usd_per_theta", "AccountUSD": "account_usd", "Pair": "pair", "": ""} {
		if got := view.Snake(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
