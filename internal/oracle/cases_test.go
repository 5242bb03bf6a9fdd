package oracle_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propnet/propnet/internal/oracle"
	"github.com/propnet/propnet/prop"
)

// goldenDir holds vectors that were made by running the public node, and what differs on purpose.
const goldenDir = "../../testdata/golden"

// vector is one case of positions.json. Numbers stay decimal text, so that 0.1 is a tenth.
type vector struct {
	Name        string          `json:"name"`
	Pair        string          `json:"trade_pair"`
	AccountSize json.Number     `json:"account_size"`
	Other       json.Number     `json:"other_portfolio_leverage"`
	Orders      []vectorOrder   `json:"orders"`
	Expected    []expectedState `json:"expected"`
	Marks       []expectedMark  `json:"marks"`
}

type vectorOrder struct {
	Type     string       `json:"type"`
	Price    json.Number  `json:"price"`
	AtMs     int64        `json:"processed_ms"`
	Leverage *json.Number `json:"leverage"`
	Value    *json.Number `json:"value"`
	Quantity *json.Number `json:"quantity"`
	Slippage json.Number  `json:"slippage"`
	QuoteUSD json.Number  `json:"quote_usd_rate"`
}

// expectedState is what the public node's position was after an order.
type expectedState struct {
	OK       bool        `json:"ok"`
	Error    string      `json:"error"`
	Quantity json.Number `json:"net_quantity"`
	Average  json.Number `json:"average_entry_price"`
	Realised json.Number `json:"realized_pnl"`
	Open     json.Number `json:"unrealized_pnl"`
	Return   json.Number `json:"current_return"`
	Type     *string     `json:"position_type"`
	Orders   int64       `json:"n_orders"`
	Last     *struct {
		Quantity *json.Number `json:"quantity"`
	} `json:"last_order"`
}

type expectedMark struct {
	Price    json.Number `json:"price"`
	Realised json.Number `json:"realized_pnl"`
	Open     json.Number `json:"unrealized_pnl"`
	Return   json.Number `json:"current_return"`
}

// goldenRules are the bounds that the cases are judged under, from testdata/bounds.json.
type goldenRules struct {
	About string                `json:"about"`
	Today map[string]boundsText `json:"today"`
	Pairs map[string]struct {
		Bounds string `json:"bounds"`
		Lot    int64  `json:"lot"`
		Rate   string `json:"rate"` // how quote currency becomes USD: one, inverse (1/price) or given
	} `json:"pairs"`
	Cases map[string]struct {
		Bounds []boundsText `json:"bounds"`
		Why    string       `json:"why"`
	} `json:"cases"`
}

type boundsText struct {
	FromMs     int64       `json:"from_ms"`
	Min        json.Number `json:"min"`
	Max        json.Number `json:"max"`
	Cap        json.Number `json:"cap"`
	Multiplier json.Number `json:"multiplier"`
}

// readJSON reads a whole file into v; with strict, a field that v does not have is an error.
func readJSON(t *testing.T, name string, strict bool, v any) {
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

// slippageFromMs is when the public node began to take slippage into account; we always do.
const slippageFromMs = 1739937600000

// golden reads the cases and the bounds. The counts are fixed, so that no case gets lost unseen.
func golden(t *testing.T) ([]vector, goldenRules) {
	t.Helper()
	var cases []vector
	var r goldenRules
	readJSON(t, goldenDir+"/positions.json", false, &cases)
	readJSON(t, "testdata/bounds.json", true, &r)
	orders, marks, own := 0, 0, 0
	for _, c := range cases {
		if len(c.Orders) != len(c.Expected) {
			t.Fatalf("%s: %d orders, %d expected states", c.Name, len(c.Orders), len(c.Expected))
		}
		if _, ok := r.Pairs[c.Pair]; !ok {
			t.Fatalf("%s: no lot and bounds for %s", c.Name, c.Pair)
		}
		if _, ok := r.Cases[c.Name]; ok {
			own++
		}
		for _, o := range c.Orders {
			if o.AtMs < slippageFromMs && number(o.Slippage).Sign() != 0 {
				t.Fatalf("%s: slippage at a time when the public node took none", c.Name)
			}
		}
		orders += len(c.Orders)
		marks += len(c.Marks)
	}
	if len(cases) != 63 || orders != 129 || marks != 12 {
		t.Fatalf("%d cases, %d orders, %d marks; want 63, 129, 12", len(cases), orders, marks)
	}
	if own != len(r.Cases) {
		t.Fatalf("bounds.json has %d entries, of which only %d name a case", len(r.Cases), own)
	}
	return cases, r
}

// bounds are those that the case is judged under; todays leaves its own entry out of account.
func (r goldenRules) bounds(c vector, todays bool) []oracle.Bounds {
	steps := []boundsText{r.Today[r.Pairs[c.Pair].Bounds]}
	if own, ok := r.Cases[c.Name]; ok && !todays {
		steps = own.Bounds
	}
	var out []oracle.Bounds
	for _, s := range steps {
		out = append(out, oracle.Bounds{
			FromMs: s.FromMs, Min: number(s.Min), Max: number(s.Max), Cap: number(s.Cap), Multiplier: number(s.Multiplier), Other: number(c.Other),
		})
	}
	return out
}

// orders are the case's orders in our words, as a client's signal is translated: the sign of a
// SHORT's size is dropped (the public node sets it itself), so is the size of a FLAT (it ignores
// it), and a LONG keeps a wrong sign for the evaluator to refuse.
func (r goldenRules) orders(c vector) []oracle.Order {
	var out []oracle.Order
	for _, v := range c.Orders {
		o := oracle.Order{
			Side: sides[v.Type], Price: number(v.Price), Slippage: number(v.Slippage), QuoteUSD: r.rate(c, v), AtMs: v.AtMs,
			Leverage: size(v.Leverage), Value: size(v.Value), Quantity: size(v.Quantity),
		}
		switch o.Side {
		case prop.Short:
			for _, s := range []*big.Rat{o.Leverage, o.Value, o.Quantity} {
				if s != nil {
					s.Abs(s)
				}
			}
		case prop.Flat:
			o.Leverage, o.Value, o.Quantity = nil, nil, nil
		}
		out = append(out, o)
	}
	return out
}

// rate is the order's quote→USD rate: the public node fills in what the vector does not give.
func (r goldenRules) rate(c vector, v vectorOrder) *big.Rat {
	price := number(v.Price)
	switch kind := r.Pairs[c.Pair].Rate; {
	case kind == "inverse" && price.Sign() > 0:
		return new(big.Rat).Inv(price)
	case kind == "given":
		return number(v.QuoteUSD)
	}
	return nil
}

var sides = map[string]prop.Side{"LONG": prop.Long, "SHORT": prop.Short, "FLAT": prop.Flat}

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

// shown prints a rational as a decimal that is exact or has 12 digits after the point.
func shown(r *big.Rat) string {
	s := r.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
