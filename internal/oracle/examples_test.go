package oracle_test

import (
	"math/big"
	"testing"

	"github.com/propnet/propnet/internal/oracle"
	"github.com/propnet/propnet/prop"
)

// figures is a position written down by hand; an empty text is not compared.
type figures struct {
	kind                                   prop.Side
	quantity, average, realised, open, ret string
}

func expect(t *testing.T, rule string, p oracle.Position, want figures) {
	t.Helper()
	if p.Type != want.kind {
		t.Errorf("%s: %s, want %s", rule, p.Type, want.kind)
	}
	for _, f := range []struct {
		name, want string
		got        *big.Rat
	}{
		{"quantity", want.quantity, p.Quantity}, {"average entry", want.average, p.AverageEntry},
		{"realised", want.realised, p.Realised}, {"unrealised", want.open, p.Unrealised}, {"return", want.ret, p.Return},
	} {
		if f.want != "" && !states(f.want, mismatch{exact: f.got}) {
			t.Errorf("%s: %s is %s, want %s", rule, f.name, shown(f.got), f.want)
		}
	}
}

var account = rat("100000")

// TestWorkedC01 is the first case of reference/trading.md §11.1, BTC long with slippage, carried on
// to its end with quantities of 8 digits.
func TestWorkedC01(t *testing.T) {
	got := oracle.Evaluate(account, 1, nil, []oracle.Order{
		{Side: prop.Long, Leverage: rat("0.2"), Price: rat("60000"), Slippage: rat("0.0001")},
		{Side: prop.Long, Leverage: rat("0.1"), Price: rat("62000"), Slippage: rat("0.0001")},
		{Side: prop.Short, Leverage: rat("0.15"), Price: rat("64000"), Slippage: rat("0.0002")},
		{Side: prop.Flat, Price: rat("61000"), Slippage: rat("0.0003")},
	})
	// 20,000 USD at 60,000 are 1/3; entry at 60,006.
	expect(t, "the first order", got[0].Position, figures{prop.Long, "0.33333333", "60006", "0", "-1.99999998", ""})
	// (62,000 − 60,006)/3 = 664.6667, as the reference has it.
	expect(t, "marked before the second", oracle.Mark(got[0].Position, rat("62000"), rat("1")),
		figures{prop.Long, "0.33333333", "60006", "0", "664.66666002", "1.0066466666002"})
	// 10,000 USD at 62,000 are 0.16129032, entry at 62,006.2. Both cost 0.33333333·60,006 +
	// 0.16129032·62,006.2 = 30,002.999639964; 0.49462365 are worth 30,666.6663 at 62,000.
	expect(t, "the second", got[1].Position,
		figures{prop.Long, "0.49462365", "60658.2391277975", "0", "663.666660036", "1.00663666660036"})
	// 15,000 USD at 64,000 are 0.234375; exit at 63,987.2, a gain of 3,328.9608722 each; 0.26024865
	// stay, each 3,341.7608722 above its cost at 64,000.
	expect(t, "the third", got[2].Position,
		figures{prop.Long, "0.26024865", "60658.2391277975", "780.225204422468", "869.688755613532", "1.01649913960036"})
	// They are sold at 61,000·0.9997 = 60,981.7: all in all 30,867.4051 came in for what cost 30,002.9996.
	expect(t, "the close", got[3].Position, figures{prop.Flat, "0", "60658.2391277975", "864.405459741", "0", "1.00864405459741"})
}

// TestWorkedT01 is the second one of §11.1, before fees.
func TestWorkedT01(t *testing.T) {
	got := oracle.Evaluate(account, 1, nil, []oracle.Order{
		{Side: prop.Long, Leverage: rat("1"), Price: rat("100")},
		{Side: prop.Flat, Price: rat("110")},
	})
	expect(t, "1,000 units from 100 to 110", got[1].Position, figures{prop.Flat, "0", "100", "10000", "0", "1.1"})
}

// TestWorkedC19 is the third one. It is by quantity, for the public node sizes it by a second rate.
func TestWorkedC19(t *testing.T) {
	got := oracle.Evaluate(account, 100000, nil, []oracle.Order{
		{Side: prop.Short, Quantity: rat("0.8620689655"), Price: rat("0.88"), QuoteUSD: rat("1.318")},
		{Side: prop.Long, Quantity: rat("0.346"), Price: rat("0.87"), QuoteUSD: rat("1.329")},
	})
	// 0.01·0.346·100,000·1.329 = 459.834 and 0.01·0.5160689655·100,000·1.329 = 685.85565515
	expect(t, "the reduction", got[1].Position,
		figures{prop.Short, "-0.5160689655", "0.88", "459.834", "685.8556551495", "1.011456896551495"})
}

