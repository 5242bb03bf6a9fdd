package rules_test

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

func TestFresh(t *testing.T) {
	r := &prop.RuleSet{MaxPriceAgeMs: 5_000}
	for now, want := range map[prop.Instant]bool{1_000: true, 6_000: true, 6_001: false} {
		if rules.Fresh(r, 1_000, now) != want {
			t.Errorf("a price of 1,000 at %d, at most 5,000 old: %v", now, !want)
		}
	}
}

func TestCheckQuote(t *testing.T) {
	rows := []struct {
		rule     string
		bid, ask fixed.Price
		want     prop.Code
	}{
		{"bid below ask", 1, 2, 0}, {"bid and ask equal", 1, 1, 0}, {"crossed", 2, 1, prop.InvalidPrice},
		{"no bid", 0, 1, prop.InvalidPrice}, {"negative", -1, 1, prop.InvalidPrice}, {"both negative", -2, -1, prop.InvalidPrice},
		{"nothing at all", 0, 0, prop.InvalidPrice}, {"the highest price", 1, 1 << 62, 0}, {"a higher one", 1, 1<<62 + 1, prop.InvalidPrice},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckQuote(prop.Quote{Pair: "X", Bid: r.bid, Ask: r.ask})); got != r.want {
			t.Errorf("%s: %d, want %d", r.rule, got, r.want)
		}
	}
}

func TestCheckCountable(t *testing.T) {
	const one, big, billion = fixed.Qty(fixed.QtyScale), fixed.Qty(1_000_000_000 * fixed.QtyScale), fixed.USD(1_000_000_000 * usd)
	rows := []struct {
		rule          string
		ask, num, den fixed.Price
		quantity      fixed.Qty
		cost          fixed.USD
		want          prop.Code
	}{
		{"the highest price that there is, nobody holds the pair", math.MaxInt64, fixed.PriceScale, fixed.PriceScale, 0, 0, 0},
		{"nor is there a rate", math.MaxInt64, 0, 0, 0, 0, 0}, {"without one nothing can be counted", fixed.PriceScale, 0, 0, one, 1, prop.InvalidPrice},
		{"an open position is worth a billion", fixed.PriceScale, fixed.PriceScale, fixed.PriceScale, big, 0, 0},
		{"an open position would be worth more", fixed.PriceScale + 1, fixed.PriceScale, fixed.PriceScale, big, 0, prop.InvalidPrice},
		{"an open position could not be valued", math.MaxInt64, fixed.PriceScale, fixed.PriceScale, big, 0, prop.InvalidPrice},
		{"one unit at the highest price", math.MaxInt64, fixed.PriceScale, fixed.PriceScale, one, 0, 0},
		{"three billion yen are no more than a billion USD", 3 * fixed.PriceScale, fixed.PriceScale, 150 * fixed.PriceScale, big, 3 * billion, 0},
		{"unless a yen is worth a dollar", 3 * fixed.PriceScale, fixed.PriceScale, fixed.PriceScale, big, 3 * billion, prop.InvalidPrice},
		{"it cost ten billion once", 1, fixed.PriceScale, fixed.PriceScale, big, 10 * billion, 0},
		{"and more", 1, fixed.PriceScale, fixed.PriceScale, big, 10*billion + 1, prop.InvalidPrice},
		{"46 billion yen", 46 * fixed.PriceScale, fixed.PriceScale, 150 * fixed.PriceScale, big, 0, 0},
		{"47 billion cannot be counted", 47 * fixed.PriceScale, fixed.PriceScale, 150 * fixed.PriceScale, big, 0, prop.InvalidPrice},
		{"a rate beyond all", fixed.PriceScale, math.MaxInt64, 1, one, 1, prop.InvalidPrice},
	}
	for _, r := range rows {
		err := rules.CheckCountable(&prop.Pair{ID: "X", Lot: 1}, rules.Quote{Ask: r.ask, Num: r.num, Den: r.den}, r.quantity, r.cost)
		if got := refusal(err); got != r.want {
			t.Errorf("%s: %d, want %d", r.rule, got, r.want)
		}
	}
}

