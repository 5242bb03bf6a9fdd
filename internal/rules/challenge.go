package rules

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// DrawdownBreached tells whether equity has fallen from its peak by more than the phase allows:
// (peak − equity)/peak against the limit. Source: reference/entity.md §10.3.
func DrawdownBreached(p *prop.Phase, equity, peak fixed.USD) bool {
	c := fixed.CmpProducts(peak.Sub(equity), fixed.Ratio(fixed.RatioScale), p.DrawdownLimit, peak)
	return c > 0 || c == 0 && p.DrawdownOp == prop.GE
}

// TargetReached tells whether equity has gained the phase's target on the starting balance. A
// phase without target is never passed.
func TargetReached(p *prop.Phase, equity, size fixed.USD) bool {
	return p.Target != 0 && fixed.CmpProducts(equity.Sub(size), fixed.Ratio(fixed.RatioScale), p.Target, size) >= 0
}

// DrawdownFloor is the lowest equity that survives: DrawdownBreached is equity < floor.
func DrawdownFloor(p *prop.Phase, peak fixed.USD) fixed.USD {
	loss, err := fixed.ScaleDown(peak, p.DrawdownLimit) // the largest whole loss within the limit
	if err != nil {
		panic(err) // a limit is at most 1
	}
	if p.DrawdownOp == prop.GE && fixed.CmpProducts(loss, fixed.Ratio(fixed.RatioScale), p.DrawdownLimit, peak) == 0 {
		loss-- // exactly the limit breaches
	}
	return peak.Sub(loss)
}

// TargetEquity is the lowest equity that passes the phase; 0 where it has no target.
func TargetEquity(p *prop.Phase, size fixed.USD) fixed.USD {
	gain, err := fixed.ChargeUp(size, p.Target)
	if err != nil || p.Target == 0 {
		return 0
	}
	return size.Add(gain)
}

// Deadline is the last instant at which a phase that starts now may be passed; 0 where it has no
// limit.
func Deadline(p *prop.Phase, start prop.Instant) prop.Instant {
	if p.TimeLimitMs == 0 {
		return 0
	}
	return start + prop.Instant(p.TimeLimitMs)
}