// TestRules has what the golden cases leave open.
func TestRules(t *testing.T) {
	bounds := []oracle.Bounds{
		{Min: rat("0.01"), Max: rat("0.5"), Cap: rat("10"), Multiplier: rat("10"), Other: rat("7")},
		{FromMs: 1000, Max: rat("0.5")},
	}
	long := func(leverage, price string) oracle.Order {
		return oracle.Order{Side: prop.Long, Leverage: rat(leverage), Price: rat(price)}
	}
	later := func(leverage string) oracle.Order {
		return oracle.Order{Side: prop.Short, Leverage: rat(leverage), Price: rat("60000"), AtMs: 1000}
	}
	flat := oracle.Order{Side: prop.Flat, Price: rat("60000")}
	rows := []struct {
		rule   string
		orders []oracle.Order
		want   string // of the last order
	}{
		{"FLAT with nothing open", []oracle.Order{flat}, "nothing open"},
		{"FLAT after a close", []oracle.Order{long("0.1", "60000"), flat, flat}, "nothing open"},
		{"FLAT with a size", []oracle.Order{long("0.1", "60000"), {Side: prop.Flat, Price: rat("1"), Quantity: rat("1")}}, "size"},
		{"no size", []oracle.Order{{Side: prop.Long, Price: rat("1")}}, "size"},
		{"no side", []oracle.Order{{Price: rat("1"), Value: rat("1")}}, "size"},
		{"a size of nothing once rounded", []oracle.Order{{Side: prop.Long, Price: rat("60000"), Value: rat("0.0001")}}, "size"},
		{"no price", []oracle.Order{{Side: prop.Long, Value: rat("1")}}, "price"},
		{"a rate of nothing", []oracle.Order{{Side: prop.Long, Value: rat("1"), Price: rat("1"), QuoteUSD: rat("0")}}, "rate"},
		{"slippage as large as the price", []oracle.Order{{Side: prop.Long, Value: rat("1"), Price: rat("1"), Slippage: rat("1")}}, "slippage"},
		{"touching the portfolio cap: 7 and 0.3 × 10", []oracle.Order{long("0.3", "60000")}, ""},
		{"beyond the cap as ordered, at it as traded", []oracle.Order{long("0.300000001", "60000")}, ""},
		{"beyond the cap as traded", []oracle.Order{long("0.30000001", "60000")}, "above the portfolio cap 10"},
		{"the minimum, although rounding leaves less", []oracle.Order{long("0.01", "60000")}, ""},
		{"below the minimum", []oracle.Order{long("0.009999999", "60000")}, "below the minimum leverage 0.01"},
		{"reducing above the maximum", []oracle.Order{long("0.3", "60000"), {Side: prop.Short, Quantity: rat("0.1"), Price: rat("600000")}}, ""},
		{"growing above the maximum by price alone", []oracle.Order{long("0.3", "60000"), long("0.01", "600000")}, "above the maximum leverage 0.5"},
		{"no cap and no minimum later: a little", []oracle.Order{later("0.000001")}, ""},
		{"the maximum later", []oracle.Order{later("0.5")}, ""},
		{"beyond the maximum as ordered, below it as traded", []oracle.Order{later("0.500000001")}, ""},
		{"beyond the maximum as traded", []oracle.Order{later("0.50000001")}, "above the maximum leverage 0.5"},
		{"reducing below the minimum", []oracle.Order{long("0.02", "60000"), {Side: prop.Short, Leverage: rat("0.015"), Price: rat("60000")}}, ""},
	}
	for _, r := range rows {
		got := oracle.Evaluate(account, 1, bounds, r.orders)
		if last := got[len(got)-1].Refused; last != r.want {
			t.Errorf("%s: %s, want %s", r.rule, verdict(last), verdict(r.want))
		}
	}
}

// TestOppositeOrders: at most what is open is closed, and the next order opens a new position.
func TestOppositeOrders(t *testing.T) {
	got := oracle.Evaluate(account, 1, nil, []oracle.Order{
		{Side: prop.Long, Quantity: rat("100"), Price: rat("100")},
		{Side: prop.Short, Leverage: rat("0.06"), Price: rat("50")}, // 120 units
		{Side: prop.Short, Quantity: rat("3"), Price: rat("50")},
	})
	if got[1].NotTraded.Cmp(rat("20")) != 0 || got[1].Traded.Cmp(rat("-100")) != 0 {
		t.Errorf("120 units against 100: %s traded, %s not", shown(got[1].Traded), shown(got[1].NotTraded))
	}
	expect(t, "the close", got[1].Position, figures{prop.Flat, "0", "100", "-5000", "0", "0.95"})
	expect(t, "the next position", got[2].Position, figures{prop.Short, "-3", "50", "0", "0", "1"})
}

// TestRefusal asks without trading: 3 units short at 50 are 0.0015 of the account, and 100 more 0.0515.
func TestRefusal(t *testing.T) {
	short := oracle.Order{Side: prop.Short, Quantity: rat("3"), Price: rat("50")}
	p := oracle.Evaluate(account, 1, nil, []oracle.Order{short})[0].Position
	short.Quantity = rat("100")
	for most, want := range map[string]string{"0.0515": "", "0.05149": "above the maximum leverage 0.05149"} {
		if got := oracle.Refusal(p, oracle.Bounds{Max: rat(most)}, short); got != want {
			t.Errorf("a maximum of %s: %s, want %s", most, verdict(got), verdict(want))
		}
	}
	expect(t, "what was asked about", p, figures{prop.Short, "-3", "50", "0", "0", "1"})
}