func TestCheckExposure(t *testing.T) {
	at := func(text string) prop.Instant {
		var i prop.Instant
		if err := i.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return i
	}
	friday, saturday := at("2025-11-14T21:59:59.999Z"), at("2025-11-15T12:00:00.000Z")
	rows := []struct {
		rule   string
		class  string
		state  prop.PairState
		halted bool
		at     prop.Instant
		want   prop.Code
	}{
		{"a coin, at any time", "crypto", prop.Tradable, false, saturday, 0}, {"a currency in the week", "forex", prop.Tradable, false, friday, 0},
		{"from Friday 17:00 in New York closed", "forex", prop.Tradable, false, friday + 1, prop.MarketClosed}, {"on Saturday", "forex", prop.Tradable, false, saturday, prop.MarketClosed},
		{"on Sunday from 17:00 open", "forex", prop.Tradable, false, at("2025-11-16T22:00:00.000Z"), 0}, {"at Christmas", "forex", prop.Tradable, false, at("2025-12-25T12:00:00.000Z"), prop.MarketClosed},
		{"an index never", "indices", prop.Tradable, false, friday, prop.MarketClosed}, {"a share at night", "equities", prop.Tradable, false, friday, prop.MarketClosed},
		{"an hour of which the calendar knows nothing", "forex", prop.Tradable, false, at("1986-06-02T12:00:00.000Z"), prop.CalendarUnknown},
		{"a class that is not known", "futures", prop.Tradable, false, friday, prop.CalendarUnknown}, {"a coin before the calendar", "crypto", prop.Tradable, false, 0, 0},
		{"reduce only", "crypto", prop.ReduceOnly, false, friday, prop.PairNotTradable}, {"data only", "crypto", prop.DataOnly, false, friday, prop.PairNotTradable},
		{"halted", "crypto", prop.Halted, false, friday, prop.PairNotTradable}, {"retired", "crypto", prop.Retired, false, friday, prop.PairNotTradable},
		{"a kill switch", "crypto", prop.Tradable, true, friday, prop.TradingHalted}, {"the pair's state goes before it", "forex", prop.Halted, true, saturday, prop.PairNotTradable},
		{"and it before the market", "forex", prop.Tradable, true, saturday, prop.TradingHalted},
	}
	for _, r := range rows {
		if err := rules.CheckExposure(&prop.Pair{ID: "X", Class: r.class}, r.state, r.halted, r.at); refusal(err) != r.want {
			t.Errorf("%s: %v, want %s", r.rule, err, r.want)
		}
	}
	if err := rules.CheckExposure(&prop.Pair{ID: "EURUSD", Class: "forex"}, prop.Tradable, false, saturday); err == nil ||
		err.Error() != "market_closed: the market opens at 2025-11-16T22:00:00.000Z pair=EURUSD" {
		t.Errorf("%v", err)
	}
}

