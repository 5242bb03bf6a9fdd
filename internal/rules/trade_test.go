package rules_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

func TestFillPrice(t *testing.T) {
	if rules.FillPrice(true, 59_990, 60_010) != 60_010 || rules.FillPrice(false, 59_990, 60_010) != 59_990 {
		t.Error("the market buys at the ask and sells at the bid")
	}
}

func TestFill(t *testing.T) {
	rows := []struct {
		rule                                string
		quantity, position                  string
		cost                                string
		price                               string
		traded, value, gain, delta, dropped string
	}{
		{"open", "0.5", "0", "0", "60000", "0.5", "30000", "0", "30000", "0"},
		{"add", "0.5", "0.5", "30000", "62000", "0.5", "31000", "0", "31000", "0"},
		{"partial close takes its share of the cost", "-0.25", "1", "61000", "64000", "-0.25", "16000", "750", "-15250", "0"},
		{"full close takes the whole cost", "-1", "1", "61000", "60000", "-1", "60000", "-1000", "-61000", "0"},
		{"oversize closes what is open and drops the rest", "-3", "1", "61000", "64000", "-1", "64000", "3000", "-61000", "2"},
		{"a part's share is half-even: 0.00000001 of 0.00000002", "-0.00000001", "0.00000002", "0.00000005", "3", "-0.00000001", "0.00000003", "0.00000001", "-0.00000002", "0"},
		{"a third of 100", "-1", "3", "100", "40", "-1", "40", "6.66666667", "-33.33333333", "0"},
		{"short open", "-0.5", "0", "0", "60000", "-0.5", "30000", "0", "-30000", "0"},
		{"short add", "-0.5", "-0.5", "-30000", "62000", "-0.5", "31000", "0", "-31000", "0"},
		{"short partial close", "0.25", "-1", "-61000", "64000", "0.25", "16000", "-750", "15250", "0"},
		{"short full close", "1", "-1", "-61000", "60000", "1", "60000", "1000", "61000", "0"},
		{"short oversize", "3", "-1", "-61000", "64000", "1", "64000", "-3000", "61000", "2"},
	}
	for _, r := range rows {
		got, dropped, err := rules.Fill(parseQty(t, r.quantity), parseQty(t, r.position), parseUSD(t, r.cost), parsePrice(t, r.price), 0, inUSD, 1)
		want := prop.Trade{Quoted: parsePrice(t, r.price), Price: parsePrice(t, r.price), Quantity: parseQty(t, r.traded), Value: parseUSD(t, r.value),
			Gain: parseUSD(t, r.gain), Realised: parseUSD(t, r.gain), CostDelta: parseUSD(t, r.delta), RateNum: inUSD.Num, RateDen: inUSD.Den}
		if err != nil || got != want || dropped != parseQty(t, r.dropped) {
			t.Errorf("%s: %+v, %s, %v, want %+v", r.rule, got, dropped, err, want)
		}
	}
	if _, _, err := rules.Fill(math.MaxInt64, 0, 0, 60_000*fixed.PriceScale, 0, inUSD, 1); !errors.Is(err, fixed.ErrOverflow) {
		t.Errorf("a trade beyond the range: %v", err)
	}
	if _, _, err := rules.Fill(fixed.QtyScale, 0, 0, fixed.PriceScale, 0, rules.Quote{}, 1); !errors.Is(err, fixed.ErrZero) {
		t.Errorf("a trade without a rate to USD: %v", err)
	}
}

