package market_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

// vectors are the parts of testdata/golden/trading-extra.json that are about markets.
type vectors struct {
	Slippage []struct {
		Pair     string          `json:"trade_pair"`
		Type     string          `json:"type"`
		Value    json.Number     `json:"value"`
		Leverage float64         `json:"leverage"`
		At       int64           `json:"processed_ms"`
		Slippage json.RawMessage `json:"slippage"`
	} `json:"slippage"`
	Hours []struct {
		UTC  string `json:"utc"`
		At   int64  `json:"ms"`
		Open bool   `json:"open"`
	} `json:"forex_hours"`
	Holidays map[string][]string `json:"forex_holidays"`
	Carry    []struct {
		Start, Now    int64
		Crypto, Forex [2]int64
	} `json:"carry_intervals"`
	ForexCarry []struct {
		Open     int64   `json:"open_ms"`
		Days     int64   `json:"days"`
		Leverage float64 `json:"leverage"`
		Units    int     `json:"calendar_units"`
		Factor   float64 `json:"calendar_carry"`
	} `json:"forex_carry_upstream_vs_calendar"`
	Pairs     []goldenPair           `json:"trade_pairs"`
	Constants map[string]json.Number `json:"constants"`
	Estimates struct {
		Crypto map[string]map[string]map[string]json.Number `json:"crypto"`
	} `json:"slippage_estimates_crypto"`
}

type goldenPair struct {
	ID, Display, Category string
	Subcategory           *string
	Base, Quote           string
	Lot                   int64       `json:"lot_size"`
	Min                   json.Number `json:"min_leverage"`
	Max                   json.Number `json:"max_leverage"`
	Multiplier            int64       `json:"leverage_multiplier"`
	Blocked, Unsupported  bool
}

