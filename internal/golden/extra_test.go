package golden_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
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

// carrying is a world with a position since an instant, under the devnet's rates of carry.
func carrying(t *testing.T, since prop.Instant, class string) *world {
	t.Helper()
	set := goldenSet(100_000 * usd)
	set.Classes = slices.Clone(devnet(t).RuleSets[0].Classes)
	for i := range set.Classes {
		set.Classes[i].FeeRate = 0
	}
	w := newWorld(t, since-1, lifted(t, ""), set, class)
	w.at = since
	q := eurusd
	if class == "crypto" {
		q = quote("BTCUSD", 60_000*fixed.PriceScale, 60_000*fixed.PriceScale)
	}
	if _, refused := w.fills(q, prop.SubmitOrder{Pair: q.Pair, Side: prop.Long, Leverage: fixed.RatioScale}); refused != "" {
		t.Fatalf("at %s: %s", w.at, refused)
	}
	w.log = nil
	return w
}

// carried are the charges of carry so far: how many, and of how many units.
func (w *world) carried() (charges int, units int64, rate fixed.Ratio) {
	for _, r := range w.log {
		for _, e := range r.events {
			if c, ok := e.(*prop.CarryCharged); ok {
				charges++
				units += c.Rates[0].Units
				rate = c.Rates[0].Rate / fixed.Ratio(c.Rates[0].Units)
			}
		}
	}
	return charges, units, rate
}

// carryIntervals counts the charges of an interval, and asks when the next one is due.
func carryIntervals(t *testing.T, sum *tally) {
	var vectors []struct {
		Start, Now    int64
		Crypto, Forex [2]int64
	}
	x := newSection(t, sum, "carry_intervals", &vectors)
	for i, v := range vectors {
		var found []mismatch
		for _, c := range []struct {
			class string
			want  [2]int64
		}{{"crypto", v.Crypto}, {"forex", v.Forex}} {
			w := carrying(t, prop.Instant(v.Start), c.class)
			w.at = prop.Instant(v.Now)
			w.ticks()
			charges, _, _ := w.carried()
			next, _ := engine.NextWake(w.s)
			found = append(found, text(c.class+" count", fmt.Sprint(charges), fmt.Sprint(c.want[0]))...)
			found = append(found, text(c.class+" next", fmt.Sprint(int64(next-w.at)), fmt.Sprint(c.want[1]))...)
		}
		x.vector(i, found...)
	}
	x.done(10)
}

// fridaysClose is the last open instant before the two vectors that begin on a weekend; no boundary
// that costs anything lies between.
const fridaysClose = prop.Instant(1_763_157_599_999)

// forexCarry holds a position of 1x for days. Units are the calendar's; the sum charged is units ×
// rate × value, rounded up each time; and the rate compounded is the calendar's factor, as far as the
// 9 digits of a rate go.
func forexCarry(t *testing.T, sum *tally) {
	var vectors []struct {
		Open     int64   `json:"open_ms"`
		Days     int64   `json:"days"`
		Leverage float64 `json:"leverage"`
		Units    int64   `json:"calendar_units"`
		Factor   float64 `json:"calendar_carry"`
	}
	x := newSection(t, sum, "forex_carry_upstream_vs_calendar", &vectors)
	for i, v := range vectors {
		since := prop.Instant(v.Open)
		if weekday := (since/dayMs + 4) % 7; weekday == 0 || weekday == 6 {
			since = fridaysClose
		}
		w := carrying(t, since, "forex")
		w.at = prop.Instant(v.Open + v.Days*dayMs)
		w.ticks()
		charges, units, rate := w.carried()
		ref, _ := w.s.Pair("EURUSD")
		value := times(qtyRat(w.s.Position(w.account, ref).Quantity), rat("110000"))
		charged := minus(rat("100000"), usdRat(w.s.Account(w.account).Balance))
		if over := minus(charged, times(value, ratioRat(rate), big.NewRat(units, 1))); over.Sign() < 0 || over.Cmp(big.NewRat(int64(charges), fixed.USDScale)) > 0 {
			t.Errorf("vector %d: %s USD charged for %d units on %s USD", i, shown(charged), units, shown(value))
		}
		found := text("calendar_units", fmt.Sprint(units), fmt.Sprint(v.Units))
		factor := math.Pow(1-float64(rate)/fixed.RatioScale, float64(units)*v.Leverage)
		if math.Abs(factor-v.Factor) > 5.1e-10*float64(units) {
			found = append(found, mismatch{field: "calendar_carry", ours: fmt.Sprint(factor), theirs: fmt.Sprint(v.Factor)})
		}
		x.vector(i, found...)
	}
	x.done(49)
}