// TestFillAbroad: cost and gain are in quote currency, value and what is realised in USD, at the rate of
// the trade. Slippage is against the trader both ways.
func TestFillAbroad(t *testing.T) {
	yen := rules.Quote{Num: fixed.PriceScale, Den: 150 * fixed.PriceScale}
	rows := []struct {
		rule                                        string
		quantity, position, cost, quoted            string
		slippage                                    string
		price, traded, value, gain, realised, delta string
	}{
		// 0.1 lots are 10,000 USD: at 150 yen 1,500,000 yen.
		{"bought", "0.1", "0", "0", "150", "0", "150", "0.1", "10000", "0", "0", "1500000"},
		{"bought 2 bp dearer: 300 yen", "0.1", "0", "0", "150", "0.0002", "150.03", "0.1", "10002", "0", "0", "1500300"},
		{"sold 2 bp cheaper", "-0.1", "0", "0", "150", "0.0002", "149.97", "-0.1", "9998", "0", "0", "-1499700"},
		{"15,000 yen won are 100 USD", "-0.1", "0.1", "1500000", "151.5", "0", "151.5", "-0.1", "10100", "15000", "100", "-1500000"},
		{"15,000 yen lost too", "0.1", "-0.1", "-1500000", "151.5", "0", "151.5", "0.1", "10100", "-15000", "-100", "1500000"},
		{"half of it", "-0.05", "0.1", "1500000", "151.5", "0", "151.5", "-0.05", "5050", "7500", "50", "-750000"},
		{"100 yen are 2/3 of a dollar, half-even", "-0.1", "0.1", "1500000", "150.01", "0", "150.01", "-0.1", "10000.66666667", "100", "0.66666667", "-1500000"},
	}
	for _, r := range rows {
		got, _, err := rules.Fill(parseQty(t, r.quantity), parseQty(t, r.position), parseUSD(t, r.cost), parsePrice(t, r.quoted), parseRatio(t, r.slippage), yen, 100_000)
		want := prop.Trade{Quoted: parsePrice(t, r.quoted), Slippage: parseRatio(t, r.slippage), Price: parsePrice(t, r.price), Quantity: parseQty(t, r.traded),
			Value: parseUSD(t, r.value), Gain: parseUSD(t, r.gain), Realised: parseUSD(t, r.realised), CostDelta: parseUSD(t, r.delta), RateNum: yen.Num, RateDen: yen.Den}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", r.rule, got, err, want)
		}
	}
}

// TestFillProperties: what a trade gains is what was paid or got less the cost that leaves, nothing is
// made; a closed position leaves no cost; splitting a close in two loses at most the rounding of it;
// the mirrored trade of the mirrored position mirrors.
func TestFillProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held := fixed.Qty(rapid.Int64Range(1, 1_000*fixed.QtyScale).Draw(t, "held"))
		cost := fixed.USD(rapid.Int64Range(0, 1_000_000*usd).Draw(t, "cost"))
		price := fixed.Price(rapid.Int64Range(1, 100_000*fixed.PriceScale).Draw(t, "price"))
		q := fixed.Qty(rapid.Int64Range(1, 2*int64(held)).Draw(t, "sold"))
		rate := rules.Quote{Num: fixed.Price(rapid.Int64Range(1, 1<<40).Draw(t, "num")), Den: fixed.Price(rapid.Int64Range(1<<34, 1<<40).Draw(t, "den"))}
		got, dropped, err := rules.Fill(-q, held, cost, price, 0, rate, 1)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := fixed.ValueHalfEven(got.Quantity, price, 1)
		if err != nil || got.Gain+signed != got.CostDelta || got.Quantity != max(-q, -held) || dropped != q+got.Quantity {
			t.Fatalf("%+v, %s not traded, %v", got, dropped, err)
		}
		if got.Quantity == -held && got.CostDelta != -cost {
			t.Fatalf("a closed position leaves %s of cost", cost+got.CostDelta)
		}
		mirror, _, err := rules.Fill(q, -held, -cost, price, 0, rate, 1)
		if err != nil || mirror.Gain != -got.Gain || mirror.Realised != -got.Realised || mirror.CostDelta != -got.CostDelta || mirror.Value != got.Value {
			t.Fatalf("%+v mirrors as %+v, %v", got, mirror, err)
		}
		part := fixed.Qty(rapid.Int64Range(0, int64(-got.Quantity)).Draw(t, "first"))
		if part == 0 || part == -got.Quantity {
			return
		}
		first, _, err := rules.Fill(-part, held, cost, price, 0, rate, 1)
		second, _, err2 := rules.Fill(got.Quantity+part, held-part, cost+first.CostDelta, price, 0, rate, 1)
		if off := first.Gain + second.Gain - got.Gain; errors.Join(err, err2) != nil || off.Abs() > 3 {
			t.Fatalf("in two parts %s and %s, in one %s", first.Gain, second.Gain, got.Gain)
		}
	})
}

