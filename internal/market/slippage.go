package market

import (
	"fmt"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Slip is the slippage of a trade, as a part of the price and against the trader. The value is that of
// what is traded, its sign does not matter; the tables are without SlippageFaults. False where the class has no table, or where the instant
// is one that New York's calendar does not know.
func Slip(s *prop.Slippage, class, pair string, buy bool, value fixed.USD, at prop.Instant) (fixed.Ratio, bool) {
	var r fixed.Ratio
	switch class {
	case Crypto:
		r = cryptoSlip(&s.Crypto, pair, buy, value.Abs())
	case Forex:
		c, ok := InNewYork(at)
		if !ok {
			return 0, false
		}
		r = forexSlip(&s.Forex, c.Ms/hourMs)
	default:
		return 0, false
	}
	if value.Abs() <= s.Free {
		return 0, true
	}
	return max(0, min(r, s.Cap)), true
}

func cryptoSlip(c *prop.CryptoSlippage, pair string, buy bool, value fixed.USD) fixed.Ratio {
	for i := range c.Pairs {
		p := &c.Pairs[i]
		if p.Pair != pair {
			continue
		}
		steps := p.Sell
		if buy {
			steps = p.Buy
		}
		for j := range steps {
			if value < steps[j].Below || j == len(steps)-1 {
				return steps[j].Estimate * fixed.Ratio(c.Multiplier)
			}
		}
	}
	return c.Default
}

func forexSlip(f *prop.ForexSlippage, hour int64) fixed.Ratio {
	for _, h := range f.Hours {
		if h.Hour == hour {
			return h.Rate
		}
	}
	return f.Usual
}

// maxMultiplier bounds a product with an estimate, which is at most 1.
const maxMultiplier = 1_000

// SlippageFaults lists everything that is wrong with the tables, each fault with its place.
func SlippageFaults(s *prop.Slippage) (faults []error) {
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	bad := func(r fixed.Ratio) bool { return r < 0 || r > fixed.RatioScale }
	fault(s.Free < 0, "free: not negative")
	fault(s.Cap < 0 || s.Cap >= fixed.RatioScale, "cap: 0 to below 1")
	fault(s.Crypto.Multiplier < 1 || s.Crypto.Multiplier > maxMultiplier, "crypto.multiplier: 1 to %d", maxMultiplier)
	fault(bad(s.Crypto.Default), "crypto.default: 0 to 1")
	seen := map[string]bool{}
	for i, p := range s.Crypto.Pairs {
		fault(p.Pair == "" || seen[p.Pair], "crypto.pairs[%d].pair: missing or doubled", i)
		seen[p.Pair] = true
		for _, side := range []struct {
			name  string
			steps []prop.SlippageStep
		}{{"buy", p.Buy}, {"sell", p.Sell}} {
			fault(len(side.steps) == 0, "crypto.pairs[%d].%s: at least one step", i, side.name)
			var last fixed.USD
			for j, step := range side.steps {
				fault(step.Below <= last, "crypto.pairs[%d].%s[%d].below: above the step before", i, side.name, j)
				fault(bad(step.Estimate), "crypto.pairs[%d].%s[%d].estimate: 0 to 1", i, side.name, j)
				last = step.Below
			}
		}
	}
	fault(bad(s.Forex.Usual), "forex.usual: 0 to 1")
	for i, h := range s.Forex.Hours {
		fault(h.Hour < 0 || h.Hour > 23 || i > 0 && h.Hour <= s.Forex.Hours[i-1].Hour, "forex.hours[%d].hour: 0 to 23, ascending", i)
		fault(bad(h.Rate), "forex.hours[%d].rate: 0 to 1", i)
	}
	return faults
}
