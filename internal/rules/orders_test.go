package rules_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
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

func parseRatio(t *testing.T, s string) fixed.Ratio {
	t.Helper()
	v, err := fixed.ParseRatio(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// golden decodes a part of the public node's vectors.
func golden(t *testing.T, part string, into any) {
	t.Helper()
	var parts map[string]json.RawMessage
	data, err := os.ReadFile("../../testdata/golden/trading-extra.json")
	if err == nil {
		err = json.Unmarshal(data, &parts)
	}
	if err == nil {
		err = json.Unmarshal(parts[part], into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckOrder(t *testing.T) {
	const m, l, b = prop.Market, prop.Limit, prop.Bracket
	type o = prop.SubmitOrder
	rows := []struct {
		rule  string
		order o
		want  prop.Code
	}{
		{"one size: leverage", o{Type: m, Side: prop.Long, Leverage: 1}, 0},
		{"one size: value", o{Type: m, Side: prop.Short, Value: 1}, 0},
		{"one size: quantity", o{Type: m, Side: prop.Long, Quantity: 1}, 0},
		{"no size", o{Type: m, Side: prop.Long}, prop.InvalidSize},
		{"two sizes", o{Type: m, Side: prop.Long, Leverage: 1, Value: 1}, prop.InvalidSize},
		{"three sizes", o{Type: m, Side: prop.Long, Leverage: 1, Value: 1, Quantity: 1}, prop.InvalidSize},
		{"a negative size", o{Type: m, Side: prop.Long, Leverage: -1}, prop.InvalidSize},
		{"a negative size beside a good one", o{Type: m, Side: prop.Long, Value: -1, Quantity: 1}, prop.InvalidSize},
		{"FLAT takes none", o{Type: m, Side: prop.Flat}, 0},
		{"FLAT with one", o{Type: m, Side: prop.Flat, Quantity: 1}, prop.InvalidSize},
		{"FLAT with a negative one", o{Type: m, Side: prop.Flat, Quantity: -1}, prop.InvalidSize},
		{"FLAT with a stop", o{Type: m, Side: prop.Flat, StopLoss: 1}, prop.InvalidPrices},
		{"FLAT with a take profit", o{Type: m, Side: prop.Flat, TakeProfit: 1}, prop.InvalidPrices},
		{"no side", o{Type: m, Leverage: 1}, prop.InvalidField},
		{"unknown side", o{Type: m, Side: 4, Leverage: 1}, prop.InvalidField},
		{"MARKET with protection, whose sides are asked of the price", o{Type: m, Side: prop.Long, Leverage: 1, StopLoss: 9, TakeProfit: 1}, 0},
		{"MARKET with a limit price", o{Type: m, Side: prop.Long, Leverage: 1, LimitPrice: 1}, prop.InvalidPrices},
		{"no type", o{Side: prop.Long, Leverage: 1}, prop.InvalidField},
		{"unknown type", o{Type: 4, Side: prop.Long, Leverage: 1}, prop.InvalidField},

		{"LIMIT", o{Type: l, Side: prop.Long, Leverage: 1, LimitPrice: 5}, 0},
		{"LIMIT without its price", o{Type: l, Side: prop.Long, Leverage: 1}, prop.InvalidPrices},
		{"LIMIT at a negative price", o{Type: l, Side: prop.Long, Leverage: 1, LimitPrice: -5}, prop.InvalidPrices},
		{"LIMIT without size", o{Type: l, Side: prop.Long, LimitPrice: 5}, prop.InvalidSize},
		{"LIMIT with two sizes (E5)", o{Type: l, Side: prop.Long, Leverage: 1, Value: 1, LimitPrice: 5}, prop.InvalidSize},
		{"LIMIT FLAT", o{Type: l, Side: prop.Flat, LimitPrice: 5}, prop.InvalidField},
		{"LIMIT LONG: stop < limit < profit", o{Type: l, Side: prop.Long, Value: 1, LimitPrice: 5, StopLoss: 4, TakeProfit: 6}, 0},
		{"LIMIT LONG: stop at the limit", o{Type: l, Side: prop.Long, Value: 1, LimitPrice: 5, StopLoss: 5}, prop.InvalidPrices},
		{"LIMIT SHORT: profit < limit < stop", o{Type: l, Side: prop.Short, Value: 1, LimitPrice: 5, StopLoss: 6, TakeProfit: 4}, 0},
		{"LIMIT SHORT: the wrong way round", o{Type: l, Side: prop.Short, Value: 1, LimitPrice: 5, StopLoss: 4, TakeProfit: 6}, prop.InvalidPrices},

		{"BRACKET for all, with both", o{Type: b, StopLoss: 4, TakeProfit: 6}, 0},
		{"BRACKET with a stop alone", o{Type: b, StopLoss: 4}, 0},
		{"BRACKET with a profit alone, of a size", o{Type: b, TakeProfit: 4, Quantity: 1}, 0},
		{"BRACKET with neither", o{Type: b, Quantity: 1}, prop.InvalidPrices},
		{"BRACKET with a limit price", o{Type: b, StopLoss: 4, LimitPrice: 5}, prop.InvalidPrices},
		{"BRACKET with a negative stop", o{Type: b, StopLoss: -4, TakeProfit: 6}, prop.InvalidPrices},
		{"BRACKET with two sizes", o{Type: b, StopLoss: 4, Quantity: 1, Value: 1}, prop.InvalidSize},
		{"BRACKET with a side", o{Type: b, Side: prop.Short, StopLoss: 4}, prop.InvalidField},
	}
	for _, r := range rows {
		if got := refusal(rules.CheckOrder(&r.order)); got != r.want {
			t.Errorf("%s: %s, want %s", r.rule, got, r.want)
		}
	}
}

// TestCheckProtection: strictly, and either may be missing. Source: reference/trading.md §7.4.
func TestCheckProtection(t *testing.T) {
	rows := []struct {
		side                prop.Side
		entry, stop, profit fixed.Price
		ok                  bool
	}{
		{prop.Long, 100, 99, 101, true}, {prop.Long, 100, 100, 101, false}, {prop.Long, 100, 99, 100, false}, {prop.Long, 100, 101, 99, false},
		{prop.Long, 100, 99, 0, true}, {prop.Long, 100, 0, 101, true}, {prop.Long, 100, 0, 0, true}, {prop.Long, 100, 101, 0, false}, {prop.Long, 100, 0, 99, false},
		{prop.Short, 100, 101, 99, true}, {prop.Short, 100, 100, 99, false}, {prop.Short, 100, 101, 100, false}, {prop.Short, 100, 99, 101, false},
		{prop.Short, 100, 101, 0, true}, {prop.Short, 100, 0, 99, true}, {prop.Short, 100, 0, 0, true}, {prop.Short, 100, 99, 0, false}, {prop.Short, 100, 0, 101, false},
	}
	for _, r := range rows {
		err := rules.CheckProtection(r.side, r.entry, r.stop, r.profit)
		if got := refusal(err); (got == 0) != r.ok || got != 0 && got != prop.InvalidPrices {
			t.Errorf("%s at %d with stop %d and profit %d: %v", r.side, r.entry, r.stop, r.profit, err)
		}
	}
	for _, r := range []struct {
		long         bool
		stop, profit fixed.Price
		ok           bool
	}{
		{true, 1, 2, true}, {true, 2, 2, false}, {true, 3, 2, false}, {true, 3, 0, true}, {true, 0, 2, true},
		{false, 2, 1, true}, {false, 2, 2, false}, {false, 2, 3, false}, {false, 3, 0, true}, {false, 0, 2, true},
	} {
		if err := rules.CheckBracketPrices(r.long, r.stop, r.profit); (err == nil) != r.ok {
			t.Errorf("long %v with stop %d and profit %d: %v", r.long, r.stop, r.profit, err)
		}
	}
}

// TestTriggeredGolden has the public node's 25 vectors. Its quotes without a bid and an ask are of a
// source that knows only a price; here that is both.
func TestTriggeredGolden(t *testing.T) {
	var vectors []struct {
		Kind, Type     string
		Bid, Ask, Open json.Number
		Limit          json.Number  `json:"limit_price"`
		Stop           json.Number  `json:"stop_loss"`
		Profit         json.Number  `json:"take_profit"`
		Trigger        *json.Number `json:"trigger_price"`
	}
	golden(t, "triggers", &vectors)
	var differences []struct {
		Vector    int
		Fill, Why string
	}
	data, err := os.ReadFile("testdata/triggers.json")
	if err == nil {
		err = json.Unmarshal(data, &differences)
	}
	if err != nil {
		t.Fatal(err)
	}
	price := func(n json.Number) fixed.Price {
		if n == "" {
			return 0
		}
		return parsePrice(t, n.String())
	}
	equal, used := 0, 0
	for i, v := range vectors {
		bid, ask := price(v.Bid), price(v.Ask)
		if bid == 0 {
			bid, ask = price(v.Open), price(v.Open)
		}
		o := &prop.OrderAccepted{Type: prop.Limit, LimitPrice: price(v.Limit), StopLoss: price(v.Stop), TakeProfit: price(v.Profit)}
		if err := o.Side.UnmarshalText([]byte(v.Type)); err != nil {
			t.Fatal(err)
		}
		if v.Kind == "BRACKET" { // theirs says the side of the position, ours the one that closes it
			o.Type, o.Side = prop.Bracket, map[prop.Side]prop.Side{prop.Long: prop.Short, prop.Short: prop.Long}[o.Side]
		}
		by, level, fill := rules.Triggered(o, bid, ask)
		if (by != 0) != (v.Trigger != nil) || by != 0 && level != price(*v.Trigger) {
			t.Errorf("vector %d: by %s at %s, want %v", i, by, level, v.Trigger)
		}
		switch {
		case fill == level:
			equal++
		case used < len(differences) && differences[used].Vector == i && parsePrice(t, differences[used].Fill) == fill:
			used++
		default:
			t.Errorf("vector %d fills at %s, and no documented difference says so", i, fill)
		}
	}
	if equal != 20 || used != len(differences) || len(vectors) != 25 {
		t.Errorf("%d vectors: %d equal, %d of %d differences used", len(vectors), equal, used, len(differences))
	}
}

func TestTriggered(t *testing.T) {
	limit := func(side prop.Side) prop.OrderAccepted {
		return prop.OrderAccepted{Type: prop.Limit, Side: side, LimitPrice: 100}
	}
	bracket := func(side prop.Side, stop, profit fixed.Price) prop.OrderAccepted {
		return prop.OrderAccepted{Type: prop.Bracket, Side: side, StopLoss: stop, TakeProfit: profit}
	}
	rows := []struct {
		rule         string
		order        prop.OrderAccepted
		bid, ask     fixed.Price
		by           prop.Trigger
		level, fills fixed.Price
	}{
		{"a LIMIT LONG asks the ask, not the bid", limit(prop.Long), 99, 101, 0, 0, 0},
		{"and fills at its price on a gap", limit(prop.Long), 80, 81, prop.AtLimit, 100, 100},
		{"a LIMIT SHORT asks the bid", limit(prop.Short), 99, 101, 0, 0, 0},
		{"and fills at its price", limit(prop.Short), 120, 121, prop.AtLimit, 100, 100},
		{"a MARKET meets no price", prop.OrderAccepted{Type: prop.Market, Side: prop.Long, StopLoss: 90, TakeProfit: 110}, 100, 100, 0, 0, 0},
		{"the stop is tested first: a quote so wide that both are met", bracket(prop.Long, 105, 95), 90, 110, prop.AtStopLoss, 105, 110},
		{"a stop alone", bracket(prop.Short, 95, 0), 94, 94, prop.AtStopLoss, 95, 94}, {"a stop alone has no profit", bracket(prop.Short, 95, 0), 1_000, 1_000, 0, 0, 0},
		{"a profit alone", bracket(prop.Short, 0, 105), 106, 106, prop.AtTakeProfit, 105, 105}, {"a profit alone has no stop", bracket(prop.Short, 0, 105), 1, 1, 0, 0, 0},
		{"a long's stop asks the bid", bracket(prop.Short, 95, 0), 95, 96, 0, 0, 0}, {"a short's stop asks the ask", bracket(prop.Long, 105, 0), 104, 105, 0, 0, 0},
		{"a profit asks the same side", bracket(prop.Long, 0, 95), 94, 95, 0, 0, 0}, {"and fills at its price on a gap", bracket(prop.Long, 0, 95), 50, 51, prop.AtTakeProfit, 95, 95},
	}
	for _, r := range rows {
		if by, level, fills := rules.Triggered(&r.order, r.bid, r.ask); by != r.by || level != r.level || fills != r.fills {
			t.Errorf("%s: by %s at %d, fills at %d", r.rule, by, level, fills)
		}
	}
}

var inUSD = rules.Quote{Num: fixed.PriceScale, Den: fixed.PriceScale}

// TestSize has the sizing examples of reference/trading.md §3.3 that concern BTC (price 60,000,
// account 100,000), and what they leave open.
func TestSize(t *testing.T) {
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
		size := rules.Size{Side: r.side, Kind: r.kind, Leverage: r.leverage, Value: r.value, Quantity: r.quantity}
		q, err := size.At(60_000*fixed.PriceScale, inUSD, 100_000*usd, 1)
		if r.want == "" && refusal(err) != prop.InvalidSize || r.want != "" && (err != nil || q != parseQty(t, r.want)) {
			t.Errorf("%s: %s, %v, want %q", r.rule, q, err, r.want)
		}
	}
	if _, err := (rules.Size{Side: prop.Long, Kind: prop.ByValue, Value: usd}).At(fixed.PriceScale, rules.Quote{}, usd, 1); refusal(err) != prop.InvalidSize {
		t.Errorf("a value without a rate: %v", err)
	}
}

// TestSizeGolden has the public node's parse_order_size. It says base per USD where we have a price
// and a rate to USD: 1/(price × rate).
func TestSizeGolden(t *testing.T) {
	var vectors []struct {
		Pair    string                 `json:"trade_pair"`
		Signal  map[string]json.Number `json:"signal"`
		Account json.Number            `json:"account_size"`
		Want    struct {
			Quantity, Leverage, Value float64
			Error                     string
		} `json:"expected"`
	}
	golden(t, "parse_order_size", &vectors)
	type quote struct {
		price, num, den string
		lot             int64
	}
	quotes := map[string]quote{
		"BTCUSD": {"60000", "1", "1", 1}, "EURUSD": {"1.1", "1", "1", 100_000},
		"USDCAD": {"1.4", "1", "1.4", 100_000},          // 1 USD per base
		"EURGBP": {"0.8", "1.4501160093", "1", 100_000}, // 1/(0.8 × 1.45…) = 0.862
	}
	for i, v := range vectors {
		q := quotes[v.Pair]
		o := prop.SubmitOrder{Type: prop.Market, Side: prop.Long}
		for name, n := range v.Signal {
			text := n.String()
			if text[0] == '-' {
				o.Side, text = prop.Short, text[1:]
			}
			switch name {
			case "leverage":
				o.Leverage = parseRatio(t, text)
			case "value":
				o.Value = parseUSD(t, text)
			case "quantity":
				o.Quantity = parseQty(t, text)
			}
		}
		if got := refusal(rules.CheckOrder(&o)); (got == prop.InvalidSize) != (v.Want.Error != "") {
			t.Errorf("vector %d: %s, want %q", i, got, v.Want.Error)
		}
		if v.Want.Error != "" {
			continue
		}
		rated := rules.Quote{Num: parsePrice(t, q.num), Den: parsePrice(t, q.den)}
		account := parseUSD(t, v.Account.String())
		quantity, err := rules.SizeOf(&o).At(parsePrice(t, q.price), rated, account, q.lot)
		value, err2 := rated.Value(quantity, parsePrice(t, q.price), q.lot)
		leverage, err3 := fixed.QuotientHalfEven(value, account)
		if err := errors.Join(err, err2, err3); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			what                 string
			got, want, tolerance float64
		}{
			{"quantity", float64(quantity) / fixed.QtyScale, v.Want.Quantity, 1e-8},
			{"value", float64(value) / usd, v.Want.Value, 1e-3 + 1e-8*math.Abs(v.Want.Value)},
			{"leverage", float64(leverage) / fixed.RatioScale, v.Want.Leverage, 1e-7},
		} {
			if math.Abs(c.got-c.want) > c.tolerance*(1+1e-6) {
				t.Errorf("vector %d: %s %v, want %v", i, c.what, c.got, c.want)
			}
		}
	}
	if len(vectors) != 10 {
		t.Errorf("%d vectors", len(vectors))
	}
}

func TestNextAndReduces(t *testing.T) {
	rows := []struct {
		rule          string
		held, q, next fixed.Qty
		reduces       bool
	}{
		{"opening", 0, 5, 5, false}, {"opening short", 0, -5, -5, false}, {"adding", 5, 1, 6, false}, {"adding short", -5, -1, -6, false},
		{"a part is closed", 5, -2, 3, true}, {"all of it", 5, -5, 0, true}, {"no more than all", 5, -9, 0, true},
		{"a part of a short", -5, 2, -3, true}, {"all of a short", -5, 5, 0, true}, {"no more than all of a short", -5, 9, 0, true},
	}
	for _, r := range rows {
		if next, reduces := rules.Next(r.held, r.q), rules.Reduces(r.held, r.q); next != r.next || reduces != r.reduces {
			t.Errorf("%s: %d, %v", r.rule, next, reduces)
		}
	}
}
