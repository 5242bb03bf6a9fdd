package market_test

import (
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

func ratio(t *testing.T, s string) fixed.Ratio {
	t.Helper()
	r, err := fixed.ParseRatio(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const dollar = fixed.USDScale

func TestSlippage(t *testing.T) {
	table := slippage(t)
	table.Crypto.Pairs = append(table.Crypto.Pairs, prop.PairSlippage{
		Pair: "THINUSD", Buy: []prop.SlippageStep{{Below: 1, Estimate: fixed.RatioScale}}, Sell: []prop.SlippageStep{{Below: 1, Estimate: 10_000_001}},
	})
	noon, closing := at(t, "2026-01-15T17:00:00Z"), at(t, "2026-01-15T22:00:00Z")
	rows := []struct {
		rule        string
		class, pair string
		buy         bool
		value       fixed.USD
		at          prop.Instant
		want        string // empty for none
	}{
		{"1,000 USD are free", market.Crypto, "BTCUSD", true, 1_000 * dollar, noon, "0"},
		{"a hundred-millionth more is not", market.Crypto, "BTCUSD", true, 1_000*dollar + 1, noon, "0.000006759"},
		{"the value's sign does not matter", market.Crypto, "BTCUSD", true, -1_000*dollar - 1, noon, "0.000006759"},
		{"the upper end of a step is not in it", market.Crypto, "BTCUSD", true, 10_000*dollar - 1, noon, "0.000006759"},
		{"but in the next", market.Crypto, "BTCUSD", true, 10_000 * dollar, noon, "0.000107361"},
		{"sells have their own", market.Crypto, "BTCUSD", false, 10_000 * dollar, noon, "0.00009489"},
		{"the last step is for all above it", market.Crypto, "BTCUSD", true, 500_000 * dollar, noon, "0.000473649"},
		{"also far above", market.Crypto, "BTCUSD", true, 1<<63 - 1, noon, "0.000473649"},
		{"a pair without estimates has the default, not multiplied", market.Crypto, "TAOUSD", true, 30_000 * dollar, noon, "0.0001"},
		{"the cap", market.Crypto, "THINUSD", true, 2_000 * dollar, noon, "0.03"},
		{"just above the cap", market.Crypto, "THINUSD", false, 2_000 * dollar, noon, "0.03"},
		{"the default is free up to 1,000 too", market.Crypto, "TAOUSD", true, 1_000 * dollar, noon, "0"},
		{"forex at noon in New York", market.Forex, "EURUSD", true, 100_000 * dollar, noon, "0.0002"},
		{"a millisecond before the roll-over", market.Forex, "EURUSD", true, 100_000 * dollar, closing - 1, "0.0002"},
		{"from 17:00", market.Forex, "EURUSD", true, 100_000 * dollar, closing, "0.0005"},
		{"to 17:59:59.999", market.Forex, "EURUSD", false, 1_001 * dollar, closing + hourMs - 1, "0.0005"},
		{"and no longer", market.Forex, "EURUSD", false, 1_001 * dollar, closing + hourMs, "0.0002"},
		{"in summer an hour earlier", market.Forex, "EURUSD", false, 1_001 * dollar, at(t, "2026-07-15T21:00:00Z"), "0.0005"},
		{"small forex trades are free", market.Forex, "EURUSD", false, 1_000 * dollar, closing, "0"},
		{"where New York's clock is not known", market.Forex, "EURUSD", false, 100_000 * dollar, firstNewYork - 1, ""},
		{"crypto needs no clock", market.Crypto, "BTCUSD", true, 10_000 * dollar, -1, "0.000107361"},
		{"equities have no table", market.Equities, "NVDA", true, 10_000 * dollar, noon, ""},
		{"indices have none", market.Indices, "SPX", true, 10_000 * dollar, noon, ""},
		{"unknown classes have none", "", "BTCUSD", true, 10_000 * dollar, noon, ""},
	}
	for _, r := range rows {
		got, ok := market.Slip(&table, r.class, r.pair, r.buy, r.value, r.at)
		if ok != (r.want != "") || ok && got.String() != r.want {
			t.Errorf("%s: %s, %v, want %s", r.rule, got, ok, r.want)
		}
	}
}

// TestSlippageEstimates wants every estimate of the public node in the table, rounded half-even to
// 1e-9, and no other.
func TestSlippageEstimates(t *testing.T) {
	table, count := slippage(t), 0
	source := golden(t).Estimates.Crypto
	for _, p := range table.Crypto.Pairs {
		sides := source[p.Pair+"C"] // BTCUSDC
		for name, steps := range map[string][]prop.SlippageStep{"long": p.Buy, "short": p.Sell} {
			if len(sides[name]) != len(steps) {
				t.Errorf("%s %s has %d steps, want %d", p.Pair, name, len(steps), len(sides[name]))
			}
			from := "0"
			for _, step := range steps {
				key := "(" + from + ", " + step.Below.String() + ")"
				if want := halfEven(t, sides[name][key].String()); step.Estimate != want {
					t.Errorf("%s %s %s is %s, want %s", p.Pair, name, key, step.Estimate, want)
				}
				from = step.Below.String()
				count++
			}
		}
	}
	if len(table.Crypto.Pairs) != len(source) || count != 48 {
		t.Errorf("%d estimates of %d pairs, want 48 of %d", count, len(table.Crypto.Pairs), len(source))
	}
}

// halfEven rounds a decimal to 1e-9.
func halfEven(t *testing.T, s string) fixed.Ratio {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is not a number", s)
	}
	r.Mul(r, big.NewRat(fixed.RatioScale, 1))
	n, rest := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(r.Denom()); c > 0 || c == 0 && n.Bit(0) == 1 {
		n.Add(n, big.NewInt(1))
	}
	return fixed.Ratio(n.Int64())
}

// TestSlippageIsData: the tables go through a genesis file and a journal.
func TestSlippageIsData(t *testing.T) {
	want := slippage(t)
	text, err := toml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "estimate = '0.000002253'") {
		t.Errorf("not readable:\n%s", text)
	}
	var fromTOML, fromCBOR prop.Slippage
	if err := toml.Unmarshal(text, &fromTOML); err != nil || !reflect.DeepEqual(fromTOML, want) {
		t.Errorf("TOML: %v, %v", fromTOML, err)
	}
	data, err := cbor.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := cbor.Unmarshal(data, &fromCBOR); err != nil || !reflect.DeepEqual(fromCBOR, want) {
		t.Errorf("CBOR: %v, %v", fromCBOR, err)
	}
}

func TestSlippageFaults(t *testing.T) {
	sound := slippage(t)
	if faults := market.SlippageFaults(&sound); len(faults) > 0 {
		t.Fatalf("the default: %v", faults)
	}
	type s = prop.Slippage
	rows := []struct {
		fault string
		spoil func(s *s)
	}{
		{"free:", func(s *s) { s.Free = -1 }},
		{"cap:", func(s *s) { s.Cap = -1 }}, {"cap:", func(s *s) { s.Cap = fixed.RatioScale }},
		{"crypto.multiplier:", func(s *s) { s.Crypto.Multiplier = 0 }}, {"crypto.multiplier:", func(s *s) { s.Crypto.Multiplier = 1_001 }},
		{"crypto.default:", func(s *s) { s.Crypto.Default = -1 }},
		{"crypto.pairs[0].pair:", func(s *s) { s.Crypto.Pairs[0].Pair = "" }}, {"crypto.pairs[1].pair:", func(s *s) { s.Crypto.Pairs[1].Pair = "BTCUSD" }},
		{"crypto.pairs[2].buy:", func(s *s) { s.Crypto.Pairs[2].Buy = nil }}, {"crypto.pairs[2].sell:", func(s *s) { s.Crypto.Pairs[2].Sell = nil }},
		{"crypto.pairs[0].buy[0].below:", func(s *s) { s.Crypto.Pairs[0].Buy[0].Below = 0 }},
		{"crypto.pairs[0].sell[1].below:", func(s *s) { s.Crypto.Pairs[0].Sell[1].Below = s.Crypto.Pairs[0].Sell[0].Below }},
		{"crypto.pairs[0].buy[3].estimate:", func(s *s) { s.Crypto.Pairs[0].Buy[3].Estimate = fixed.RatioScale + 1 }},
		{"forex.usual:", func(s *s) { s.Forex.Usual = -1 }},
		{"forex.hours[0].hour:", func(s *s) { s.Forex.Hours[0].Hour = 24 }}, {"forex.hours[0].rate:", func(s *s) { s.Forex.Hours[0].Rate = -1 }},
		{"forex.hours[1].hour:", func(s *s) { s.Forex.Hours = append(s.Forex.Hours, s.Forex.Hours[0]) }},
	}
	for _, r := range rows {
		spoilt := slippage(t)
		r.spoil(&spoilt)
		if faults := market.SlippageFaults(&spoilt); len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), r.fault) {
			t.Errorf("%s: %v", r.fault, faults)
		}
	}
}

