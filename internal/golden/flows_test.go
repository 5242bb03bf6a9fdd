package golden_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// flow is a script that was run through the public node's managers, and what came of it. The numbers
// of order sources (src) have no counterpart: an event says by its kind what an order was.
type flow struct {
	ID     string
	Script string
	Result struct {
		NetLeverage  json.Number   `json:"net_leverage"`
		NetQuantity  json.Number   `json:"net_quantity"`
		Orders       int64         `json:"n_orders"`
		Filled       bool          `json:"filled"`
		Price        json.Number   `json:"price"`
		Times        []int64       `json:"times"`
		Prices       []json.Number `json:"prices"`
		Exit         json.Number   `json:"exit_price"`
		Return       json.Number   `json:"current_return"`
		Slippage     any           `json:"slippage"`
		ExitSlippage json.Number   `json:"exit_slippage"`
		Source       int           `json:"src"`
		ClosedOrders int           `json:"closed_orders"`
		NewOrders    int           `json:"new_orders"`
	}
}

// flows are the scripts in our words; each returns what differs.
var flows = map[string]struct {
	script string
	run    func(*testing.T, flow) []mismatch
}{
	"E1":  {"LONG .1@60000; BRACKET sl55000 tp70000; FLAT; SHORT .1@60000; px 54000; tick", bracketDies},
	"E2":  {"market closed; LIMIT LONG 61000; last 60000", limitWhileClosed},
	"E3":  {"LONG@T0; LIMIT LONG 59000; event 58000 at T0-25000", eventOfThePast},
	"E4":  {"LONG .2@60000; BRACKET sl 55000; px 40000", stopOnAGap},
	"E5":  {"LIMIT leverage .1 and value 10000; px 58000", limitOfTwoSizes},
	"E6a": {"LONG .5@60000; FLAT lev 0 @60000", exitSlips},
	"E6b": {"LONG .5@60000; FLAT lev .5 @60000", exitSlips},
	"E7":  {"100 orders then LONG .1", hundredOrders},
}

// flowVectors runs the scripts under today's bounds and the devnet's slippage.
func flowVectors(t *testing.T, sum *tally) {
	var vectors []flow
	x := newSection(t, sum, "end_to_end_flows", &vectors)
	for i, v := range vectors {
		f, ok := flows[v.ID]
		if !ok || f.script != v.Script {
			t.Fatalf("%s: another script: %s", v.ID, v.Script)
		}
		x.vector(i, f.run(t, v)...)
	}
	x.done(8)
}

func flowWorld(t *testing.T) *world {
	t.Helper()
	set := goldenSet(100_000 * usd)
	set.Slippage = devnet(t).RuleSets[0].Slippage
	set.MaxOrders = 100
	return newWorld(t, cryptoMs, readPairs(t), set, "crypto")
}

// btc is a quote without spread.
func btc(price int64) prop.Quote {
	p := fixed.Price(price) * fixed.PriceScale
	return quote("BTCUSD", p, p)
}

func long(leverage string) prop.SubmitOrder {
	return prop.SubmitOrder{Pair: "BTCUSD", Side: prop.Long, Leverage: ratio(leverage)}
}

var flat = prop.SubmitOrder{Pair: "BTCUSD", Side: prop.Flat}

// mustFill has the orders filled at the quote, one after the other.
func (w *world) mustFill(q prop.Quote, orders ...prop.SubmitOrder) prop.Trade {
	w.t.Helper()
	trade, refused := w.fills(q, orders...)
	if refused != "" {
		w.t.Fatal(refused)
	}
	return trade
}

func (w *world) btcPosition() (position fixed.Qty, orders int64) {
	ref, _ := w.s.Pair("BTCUSD")
	p := w.s.Position(w.account, ref)
	return p.Quantity, p.Orders
}

