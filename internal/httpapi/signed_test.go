package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

var paths = []string{
	request.PathEntities, request.PathMiners, request.PathSubaccounts, request.PathOrders, request.PathCancel, request.PathPairState, request.PathHalts, request.PathPrices,
}

// TestForgeries: nothing but the call as it was signed, for this node and now, is taken.
func TestForgeries(t *testing.T) {
	r := serve(t).run()
	other := wire.NewRepeatableKey([32]byte{66})
	again := func(change func(*prop.Envelope)) func(prop.Envelope) prop.Envelope {
		return func(e prop.Envelope) prop.Envelope {
			change(&e)
			return request.Sign(firm, e)
		}
	}
	after := func(change func(*prop.Envelope)) func(prop.Envelope) prop.Envelope {
		return func(e prop.Envelope) prop.Envelope {
			change(&e)
			return e
		}
	}
	before := r.journal.Head()
	for _, c := range []struct {
		name string
		make func(prop.Envelope) prop.Envelope
		code prop.Code
	}{
		{"stale", again(func(e *prop.Envelope) { e.Time -= window + 1 }), prop.TimestampExpired},
		{"future", again(func(e *prop.Envelope) { e.Time += prop.AuthSkewMs + 1 }), prop.TimestampFuture},
		{"other network", again(func(e *prop.Envelope) { e.Network = "testnet-2" }), prop.WrongNetwork},
		{"other audience", again(func(e *prop.Envelope) { e.Audience = other.Public() }), prop.WrongAudience},
		{"an old id", again(func(e *prop.Envelope) { e.ID = prop.NewCommandID(e.Time-window-1, [10]byte{}) }), prop.IDExpired},
		{"body changed", after(func(e *prop.Envelope) { e.Body = append(slices.Clone(e.Body), ' ') }), prop.BadSignature},
		{"time changed", after(func(e *prop.Envelope) { e.Time++ }), prop.BadSignature},
		{"id changed", after(func(e *prop.Envelope) { e.ID[15] ^= 1 }), prop.BadSignature},
		{"signer changed", after(func(e *prop.Envelope) { e.Signer = other.Public() }), prop.BadSignature},
		{"signature changed", after(func(e *prop.Envelope) { e.Signature[0] ^= 1 }), prop.BadSignature},
		{"no signature", after(func(e *prop.Envelope) { e.Signature = prop.Signature{} }), prop.BadSignature},
		{"nobody's key", after(func(e *prop.Envelope) { e.Signer, e.Signature = prop.Hotkey{}, prop.Signature{63: 0x80} }), prop.BadSignature},
		{"sent to another path", after(func(e *prop.Envelope) { e.Path = request.PathSubaccounts }), prop.BadSignature},
		{"network changed", after(func(e *prop.Envelope) { e.Network = "testnet-2" }), prop.WrongNetwork},
		{"audience changed", after(func(e *prop.Envelope) { e.Audience = other.Public() }), prop.WrongAudience},
	} {
		problem(t, c.name, r.send(r.call(c.make(r.sign(firm, request.PathEntities, registration)))), c.code)
	}
	if r.journal.Head() != before {
		t.Error("a forgery was journaled")
	}
	replayed := r.sign(firm, request.PathEntities, registration)
	first := decode[api.Command](t, r.send(r.call(replayed)))
	if again := decode[api.Command](t, r.send(r.call(replayed))); !again.Duplicate || again.Seq != first.Seq || first.Duplicate {
		t.Errorf("sent twice, it was record %d and %d", first.Seq, again.Seq)
	}
}

// TestUnsigned: a call without the whole envelope is refused on every route.
func TestUnsigned(t *testing.T) {
	r := serve(t).run()
	for _, path := range paths {
		problem(t, path, r.send(r.request(http.MethodPost, path, []byte("{}"))), prop.Unsigned)
		req := r.request(http.MethodPost, path, []byte("{}"))
		req.Header.Set("Authorization", "Bearer "+token)
		problem(t, path+" with a token", r.send(req), prop.Unsigned)
	}
	call := r.sign(firm, request.PathEntities, registration)
	for _, h := range request.Headers(&call) {
		req := r.call(call)
		req.Header.Del(h[0])
		problem(t, "without "+h[0], r.send(req), prop.Unsigned)
		if h[0] == request.HeaderNetwork {
			continue // any text may name a network
		}
		for _, bad := range []string{"x", h[1] + "0", strings.ToUpper(h[1]) + "!", h[1][1:]} {
			req := r.call(call)
			req.Header.Set(h[0], bad)
			problem(t, h[0]+": "+bad, r.send(req), prop.Unsigned)
		}
	}
}

