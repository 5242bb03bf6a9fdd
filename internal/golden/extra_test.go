package golden_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// section is one part of trading-extra.json: its vectors, and what became of them.
type section struct {
	t    *testing.T
	name string
	e    *excuses
	sum  *tally
	tally
}

func newSection(t *testing.T, sum *tally, name string, vectors any) *section {
	t.Helper()
	var file map[string]json.RawMessage
	readJSON(t, goldenDir+"/trading-extra.json", false, &file)
	if err := json.Unmarshal(file[name], vectors); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &section{t: t, name: name, sum: sum, e: readExcuses(t, func(d difference) bool { return d.File == "trading-extra.json" && d.Case == name })}
}

// vector notes what differs in one of them.
func (x *section) vector(i int, found ...mismatch) {
	x.t.Helper()
	left := x.e.without(x.t, x.name, i, false, found)
	x.count(found, left)
	for _, m := range left {
		x.t.Errorf("%s, vector %d, %s: %s, the public node has %s", x.name, i, m.field, m.ours, m.theirs)
	}
}

// done wants so many vectors, and every entry used.
func (x *section) done(vectors int) {
	x.t.Helper()
	x.e.unused(x.t)
	if x.run != vectors {
		x.t.Errorf("%s: %d vectors, want %d", x.name, x.run, vectors)
	}
	x.entries = len(x.e.entries)
	x.sum.add(x.tally)
	x.t.Logf("%s: %s", x.name, x.tally)
}

// text is a mismatch of two texts, if they are one.
func text(field, ours, theirs string) []mismatch {
	if ours == theirs {
		return nil
	}
	return []mismatch{{field: field, ours: ours, theirs: theirs}}
}

// near is a mismatch of two numbers, if they are one. An entry states ours to the rounding.
func near(field string, ours, theirs, tolerance, rounding *big.Rat) []mismatch {
	if within(ours, theirs, tolerance) {
		return nil
	}
	return []mismatch{{field, shown(ours), shown(theirs), ours, rounding}}
}

// TestSections: each section has a test, or a reason why it has none.
func TestSections(t *testing.T) {
	var file map[string]json.RawMessage
	readJSON(t, goldenDir+"/trading-extra.json", false, &file)
	need := readNeeds(t)
	for name := range file {
		where := need.Sections[name]
		if where == "" {
			t.Errorf("testdata/golden.json does not say where %s is tested", name)
		}
		if strings.HasPrefix(where, "not covered") {
			t.Logf("%s: %s", name, where)
		}
	}
	for name := range need.Sections {
		if _, there := file[name]; !there {
			t.Errorf("there is no section %s", name)
		}
	}
}

