package rules

import (
	"errors"
	"fmt"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/market"
	"github.com/propnet/propnet/prop"
)

// CheckGenesis lists everything that is wrong with a genesis, each fault with its place.
func CheckGenesis(g *prop.Genesis) error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(!isName(g.Network), "network: 1 to 32 of a-z, 0-9 and -")
	fault(g.Origin == prop.Hotkey{}, "origin: the node's address is missing")
	fault(g.AuthWindowMs < 1_000 || g.AuthWindowMs > 86_400_000, "auth_window_ms: 1000 to 86400000")
	for i, o := range g.Operators {
		fault(o.Key == prop.Hotkey{}, "operators[%d].key: missing", i)
		fault(len(o.Roles) == 0, "operators[%d].roles: at least one", i)
	}
	fault(len(g.Pairs) == 0 || len(g.Pairs) > prop.MaxPairs, "pairs: 1 to %d", prop.MaxPairs)
	pairs, sets := map[string]bool{}, map[string]bool{}
	for i, p := range g.Pairs {
		fault(p.ID == "" || len(p.ID) > 16 || pairs[p.ID], "pairs[%d].id: missing, longer than 16 or doubled", i)
		fault(p.Base == "" || p.Quote == "", "pairs[%d]: base and quote", i)
		fault(!market.Known(p.Class), "pairs[%d].class: crypto, forex, indices or equities", i)
		fault(p.Multiplier < 1 || p.Multiplier > 1_000, "pairs[%d].multiplier: 1 to 1000", i)
		fault(p.State < prop.Tradable || p.State > prop.Retired, "pairs[%d].state: tradable, reduce_only, data_only, halted or retired", i)
		fault(p.Lot < 1 || p.Lot > 1_000_000, "pairs[%d].lot: 1 to 1000000", i)
		fault(p.MinLeverage < 0 || p.MaxLeverage <= p.MinLeverage || p.MaxLeverage > 500*fixed.RatioScale,
			"pairs[%d]: 0 <= min_leverage < max_leverage <= 500", i)
		pairs[p.ID] = true
	}
	fault(len(g.RuleSets) == 0, "rule_sets: at least one")
	for i := range g.RuleSets {
		r := &g.RuleSets[i]
		fault(!isName(r.ID) || sets[r.ID], "rule_sets[%d].id: 1 to 32 of a-z, 0-9 and -, and not doubled", i)
		sets[r.ID] = true
		for _, err := range ruleSetFaults(r) {
			faults = append(faults, fmt.Errorf("rule_sets[%d].%w", i, err))
		}
	}
	fault(!sets[g.DefaultRules], "default_rules: no such rule set")
	return errors.Join(faults...)
}

// maxTimeLimitMs is ten years: so that a deadline cannot overflow.
const maxTimeLimitMs = 3650 * 86_400_000

// maxAccountSize keeps the largest position, 500 times of it, at half of MaxPositionValue: prices may rise.
const maxAccountSize = 1_000_000 * fixed.USDScale

func ruleSetFaults(r *prop.RuleSet) (faults []error) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(r.AccountSize < fixed.USDScale || r.AccountSize > maxAccountSize, "account_size: 1 to 1000000 USD")
	fault(r.Lock < 0, "lock: not negative")
	fault(r.MaxAccounts < 1 || r.MaxAccounts > 10_000, "max_accounts: 1 to 10000")
	classes := map[string]bool{}
	for i, c := range r.Classes {
		fault(!market.Known(c.Class) || classes[c.Class], "classes[%d].class: crypto, forex, indices or equities, and not doubled", i)
		fault(c.FeeRate < 0 || c.FeeRate > fixed.RatioScale/10, "classes[%d].fee_rate: 0 to 0.1", i)
		fault(c.CarryRate < 0 || c.CarryRate > fixed.RatioScale/100, "classes[%d].carry_rate: 0 to 0.01", i)
		classes[c.Class] = true
	}
	fault(len(r.Classes) == 0, "classes: at least one")
	fault(r.PortfolioCap < 0 || r.MaxOrders < 0 || r.CooldownMs < 0, "portfolio_cap, max_orders, cooldown_ms: not negative")
	fault(r.CooldownMs > 86_400_000, "cooldown_ms: at most 86400000")
	fault(r.MaxResting < 1 || r.MaxResting > 1_000, "max_resting: 1 to 1000")
	for _, rate := range []prop.Rate{r.OrderRate, r.EntityOrderRate} {
		fault(rate.Count < 0 || rate.Count > 0 && (rate.WindowMs < 1 || rate.WindowMs > 86_400_000), "order_rate, entity_order_rate: count not negative, window_ms 1 to 86400000")
	}
	m := r.Miner
	fault(m.USDPerTheta < 0 || m.USDPerTheta > 10_000*fixed.USDScale, "miner.usd_per_theta: 0 to 10000")
	fault(m.USDPerTheta > 0 && (m.MinTheta <= 0 || m.MaxTheta < m.MinTheta || m.MaxTheta > 100_000*fixed.ThetaScale), "miner: 0 < min_theta <= max_theta <= 100000")
	largest, err := fixed.PerThetaDown(m.USDPerTheta, m.MaxTheta)
	fault(err != nil || largest > maxAccountSize, "miner: usd_per_theta × max_theta at most 1000000 USD")
	for _, err := range market.SlippageFaults(&r.Slippage) {
		fault(true, "slippage.%w", err)
	}
	fault(r.FillDelayBatches < 1 || r.FillDelayBatches > 100, "fill_delay_batches: 1 to 100; 0 would fill on an old quote")
	fault(r.MaxPriceAgeMs < 1 || r.MaxPriceAgeMs > 86_400_000, "max_price_age_ms: 1 to 86400000")
	fault(len(r.Phases) == 0 || len(r.Phases) > 8, "phases: 1 to 8")
	for i, p := range r.Phases {
		fault(!isName(p.Bucket), "phases[%d].bucket: 1 to 32 of a-z, 0-9 and -", i)
		fault(p.DrawdownLimit <= 0 || p.DrawdownLimit > fixed.RatioScale, "phases[%d].drawdown_limit: above 0, at most 1", i)
		fault(p.DrawdownOp != prop.GT && p.DrawdownOp != prop.GE, "phases[%d].drawdown_op: gt or ge", i)
		fault(p.Target < 0 || p.Target > 10*fixed.RatioScale, "phases[%d].target: 0 to 10", i)
		fault(p.TimeLimitMs < 0 || p.TimeLimitMs > maxTimeLimitMs, "phases[%d].time_limit_ms: 0 to %d", i, int64(maxTimeLimitMs))
		fault((i == len(r.Phases)-1) != (p.Target == 0), "phases[%d].target: every phase but the last has one", i)
	}
	return faults
}

func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 32
}