func golden(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("../../testdata/golden/trading-extra.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// shipped is the genesis that the program starts a devnet with: a user's first sight of the pairs.
func shipped(t testing.TB) prop.Genesis {
	t.Helper()
	data, err := os.ReadFile("../../cmd/propnet/devnet.toml")
	if err != nil {
		t.Fatal(err)
	}
	var g prop.Genesis
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

// slippage are the shipped tables; each call gives its own.
func slippage(t testing.TB) prop.Slippage { return shipped(t).RuleSets[0].Slippage }

// difference is a vector that we do not reproduce on purpose.
type difference struct {
	vector string
	ours   string
	reason string
}

var differences = []difference{
	{"carry 1763067600000 to 1763154000000: forex next", "259200000",
		"Friday 21:00: the public node's next boundary is Saturday's, which costs nothing; ours is Monday's"},
	{"carry 1762776000000 to 1763380800000: forex count", "5",
		"a week: the public node counts the boundaries of Saturday and Sunday, which cost nothing; our five have seven units"},
	{"slippage BTCUSD LONG 20000 at 1748736000000", "0.000107361",
		"before October 2025 a constant of its own; a node that trades now has one table"},
	{"slippage SOLUSD LONG 20000 at 1748736000000", "0.000399606", "the same"},
	{"slippage TAOUSD LONG 20000 at 1748736000000", "0.0001", "the same: an error then, the default of the present table now"},
	{"slippage USDCAD LONG 300000 at 1748865600000", "0.0002", "before October 2025 a formula of volatility and volume"},
	{"slippage EURUSD LONG 100000 at 1763000000000", "0.0002",
		"the bid is 0, and 0 slips nothing; here such a quote is refused long before (invalid_price)"},
	{"slippage NVDA LONG 50000 at 1733151600000", "none",
		"equities have a formula whose figures are not public for every year; we have no table and refuse"},
}

// comparison counts vectors and holds them to the list of differences.
type comparison struct {
	t              *testing.T
	prefix         string
	equal, differs int
	used           []string
}

func (c *comparison) check(vector, ours string, equal bool) {
	c.t.Helper()
	vector = c.prefix + " " + vector
	i := slices.IndexFunc(differences, func(d difference) bool { return d.vector == vector })
	switch {
	case equal && i >= 0:
		c.t.Errorf("%s is equal, but listed as a difference", vector)
	case equal:
		c.equal++
	case i < 0:
		c.t.Errorf("%s: ours is %s", vector, ours)
	case differences[i].ours != ours:
		c.t.Errorf("%s: ours is %s, listed is %s", vector, ours, differences[i].ours)
	default:
		c.differs++
		c.used = append(c.used, vector)
	}
}

// done wants so many figures equal and different, and every listed difference used.
func (c *comparison) done(equal, differs int) {
	c.t.Helper()
	if c.equal != equal || c.differs != differs {
		c.t.Errorf("%s: %d figures equal, %d documented differences; want %d and %d", c.prefix, c.equal, c.differs, equal, differs)
	}
	for _, d := range differences {
		if len(d.vector) > len(c.prefix) && d.vector[:len(c.prefix)+1] == c.prefix+" " && !slices.Contains(c.used, d.vector) {
			c.t.Errorf("%s is listed as a difference, and no vector differs so", d.vector)
		}
	}
}

func TestGoldenForexHours(t *testing.T) {
	c := comparison{t: t, prefix: "hours"}
	for _, v := range golden(t).Hours {
		info, ok := market.Session(market.Forex, prop.Instant(v.At))
		c.check(v.UTC, fmt.Sprint(info.Open, ok), ok && info.Open == v.Open && prop.Instant(v.At).String()[:19]+"Z" == v.UTC)
	}
	c.done(23, 0)
}

func TestGoldenForexHolidays(t *testing.T) {
	c := comparison{t: t, prefix: "holidays"}
	for year, want := range golden(t).Holidays {
		var y int
		fmt.Sscan(year, &y)
		var got []string
		list, ok := market.Holidays(market.Forex, y)
		for _, h := range list {
			got = append(got, fmt.Sprintf("%d-%02d-%02d", h.Year, h.Month, h.Day))
			if h.ClosesMs != 0 {
				t.Errorf("%v is not a whole day", h)
			}
		}
		c.check(year, fmt.Sprint(got), ok && slices.Equal(got, want))
	}
	c.done(8, 0)
}

func TestGoldenCarryIntervals(t *testing.T) {
	c := comparison{t: t, prefix: "carry"}
	for _, v := range golden(t).Carry {
		start, now := prop.Instant(v.Start), prop.Instant(v.Now)
		for _, x := range []struct {
			class string
			want  [2]int64
		}{{market.Crypto, v.Crypto}, {market.Forex, v.Forex}} {
			count := int64(0)
			for range boundaries(t, x.class, start, now) {
				count++
			}
			next, ok := market.NextCarry(x.class, now)
			name := fmt.Sprintf("%d to %d: %s ", v.Start, v.Now, x.class)
			c.check(name+"count", fmt.Sprint(count), count == x.want[0])
			c.check(name+"next", fmt.Sprint(int64(next.At-now)), ok && int64(next.At-now) == x.want[1])
		}
	}
	c.done(38, 2)
}

// TestGoldenCalendarCarry has the calendar's columns; those of the public node show its defect B1.
func TestGoldenCalendarCarry(t *testing.T) {
	c := comparison{t: t, prefix: "forex carry"}
	for _, v := range golden(t).ForexCarry {
		open := prop.Instant(v.Open)
		units := unitsOf(boundaries(t, market.Forex, open, open+prop.Instant(v.Days*dayMs)))
		factor := math.Pow(0.97, v.Leverage*float64(units)/365)
		c.check(fmt.Sprintf("%d for %d days", v.Open, v.Days), fmt.Sprint(units), units == v.Units && math.Abs(factor-v.Factor) < 1e-12)
	}
	c.done(49, 0)
}

// caps are the limits of a class: the vectors' of December 2025, weighted by a multiplier, and those
// of 2026 that the shipped genesis has, of raw leverage. Source: reference/trading.md §1.4.
var caps = map[string]struct {
	thenMax, nowMax   string
	thenMult, nowMult int64
}{
	market.Crypto: {"0.5", "5", 10, 1}, market.Forex: {"5", "20", 1, 1}, market.Equities: {"3", "2", 2, 1}, market.Indices: {"5", "10", 1, 1},
}

// TestGoldenPairs holds the shipped genesis to the public node's table: all but the caps.
func TestGoldenPairs(t *testing.T) {
	c := comparison{t: t, prefix: "pairs"}
	want, got := golden(t).Pairs, shipped(t).Pairs
	if len(want) != len(got) {
		t.Fatalf("%d pairs, want %d", len(got), len(want))
	}
	for i, w := range want {
		sub := ""
		if w.Subcategory != nil {
			sub = *w.Subcategory
		}
		state := map[[2]bool]prop.PairState{
			{false, false}: prop.Tradable, {true, false}: prop.ReduceOnly, {false, true}: prop.DataOnly, {true, true}: prop.Retired,
		}[[2]bool{w.Blocked, w.Unsupported}]
		limit := caps[w.Category]
		if ratio(t, w.Max.String()) != ratio(t, limit.thenMax) || w.Multiplier != limit.thenMult {
			t.Errorf("%s: the vectors' caps are %s and %d", w.ID, w.Max, w.Multiplier)
		}
		c.check(w.ID, fmt.Sprint(got[i]), got[i] == prop.Pair{
			ID: w.ID, Display: w.Display, Class: w.Category, Subclass: sub, Base: w.Base, Quote: w.Quote, Lot: w.Lot,
			MinLeverage: ratio(t, w.Min.String()), MaxLeverage: ratio(t, limit.nowMax), Multiplier: limit.nowMult, State: state,
		})
	}
	c.done(51, 0)
}

// TestGoldenRates: the costs of the shipped rule set, per unit of each class's calendar.
func TestGoldenRates(t *testing.T) {
	factors := golden(t).Constants
	rules := shipped(t).RuleSets[0]
	for class, want := range map[string]struct {
		fee    string
		factor json.Number
	}{market.Crypto: {"0.001", factors["CRYPTO_CARRY"]}, market.Forex: {"0", factors["FOREX_CARRY"]}, market.Indices: {"0", factors["INDICES_CARRY"]}, market.Equities: {"0", factors["INDICES_CARRY"]}} {
		c, ok := rules.Of(class)
		if !ok || c.FeeRate != ratio(t, want.fee) || c.CarryRate != fixed.RatioScale-halfEven(t, want.factor.String()) {
			t.Errorf("%s: %+v, want a fee of %s and one minus %s", class, c, want.fee, want.factor)
		}
	}
}

// TestGoldenSlippage wants the public node's figure within what the table's rounding allows: three
// times half a unit of 1e-9. Where it has no figure, ours must have none.
func TestGoldenSlippage(t *testing.T) {
	c := comparison{t: t, prefix: "slippage"}
	table, classes := slippage(t), map[string]string{}
	for _, p := range shipped(t).Pairs {
		classes[p.ID] = p.Class
	}
	for _, v := range golden(t).Slippage {
		value, err := fixed.ParseUSD(v.Value.String())
		if err != nil {
			t.Fatal(err)
		}
		r, ok := market.Slip(&table, classes[v.Pair], v.Pair, v.Leverage > 0, value, prop.Instant(v.At))
		ours := "none"
		if ok {
			ours = r.String()
		}
		var want float64
		equal := false
		if json.Unmarshal(v.Slippage, &want) == nil {
			equal = ok && math.Abs(want-float64(r)/fixed.RatioScale) <= 1.51e-9
		} else {
			equal = !ok
		}
		c.check(fmt.Sprintf("%s %s %s at %d", v.Pair, v.Type, v.Value, v.At), ours, equal)
	}
	c.done(59, 6)
}