// bracketDies is E1: the bracket of a closed position is cancelled with it (B15), so the next position
// stays as it is.
func bracketDies(t *testing.T, f flow) []mismatch {
	w := flowWorld(t)
	w.mustFill(btc(60_000), long("0.1"))
	bracket := w.mustSubmit(prop.SubmitOrder{
		Pair: "BTCUSD", Type: prop.Bracket, StopLoss: 55_000 * fixed.PriceScale, TakeProfit: 70_000 * fixed.PriceScale,
	})
	w.mustFill(btc(60_000), flat)
	if fate := w.fate(bracket); fate.waits || fate.cancelled == nil || fate.cancelled.Reason != prop.PositionGone {
		t.Errorf("%s: the bracket outlived its position: %+v", f.ID, fate)
	}
	short := long("0.1")
	short.Side = prop.Short
	w.mustFill(btc(60_000), short)
	w.at += secondMs
	w.mustPrices(btc(54_000))
	w.ticks()
	held, orders := w.btcPosition()
	leverage := times(qtyRat(held), rat("54000"), rat("0.00001"))
	return slices.Concat(
		near("net_quantity", qtyRat(held), number(f.Result.NetQuantity), times(quantityTolerance, big.NewRat(2, 1)), new(big.Rat)),
		near("net_leverage", leverage, number(f.Result.NetLeverage), returnTolerance, returnRounding),
		text("n_orders", fmt.Sprint(orders), fmt.Sprint(f.Result.Orders)))
}

// limitWhileClosed is E2: the LIMIT rests while the market is closed, whatever the last price, and fills
// when it opens, at the market. Here it is Saturday, and BTCUSD has the hours of forex.
func limitWhileClosed(t *testing.T, f flow) []mismatch {
	saturday, sunday := day(2025, 11, 15), day(2025, 11, 16)+22*hourMs
	pairs := readPairs(t)
	pairNamed(pairs, "BTCUSD").Class = "forex"
	w := newWorld(t, saturday, pairs, goldenSet(100_000*usd), "forex")
	w.mustPrices(btc(60_000))
	limit := long("0.1")
	limit.Type, limit.LimitPrice = prop.Limit, 61_000*fixed.PriceScale
	id := w.mustSubmit(limit)
	for ; w.at < sunday; w.at += hourMs {
		w.mustPrices(btc(60_000))
	}
	closed := w.fate(id)
	w.mustPrices(btc(60_000))
	if open := w.fate(id); !closed.waits || open.filled == nil || open.at != sunday || open.filled.Trade.Price != 60_000*fixed.PriceScale {
		t.Errorf("%s: rests over the weekend: %v; then, at a market of 60,000: %+v", f.ID, closed.waits, open.filled)
	}
	price := "none"
	if closed.filled != nil {
		price = closed.filled.Trade.Price.String()
	}
	return append(text("filled", fmt.Sprint(closed.filled != nil), fmt.Sprint(f.Result.Filled)), text("price", price, shown(number(f.Result.Price)))...)
}

// eventOfThePast is E3: a price from before the last one is refused; no fill is dated before its order
// or an earlier event.
func eventOfThePast(t *testing.T, f flow) []mismatch {
	w := flowWorld(t)
	start := w.at
	w.mustFill(btc(60_000), long("0.2"))
	limit := long("0.2")
	limit.Type, limit.LimitPrice = prop.Limit, 59_000*fixed.PriceScale
	id := w.mustSubmit(limit)
	w.at += secondMs
	_, err := w.apply(prop.Signed{Command: &prop.ObservePrices{Observed: start - 25*secondMs, Quotes: []prop.Quote{btc(58_000)}}})
	if code(err) != prop.InvalidPrice {
		t.Errorf("%s: a price of the past: %v", f.ID, err)
	}
	var times []int64
	var prices, slippage, wantPrices, wantSlippage []string
	for _, r := range w.log {
		for _, e := range r.events {
			if fill, ok := e.(*prop.OrderFilled); ok {
				times, prices, slippage = append(times, int64(r.stamp.At-start)), append(prices, fill.Trade.Quoted.String()), append(slippage, fill.Trade.Slippage.String())
			}
		}
	}
	for i, p := range f.Result.Prices {
		wantPrices, wantSlippage = append(wantPrices, shown(number(p))), append(wantSlippage, fmt.Sprintf("%.9f", f.Result.Slippage.([]any)[i]))
	}
	w.mustPrices(btc(60_000))
	w.at += secondMs
	w.mustPrices(btc(58_000))
	if late := w.fate(id); late.filled == nil || late.at != start+2*secondMs || late.filled.Trade.Price != limit.LimitPrice {
		t.Errorf("%s: the LIMIT at 58,000: %+v", f.ID, late)
	}
	return slices.Concat(
		text("times", fmt.Sprint(times), fmt.Sprint(f.Result.Times)),
		text("prices", fmt.Sprint(prices), fmt.Sprint(wantPrices)),
		text("slippage", fmt.Sprint(slippage), fmt.Sprint(wantSlippage)))
}