func costs() *prop.RuleSet {
	return &prop.RuleSet{
		Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000, CarryRate: 105_905}, {Class: "forex", CarryRate: 83_446}},
		Slippage: prop.Slippage{
			Free: 1_000 * usd, Cap: 3 * percent,
			Crypto: prop.CryptoSlippage{Multiplier: 3, Default: 100_000, Pairs: []prop.PairSlippage{{
				Pair: "BTCUSD", Buy: []prop.SlippageStep{{Below: 10_000 * usd, Estimate: 2_253}, {Below: 50_000 * usd, Estimate: 35_787}},
				Sell: []prop.SlippageStep{{Below: 10_000 * usd, Estimate: 1_871}},
			}}},
			Forex: prop.ForexSlippage{Usual: 200_000, Hours: []prop.HourSlippage{{Hour: 17, Rate: 500_000}}},
		},
	}
}

func TestFee(t *testing.T) {
	rows := []struct{ rule, class, value, want, rate string }{
		{"0.1 % of 20,000", "crypto", "20000", "20", "0.001"}, {"charges round up", "crypto", "0.00000001", "0.00000001", "0.001"},
		{"of nothing none", "crypto", "0", "0", "0.001"}, {"no rate, no fee", "forex", "20000", "0", "0"}, {"a class without rules", "indices", "20000", "0", "0"},
	}
	for _, r := range rows {
		if got, rate, err := rules.Fee(costs(), r.class, parseUSD(t, r.value)); err != nil || got.String() != r.want || rate.String() != r.rate {
			t.Errorf("%s: %s at %s, %v", r.rule, got, rate, err)
		}
	}
}

func TestCarry(t *testing.T) {
	rows := []struct {
		rule, class string
		units       int
		want        string
	}{
		{"a third of a day of crypto", "crypto", 1, "0.000105905"}, {"a day of forex", "forex", 1, "0.000083446"}, {"Wednesday is three", "forex", 3, "0.000250338"},
		{"a class without rules", "equities", 3, "0"},
	}
	for _, r := range rows {
		if got := rules.Carry(costs(), r.class, r.units); got.String() != r.want {
			t.Errorf("%s: %s", r.rule, got)
		}
	}
}

func TestSlippage(t *testing.T) {
	const noon = prop.Instant(1_768_496_400_000) // 2026-01-15T17:00Z, 12:00 in New York
	rows := []struct {
		rule, class, pair string
		buy               bool
		value             fixed.USD
		at                prop.Instant
		want              string
	}{
		{"by value and side, times three", "crypto", "BTCUSD", true, 10_000 * usd, noon, "0.000107361"}, {"sold", "crypto", "BTCUSD", false, 10_000 * usd, noon, "0.000005613"},
		{"1,000 USD are free", "crypto", "BTCUSD", true, 1_000 * usd, noon, "0"}, {"a pair without a table", "crypto", "TAOUSD", true, 1_001 * usd, noon, "0.0001"},
		{"forex", "forex", "EURUSD", true, 1_001 * usd, noon, "0.0002"}, {"forex at 17:00 in New York", "forex", "EURUSD", false, 1_001 * usd, noon + 5*3_600_000, "0.0005"},
		{"a class without a table does not slip", "indices", "SPX", true, 1_000_000 * usd, noon, "0"},
	}
	for _, r := range rows {
		if got := rules.Slippage(costs(), &prop.Pair{ID: r.pair, Class: r.class}, r.buy, r.value, r.at); got.String() != r.want {
			t.Errorf("%s: %s", r.rule, got)
		}
	}
}
