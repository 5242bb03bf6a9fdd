package golden_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/prop"
)

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
