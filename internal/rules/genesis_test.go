package rules_test

import (
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/rules"
	"github.com/propnet/propnet/prop"
)

func soundGenesis() *prop.Genesis {
	return &prop.Genesis{
		Network: "testnet-1", Origin: prop.Hotkey{1}, AuthWindowMs: 300_000, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: prop.Hotkey{2}, Roles: []prop.Role{prop.FeedRole}}},
		Pairs:     []prop.Pair{{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, MaxLeverage: fixed.RatioScale, Multiplier: 10, State: prop.Tradable}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * usd, Lock: 1_000 * fixed.ThetaScale, MaxAccounts: 500, Classes: costs().Classes,
			FillDelayBatches: 1, MaxPriceAgeMs: 5_000, PortfolioCap: 10 * fixed.RatioScale, MaxOrders: 100, MaxResting: 100, CooldownMs: 10_000,
			OrderRate: prop.Rate{Count: 10, WindowMs: 60_000}, EntityOrderRate: prop.Rate{Count: 1_000, WindowMs: 60_000}, Slippage: costs().Slippage,
			Miner:  prop.MinerRules{USDPerTheta: 500 * usd, MinTheta: 300 * fixed.ThetaScale, MaxTheta: 1_000 * fixed.ThetaScale},
			Phases: []prop.Phase{*seed(prop.GT), {Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}},
		}},
	}
}

