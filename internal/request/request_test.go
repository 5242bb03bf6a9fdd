package request

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

var (
	key    = wire.NewRepeatableKey([32]byte{1})
	origin = wire.NewRepeatableKey([32]byte{2}).Public()
	now    = prop.Instant(1_800_000_000_000)
)

const window = 30_000

func envelope(path, body string) prop.Envelope {
	return prop.Envelope{Network: "devnet", Audience: origin, Path: path, ID: prop.NewCommandID(now, [10]byte{7}), Time: now, Body: []byte(body)}
}

func code(err error) prop.Code {
	var e *prop.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func header(e *prop.Envelope) func(string) string {
	return func(name string) string {
		for _, h := range Headers(e) {
			if h[0] == name {
				return h[1]
			}
		}
		return ""
	}
}

func TestRoundTrip(t *testing.T) {
	e := Sign(key, envelope(PathOrders, `{"account":"`+origin.String()+`_7","pair":"BTCUSD","side":"LONG","leverage":"0.5"}`))
	got, err := Parse(header(&e), e.Path, e.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(&got, "devnet", origin, now, window); err != nil {
		t.Fatal(err)
	}
	s, err := Decode(&got)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Command.(*prop.SubmitOrder)
	if o.Account.ID != 7 || o.Side != prop.Long || o.Leverage != 500_000_000 || s.Signer != key.Public() || s.ID != e.ID {
		t.Errorf("decoded %+v", o)
	}
}

func TestVerifyRefuses(t *testing.T) {
	rows := []struct {
		name   string
		change func(*prop.Envelope)
		want   prop.Code
	}{
		{"as signed", func(*prop.Envelope) {}, 0},
		{"body", func(e *prop.Envelope) { e.Body = []byte(`{"entity":"x"}`) }, prop.BadSignature},
		{"path", func(e *prop.Envelope) { e.Path = PathOrders }, prop.BadSignature},
		{"id", func(e *prop.Envelope) { e.ID[15] ^= 1 }, prop.BadSignature},
		{"time", func(e *prop.Envelope) { e.Time++ }, prop.BadSignature},
		{"signer", func(e *prop.Envelope) { e.Signer = origin }, prop.BadSignature},
		{"signature", func(e *prop.Envelope) { e.Signature[3] ^= 4 }, prop.BadSignature},
		{"network", func(e *prop.Envelope) { e.Network = "mainnet" }, prop.WrongNetwork},
		{"audience", func(e *prop.Envelope) { e.Audience = key.Public() }, prop.WrongAudience},
		{"edge of the window", func(e *prop.Envelope) { e.Time = now - window; *e = Sign(key, *e) }, 0},
		{"stale", func(e *prop.Envelope) { e.Time = now - window - 1; *e = Sign(key, *e) }, prop.TimestampExpired},
		{"edge of the skew", func(e *prop.Envelope) { e.Time = now + prop.AuthSkewMs; *e = Sign(key, *e) }, 0},
		{"future", func(e *prop.Envelope) { e.Time = now + prop.AuthSkewMs + 1; *e = Sign(key, *e) }, prop.TimestampFuture},
	}
	for _, r := range rows {
		e := Sign(key, envelope(PathSubaccounts, `{"entity":"y"}`))
		r.change(&e)
		if got := code(Verify(&e, "devnet", origin, now, window)); got != r.want {
			t.Errorf("%s: %v, want %v", r.name, got, r.want)
		}
	}
}

func TestParseRefusesEachMissingHeader(t *testing.T) {
	e := Sign(key, envelope(PathEntities, `{}`))
	for _, h := range Headers(&e) {
		_, err := Parse(func(name string) string {
			if name == h[0] {
				return ""
			}
			return header(&e)(name)
		}, e.Path, e.Body)
		if code(err) != prop.Unsigned || !strings.Contains(err.Error(), h[0]) {
			t.Errorf("without %s: %v", h[0], err)
		}
	}
}

// TestIdentity: a retry signed anew is the same command; another body, route or signer is not.
func TestIdentity(t *testing.T) {
	first := Sign(key, envelope(PathEntities, `{}`))
	again := envelope(PathEntities, `{}`)
	again.Time += 5
	again = Sign(wire.NewKey([32]byte{1}), again)
	if identity(&first) != identity(&again) {
		t.Error("a retry is another command")
	}
	for name, other := range map[string]prop.Envelope{
		"body": Sign(key, envelope(PathEntities, `{ }`)), "path": Sign(key, envelope(PathOrders, `{}`)),
		"signer": Sign(wire.NewKey([32]byte{9}), envelope(PathEntities, `{}`)),
	} {
		if identity(&first) == identity(&other) {
			t.Errorf("another %s is the same command", name)
		}
	}
}

func TestStrictJSON(t *testing.T) {
	h, chosen := origin.String(), prop.NewCommandID(now, [10]byte{7})
	someID, bracketID := chosen.String(), chosen.BracketID().String()
	rows := []struct {
		path, body string
		want       prop.Code
	}{
		{PathEntities, `{"hotkey":"` + h + `","coldkey":"` + h + `"}`, 0},
		{PathEntities, ` {"coldkey":"` + h + `" , "hotkey":"` + h + `"} `, 0},
		{PathEntities, `{"hotkey":"` + h + `"}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h + `","coldkey":"` + h + `","coldkey":"` + h + `"}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h + `","Coldkey":"` + h + `"}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h + `","coldkey":"` + h + `","x":1}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h + `","coldkey":"` + h + `"}{}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h + `","coldkey":7}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h + `","coldkey":null}`, prop.InvalidJSON},
		{PathEntities, `{"hotkey":"` + h[:40] + `","coldkey":"` + h + `"}`, prop.InvalidHotkey},
		{PathEntities, "{\"hotkey\":\"\xff\"}", prop.InvalidJSON},
		{PathEntities, `[]`, prop.InvalidJSON},
		{PathEntities, ``, prop.InvalidJSON},
		{PathEntities, `{"hotkey":` + strings.Repeat("[", 20_000), prop.BodyTooLarge},
		{PathEntities, `{"hotkey":` + strings.Repeat("[", 3_000), prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_01","pair":"BTCUSD","side":"LONG"}`, prop.InvalidAccount},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"long"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","value":"1e5"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","value":"NaN"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","value":5}`, prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","value":"5"}`, 0},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","type":"LIMIT","side":"SHORT","value":"5","limit_price":"101.5","stop_loss":"103","take_profit":"99.0000000001"}`, 0},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","type":"BRACKET","stop_loss":"3"}`, 0},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","type":"limit","side":"LONG"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","type":"","side":"LONG"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","type":null,"side":"LONG"}`, prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","type":1,"side":"LONG"}`, prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","limit_price":7}`, prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","limit_price":""}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","stop_loss":"1.00000000001"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","take_profit":"1e2"}`, prop.InvalidField},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","stop_loss":"1","stop_loss":"2"}`, prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","stopLoss":"1"}`, prop.InvalidJSON},
		{PathOrders, `{"account":"` + h + `_1","pair":"BTCUSD","side":"LONG","parent":"` + someID + `"}`, prop.InvalidJSON},
		{PathSubaccounts, `{"entity":"` + h + `","class":"crypto"}`, 0},
		{PathSubaccounts, `{"entity":"` + h + `"}`, prop.InvalidJSON},
		{PathSubaccounts, `{"entity":"` + h + `","class":7}`, prop.InvalidJSON},
		{PathMiners, `{"hotkey":"` + h + `","coldkey":"` + h + `","class":"forex"}`, 0},
		{PathMiners, `{"hotkey":"` + h + `","coldkey":"` + h + `"}`, prop.InvalidJSON},
		{PathCancel, `{"account":"` + h + `_1"}`, 0},
		{PathCancel, `{"account":"` + h + `_1","order":"` + someID + `"}`, 0},
		{PathCancel, `{"account":"` + h + `_1","order":"` + bracketID + `"}`, 0},
		{PathCancel, `{"account":"` + h + `_1","order":""}`, prop.InvalidID},
		{PathCancel, `{"account":"` + h + `_1","order":"ALL"}`, prop.InvalidID},
		{PathCancel, `{"account":"` + h + `_1","order":null}`, prop.InvalidJSON},
		{PathCancel, `{"order":"` + someID + `"}`, prop.InvalidJSON},
		{PathCancel, `{"account":"` + h + `_1","orders":[]}`, prop.InvalidJSON},
		{PathPairState, `{"pair":"BTCUSD","state":"halted"}`, 0},
		{PathPairState, `{"pair":"BTCUSD","state":"Halted"}`, prop.InvalidField},
		{PathPairState, `{"pair":"BTCUSD","state":4}`, prop.InvalidJSON},
		{PathPairState, `{"state":"halted"}`, prop.InvalidJSON},
		{PathHalts, `{"action":"halt"}`, 0},
		{PathHalts, `{"action":"flatten","entity":"` + h + `"}`, 0},
		{PathHalts, `{"action":"resume","account":"` + h + `_1"}`, 0},
		{PathHalts, `{"action":"HALT"}`, prop.InvalidField},
		{PathHalts, `{}`, prop.InvalidJSON},
		{PathHalts, `{"action":"halt","halted":true}`, prop.InvalidJSON},
		{PathHalts, `{"action":"halt","entity":""}`, prop.InvalidHotkey},
		{PathHalts, `{"action":"halt","entity":null}`, prop.InvalidJSON},
		{PathHalts, `{"action":"halt","account":"` + h + `_01"}`, prop.InvalidAccount},
		{PathPrices, `{"observed":"2026-01-01T00:00:00.000Z","quotes":[{"pair":"BTCUSD","bid":"1","ask":"2"}]}`, 0},
		{PathPrices, `{"observed":"2026-01-01T00:00:00.000Z","quotes":[{"pair":"BTCUSD","bid":"1","ask":"2","bid":"9"}]}`, prop.InvalidJSON},
		{PathPrices, `{"observed":"2026-01-01T00:00:00.000Z","quotes":{}}`, prop.InvalidJSON},
		{PathPrices, `{"observed":"yesterday","quotes":[]}`, prop.InvalidField},
		{"/v1/nothing", `{}`, prop.NotFound},
	}
	for _, r := range rows {
		e := envelope(r.path, r.body)
		if _, err := Decode(&e); code(err) != r.want || (err == nil) != (r.want == 0) {
			t.Errorf("%s %.60s: %v, want %v", r.path, r.body, err, r.want)
		}
	}
}

// TestDecodesOrders: each field goes where it belongs, and a MARKET needs no type.
func TestDecodesOrders(t *testing.T) {
	h, id := origin.String(), prop.NewCommandID(now, [10]byte{7}).BracketID()
	account := prop.AccountKey{Entity: origin, ID: 1}
	for _, r := range []struct {
		path, body string
		want       prop.Command
	}{
		{PathOrders, `{"account":"` + h + `_1","pair":"P","side":"FLAT"}`, &prop.SubmitOrder{Account: account, Pair: "P", Type: prop.Market, Side: prop.Flat}},
		{PathOrders, `{"account":"` + h + `_1","pair":"P","type":"LIMIT","side":"SHORT","leverage":"0.000000001","limit_price":"2","stop_loss":"3","take_profit":"1"}`,
			&prop.SubmitOrder{Account: account, Pair: "P", Type: prop.Limit, Side: prop.Short, Leverage: 1, LimitPrice: 20_000_000_000, StopLoss: 30_000_000_000, TakeProfit: 10_000_000_000}},
		{PathOrders, `{"account":"` + h + `_1","pair":"P","type":"BRACKET","quantity":"0.00000002","stop_loss":"0.0000000003"}`,
			&prop.SubmitOrder{Account: account, Pair: "P", Type: prop.Bracket, Quantity: 2, StopLoss: 3}},
		{PathSubaccounts, `{"entity":"` + h + `","class":"forex"}`, &prop.CreateSubaccount{Entity: origin, Class: "forex"}},
		{PathCancel, `{"account":"` + h + `_1"}`, &prop.CancelOrder{Account: account}},
		{PathCancel, `{"account":"` + h + `_1","order":"` + id.String() + `"}`, &prop.CancelOrder{Account: account, Order: id}},
		{PathPairState, `{"pair":"P","state":"reduce_only"}`, &prop.SetPairState{Pair: "P", State: prop.ReduceOnly}},
		{PathHalts, `{"action":"halt"}`, &prop.Halt{Halted: true}},
		{PathHalts, `{"action":"flatten","account":"` + h + `_1"}`, &prop.Halt{Account: account, Halted: true, Flatten: true}},
		{PathHalts, `{"action":"resume","entity":"` + h + `"}`, &prop.Halt{Entity: origin}},
	} {
		e := envelope(r.path, r.body)
		if got, err := Decode(&e); err != nil || !reflect.DeepEqual(got.Command, r.want) {
			t.Errorf("%s %s: %+v, %v", r.path, r.body, got.Command, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	h := origin.String()
	f.Add(PathOrders, []byte(`{"account":"`+h+`_1","pair":"BTCUSD","side":"FLAT"}`))
	f.Add(PathPrices, []byte(`{"observed":"2026-01-01T00:00:00.000Z","quotes":[{"pair":"B","bid":"1","ask":"2"}]}`))
	f.Add(PathEntities, []byte(`{"hotkey":"`+h+`","coldkey":"`+h+`"}`))
	f.Add(PathOrders, []byte(`{"account":"`+h+`_1","pair":"BTCUSD","type":"LIMIT","side":"LONG","value":"5","limit_price":"2","stop_loss":"1"}`))
	f.Add(PathCancel, []byte(`{"account":"`+h+`_1","order":"01234567-89ab-7cde-8123-456789abcdef"}`))
	f.Add(PathPairState, []byte(`{"pair":"BTCUSD","state":"halted"}`))
	f.Add(PathHalts, []byte(`{"entity":"`+h+`","action":"flatten"}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		e := prop.Envelope{Path: path, Body: body}
		s, err := Decode(&e)
		if err != nil && code(err) == 0 {
			t.Fatalf("an error without code: %v", err)
		}
		if err == nil && s.Command == nil {
			t.Fatal("neither command nor error")
		}
	})
}

func FuzzParse(f *testing.F) {
	e := Sign(key, envelope(PathEntities, `{}`))
	h := Headers(&e)
	f.Add(h[0][1], h[1][1], h[2][1], h[3][1], h[4][1], h[5][1])
	f.Fuzz(func(t *testing.T, a, b, c, d, g, i string) {
		values := map[string]string{h[0][0]: a, h[1][0]: b, h[2][0]: c, h[3][0]: d, h[4][0]: g, h[5][0]: i}
		got, err := Parse(func(n string) string { return values[n] }, "/", nil)
		if err != nil {
			return
		}
		for _, back := range Headers(&got) {
			if !strings.EqualFold(back[1], values[back[0]]) {
				t.Fatalf("%s: %q read as %q", back[0], values[back[0]], back[1])
			}
		}
	})
}