func TestCheckLeverage(t *testing.T) {
	pair := &prop.Pair{ID: "BTCUSD", Lot: 1, MinLeverage: 10 * percent, MaxLeverage: 50 * percent} // of 10,000 at 100: 10 to 50
	rows := []struct {
		rule          string
		before, after string
		want          prop.Code
	}{
		{"exactly the maximum", "0", "50", 0}, {"beyond the maximum", "0", "50.00000001", prop.LeverageBounds},
		{"exactly the minimum", "0", "10", 0}, {"rounded down from the minimum", "0", "9.99999999", 0}, {"below the minimum", "0", "9.99999998", prop.LeverageBounds},
		{"short, exactly the maximum", "0", "-50", 0}, {"short, beyond", "0", "-50.00000001", prop.LeverageBounds},
		{"adding up to the maximum", "40", "50", 0}, {"adding beyond it", "40", "50.00000001", prop.LeverageBounds},
		{"short, adding beyond it", "-40", "-50.00000001", prop.LeverageBounds},
		{"reducing is always allowed, even above the maximum", "80", "60", 0}, {"or to below the minimum", "20", "1", 0},
		{"short, reducing above the maximum", "-80", "-60", 0}, {"closing", "80", "0", 0}, {"short, closing", "-80", "0", 0},
		{"standing still above the maximum is no reduction", "60", "60", prop.LeverageBounds},
		{"a turn counts as a new position", "80", "-60", prop.LeverageBounds},
		{"a position that cannot be counted", "0", "46116860184.27387903", prop.LeverageBounds},
	}
	for _, r := range rows {
		err := rules.CheckLeverage(pair, 10_000*usd, 100*fixed.PriceScale, inUSD, parseQty(t, r.before), parseQty(t, r.after))
		if got := refusal(err); got != r.want {
			t.Errorf("%s: %v, want %s", r.rule, err, r.want)
		}
	}
	wide := &prop.Pair{ID: "X", Lot: 1, MaxLeverage: 500 * fixed.RatioScale}
	if err := rules.CheckLeverage(wide, 1_000_000*usd, fixed.PriceScale, inUSD, 0, 500_000_000*fixed.QtyScale); err != nil {
		t.Errorf("the largest position of the largest account: %v", err)
	}
	for _, q := range []fixed.Qty{rules.MaxQuantity + 1, -rules.MaxQuantity - 1, math.MaxInt64} {
		if err := rules.CheckLeverage(wide, 1_000_000*usd, 1, inUSD, 0, q); refusal(err) != prop.LeverageBounds {
			t.Errorf("a position of %s, to which an order could not be added: %v", q, err)
		}
	}
	// 1,000,000 yen are 6,666.66… USD: the bounds are of USD.
	yen := rules.Quote{Num: fixed.PriceScale, Den: 150 * fixed.PriceScale}
	for quantity, want := range map[string]prop.Code{"0.06666667": 0, "0.33333333": 0, "0.33333334": prop.LeverageBounds, "0.06666665": prop.LeverageBounds} { // at 150 yen, of 10,000
		pair := &prop.Pair{ID: "USDJPY", Lot: 15_000, MinLeverage: 10 * percent, MaxLeverage: 50 * percent}
		if err := rules.CheckLeverage(pair, 10_000*usd, 150*fixed.PriceScale, yen, 0, parseQty(t, quantity)); refusal(err) != want {
			t.Errorf("%s lots of 15,000 USD: %v", quantity, err)
		}
	}
	// 3,000,000,000 yen are 20,000,000 USD: the bound of what can be counted is of USD too.
	if err := rules.CheckLeverage(&prop.Pair{ID: "USDJPY", Lot: 100_000, MaxLeverage: 20 * fixed.RatioScale}, 1_000_000*usd, 150*fixed.PriceScale, yen, 0, 200*fixed.QtyScale); err != nil {
		t.Errorf("200 lots of USDJPY: %v", err)
	}
	if err := rules.CheckLeverage(wide, 1_000_000*usd, 150*fixed.PriceScale, yen, 0, 160_000_000*fixed.QtyScale); refusal(err) != prop.LeverageBounds {
		t.Errorf("24 billion yen: %v", err)
	}
	if err := rules.CheckLeverage(wide, 1_000_000*usd, fixed.PriceScale, rules.Quote{}, 0, fixed.QtyScale); refusal(err) != prop.LeverageBounds {
		t.Errorf("without a rate to USD: %v", err)
	}
}

func TestCheckPortfolio(t *testing.T) {
	rows := []struct {
		rule     string
		limit    fixed.Ratio
		weighted fixed.USD
		want     prop.Code
	}{
		{"exactly the cap", 10 * fixed.RatioScale, 100_000 * usd, 0}, {"a hundred-millionth beyond", 10 * fixed.RatioScale, 100_000*usd + 1, prop.PortfolioBounds},
		{"nothing", 10 * fixed.RatioScale, 0, 0}, {"no cap", 0, math.MaxInt64, 0}, {"beyond 64-bit products", fixed.RatioScale, math.MaxInt64, prop.PortfolioBounds},
	}
	for _, r := range rows {
		if err := rules.CheckPortfolio(&prop.RuleSet{PortfolioCap: r.limit}, 10_000*usd, r.weighted); refusal(err) != r.want {
			t.Errorf("%s: %v", r.rule, err)
		}
	}
}

func TestCheckOrders(t *testing.T) {
	for _, r := range []struct {
		most, filled int64
		want         prop.Code
	}{{100, 99, 0}, {100, 100, prop.OrdersPerPosition}, {100, 101, prop.OrdersPerPosition}, {0, 1 << 40, 0}} {
		if err := rules.CheckOrders(&prop.RuleSet{MaxOrders: r.most}, r.filled); refusal(err) != r.want {
			t.Errorf("%d of at most %d: %v", r.filled, r.most, err)
		}
	}
}

