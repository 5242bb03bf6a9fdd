package market_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

// genesisPairs are the shipped ones after a share whose ticker is a currency.
func genesisPairs(t testing.TB) []prop.Pair {
	return append([]prop.Pair{{ID: "GBP", Base: "GBP", Quote: "USD", Class: market.Equities}}, shipped(t).Pairs...)
}

// finder serves quotes of bid and ask; the age is the length of the id, so that rows can tell.
func finder(quotes map[string][2]fixed.Price) func(string) (market.Quote, bool) {
	return func(id string) (market.Quote, bool) {
		q, ok := quotes[id]
		return market.Quote{Bid: q[0], Ask: q[1], AgeMs: int64(len(id))}, ok
	}
}

const one = fixed.PriceScale

func TestUsdRate(t *testing.T) {
	pairs := genesisPairs(t)
	find := finder(map[string][2]fixed.Price{
		"GBPUSD": {13 * one / 10, 13*one/10 + 2}, "GBP": {500 * one, 501 * one}, "USDCAD": {14 * one / 10, 14*one/10 + 1}, "BTCUSD": {60_000 * one, 60_001 * one},
		"EURUSD": {0, one}, "USDCHF": {one, one - 1}, "NVDA": {100 * one, 102 * one}, "AUDUSD": {1, 2},
	})
	rows := []struct {
		rule, currency string
		want           market.Rate
		ok             bool
	}{
		{"USD is one", "USD", market.Rate{Num: one, Den: one}, true},
		{"a pair of it against USD", "GBP", market.Rate{Num: 13*one/10 + 1, Den: one, Pair: "GBPUSD", AgeMs: 6}, true},
		{"USD against it: the inverse; the mid of …0 and …1 is even", "CAD", market.Rate{Num: one, Den: 14 * one / 10, Pair: "USDCAD", AgeMs: 6}, true},
		{"the mid of 1 and 2 is 2, half-even", "AUD", market.Rate{Num: 2, Den: one, Pair: "AUDUSD", AgeMs: 6}, true},
		{"a coin", "BTC", market.Rate{Num: 60_000*one + one/2, Den: one, Pair: "BTCUSD", AgeMs: 6}, true},
		{"no quote yet", "JPY", market.Rate{}, false},
		{"no such currency", "XYZ", market.Rate{}, false},
		{"a share is not a currency", "NVDA", market.Rate{}, false},
		{"a bid of 0 is no quote", "EUR", market.Rate{}, false},
		{"bid above ask is none", "CHF", market.Rate{}, false},
		{"nothing", "", market.Rate{}, false},
	}
	for _, r := range rows {
		if got, ok := market.UsdRate(pairs, r.currency, find); got != r.want || ok != r.ok {
			t.Errorf("%s: %v, %v", r.rule, got, ok)
		}
	}
}

func TestQuoteAndBase(t *testing.T) {
	pairs := genesisPairs(t)
	find := finder(map[string][2]fixed.Price{"EURCAD": {3 * one / 2, 3 * one / 2}, "EURUSD": {one, 11 * one / 10}, "USDCAD": {7 * one / 5, 7 * one / 5}, "GBP": {500 * one, 500 * one}, "GBPUSD": {one, one}})
	rows := []struct {
		rule, pair      string
		quote, base     market.Rate
		quoteOK, baseOK bool
	}{
		{"a cross", "EURCAD", market.Rate{Num: one, Den: 7 * one / 5, Pair: "USDCAD", AgeMs: 6}, market.Rate{Num: 21 * one / 20, Den: one, Pair: "EURUSD", AgeMs: 6}, true, true},
		{"against USD", "EURUSD", market.Rate{Num: one, Den: one}, market.Rate{Num: 21 * one / 20, Den: one, Pair: "EURUSD", AgeMs: 6}, true, true},
		{"of USD", "USDCAD", market.Rate{Num: one, Den: 7 * one / 5, Pair: "USDCAD", AgeMs: 6}, market.Rate{Num: one, Den: one}, true, true},
		{"a share by its own price", "GBP", market.Rate{Num: one, Den: one}, market.Rate{Num: 500 * one, Den: one, Pair: "GBP", AgeMs: 3}, true, true},
		{"a share without a price", "NVDA", market.Rate{Num: one, Den: one}, market.Rate{}, true, false},
		{"a cross without rates (B6)", "CHFJPY", market.Rate{}, market.Rate{}, false, false},
	}
	for _, r := range rows {
		for i := range pairs {
			if pairs[i].ID != r.pair {
				continue
			}
			if got, ok := market.QuoteUsd(pairs, &pairs[i], find); got != r.quote || ok != r.quoteOK {
				t.Errorf("%s: quote %v, %v", r.rule, got, ok)
			}
			if got, ok := market.BaseUsd(pairs, &pairs[i], find); got != r.base || ok != r.baseOK {
				t.Errorf("%s: base %v, %v", r.rule, got, ok)
			}
		}
	}
}

// TestUsdRateProperties: every quote currency of the table has a rate once all pairs have quotes,
// between the two sides of the market, and none before.
func TestUsdRateProperties(t *testing.T) {
	pairs := genesisPairs(t)
	rapid.Check(t, func(t *rapid.T) {
		bid := fixed.Price(rapid.Int64Range(1, 1_000_000*one).Draw(t, "bid"))
		ask := bid + fixed.Price(rapid.Int64Range(0, 1_000*one).Draw(t, "spread"))
		p := rapid.SampledFrom(pairs).Draw(t, "pair")
		all := func(string) (market.Quote, bool) { return market.Quote{Bid: bid, Ask: ask, AgeMs: 7}, true }
		none := func(string) (market.Quote, bool) { return market.Quote{}, false }
		r, ok := market.QuoteUsd(pairs, &p, all)
		if _, known := market.QuoteUsd(pairs, &p, none); known != (p.Quote == "USD") {
			t.Fatalf("%s: known without quotes: %v", p.Quote, known)
		}
		switch {
		case !ok:
			t.Fatalf("%s is not known", p.Quote)
		case p.Quote == "USD":
			ok = r == market.Rate{Num: one, Den: one}
		case r.Pair[:3] == "USD":
			ok = r.Num == one && r.Den >= bid && r.Den <= ask && r.AgeMs == 7
		default:
			ok = r.Den == one && r.Num >= bid && r.Num <= ask && r.AgeMs == 7
		}
		if !ok {
			t.Fatalf("%s: %v of %s and %s", p.Quote, r, bid, ask)
		}
	})
}
