package golden_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// goldenDir holds vectors that were made by running the public node, and what differs on purpose.
const goldenDir = "../../testdata/golden"

// readJSON reads a whole file into v; with strict, a field that v does not have is an error.
func readJSON(t testing.TB, name string, strict bool, v any) {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// needs is testdata/golden.json.
type needs struct {
	About    string
	Tradable []struct{ Case, Pair, Why string }
	Later    []struct {
		Case string
		ByMs int64 `json:"by_ms"`
		Why  string
	}
	Slippage []struct {
		Case   string
		Crypto prop.CryptoSlippage
		Forex  prop.ForexSlippage
		Why    string
	}
	Sections map[string]string // of trading-extra.json, and which test has it
}

func readNeeds(t testing.TB) (n needs) {
	t.Helper()
	readJSON(t, "testdata/golden.json", true, &n)
	return n
}

// pairs are those of the public node's table: bounds, lots and weights of today. Blocked ones may be
// reduced only, ones without prices are data only, ones with both have been retired.
func readPairs(t testing.TB) (pairs []prop.Pair) {
	t.Helper()
	var file struct {
		Pairs []struct {
			ID, Display, Category, Base, Quote string
			Subcategory                        string
			Lot                                int64       `json:"lot_size"`
			Min                                json.Number `json:"min_leverage"`
			Max                                json.Number `json:"max_leverage"`
			Multiplier                         int64       `json:"leverage_multiplier"`
			Blocked, Unsupported               bool
		} `json:"trade_pairs"`
	}
	readJSON(t, goldenDir+"/trading-extra.json", false, &file)
	for _, p := range file.Pairs {
		pairs = append(pairs, prop.Pair{
			ID: p.ID, Display: p.Display, Base: p.Base, Quote: p.Quote, Class: p.Category, Subclass: p.Subcategory, Lot: p.Lot, Multiplier: p.Multiplier,
			MinLeverage: ratio(p.Min.String()), MaxLeverage: ratio(p.Max.String()),
			State: map[[2]bool]prop.PairState{
				{false, false}: prop.Tradable, {true, false}: prop.ReduceOnly, {false, true}: prop.DataOnly, {true, true}: prop.Retired,
			}[[2]bool{p.Blocked, p.Unsupported}],
		})
	}
	if len(pairs) != 51 {
		t.Fatalf("%d pairs, want 51", len(pairs))
	}
	return pairs
}

// pairNamed is one of the pairs.
func pairNamed(pairs []prop.Pair, id string) *prop.Pair {
	i := slices.IndexFunc(pairs, func(p prop.Pair) bool { return p.ID == id })
	return &pairs[i]
}

// other is a pair of the class that takes up leverage, a unit of it a dollar.
func other(class string) prop.Pair {
	return prop.Pair{
		ID: otherPair, Display: otherPair, Base: "XXX", Quote: "USD", Class: class, Lot: 1, MaxLeverage: noBound, Multiplier: 1, State: prop.Tradable,
	}
}

// number is the exact value of a decimal; nil if there is none.
func number(n json.Number) *big.Rat {
	if n == "" {
		return nil
	}
	v, ok := new(big.Rat).SetString(n.String())
	if !ok {
		panic("not a number: " + n.String()) // the decoder let it through
	}
	return v
}

func size(n *json.Number) *big.Rat {
	if n == nil {
		return nil
	}
	return number(*n)
}

// rat is a literal of the tests.
func rat(s string) *big.Rat { return number(json.Number(s)) }

// units is a number in whole units of a scale; what is beyond it is rounded half away from zero, which
// only ever takes off the last digits of a float.
func units(r *big.Rat, scale int64) int64 {
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt64(scale))
	n, ok := new(big.Int).SetString(scaled.FloatString(0), 10)
	if !ok || !n.IsInt64() {
		panic("out of range: " + r.String())
	}
	return n.Int64()
}

func priceOf(r *big.Rat) fixed.Price { return fixed.Price(units(r, fixed.PriceScale)) }
func ratio(s string) fixed.Ratio     { return fixed.Ratio(units(rat(s), fixed.RatioScale)) }

// The exact values of fixed numbers.
func usdRat(v fixed.USD) *big.Rat     { return big.NewRat(int64(v), fixed.USDScale) }
func priceRat(v fixed.Price) *big.Rat { return big.NewRat(int64(v), fixed.PriceScale) }
func qtyRat(v fixed.Qty) *big.Rat     { return big.NewRat(int64(v), fixed.QtyScale) }
func ratioRat(v fixed.Ratio) *big.Rat { return big.NewRat(int64(v), fixed.RatioScale) }

func times(factors ...*big.Rat) *big.Rat {
	product := new(big.Rat).SetInt64(1)
	for _, f := range factors {
		product.Mul(product, f)
	}
	return product
}

func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func absolute(a *big.Rat) *big.Rat { return new(big.Rat).Abs(a) }

func within(a, b, tolerance *big.Rat) bool { return absolute(minus(a, b)).Cmp(tolerance) <= 0 }

// shown prints a rational as a decimal that is exact or has 12 digits after the point.
func shown(r *big.Rat) string {
	s := r.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
