package market

import (
	"fmt"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Slippage says by how much of the price a fill is worse than the quote. It is data, so that a rule
// set can hold it by value. Equities and indices have no table.
//
// Rounding: an estimate is rounded half-even to 1e-9 when it is put into the table; what is made of
// it here is exact. Source: reference/trading.md §4.4.
type Slippage struct {
	Free   fixed.USD      `cbor:"1,keyasint" toml:"free"` // a trade of up to this value does not slip
	Cap    fixed.Ratio    `cbor:"2,keyasint" toml:"cap"`  // no trade slips more
	Crypto CryptoSlippage `cbor:"3,keyasint" toml:"crypto"`
	Forex  ForexSlippage  `cbor:"4,keyasint" toml:"forex"`
}

// CryptoSlippage goes by pair, side and value.
type CryptoSlippage struct {
	Multiplier int64          `cbor:"1,keyasint" toml:"multiplier"` // of the estimates, to be careful
	Default    fixed.Ratio    `cbor:"2,keyasint" toml:"default"`    // of a pair that is not listed; not multiplied
	Pairs      []PairSlippage `cbor:"3,keyasint" toml:"pairs"`
}

// PairSlippage are the estimates of a pair, by value ascending.
type PairSlippage struct {
	Pair string         `cbor:"1,keyasint" toml:"pair"`
	Buy  []SlippageStep `cbor:"2,keyasint" toml:"buy"`
	Sell []SlippageStep `cbor:"3,keyasint" toml:"sell"`
}

// SlippageStep is the estimate for values below a bound and not below that of the step before. The
// last step is for all above it too.
type SlippageStep struct {
	Below    fixed.USD   `cbor:"1,keyasint" toml:"below"`
	Estimate fixed.Ratio `cbor:"2,keyasint" toml:"estimate"`
}

// ForexSlippage goes by the hour in New York: around 17:00, when the day rolls over, books are thin.
type ForexSlippage struct {
	Usual fixed.Ratio    `cbor:"1,keyasint" toml:"usual"`
	Hours []HourSlippage `cbor:"2,keyasint" toml:"hours"`
}

// HourSlippage is what another rate holds for: from :00 to :59 of the hour.
type HourSlippage struct {
	Hour int64       `cbor:"1,keyasint" toml:"hour"`
	Rate fixed.Ratio `cbor:"2,keyasint" toml:"rate"`
}

// Of is the slippage of a trade, as a part of the price and against the trader. The value is that of
// what is traded, its sign does not matter; the tables are without Faults. False where the class has no table, or where the instant
// is one that New York's calendar does not know.
func (s *Slippage) Of(class, pair string, buy bool, value fixed.USD, at prop.Instant) (fixed.Ratio, bool) {
	var r fixed.Ratio
	switch class {
	case Crypto:
		r = s.Crypto.of(pair, buy, value.Abs())
	case Forex:
		c, ok := InNewYork(at)
		if !ok {
			return 0, false
		}
		r = s.Forex.of(c.Ms / hourMs)
	default:
		return 0, false
	}
	if value.Abs() <= s.Free {
		return 0, true
	}
	return max(0, min(r, s.Cap)), true
}

func (c *CryptoSlippage) of(pair string, buy bool, value fixed.USD) fixed.Ratio {
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

func (f *ForexSlippage) of(hour int64) fixed.Ratio {
	for _, h := range f.Hours {
		if h.Hour == hour {
			return h.Rate
		}
	}
	return f.Usual
}

// maxMultiplier bounds a product with an estimate, which is at most 1.
const maxMultiplier = 1_000

// Faults lists everything that is wrong with the tables, each fault with its place.
func (s *Slippage) Faults() (faults []error) {
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
			steps []SlippageStep
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

// DefaultSlippage are the public network's tables since 2 October 2025.
func DefaultSlippage() Slippage {
	const perMille = fixed.RatioScale / 1_000
	large := [4]int64{10_000, 50_000, 100_000, 500_000}
	small := [4]int64{5_000, 25_000, 50_000, 100_000}
	return Slippage{
		Free: 1_000 * fixed.USDScale,
		Cap:  30 * perMille,
		Crypto: CryptoSlippage{Multiplier: 3, Default: perMille / 10, Pairs: []PairSlippage{
			{"BTCUSD", steps(large, 2_253, 35_787, 77_304, 157_883), steps(large, 1_871, 31_630, 70_491, 152_904)},
			{"ETHUSD", steps(large, 18_682, 70_730, 115_365, 240_116), steps(large, 13_192, 57_311, 106_129, 237_185)},
			{"SOLUSD", steps(small, 74_491, 133_202, 187_653, 241_603), steps(small, 69_445, 127_482, 180_871, 233_359)},
			{"XRPUSD", steps(small, 67_116, 131_395, 208_592, 281_519), steps(small, 66_326, 124_242, 195_242, 265_310)},
			{"DOGEUSD", steps(small, 204_556, 381_149, 546_919, 817_581), steps(small, 213_839, 385_330, 545_382, 808_333)},
			{"ADAUSD", steps(small, 223_607, 354_040, 500_202, 730_830), steps(small, 223_397, 351_404, 492_541, 706_023)},
		}},
		Forex: ForexSlippage{Usual: perMille / 5, Hours: []HourSlippage{{17, perMille / 2}}},
	}
}

func steps(below [4]int64, estimates ...fixed.Ratio) []SlippageStep {
	list := make([]SlippageStep, len(below))
	for i := range below {
		list[i] = SlippageStep{fixed.USD(below[i]) * fixed.USDScale, estimates[i]}
	}
	return list
}