// TestMalformedBodies: what is signed is still read strictly, and refused without a trace.
func TestMalformedBodies(t *testing.T) {
	r := serve(t).run()
	r.trade()
	before := r.journal.Head()
	who, deep := account.String(), strings.Repeat("[", 1_500)
	order := func(rest string) string { return `{"account":"` + who + `","pair":"BTCUSD","side":"LONG"` + rest + `}` }
	for _, c := range []struct {
		name, path, body string
		code             prop.Code
	}{
		{"nothing", request.PathOrders, ``, prop.InvalidJSON},
		{"not an object", request.PathOrders, `[]`, prop.InvalidJSON},
		{"null", request.PathOrders, `null`, prop.InvalidJSON},
		{"no end", request.PathOrders, order(``)[:40], prop.InvalidJSON},
		{"two objects", request.PathOrders, order(`,"leverage":"1"`) + `{}`, prop.InvalidJSON},
		{"duplicate key", request.PathOrders, order(`,"leverage":"1","leverage":"2"`), prop.InvalidJSON},
		{"duplicate key, escaped", request.PathOrders, order(`,"leverage":"1","\u006ceverage":"2"`), prop.InvalidJSON},
		{"key in another case", request.PathOrders, order(`,"Leverage":"1"`), prop.InvalidJSON},
		{"unknown key", request.PathOrders, order(`,"leverage":"1","note":""`), prop.InvalidJSON},
		{"missing key", request.PathSubaccounts, `{}`, prop.InvalidJSON},
		{"a number", request.PathOrders, order(`,"leverage":1`), prop.InvalidJSON},
		{"NaN", request.PathOrders, order(`,"leverage":NaN`), prop.InvalidJSON},
		{"1e999", request.PathOrders, order(`,"leverage":1e999`), prop.InvalidJSON},
		{"NaN in a string", request.PathOrders, order(`,"leverage":"NaN"`), prop.InvalidField},
		{"1e999 in a string", request.PathOrders, order(`,"leverage":"1e999"`), prop.InvalidField},
		{"infinite", request.PathOrders, order(`,"leverage":"-Infinity"`), prop.InvalidField},
		{"too many digits", request.PathOrders, order(`,"leverage":"0.0000000001"`), prop.InvalidField},
		{"out of range", request.PathOrders, order(`,"value":"99999999999999999999"`), prop.InvalidField},
		{"unknown side", request.PathOrders, strings.Replace(order(`,"leverage":"1"`), "LONG", "long", 1), prop.InvalidField},
		{"bad UTF-8", request.PathOrders, strings.Replace(order(`,"leverage":"1"`), "BTC", "BTC\xff", 1), prop.InvalidJSON},
		{"deep nesting", request.PathOrders, order(`,"leverage":` + deep + strings.Repeat("]", len(deep))), prop.InvalidJSON},
		{"deep nesting without end", request.PathOrders, order(`,"leverage":` + deep), prop.InvalidJSON},
		{"not an account", request.PathOrders, strings.Replace(order(`,"leverage":"1"`), "_0", "_00", 1), prop.InvalidAccount},
		{"not a key", request.PathSubaccounts, `{"entity":"` + who[1:] + `","class":"crypto"}`, prop.InvalidHotkey},
		{"unknown type", request.PathOrders, order(`,"leverage":"1","type":"STOP"`), prop.InvalidField},
		{"a type that is empty", request.PathOrders, order(`,"leverage":"1","type":""`), prop.InvalidField},
		{"a type that is null", request.PathOrders, order(`,"leverage":"1","type":null`), prop.InvalidJSON},
		{"a limit price that is a number", request.PathOrders, order(`,"leverage":"1","type":"LIMIT","limit_price":100`), prop.InvalidJSON},
		{"a limit price with too many digits", request.PathOrders, order(`,"leverage":"1","type":"LIMIT","limit_price":"1.00000000001"`), prop.InvalidField},
		{"a LIMIT without its price", request.PathOrders, order(`,"leverage":"1","type":"LIMIT"`), prop.InvalidPrices},
		{"a MARKET with a limit price", request.PathOrders, order(`,"leverage":"1","limit_price":"100"`), prop.InvalidPrices},
		{"a negative stop", request.PathOrders, order(`,"leverage":"1","stop_loss":"-1"`), prop.InvalidPrices},
		{"a stop on the wrong side", request.PathOrders, order(`,"leverage":"1","stop_loss":"200"`), prop.InvalidPrices},
		{"a BRACKET with a side", request.PathOrders, order(`,"type":"BRACKET","stop_loss":"1"`), prop.InvalidField},
		{"a BRACKET without prices", request.PathOrders, strings.Replace(order(`,"type":"BRACKET"`), `,"side":"LONG"`, "", 1), prop.InvalidPrices},
		{"an order without side", request.PathOrders, strings.Replace(order(`,"leverage":"1"`), `,"side":"LONG"`, "", 1), prop.InvalidField},
		{"no class", request.PathSubaccounts, `{"entity":"` + firm.Public().String() + `"}`, prop.InvalidJSON},
		{"no such class", request.PathSubaccounts, `{"entity":"` + firm.Public().String() + `","class":"art"}`, prop.InvalidField},
		{"a cancel without account", request.PathCancel, `{}`, prop.InvalidJSON},
		{"a cancel of no id", request.PathCancel, `{"account":"` + who + `","order":"all"}`, prop.InvalidID},
		{"a cancel of null", request.PathCancel, `{"account":"` + who + `","order":null}`, prop.InvalidJSON},
		{"a state that there is not", request.PathPairState, `{"pair":"BTCUSD","state":"closed"}`, prop.InvalidField},
		{"no state", request.PathPairState, `{"pair":"BTCUSD"}`, prop.InvalidJSON},
		{"no action", request.PathHalts, `{"account":"` + who + `"}`, prop.InvalidJSON},
		{"an action that there is not", request.PathHalts, `{"account":"` + who + `","action":"stop"}`, prop.InvalidField},
		{"an action and more", request.PathHalts, `{"account":"` + who + `","action":"halt","flatten":true}`, prop.InvalidJSON},
		{"a halt of no account", request.PathHalts, `{"account":"","action":"halt"}`, prop.InvalidAccount},
		{"two sizes", request.PathOrders, order(`,"leverage":"1","value":"1"`), prop.InvalidSize},
		{"negative size", request.PathOrders, order(`,"leverage":"-1"`), prop.InvalidSize},
		{"NaN as a price", request.PathPrices, `{"observed":"` + epoch.String() + `","quotes":[{"pair":"BTCUSD","bid":NaN,"ask":"1"}]}`, prop.InvalidJSON},
		{"quotes that are deep", request.PathPrices, `{"observed":"` + epoch.String() + `","quotes":` + strings.Repeat("[", 100_000), prop.InvalidJSON},
		{"a quote with a second bid", request.PathPrices, `{"observed":"` + epoch.String() + `","quotes":[{"pair":"BTCUSD","bid":"1","ask":"1","bid":"1"}]}`, prop.InvalidJSON},
		{"too many quotes", request.PathPrices, `{"observed":"` + epoch.String() + `","quotes":[` + strings.Repeat("{},", prop.MaxPairs) + `{}]}`, prop.InvalidField},
		{"not a time", request.PathPrices, `{"observed":"yesterday","quotes":[]}`, prop.InvalidField},
	} {
		key := firm
		if c.path == request.PathPrices {
			key = feeder
		}
		problem(t, c.name, r.send(r.call(r.sign(key, c.path, []byte(c.body)))), c.code)
	}
	if r.journal.Head() != before || r.view.AsOf().Seq != before.LastSeq {
		t.Error("a malformed call was journaled")
	}
}

// TestBodyLimits: the largest body of a route is read, one byte more is not, whether its length is
// announced or not.
func TestBodyLimits(t *testing.T) {
	r := serve(t).run()
	for _, path := range paths {
		most := int(request.MaxBody(path))
		over := r.sign(firm, path, bytes.Repeat([]byte(" "), most+1))
		problem(t, path, r.send(r.call(over)), prop.BodyTooLarge)
		problem(t, path+" unsigned", r.send(r.request(http.MethodPost, path, over.Body)), prop.BodyTooLarge)
		req := r.call(over)
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(over.Body)), -1
		problem(t, path+" in chunks", r.send(req), prop.BodyTooLarge)
		problem(t, path+" at the limit", r.send(r.call(r.sign(firm, path, bytes.Repeat([]byte(" "), most)))), prop.InvalidJSON)
	}
}