// accountSizes registers a plain miner with each deposit, on a Tuesday; what it makes holds from
// Wednesday's midnight.
func accountSizes(t *testing.T, sum *tally) {
	var vectors struct {
		Cases []struct {
			Theta json.Number
			Size  json.Number `json:"account_size"`
			Meets bool        `json:"meets_minimum"`
		}
	}
	x := newSection(t, sum, "account_size_from_theta", &vectors)
	miner := prop.Hotkey{9}
	for i, v := range vectors.Cases {
		set := goldenSet(10_000 * usd)
		set.Miner = devnet(t).RuleSets[0].Miner
		w := newWorld(t, day(2025, 11, 11)+hourMs, readPairs(t), set, "crypto")
		w.must(w.signed(&prop.RegisterMiner{Hotkey: miner, Coldkey: coldkey, Class: "crypto"}, miner))
		w.must(prop.Signed{Command: &prop.ObserveCollateral{Entity: miner, Deposited: fixed.Theta(units(number(v.Theta), fixed.ThetaScale))}})
		ref, ok := w.s.AccountRef(prop.AccountKey{Entity: miner, ID: prop.MinerID})
		if !ok {
			t.Fatal("a miner has no account")
		}
		w.at = day(2025, 11, 12) - 1
		w.ticks()
		if a := w.s.Account(ref); a.Size != 0 || a.Status == prop.Active {
			t.Errorf("%s theta: %s USD before the day is over", v.Theta, a.Size)
		}
		w.at++
		w.ticks()
		a := w.s.Account(ref)
		w.verify()
		x.vector(i, append(text("account_size", a.Size.String(), shown(number(v.Size))), text("meets_minimum", fmt.Sprint(a.Status == prop.Active), fmt.Sprint(v.Meets))...)...)
	}
	x.done(9)
}

// cooldown sends one order and then another. The wait is compared as the public node prints it.
func cooldown(t *testing.T, sum *tally) {
	var vectors struct {
		Ms    int64 `json:"cooldown_ms"`
		Cases []struct {
			Last int64  `json:"last_ms"`
			Now  int64  `json:"now_ms"`
			OK   bool   `json:"ok"`
			Wait string `json:"wait_s_text"`
		}
	}
	x := newSection(t, sum, "cooldown", &vectors)
	set := goldenSet(1_000_000 * usd)
	set.CooldownMs = vectors.Ms
	btc := quote("BTCUSD", 60_000*fixed.PriceScale, 60_000*fixed.PriceScale)
	order := prop.SubmitOrder{Pair: "BTCUSD", Side: prop.Long, Quantity: fixed.QtyScale}
	for i, v := range vectors.Cases {
		w := newWorld(t, prop.Instant(v.Last), lifted(t, ""), set, "crypto")
		w.mustPrices(btc)
		if v.Last != 0 {
			w.mustSubmit(order)
		}
		if prop.Instant(v.Now) < w.s.At() { // which cannot be: recorded time does not run backwards
			x.vector(i, append(text("ok", "cannot happen", fmt.Sprint(v.OK)), text("wait_s_text", "cannot happen", v.Wait)...)...)
			continue
		}
		w.at = prop.Instant(v.Now)
		w.mustPrices(btc)
		_, err := w.submit(order)
		x.vector(i, append(text("ok", fmt.Sprint(err == nil), fmt.Sprint(v.OK)), text("wait_s_text", waitText(t, err, prop.Cooldown), v.Wait)...)...)
	}
	x.done(5)
}

// waitText is a refusal's time to wait, in seconds with one digit.
func waitText(t *testing.T, err error, want prop.Code) string {
	t.Helper()
	if err == nil {
		return ""
	}
	ms, ok := new(big.Rat).SetString(retryAfter(err))
	if code(err) != want || !ok {
		t.Errorf("%v, want %s with the time to wait", err, want)
		return ""
	}
	seconds, _ := ms.Quo(ms, big.NewRat(secondMs, 1)).Float64()
	return fmt.Sprintf("%.1f", seconds)
}

// orderRate follows what the section says was run: 10 orders at once, the 11th then, after 59.9 s
// and after 60.1 s.
func orderRate(t *testing.T, sum *tally) {
	var vectors struct {
		Max    int64
		Window int64  `json:"window_s"`
		Run    string `json:"upstream_run"`
	}
	x := newSection(t, sum, "order_rate_limit", &vectors)
	if vectors.Run != "11th call at t=0 -> denied, wait 60; t=59.9 -> denied, wait 0.1; t=60.1 -> allowed" {
		t.Fatalf("another run: %s", vectors.Run)
	}
	set := goldenSet(1_000_000 * usd)
	set.OrderRate = prop.Rate{Count: vectors.Max, WindowMs: vectors.Window * secondMs}
	w := newWorld(t, cryptoMs, lifted(t, ""), set, "crypto")
	w.mustPrices(quote("BTCUSD", 60_000*fixed.PriceScale, 60_000*fixed.PriceScale))
	order := prop.SubmitOrder{Pair: "BTCUSD", Side: prop.Long, Quantity: fixed.QtyScale}
	for range vectors.Max {
		w.mustSubmit(order)
	}
	for i, v := range []struct {
		afterMs prop.Instant
		wait    string
	}{{0, "60.0"}, {59_900, "0.1"}, {60_100, ""}} {
		w.at = cryptoMs + v.afterMs
		_, err := w.submit(order)
		x.vector(i, text("wait", waitText(t, err, prop.OrderRateLimited), v.wait)...)
	}
	x.done(3)
}