// retryAfter is what a refusal says about when to try again, in milliseconds; -1 where it says nothing.
func retryAfter(err error) int64 {
	var e *prop.Error
	if errors.As(err, &e) {
		for _, kv := range e.Context {
			if ms, err := strconv.ParseInt(kv.Value, 10, 64); err == nil && kv.Key == prop.RetryAfterKey {
				return ms
			}
		}
	}
	return -1
}

// TestCooldownGolden: exactly 10,000 ms pass. The public node takes a last order at 0 for none.
func TestCooldownGolden(t *testing.T) {
	var vectors struct {
		Cooldown int64 `json:"cooldown_ms"`
		Cases    []struct {
			Last int64 `json:"last_ms"`
			Now  int64 `json:"now_ms"`
			OK   bool
			Wait string `json:"wait_s_text"`
		}
	}
	golden(t, "cooldown", &vectors)
	for i, v := range vectors.Cases {
		until := prop.Instant(v.Last + vectors.Cooldown)
		if v.Last == 0 { // no order before
			until = 0
		}
		err := rules.CheckCooldown(until, prop.Instant(v.Now))
		if (err == nil) != v.OK {
			t.Errorf("vector %d: %v", i, err)
			continue
		}
		if err == nil {
			continue
		}
		wait := retryAfter(err)
		if text := strconv.FormatFloat(float64(wait)/1000, 'f', 1, 64); refusal(err) != prop.Cooldown || wait != v.Last+vectors.Cooldown-v.Now || text != v.Wait {
			t.Errorf("vector %d: %v, want %s s", i, err, v.Wait)
		}
		if rules.CheckCooldown(until, prop.Instant(v.Now+wait)) != nil || rules.CheckCooldown(until, prop.Instant(v.Now+wait-1)) == nil {
			t.Errorf("vector %d: %d ms is not when it passes", i, wait)
		}
	}
	if len(vectors.Cases) != 5 {
		t.Errorf("%d vectors", len(vectors.Cases))
	}
}

// TestTakeGolden: ten in a window that begins with the first of them; the 11th is refused at once and
// at 59.9 s, and taken at 60.1 s; exactly 60 s are still within.
func TestTakeGolden(t *testing.T) {
	var rate struct {
		Max    int64
		Window int64 `json:"window_s"`
	}
	golden(t, "order_rate_limit", &rate)
	limit, w := prop.Rate{Count: rate.Max, WindowMs: rate.Window * 1_000}, prop.Window{}
	const start = prop.Instant(1_000_000)
	var err error
	for i := range rate.Max {
		if w, err = rules.Take(limit, w, start+prop.Instant(i)); err != nil || w != (prop.Window{Start: start, Count: i + 1}) {
			t.Fatalf("order %d: %+v, %v", i+1, w, err)
		}
	}
	for _, r := range []struct {
		after prop.Instant
		wait  int64 // -1: taken
	}{{10, 59_991}, {59_900, 101}, {60_000, 1}, {60_001, -1}, {60_100, -1}} {
		next, err := rules.Take(limit, w, start+r.after)
		if r.wait < 0 {
			if err != nil || next != (prop.Window{Start: start + r.after, Count: 1}) {
				t.Errorf("after %d ms: %+v, %v", r.after, next, err)
			}
			continue
		}
		if refusal(err) != prop.OrderRateLimited || retryAfter(err) != r.wait || next != w {
			t.Errorf("after %d ms: %+v, %v", r.after, next, err)
		}
	}
	if w, err := rules.Take(prop.Rate{}, prop.Window{Start: 5, Count: 1 << 40}, 6); err != nil || w != (prop.Window{}) {
		t.Errorf("without a rate: %+v, %v", w, err)
	}
	if w, err := rules.Take(prop.Rate{Count: 1, WindowMs: 1}, prop.Window{Start: 5, Count: 1}, 7); err != nil || w != (prop.Window{Start: 7, Count: 1}) {
		t.Errorf("the shortest window: %+v, %v", w, err)
	}
}
