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

// Deadline is the last instant at which a phase that starts now may be passed; 0 where it has no
// limit.
func Deadline(p *prop.Phase, start prop.Instant) prop.Instant {
	if p.TimeLimitMs == 0 {
		return 0
	}
	return start + prop.Instant(p.TimeLimitMs)
}