func TestCheckGenesis(t *testing.T) {
	if err := rules.CheckGenesis(soundGenesis()); err != nil {
		t.Fatalf("the sound genesis: %v", err)
	}
	type g = prop.Genesis
	rows := []struct {
		fault string // how the message begins
		spoil func(g *g)
	}{
		{"network:", func(g *g) { g.Network = "" }}, {"network:", func(g *g) { g.Network = "Main" }},
		{"network:", func(g *g) { g.Network = "a b" }}, {"network:", func(g *g) { g.Network = strings.Repeat("a", 33) }},
		{"origin:", func(g *g) { g.Origin = prop.Hotkey{} }},
		{"auth_window_ms:", func(g *g) { g.AuthWindowMs = 999 }}, {"auth_window_ms:", func(g *g) { g.AuthWindowMs = 86_400_001 }},
		{"operators[0].key:", func(g *g) { g.Operators[0].Key = prop.Hotkey{} }}, {"operators[0].roles:", func(g *g) { g.Operators[0].Roles = nil }},
		{"pairs:", func(g *g) { g.Pairs = nil }}, {"pairs:", func(g *g) { g.Pairs = make([]prop.Pair, prop.MaxPairs+1) }},
		{"pairs[0].id:", func(g *g) { g.Pairs[0].ID = "" }}, {"pairs[0].id:", func(g *g) { g.Pairs[0].ID = strings.Repeat("A", 17) }},
		{"pairs[1].id:", func(g *g) { g.Pairs = append(g.Pairs, g.Pairs[0]) }}, {"pairs[0]:", func(g *g) { g.Pairs[0].Quote = "" }}, {"pairs[0]:", func(g *g) { g.Pairs[0].Base = "" }},
		{"pairs[0].class:", func(g *g) { g.Pairs[0].Class = "" }}, {"pairs[0].class:", func(g *g) { g.Pairs[0].Class = "Crypto" }},
		{"pairs[0].multiplier:", func(g *g) { g.Pairs[0].Multiplier = 0 }}, {"pairs[0].multiplier:", func(g *g) { g.Pairs[0].Multiplier = 1_001 }},
		{"pairs[0].state:", func(g *g) { g.Pairs[0].State = 0 }}, {"pairs[0].state:", func(g *g) { g.Pairs[0].State = prop.Retired + 1 }},
		{"pairs[0].lot:", func(g *g) { g.Pairs[0].Lot = 0 }}, {"pairs[0].lot:", func(g *g) { g.Pairs[0].Lot = 1_000_001 }},
		{"pairs[0]:", func(g *g) { g.Pairs[0].MinLeverage = -1 }}, {"pairs[0]:", func(g *g) { g.Pairs[0].MinLeverage = g.Pairs[0].MaxLeverage }},
		{"pairs[0]:", func(g *g) { g.Pairs[0].MaxLeverage = 500*fixed.RatioScale + 1 }},
		{"rule_sets:", func(g *g) { g.RuleSets = nil }}, {"default_rules:", func(g *g) { g.DefaultRules = "other" }},
		{"rule_sets[1].id:", func(g *g) { g.RuleSets = append(g.RuleSets, g.RuleSets[0]) }},
		{"rule_sets[0].account_size:", func(g *g) { g.RuleSets[0].AccountSize = usd - 1 }},
		{"rule_sets[0].account_size:", func(g *g) { g.RuleSets[0].AccountSize = 1_000_000*usd + 1 }},
		{"rule_sets[0].lock:", func(g *g) { g.RuleSets[0].Lock = -1 }},
		{"rule_sets[0].max_accounts:", func(g *g) { g.RuleSets[0].MaxAccounts = 0 }},
		{"rule_sets[0].max_accounts:", func(g *g) { g.RuleSets[0].MaxAccounts = 10_001 }},
		{"rule_sets[0].classes:", func(g *g) { g.RuleSets[0].Classes = nil }}, {"rule_sets[0].classes[1].class:", func(g *g) { g.RuleSets[0].Classes[1].Class = "crypto" }},
		{"rule_sets[0].classes[0].class:", func(g *g) { g.RuleSets[0].Classes[0].Class = "coins" }},
		{"rule_sets[0].classes[0].fee_rate:", func(g *g) { g.RuleSets[0].Classes[0].FeeRate = -1 }},
		{"rule_sets[0].classes[0].fee_rate:", func(g *g) { g.RuleSets[0].Classes[0].FeeRate = fixed.RatioScale/10 + 1 }},
		{"rule_sets[0].classes[1].carry_rate:", func(g *g) { g.RuleSets[0].Classes[1].CarryRate = -1 }},
		{"rule_sets[0].classes[1].carry_rate:", func(g *g) { g.RuleSets[0].Classes[1].CarryRate = fixed.RatioScale/100 + 1 }},
		{"rule_sets[0].portfolio_cap,", func(g *g) { g.RuleSets[0].PortfolioCap = -1 }}, {"rule_sets[0].portfolio_cap,", func(g *g) { g.RuleSets[0].MaxOrders = -1 }},
		{"rule_sets[0].portfolio_cap,", func(g *g) { g.RuleSets[0].CooldownMs = -1 }}, {"rule_sets[0].cooldown_ms:", func(g *g) { g.RuleSets[0].CooldownMs = 86_400_001 }},
		{"rule_sets[0].max_resting:", func(g *g) { g.RuleSets[0].MaxResting = 0 }}, {"rule_sets[0].max_resting:", func(g *g) { g.RuleSets[0].MaxResting = 1_001 }},
		{"rule_sets[0].order_rate,", func(g *g) { g.RuleSets[0].OrderRate.Count = -1 }}, {"rule_sets[0].order_rate,", func(g *g) { g.RuleSets[0].OrderRate.WindowMs = 0 }},
		{"rule_sets[0].order_rate,", func(g *g) { g.RuleSets[0].EntityOrderRate.WindowMs = 86_400_001 }},
		{"rule_sets[0].slippage.cap:", func(g *g) { g.RuleSets[0].Slippage.Cap = fixed.RatioScale }},
		{"rule_sets[0].slippage.crypto.multiplier:", func(g *g) { g.RuleSets[0].Slippage.Crypto.Multiplier = 0 }},
		{"rule_sets[0].miner.usd_per_theta:", func(g *g) { g.RuleSets[0].Miner.USDPerTheta = -1 }}, {"rule_sets[0].miner.usd_per_theta:", func(g *g) { g.RuleSets[0].Miner.USDPerTheta = 10_000*usd + 1 }},
		{"rule_sets[0].miner: usd_per_theta ×", func(g *g) { g.RuleSets[0].Miner.USDPerTheta = 1_001 * usd }},
		{"rule_sets[0].miner:", func(g *g) { g.RuleSets[0].Miner.MinTheta = 0 }}, {"rule_sets[0].miner:", func(g *g) { g.RuleSets[0].Miner.MaxTheta = 299 * fixed.ThetaScale }},
		{"rule_sets[0].fill_delay_batches:", func(g *g) { g.RuleSets[0].FillDelayBatches = 0 }},
		{"rule_sets[0].fill_delay_batches:", func(g *g) { g.RuleSets[0].FillDelayBatches = 101 }},
		{"rule_sets[0].max_price_age_ms:", func(g *g) { g.RuleSets[0].MaxPriceAgeMs = 0 }},
		{"rule_sets[0].max_price_age_ms:", func(g *g) { g.RuleSets[0].MaxPriceAgeMs = 86_400_001 }},
		{"rule_sets[0].phases:", func(g *g) { g.RuleSets[0].Phases = nil }},
		{"rule_sets[0].phases:", func(g *g) { g.RuleSets[0].Phases = make([]prop.Phase, 9) }},
		{"rule_sets[0].phases[0].bucket:", func(g *g) { g.RuleSets[0].Phases[0].Bucket = "" }},
		{"rule_sets[0].phases[0].drawdown_limit:", func(g *g) { g.RuleSets[0].Phases[0].DrawdownLimit = 0 }},
		{"rule_sets[0].phases[0].drawdown_limit:", func(g *g) { g.RuleSets[0].Phases[0].DrawdownLimit = fixed.RatioScale + 1 }},
		{"rule_sets[0].phases[0].drawdown_op:", func(g *g) { g.RuleSets[0].Phases[0].DrawdownOp = 0 }},
		{"rule_sets[0].phases[0].drawdown_op:", func(g *g) { g.RuleSets[0].Phases[0].DrawdownOp = 3 }},
		{"rule_sets[0].phases[0].target:", func(g *g) { g.RuleSets[0].Phases[0].Target = -1 }},
		{"rule_sets[0].phases[0].target:", func(g *g) { g.RuleSets[0].Phases[0].Target = 10*fixed.RatioScale + 1 }},
		{"rule_sets[0].phases[0].target:", func(g *g) { g.RuleSets[0].Phases[0].Target = 0 }}, // could not be passed
		{"rule_sets[0].phases[1].target:", func(g *g) { g.RuleSets[0].Phases[1].Target = 1 }}, // would lead nowhere
		{"rule_sets[0].phases[0].time_limit_ms:", func(g *g) { g.RuleSets[0].Phases[0].TimeLimitMs = -1 }},
		{"rule_sets[0].phases[0].time_limit_ms:", func(g *g) { g.RuleSets[0].Phases[0].TimeLimitMs = 3650*dayMs + 1 }},
	}
	for _, r := range rows {
		genesis := soundGenesis()
		r.spoil(genesis)
		err := rules.CheckGenesis(genesis)
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+r.fault) {
			t.Errorf("%s: %v", r.fault, err)
		}
	}
}

// TestCheckGenesisOff: limits of 0 are off, and what is off needs no more figures.
func TestCheckGenesisOff(t *testing.T) {
	g := soundGenesis()
	r := &g.RuleSets[0]
	r.PortfolioCap, r.MaxOrders, r.CooldownMs, r.OrderRate, r.EntityOrderRate, r.Miner = 0, 0, 0, prop.Rate{}, prop.Rate{}, prop.MinerRules{}
	r.Slippage = prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}}
	if err := rules.CheckGenesis(g); err != nil {
		t.Error(err)
	}
}

// TestCheckGenesisListsAllFaults: whoever writes one wants to mend it in one go.
func TestCheckGenesisListsAllFaults(t *testing.T) {
	g := soundGenesis()
	g.Network, g.Pairs[0].Lot, g.RuleSets[0].Phases[1].Bucket = "", 0, ""
	if err := rules.CheckGenesis(g); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three faults: %v", err)
	}
}