// stopOnAGap is E4: the stop fills at the market, which has jumped over it.
func stopOnAGap(t *testing.T, f flow) []mismatch {
	w := flowWorld(t)
	w.mustFill(btc(60_000), long("0.2"))
	id := w.mustSubmit(prop.SubmitOrder{Pair: "BTCUSD", Type: prop.Bracket, StopLoss: 55_000 * fixed.PriceScale})
	w.at += secondMs
	w.mustPrices(btc(40_000))
	fate := w.fate(id)
	if fate.filled == nil || fate.trigger.Price != 55_000*fixed.PriceScale || fate.trigger.Trigger != prop.AtStopLoss {
		t.Fatalf("%s: %+v", f.ID, fate)
	}
	trade := fate.filled.Trade
	return slices.Concat(
		near("exit_price", priceRat(trade.Quoted), number(f.Result.Exit), new(big.Rat), new(big.Rat)),
		near("slippage", ratioRat(trade.Slippage), new(big.Rat).SetFloat64(f.Result.Slippage.(float64)), rat("0.00000000151"), new(big.Rat)),
		near("current_return", w.figures("BTCUSD", rat("100000")).ret, number(f.Result.Return), returnTolerance, returnRounding))
}

// limitOfTwoSizes is E5: refused at once, where the public node finds out when it triggers.
func limitOfTwoSizes(t *testing.T, f flow) []mismatch {
	w := flowWorld(t)
	w.mustPrices(btc(60_000))
	limit := long("0.1")
	limit.Type, limit.LimitPrice, limit.Value = prop.Limit, 59_000*fixed.PriceScale, 10_000*usd
	_, err := w.submit(limit)
	theirs := "accepted"
	if f.Result.Source == 7 {
		theirs = "accepted, cancelled at the trigger"
	}
	return text("result", verdict(err), theirs)
}

// exitSlips is E6: a FLAT slips by what it closes, whatever size it was sent with; here it has none.
func exitSlips(t *testing.T, f flow) []mismatch {
	w := flowWorld(t)
	trade := w.mustFill(btc(60_000), long("0.5"), flat)
	return append(
		near("exit_slippage", ratioRat(trade.Slippage), number(f.Result.ExitSlippage), rat("0.00000000151"), new(big.Rat)),
		near("current_return", w.figures("BTCUSD", rat("100000")).ret, number(f.Result.Return), returnTolerance, returnRounding)...)
}

// hundredOrders is E7: the 101st is refused, where the public node closes the position and opens
// another. The position may still be left.
func hundredOrders(t *testing.T, f flow) []mismatch {
	w := flowWorld(t)
	w.mustFill(btc(60_000), long("0.01"))
	w.mustFill(btc(60_000), slices.Repeat([]prop.SubmitOrder{long("0.001")}, 99)...)
	_, err := w.submit(long("0.1"))
	if _, orders := w.btcPosition(); orders != 100 {
		t.Errorf("%s: the position has %d orders", f.ID, orders)
	}
	w.mustFill(btc(60_000), flat)
	if held, _ := w.btcPosition(); held != 0 {
		t.Errorf("%s: %s is left after FLAT", f.ID, held)
	}
	return text("result", verdict(err), fmt.Sprintf("closed after %d orders, a new position with %d", f.Result.ClosedOrders, f.Result.NewOrders))
}

// TestLimitIsALimit: a LIMIT that the market meets as it comes fills at the market, but slippage never
// makes that worse than its limit.
func TestLimitIsALimit(t *testing.T) {
	for _, v := range []struct {
		side  prop.Side
		limit int64 // the market is at 60,000, and 20,000 USD slip by 6.44 there, or 5.69 on a sale
		want  string
	}{
		{prop.Long, 61_000, "60006.44166"}, {prop.Long, 60_007, "60006.44166"}, {prop.Long, 60_006, "60006"}, {prop.Long, 60_000, "60000"},
		{prop.Short, 59_000, "59994.3066"}, {prop.Short, 59_994, "59994.3066"}, {prop.Short, 59_995, "59995"}, {prop.Short, 60_000, "60000"},
	} {
		w := flowWorld(t)
		w.mustPrices(btc(60_000))
		limit := long("0.2")
		limit.Side, limit.Type, limit.LimitPrice = v.side, prop.Limit, fixed.Price(v.limit)*fixed.PriceScale
		id := w.mustSubmit(limit)
		w.mustPrices(btc(60_000))
		if f := w.fate(id); f.filled == nil || f.filled.Trade.Price.String() != v.want {
			t.Errorf("%s at %d: %+v, want a price of %s", v.side, v.limit, f.filled, v.want)
		}
		w.verify()
	}
}