// devnet is the genesis that the program brings along.
func devnet(t testing.TB) (g prop.Genesis) {
	t.Helper()
	data, err := os.ReadFile("../../cmd/propnet/devnet.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := toml.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// lifted are the public pairs without bounds of leverage.
func lifted(t testing.TB, name string) []prop.Pair {
	t.Helper()
	pairs := readPairs(t)
	for i := range pairs {
		pairs[i].MinLeverage, pairs[i].MaxLeverage = 0, noBound
	}
	for _, n := range readNeeds(t).Tradable {
		if n.Case == name {
			pairNamed(pairs, n.Pair).State = prop.Tradable
		}
	}
	return pairs
}

// slippageVectors fills an order of each vector's value, at its time, under the slippage of the devnet's
// rule set, within what the table's 9 digits allow: three times half a unit. Crypto is quoted at 100 on
// both sides, so that the value is the vector's to the last digit; its slippage does not depend on the
// quote.
func slippageVectors(t *testing.T, sum *tally) {
	var vectors []struct {
		Pair     string `json:"trade_pair"`
		Type     string
		Value    json.Number
		Leverage float64
		Bid, Ask json.Number
		AtMs     int64           `json:"processed_ms"`
		Slippage json.RawMessage `json:"slippage"`
	}
	x := newSection(t, sum, "slippage", &vectors)
	set := goldenSet(1_000_000 * usd)
	set.Slippage = devnet(t).RuleSets[0].Slippage
	tolerance, exact := rat("0.00000000151"), new(big.Rat)
	for i, v := range vectors {
		pairs := lifted(t, "slippage")
		w := newWorld(t, prop.Instant(v.AtMs)-1, pairs, set, pairNamed(pairs, v.Pair).Class)
		w.at = prop.Instant(v.AtMs)
		bid, ask := priceOf(number(v.Bid)), priceOf(number(v.Ask))
		if w.s.Account(w.account).Class == "crypto" {
			bid, ask = 100*fixed.PriceScale, 100*fixed.PriceScale
		}
		value := fixed.USD(units(absolute(number(v.Value)), fixed.USDScale))
		orders := []prop.SubmitOrder{{Pair: v.Pair, Side: prop.Long, Value: value}}
		switch {
		case v.Type == "SHORT":
			orders[0].Side = prop.Short
		case v.Type == "FLAT": // what it closes is worth 60,000 USD, whatever size it came with
			orders[0].Value = 60_000 * usd
			if v.Leverage > 0 { // a FLAT that buys
				orders[0].Side = prop.Short
			}
			orders = append(orders, prop.SubmitOrder{Pair: v.Pair, Side: prop.Flat})
		}
		trade, refused := w.fills(quote(v.Pair, bid, ask), orders...)
		var theirs *big.Rat
		if n := json.Number(v.Slippage); v.Slippage[0] != '{' {
			theirs = number(n)
		}
		switch {
		case refused != "" && theirs == nil:
			x.vector(i) // neither has a figure
		case refused != "":
			x.vector(i, text("slippage", refused, shown(theirs))...)
		case theirs == nil:
			x.vector(i, mismatch{"slippage", trade.Slippage.String(), "an error", ratioRat(trade.Slippage), exact})
		default:
			x.vector(i, near("slippage", ratioRat(trade.Slippage), theirs, tolerance, exact)...)
		}
	}
	x.done(65)
}

// fills has each order filled at the quote and returns the last trade, or why there is none.
func (w *world) fills(q prop.Quote, orders ...prop.SubmitOrder) (trade prop.Trade, refused string) {
	w.t.Helper()
	for _, o := range orders {
		if err := w.prices(q); err != nil {
			return trade, verdict(err)
		}
		id, err := w.submit(o)
		if err != nil {
			return trade, verdict(err)
		}
		w.mustPrices(q)
		f := w.fate(id)
		if f.filled == nil {
			w.t.Fatalf("the order at %s has not filled: %+v", w.at, f)
		}
		trade = f.filled.Trade
	}
	w.verify()
	return trade, ""
}

// orderSizes has the vectors of parse_order_size filled, at the price that their base rate is.
func orderSizes(t *testing.T, sum *tally) {
	type sizes struct {
		Leverage, Value, Quantity *json.Number
		Error                     string
	}
	var vectors []struct {
		Pair     string      `json:"trade_pair"`
		Base     json.Number `json:"usd_base_rate"`
		Account  json.Number `json:"account_size"`
		Signal   sizes
		Expected sizes
	}
	x := newSection(t, sum, "parse_order_size", &vectors)
	for i, v := range vectors {
		pairs := readPairs(t)
		pair := pairNamed(pairs, v.Pair)
		w := newWorld(t, cryptoMs, pairs, goldenSet(fixed.USD(units(number(v.Account), fixed.USDScale))), pair.Class)
		p := priceOf(new(big.Rat).Inv(number(v.Base))) // of a pair in USD
		switch v.Pair {
		case "USDCAD":
			p = 14 * fixed.PriceScale / 10 // any: a dollar is a dollar
		case "EURGBP":
			p = 88 * fixed.PriceScale / 100
			gbp := priceOf(new(big.Rat).Inv(times(number(v.Base), priceRat(p))))
			w.mustPrices(quote("GBPUSD", gbp, gbp))
		}
		c := scenario{vector: vector{Pair: v.Pair}}
		o := vectorOrder{Type: "LONG", Leverage: v.Signal.Leverage, Value: v.Signal.Value, Quantity: v.Signal.Quantity}
		if o.Leverage != nil && number(*o.Leverage).Sign() < 0 {
			o.Type = "SHORT"
		}
		trade, refused := w.fills(quote(v.Pair, p, p), c.submit(o))
		if refused != "" || v.Expected.Error != "" {
			x.vector(i, text("error", refused, reason(v.Expected.Error))...)
			continue
		}
		value := usdRat(trade.Value)
		if trade.Quantity < 0 {
			value.Neg(value)
		}
		money := plus(moneyTolerance, times(absolute(value), notionalTolerance))
		x.vector(i, slices.Concat(
			near("quantity", qtyRat(trade.Quantity), size(v.Expected.Quantity), quantityTolerance, new(big.Rat)),
			near("value", value, size(v.Expected.Value), money, new(big.Rat)),
			near("leverage", new(big.Rat).Quo(value, number(v.Account)), size(v.Expected.Leverage), returnTolerance, new(big.Rat)))...)
	}
	x.done(10)
}

var eurusd = quote("EURUSD", 11*fixed.PriceScale/10, 11*fixed.PriceScale/10)

// open tells whether an order that adds exposure is taken now; it is cancelled again.
func (w *world) open(pair prop.Quote) bool {
	w.t.Helper()
	w.mustPrices(pair)
	id, err := w.submit(prop.SubmitOrder{Pair: pair.Pair, Side: prop.Long, Leverage: fixed.RatioScale})
	if err != nil {
		if code(err) != prop.MarketClosed {
			w.t.Fatalf("at %s: %v", w.at, err)
		}
		return false
	}
	w.must(w.signed(&prop.CancelOrder{Account: w.key, Order: id}, entity))
	return true
}

// forexHours: an order is taken at the instant if and only if the market is open, and then it fills.
func forexHours(t *testing.T, sum *tally) {
	var vectors []struct {
		UTC  string
		AtMs int64 `json:"ms"`
		Open bool
	}
	x := newSection(t, sum, "forex_hours", &vectors)
	for i, v := range vectors {
		w := newWorld(t, prop.Instant(v.AtMs), readPairs(t), goldenSet(100_000*usd), "forex")
		open := w.open(eurusd)
		if open {
			if _, refused := w.fills(eurusd, prop.SubmitOrder{Pair: "EURUSD", Side: prop.Long, Leverage: fixed.RatioScale}); refused != "" {
				t.Errorf("%s: %s", v.UTC, refused)
			}
		}
		x.vector(i, text("open", fmt.Sprint(open), fmt.Sprint(v.Open))...)
	}
	x.done(23)
}

// forexHolidays tries an order at noon in New York (standard time) on every weekday of the years:
// it is refused on the holidays, and on no other.
func forexHolidays(t *testing.T, sum *tally) {
	var years map[string][]string
	x := newSection(t, sum, "forex_holidays", &years)
	w := newWorld(t, day(2024, 1, 1), readPairs(t), goldenSet(100_000*usd), "forex")
	for y := 2024; y <= 2031; y++ {
		var closed []string
		for w.at = day(y, 1, 1) + 17*hourMs; w.at < day(y+1, 1, 1); w.at += dayMs {
			if weekday := (w.at/dayMs + 4) % 7; weekday == 0 || weekday == 6 {
				continue
			}
			if !w.open(eurusd) {
				closed = append(closed, w.at.String()[:10])
			}
		}
		x.vector(y-2024, text("closed", fmt.Sprint(closed), fmt.Sprint(slices.Compact(years[fmt.Sprint(y)])))...) // Boxing Day may fall on Christmas
	}
	x.done(8)
}

// day is a UTC midnight, counted by hand.
func day(y, m, d int) prop.Instant {
	days := 0
	leap := func(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }
	for k := 1970; k < y; k++ {
		days += 365
		if leap(k) {
			days++
		}
	}
	for k := 1; k < m; k++ {
		days += []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[k-1]
		if k == 2 && leap(y) {
			days++
		}
	}
	return prop.Instant(days+d-1) * dayMs
}

// triggerVectors lets an order rest for a batch that does not meet its price, then shows it the vector's
// quote. The public node fills a stop at the stop; here it fills at the worse of stop and market.
func triggerVectors(t *testing.T, sum *tally) {
	var vectors []struct {
		Kind, Type string
		Bid, Ask   json.Number
		Limit      json.Number  `json:"limit_price"`
		Stop       json.Number  `json:"stop_loss"`
		Profit     json.Number  `json:"take_profit"`
		Trigger    *json.Number `json:"trigger_price"`
	}
	x := newSection(t, sum, "triggers", &vectors)
	optional := func(n json.Number) fixed.Price {
		if n == "" {
			return 0
		}
		return priceOf(number(n))
	}
	for i, v := range vectors {
		w := newWorld(t, cryptoMs, lifted(t, ""), goldenSet(1_000_000*usd), "crypto")
		side := map[string]prop.Side{"LONG": prop.Long, "SHORT": prop.Short, "FLAT": prop.Flat}[v.Type]
		order := prop.SubmitOrder{Pair: "BTCUSD", Side: side, Type: prop.Limit, LimitPrice: optional(v.Limit), Quantity: fixed.QtyScale}
		away := quote("BTCUSD", 60_000*fixed.PriceScale, 60_000*fixed.PriceScale)
		switch {
		case v.Kind == "BRACKET":
			away = quote("BTCUSD", 100*fixed.PriceScale, 100*fixed.PriceScale)
			w.fills(away, prop.SubmitOrder{Pair: "BTCUSD", Side: side, Quantity: fixed.QtyScale})
			order = prop.SubmitOrder{Pair: "BTCUSD", Type: prop.Bracket, StopLoss: optional(v.Stop), TakeProfit: optional(v.Profit)}
		case side == prop.Short:
			away = quote("BTCUSD", 40_000*fixed.PriceScale, 40_000*fixed.PriceScale)
		}
		w.mustPrices(away)
		trigger, fill, theirs := "none", "none", "none"
		if v.Trigger != nil {
			theirs = shown(number(*v.Trigger))
		}
		if id, err := w.submit(order); err == nil {
			w.mustPrices(away)
			if err := w.prices(quote("BTCUSD", optional(v.Bid), optional(v.Ask))); err != nil {
				trigger, fill = verdict(err), verdict(err)
			} else if f := w.fate(id); f.filled != nil {
				trigger, fill = f.trigger.Price.String(), f.filled.Trade.Price.String()
			}
		} else if v.Type != "FLAT" || code(err) != prop.InvalidField { // which the public node takes and never fills
			t.Errorf("vector %d: %v", i, err)
		}
		w.verify()
		x.vector(i, append(text("trigger_price", trigger, theirs), text("fill_price", fill, theirs)...)...)
	}
	x.done(25)
}