// TestSlippageProperties: within bounds; the same for both signs of a value; a larger trade of a
// listed pair never slips less, for the shipped estimates ascend.
func TestSlippageProperties(t *testing.T) {
	table, pairs := slippage(t), shipped(t).Pairs
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(pairs).Draw(t, "pair")
		buy := rapid.Bool().Draw(t, "buy")
		value := fixed.USD(rapid.Int64Range(0, 2_000_000*dollar).Draw(t, "value"))
		more := value + fixed.USD(rapid.Int64Range(0, 2_000_000*dollar).Draw(t, "more"))
		i := prop.Instant(rapid.Int64Range(int64(firstNewYork), int64(end)-1).Draw(t, "at"))
		r, ok := market.Slip(&table, p.Class, p.ID, buy, value, i)
		if want := p.Class == market.Crypto || p.Class == market.Forex; ok != want || r < 0 || r > table.Cap {
			t.Fatalf("%s: %s, %v", p.ID, r, ok)
		}
		if mirrored, _ := market.Slip(&table, p.Class, p.ID, buy, -value, i); mirrored != r {
			t.Fatalf("%s: %s for %s, %s for the opposite", p.ID, r, value, mirrored)
		}
		if larger, _ := market.Slip(&table, p.Class, p.ID, buy, more, i); larger < r {
			t.Fatalf("%s: %s for %s, %s for %s", p.ID, r, value, larger, more)
		}
	})
}

func TestShippedPairs(t *testing.T) {
	classes, states := map[string]int{}, map[prop.PairState]int{}
	seen := map[string]bool{}
	for _, p := range shipped(t).Pairs {
		classes[p.Class]++
		states[p.State]++
		if seen[p.ID] || !market.Known(p.Class) || p.MinLeverage <= 0 || p.MaxLeverage < p.MinLeverage {
			t.Errorf("%v", p)
		}
		seen[p.ID] = true
	}
	if want := map[string]int{market.Crypto: 7, market.Forex: 31, market.Equities: 7, market.Indices: 6}; !reflect.DeepEqual(classes, want) {
		t.Errorf("%v", classes)
	}
	// 6 coins and 21 currency pairs are tradable; of the 23 that are blocked, the 6 indices have no prices.
	if want := map[prop.PairState]int{prop.Tradable: 27, prop.ReduceOnly: 17, prop.DataOnly: 1, prop.Retired: 6}; !reflect.DeepEqual(states, want) {
		t.Errorf("%v", states)
	}
}
