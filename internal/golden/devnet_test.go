package golden_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// TestDevnetPairs compares the pairs that the program brings along with the public node's table. Only
// the bounds of leverage, and the weights that go with them, are those of 2026.
func TestDevnetPairs(t *testing.T) {
	want, got := readPairs(t), devnet(t).Pairs
	if len(got) != len(want) {
		t.Fatalf("%d pairs, want %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		g.MinLeverage, g.MaxLeverage, g.Multiplier = w.MinLeverage, w.MaxLeverage, w.Multiplier
		if g != w {
			t.Errorf("%+v, the public node has %+v", g, w)
		}
	}
}

// TestDevnetSlippage compares the table of estimates with the public node's, rounded to the 9 digits of
// a ratio.
func TestDevnetSlippage(t *testing.T) {
	var file struct {
		Estimates struct {
			Crypto map[string]map[string]map[string]json.Number
		} `json:"slippage_estimates_crypto"`
	}
	readJSON(t, goldenDir+"/trading-extra.json", false, &file)
	table := devnet(t).RuleSets[0].Slippage
	if len(table.Crypto.Pairs) != len(file.Estimates.Crypto) || table.Crypto.Multiplier != 3 {
		t.Errorf("%d pairs, times %d", len(table.Crypto.Pairs), table.Crypto.Multiplier)
	}
	for _, p := range table.Crypto.Pairs {
		for side, steps := range map[string][]prop.SlippageStep{"long": p.Buy, "short": p.Sell} {
			want := file.Estimates.Crypto[p.Pair+"C"][side]
			low := fixed.USD(0)
			for _, s := range steps {
				key := fmt.Sprintf("(%d, %d)", low/usd, s.Below/usd)
				if n, ok := want[key]; !ok || !within(ratioRat(s.Estimate), number(n), big.NewRat(1, 2*fixed.RatioScale)) {
					t.Errorf("%s %s %s: %s, the public node has %s", p.Pair, side, key, s.Estimate, n)
				}
				low = s.Below
			}
			if len(steps) != len(want) || !strings.HasSuffix(p.Pair, "USD") {
				t.Errorf("%s %s: %d steps, want %d", p.Pair, side, len(steps), len(want))
			}
		}
	}
}
