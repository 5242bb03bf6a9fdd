package rules_test

import (
	"encoding/json"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

const (
	percent = fixed.RatioScale / 100
	usd     = fixed.USDScale
	dayMs   = 86_400_000
)

// seed is the challenge of reference/entity.md §3.9: 3 % within 90 days, 6 % from the peak.
func seed(op prop.Op) *prop.Phase {
	return &prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: op, Target: 3 * percent, TimeLimitMs: 90 * dayMs}
}

func TestDrawdown(t *testing.T) {
	rows := []struct {
		rule         string // reference/entity.md §10.3
		peak, equity string
		gt, ge       bool // breached?
	}{
		{"exactly 6.000 % survives with gt, is eliminated with ge", "10250", "9635", false, true},
		{"float trap: 1 − 9635/10250 > 0.06 in float64", "10250", "9635", false, true},
		{"a hundred-millionth below 6 % breaches with both", "10250", "9634.99999999", true, true},
		{"a hundred-millionth above 6 % survives with both", "10250", "9635.00000001", false, false},
		{"10,000 → 10,250 → 9,634 breaches", "10250", "9634", true, true},
		{"measured from the peak: 9,634 of a 10,000 start is 3.66 %", "10000", "9634", false, false},
		{"no drawdown at the peak", "10000", "10000", false, false},
		{"above the peak there is none", "10000", "10001", false, false},
		{"all lost", "10000", "0", true, true},
		{"more than all lost", "10000", "-50000", true, true},
		{"the smallest account", "1", "0.94", false, true},
		{"the largest account", "1000000", "939999.99999999", true, true},
		{"beyond 64-bit products", "92233720368.54775807", "86699697146.43489258", true, true}, // 94 % are …9258.59
		{"beyond 64-bit products, just within", "92233720368.54775807", "86699697146.43489259", false, false},
	}
	for _, r := range rows {
		for op, want := range map[prop.Op]bool{prop.GT: r.gt, prop.GE: r.ge} {
			if got := rules.DrawdownBreached(seed(op), parseUSD(t, r.equity), parseUSD(t, r.peak)); got != want {
				t.Errorf("%s: %s from %s with %s breaches: %v", r.rule, r.equity, r.peak, op, got)
			}
		}
	}
}

func TestTarget(t *testing.T) {
	none := &prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	rows := []struct {
		rule   string // reference/entity.md §10.3
		phase  *prop.Phase
		equity string
		want   bool
	}{
		{"10,299.99 stays", seed(prop.GT), "10299.99", false},
		{"a hundred-millionth below 3 % stays", seed(prop.GT), "10299.99999999", false},
		{"exactly 3 % passes", seed(prop.GT), "10300", true},
		{"more passes", seed(prop.GT), "20000", true},
		{"a loss stays", seed(prop.GT), "9400", false},
		{"a phase without target is never passed", none, "92233720368", false},
	}
	for _, r := range rows {
		if got := rules.TargetReached(r.phase, parseUSD(t, r.equity), 10_000*usd); got != r.want {
			t.Errorf("%s: %v", r.rule, got)
		}
	}
}

// TestFloorAndTargetEquity: what is shown to a trader is the very line at which the rules decide.
func TestFloorAndTargetEquity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &prop.Phase{
			DrawdownLimit: fixed.Ratio(rapid.Int64Range(1, fixed.RatioScale).Draw(t, "limit")), DrawdownOp: rapid.SampledFrom([]prop.Op{prop.GT, prop.GE}).Draw(t, "op"),
			Target: fixed.Ratio(rapid.Int64Range(1, 10*fixed.RatioScale).Draw(t, "target")),
		}
		anchor := fixed.USD(rapid.Int64Range(usd, 1_000_000*usd).Draw(t, "peak, size"))
		if rapid.Bool().Draw(t, "whole percents") { // where the limit is met exactly
			p.DrawdownLimit, p.Target = (p.DrawdownLimit/percent+1)*percent, (p.Target/percent+1)*percent
			anchor -= anchor % 100
		}
		floor, goal := rules.DrawdownFloor(p, anchor), rules.TargetEquity(p, anchor)
		if rules.DrawdownBreached(p, floor, anchor) || !rules.DrawdownBreached(p, floor-1, anchor) {
			t.Errorf("%s from %s with %s %s is not the floor", floor, anchor, p.DrawdownOp, p.DrawdownLimit)
		}
		if !rules.TargetReached(p, goal, anchor) || rules.TargetReached(p, goal-1, anchor) {
			t.Errorf("%s from %s is not where %s is reached", goal, anchor, p.Target)
		}
	})
	if got := rules.TargetEquity(&prop.Phase{}, usd); got != 0 {
		t.Errorf("a phase without target has the target %s", got)
	}
}

func TestDeadline(t *testing.T) {
	const start = prop.Instant(1_767_225_600_000)
	if got := rules.Deadline(seed(prop.GT), start); got != start+90*dayMs {
		t.Errorf("90 days after %s is %s", start, got)
	}
	if got := rules.Deadline(&prop.Phase{}, start); got != 0 {
		t.Errorf("a phase without limit has the deadline %s", got)
	}
}

// TestSeedRule decides the cases of the public node's seed rule exactly, in its order: time,
// drawdown, return. Where the public node differs, the row says why.
func TestSeedRule(t *testing.T) {
	var rows []struct {
		Return     fixed.Ratio `json:"return"`
		Kept       fixed.Ratio `json:"kept"` // equity / peak
		ElapsedMs  int64       `json:"elapsed_ms"`
		PublicNode string      `json:"public_node"`
		GE, GT     string
		Difference string
	}
	data, err := os.ReadFile("testdata/seed_rule.json")
	if err == nil {
		err = json.Unmarshal(data, &rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		// Of an account of kept·100,000 at return r, equity and peak are decimals without rest.
		size, err := fixed.ScaleDown(100_000*usd, r.Kept)
		peak, err2 := fixed.ScaleDown(100_000*usd, fixed.RatioScale+r.Return)
		equity, err3 := fixed.ScaleDown(peak, r.Kept)
		if err != nil || err2 != nil || err3 != nil || fixed.CmpProducts(peak, r.Kept, equity, fixed.Ratio(fixed.RatioScale)) != 0 {
			t.Fatalf("row %d does not come to whole units", i)
		}
		for op, want := range map[prop.Op]string{prop.GE: r.GE, prop.GT: r.GT} {
			if got := decide(seed(op), size, equity, peak, r.ElapsedMs); got != want {
				t.Errorf("row %d with %s: %s, want %s", i, op, got, want)
			}
			if want != r.PublicNode && r.Difference == "" {
				t.Errorf("row %d with %s: %s differs from the public node's %s without a reason", i, op, want, r.PublicNode)
			}
		}
	}
}

func decide(p *prop.Phase, size, equity, peak fixed.USD, elapsed int64) string {
	switch {
	case prop.Instant(elapsed) > rules.Deadline(p, 0):
		return "TIME"
	case rules.DrawdownBreached(p, equity, peak):
		return "DRAWDOWN"
	case rules.TargetReached(p, equity, size):
		return "PASSED"
	}
	return "CONTINUE"
}

func parseUSD(t *testing.T, s string) fixed.USD {
	t.Helper()
	v, err := fixed.ParseUSD(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
