package rules_test

import (
	"errors"
	"math"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

// refusal is the code of err: 0 for none.
func refusal(err error) prop.Code {
	var e *prop.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func parseQty(t *testing.T, s string) fixed.Qty {
	t.Helper()
	v, err := fixed.ParseQty(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parsePrice(t *testing.T, s string) fixed.Price {
	t.Helper()
	v, err := fixed.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCheckSize(t *testing.T) {
	rows := []struct {
		rule  string
		order prop.SubmitOrder
		want  prop.Code
	}{
		{"one size: leverage", prop.SubmitOrder{Side: prop.Long, Leverage: 1}, 0},
		{"one size: value", prop.SubmitOrder{Side: prop.Short, Value: 1}, 0},
		{"one size: quantity", prop.SubmitOrder{Side: prop.Long, Quantity: 1}, 0},
		{"no size", prop.SubmitOrder{Side: prop.Long}, prop.InvalidSize},
		{"two sizes", prop.SubmitOrder{Side: prop.Long, Leverage: 1, Value: 1}, prop.InvalidSize},
		{"three sizes", prop.SubmitOrder{Side: prop.Long, Leverage: 1, Value: 1, Quantity: 1}, prop.InvalidSize},
		{"a negative size", prop.SubmitOrder{Side: prop.Long, Leverage: -1}, prop.InvalidSize},
		{"a negative size beside a good one", prop.SubmitOrder{Side: prop.Long, Value: -1, Quantity: 1}, prop.InvalidSize},
		{"FLAT takes none", prop.SubmitOrder{Side: prop.Flat}, 0},
		{"FLAT with one", prop.SubmitOrder{Side: prop.Flat, Quantity: 1}, prop.InvalidSize},
		{"FLAT with a negative one", prop.SubmitOrder{Side: prop.Flat, Quantity: -1}, prop.InvalidSize},
		{"no side", prop.SubmitOrder{Leverage: 1}, prop.InvalidField},
		{"unknown side", prop.SubmitOrder{Side: 4, Leverage: 1}, prop.InvalidField},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckSize(&r.order)); got != r.want {
			t.Errorf("%s: %s, want %s", r.rule, got, r.want)
		}
	}
}

// TestQuantity has the sizing examples of reference/trading.md §3.3 that concern BTC (price 60,000,
// account 100,000), and what they leave open.
func TestQuantity(t *testing.T) {
	const max = fixed.Qty(math.MaxInt64)
	rows := []struct {
		rule     string
		side     prop.Side
		kind     prop.SizeKind
		leverage fixed.Ratio
		value    fixed.USD
		quantity fixed.Qty
		want     string
	}{
		{"leverage 0.2 → value 20,000 → 0.333333…", prop.Long, prop.ByLeverage, 20 * percent, 0, 0, "0.33333333"},
		{"value 12,000 → 0.2", prop.Long, prop.ByValue, 0, 12_000 * usd, 0, "0.2"},
		{"quantity 0.5", prop.Long, prop.ByQuantity, 0, 0, fixed.QtyScale / 2, "0.5"},
		{"SHORT is the mirror, rounded down in amount", prop.Short, prop.ByLeverage, 20 * percent, 0, 0, "-0.33333333"},
		{"SHORT quantity", prop.Short, prop.ByQuantity, 0, 0, fixed.QtyScale / 2, "-0.5"},
		{"less than the smallest quantity is none", prop.Long, prop.ByValue, 0, 59_999, 0, "0"},
		{"value beyond the range", prop.Long, prop.ByLeverage, math.MaxInt64, 0, 0, ""},
		{"quantity that a sum could not hold", prop.Long, prop.ByQuantity, 0, 0, max, ""},
		{"and its mirror", prop.Short, prop.ByQuantity, 0, 0, max, ""},
	}
	for _, r := range rows {
		got, err := rules.Quantity(r.side, r.kind, r.leverage, r.value, r.quantity, 100_000*usd, 60_000*fixed.PriceScale, 1)
		if r.want == "" {
			if refusal(err) != prop.InvalidSize {
				t.Errorf("%s: %s, %v", r.rule, got, err)
			}
			continue
		}
		if err != nil || got.String() != r.want {
			t.Errorf("%s: %s, %v, want %s", r.rule, got, err, r.want)
		}
	}
	if q, err := rules.Quantity(prop.Long, prop.ByValue, 0, 220_000*usd, 0, 250_000*usd, 11*fixed.PriceScale/10, 100_000); err != nil || q != 2*fixed.QtyScale {
		t.Errorf("220,000 USD at 1.10 in lots of 100,000 are %s, %v", q, err)
	}
}

func TestFillPrice(t *testing.T) {
	if rules.FillPrice(true, 59_990, 60_010) != 60_010 || rules.FillPrice(false, 59_990, 60_010) != 59_990 {
		t.Error("the market buys at the ask and sells at the bid")
	}
}

func TestFill(t *testing.T) {
	rows := []struct {
		rule                                    string
		quantity, position                      string
		cost                                    string
		price                                   string
		traded, value, realised, delta, dropped string
	}{
		{"open", "0.5", "0", "0", "60000", "0.5", "30000", "0", "30000", "0"},
		{"add", "0.5", "0.5", "30000", "62000", "0.5", "31000", "0", "31000", "0"},
		{"partial close takes its share of the cost", "-0.25", "1", "61000", "64000", "-0.25", "-16000", "750", "-15250", "0"},
		{"full close takes the whole cost", "-1", "1", "61000", "60000", "-1", "-60000", "-1000", "-61000", "0"},
		{"oversize closes what is open and drops the rest", "-3", "1", "61000", "64000", "-1", "-64000", "3000", "-61000", "2"},
		{"a part's share is half-even: 0.00000001 of 0.00000002", "-0.00000001", "0.00000002", "0.00000005", "3", "-0.00000001", "-0.00000003", "0.00000001", "-0.00000002", "0"},
		{"a third of 100", "-1", "3", "100", "40", "-1", "-40", "6.66666667", "-33.33333333", "0"},
		{"short open", "-0.5", "0", "0", "60000", "-0.5", "-30000", "0", "-30000", "0"},
		{"short add", "-0.5", "-0.5", "-30000", "62000", "-0.5", "-31000", "0", "-31000", "0"},
		{"short partial close", "0.25", "-1", "-61000", "64000", "0.25", "16000", "-750", "15250", "0"},
		{"short full close", "1", "-1", "-61000", "60000", "1", "60000", "1000", "61000", "0"},
		{"short oversize", "3", "-1", "-61000", "64000", "1", "64000", "-3000", "61000", "2"},
	}
	for _, r := range rows {
		got, err := rules.Fill(parseQty(t, r.quantity), parseQty(t, r.position), parseUSD(t, r.cost), parsePrice(t, r.price), 1)
		want := rules.Trade{Quantity: parseQty(t, r.traded), Value: parseUSD(t, r.value), Realised: parseUSD(t, r.realised),
			CostDelta: parseUSD(t, r.delta), NotTraded: parseQty(t, r.dropped)}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", r.rule, got, err, want)
		}
		// What a trade realises is what was paid or got, less the cost that leaves: nothing is made.
		if got.Realised+got.Value != got.CostDelta {
			t.Errorf("%s: realised %s + value %s is not the cost's change %s", r.rule, got.Realised, got.Value, got.CostDelta)
		}
	}
	if _, err := rules.Fill(math.MaxInt64, 0, 0, 60_000*fixed.PriceScale, 1); !errors.Is(err, fixed.ErrOverflow) {
		t.Errorf("a trade beyond the range: %v", err)
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
		err := rules.CheckLeverage(pair, 10_000*usd, 100*fixed.PriceScale, parseQty(t, r.before), parseQty(t, r.after))
		if got := refusal(err); got != r.want {
			t.Errorf("%s: %v, want %s", r.rule, err, r.want)
		}
	}
	wide := &prop.Pair{ID: "X", Lot: 1, MaxLeverage: 500 * fixed.RatioScale}
	if err := rules.CheckLeverage(wide, 1_000_000*usd, fixed.PriceScale, 0, 500_000_000*fixed.QtyScale); err != nil {
		t.Errorf("the largest position of the largest account: %v", err)
	}
	for _, q := range []fixed.Qty{rules.MaxQuantity + 1, -rules.MaxQuantity - 1, math.MaxInt64} {
		if err := rules.CheckLeverage(wide, 1_000_000*usd, 1, 0, q); refusal(err) != prop.LeverageBounds {
			t.Errorf("a position of %s, to which an order could not be added: %v", q, err)
		}
	}
}

func TestFee(t *testing.T) {
	rows := []struct {
		rule  string
		rate  fixed.Ratio
		value string
		want  string
	}{
		{"0.1 % of 20,000", fixed.RatioScale / 1000, "20000", "20"}, {"of what is sold too", fixed.RatioScale / 1000, "-20000", "20"},
		{"charges round up", fixed.RatioScale / 1000, "0.00000001", "0.00000001"}, {"no rate, no fee", 0, "20000", "0"},
	}
	for _, r := range rows {
		if got, err := rules.Fee(&prop.RuleSet{FeeRate: r.rate}, parseUSD(t, r.value)); err != nil || got.String() != r.want {
			t.Errorf("%s: %s, %v", r.rule, got, err)
		}
	}
}

func TestFresh(t *testing.T) {
	r := &prop.RuleSet{MaxPriceAgeMs: 5_000}
	for now, want := range map[prop.Instant]bool{1_000: true, 6_000: true, 6_001: false} {
		if rules.Fresh(r, 1_000, now) != want {
			t.Errorf("a price of 1,000 at %d, at most 5,000 old: %v", now, !want)
		}
	}
}

func TestCheckQuote(t *testing.T) {
	const one, big = fixed.Qty(fixed.QtyScale), fixed.Qty(1_000_000_000 * fixed.QtyScale)
	rows := []struct {
		rule     string
		bid, ask fixed.Price
		largest  fixed.Qty
		want     prop.Code
	}{
		{"bid below ask", 1, 2, 0, 0}, {"bid and ask equal", 1, 1, 0, 0}, {"crossed", 2, 1, 0, prop.InvalidPrice},
		{"no bid", 0, 1, 0, prop.InvalidPrice}, {"negative", -1, 1, 0, prop.InvalidPrice}, {"both negative", -2, -1, 0, prop.InvalidPrice},
		{"nothing at all", 0, 0, 0, prop.InvalidPrice}, {"the highest price that there is, nobody holds the pair", 1, math.MaxInt64, 0, 0},
		{"an open position is worth a billion", fixed.PriceScale, fixed.PriceScale, big, 0},
		{"an open position would be worth more", fixed.PriceScale, fixed.PriceScale + 1, big, prop.InvalidPrice},
		{"an open position could not be valued", 1, math.MaxInt64, big, prop.InvalidPrice},
		{"one unit at the highest price", 1, math.MaxInt64, one, 0},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckQuote(prop.Quote{Pair: "X", Bid: r.bid, Ask: r.ask}, r.largest, 1)); got != r.want {
			t.Errorf("%s: %d, want %d", r.rule, got, r.want)
		}
	}
}
