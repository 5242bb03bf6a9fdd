package audit_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

func TestGen(t *testing.T) {
	h := &history{t: t, state: state.New(), view: view.New(), seen: map[string]int{}}
	E, K, O, R := prop.Hotkey{21}, prop.Hotkey{22}, prop.Hotkey{23}, prop.Hotkey{24}
	at := func(s string) {
		x, err := time.Parse(time.RFC3339, "2026-03-11T"+s+"Z")
		if err != nil { t.Fatal(err) }
		h.wait(int64(prop.Instant(x.UnixMilli()) - h.at))
	}
	var ids []prop.CommandID
	do := func(signer prop.Hotkey, c prop.Command) {
		t.Helper()
		if err := h.do(signer, c); err != nil { t.Fatal(err) }
		if signer != (prop.Hotkey{}) { 
			var unique [10]byte
			unique[9] = byte(h.made)
			ids = append(ids, prop.NewCommandID(h.at, unique))
		}
	}
	own := prop.Hotkey{}
	h.at = 0
	x, _ := time.Parse(time.RFC3339, "2026-03-11T19:59:00Z")
	h.at = prop.Instant(x.UnixMilli())
	usd := func(f string) fixed.USD { v, err := fixed.ParseUSD(f); if err != nil { t.Fatal(err) }; return v }
	ra := func(f string) fixed.Ratio { v, err := fixed.ParseRatio(f); if err != nil { t.Fatal(err) }; return v }
	pr := func(f string) fixed.Price { v, err := fixed.ParsePrice(f); if err != nil { t.Fatal(err) }; return v }
	qt := func(f string) fixed.Qty { v, err := fixed.ParseQty(f); if err != nil { t.Fatal(err) }; return v }
	g := prop.Genesis{Network: "test", Origin: O, AuthWindowMs: 30000, DefaultRules: "test",
		Operators: []prop.Operator{{Key: R, Roles: []prop.Role{prop.FeedRole, prop.RiskRole}}},
		Pairs: []prop.Pair{
			{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, MinLeverage: ra("0.01"), MaxLeverage: ra("5"), Display: "BTC/USD", Multiplier: 2, State: prop.Tradable},
			{ID: "EURCAD", Base: "EUR", Quote: "CAD", Class: "forex", Lot: 100000, MinLeverage: ra("0.1"), MaxLeverage: ra("20"), Display: "EUR/CAD", Multiplier: 1, State: prop.Tradable},
			{ID: "USDCAD", Base: "USD", Quote: "CAD", Class: "forex", Lot: 100000, MinLeverage: ra("0.1"), MaxLeverage: ra("20"), Display: "USD/CAD", Multiplier: 1, State: prop.Tradable},
		},
		RuleSets: []prop.RuleSet{{ID: "test", AccountSize: usd("10000"), Lock: 1000 * fixed.ThetaScale, MaxAccounts: 5,
			Classes: []prop.ClassRules{{Class: "crypto", FeeRate: ra("0.001"), CarryRate: ra("0.0001")}, {Class: "forex", CarryRate: ra("0.00008")}},
			FillDelayBatches: 1, MaxPriceAgeMs: 7200000, PortfolioCap: ra("20"), MaxOrders: 100, MaxResting: 5, CooldownMs: 10000,
			OrderRate: prop.Rate{Count: 10, WindowMs: 60000}, EntityOrderRate: prop.Rate{Count: 100, WindowMs: 60000},
			Slippage: prop.Slippage{Free: usd("1000"), Cap: ra("0.03"),
				Crypto: prop.CryptoSlippage{Multiplier: 3, Default: ra("0.0001"), Pairs: []prop.PairSlippage{{Pair: "BTCUSD",
					Buy: []prop.SlippageStep{{Below: usd("10000"), Estimate: ra("0.000002")}, {Below: usd("50000"), Estimate: ra("0.00004")}},
					Sell: []prop.SlippageStep{{Below: usd("10000"), Estimate: ra("0.000001")}, {Below: usd("50000"), Estimate: ra("0.00003")}}}}},
				Forex: prop.ForexSlippage{Usual: ra("0.0002"), Hours: []prop.HourSlippage{{Hour: 17, Rate: ra("0.0005")}}}},
			Phases: []prop.Phase{{Bucket: "challenge", DrawdownLimit: ra("0.2"), DrawdownOp: prop.GT, Target: ra("0.5"), TimeLimitMs: 4260000}, {Bucket: "funded", DrawdownLimit: ra("0.2"), DrawdownOp: prop.GT}},
		}}}
	do(own, &prop.Start{Genesis: g})
	do(E, &prop.RegisterEntity{Hotkey: E, Coldkey: K})
	do(own, &prop.ObserveCollateral{Entity: E, Deposited: 5000 * fixed.ThetaScale})
	for i, class := range []string{"crypto", "forex"} {
		do(E, &prop.CreateSubaccount{Entity: E, Class: class})
		do(own, &prop.RecordSubmission{Effect: prop.EffectID(i + 1), TxHash: prop.Hash{byte(0xa1 + i)}})
		do(own, &prop.CompleteEffect{Effect: prop.EffectID(i + 1), OK: true})
	}
	prices := func(signer prop.Hotkey, s ...string) {
		t.Helper()
		c := &prop.ObservePrices{Observed: h.at}
		for _, q := range s {
			f := strings.FieldsFunc(q, func(r rune) bool { return r == ' ' || r == '/' })
			c.Quotes = append(c.Quotes, prop.Quote{Pair: f[0], Bid: pr(f[1]), Ask: pr(f[2])})
		}
		do(signer, c)
	}
	e0, e1 := prop.AccountKey{Entity: E}, prop.AccountKey{Entity: E, ID: 1}
	at("19:59:30")
	prices(own, "BTCUSD 100/100.1", "EURCAD 1.5/1.5002", "USDCAD 1.36/1.3602")
	at("19:59:31")
	do(E, &prop.SubmitOrder{Account: e0, Pair: "BTCUSD", Type: prop.Market, Side: prop.Long, Leverage: ra("2"), StopLoss: pr("95"), TakeProfit: pr("110")})
	do(K, &prop.SubmitOrder{Account: e1, Pair: "EURCAD", Type: prop.Market, Side: prop.Long, Leverage: ra("3"), TakeProfit: pr("1.6")})
	at("19:59:45")
	prices(R, "BTCUSD 100.1/100.2", "EURCAD 1.5/1.5002", "USDCAD 1.36/1.3602")
	at("20:00:05")
	do(E, &prop.SubmitOrder{Account: e0, Pair: "BTCUSD", Type: prop.Limit, Side: prop.Long, Value: usd("5000"), LimitPrice: pr("98")})
	do(E, &prop.SubmitOrder{Account: e1, Pair: "EURCAD", Type: prop.Limit, Side: prop.Short, Quantity: qt("0.1"), LimitPrice: pr("1.51")})
	at("20:00:30")
	prices(own, "BTCUSD 98.5/98.6")
	at("20:01:00")
	prices(own, "BTCUSD 97.8/97.9", "USDCAD 1.37/1.37")
	limit := ids[len(ids)-1]
	at("20:01:10")
	do(E, &prop.CancelOrder{Account: e1, Order: limit})
	at("20:01:20")
	do(R, &prop.SetPairState{Pair: "BTCUSD", State: prop.Halted})
	at("20:01:30")
	prices(own, "BTCUSD 93/93.1")
	at("20:02:00")
	do(R, &prop.SetPairState{Pair: "BTCUSD", State: prop.Tradable})
	at("21:05:00")
	do(E, &prop.SubmitOrder{Account: e1, Pair: "EURCAD", Type: prop.Market, Side: prop.Flat})
	at("21:05:10")
	prices(own, "EURCAD 1.49/1.4903")
	at("21:06:00")
	do(R, &prop.Halt{Account: e0, Halted: true, Flatten: true})
	at("21:07:00")
	do(E, &prop.Halt{Entity: E, Halted: false})
	at("21:10:00.001")
	out := h.lines.String()
	for n, k := range map[string]prop.Hotkey{"E": E, "K": K, "O": O, "R": R} {
		out = strings.ReplaceAll(out, k.String(), n)
	}
	for i, id := range ids {
		s := id.String()
		out = strings.ReplaceAll(out, s, fmt.Sprintf("00000000-0000-7000-8000-%012d", i+1))
		s = s[:14] + "8" + s[15:]
		out = strings.ReplaceAll(out, s, fmt.Sprintf("00000000-0000-8000-8000-%012d", i+1))
	}
	out = strings.ReplaceAll(out, strings.Repeat("0", 62), "")
	if err := os.WriteFile("/work/i3/scripts/verdicts/testdata/orders.jsonl", []byte(out), 0o644); err != nil { t.Fatal(err) }
}
