package rules

import (
	"slices"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// CheckOwner refuses a signer who is neither the entity's hotkey nor its coldkey.
func CheckOwner(signer, hotkey, coldkey prop.Hotkey) error {
	if signer == hotkey || signer == coldkey {
		return nil
	}
	return prop.Refuse(prop.NotOwner, "only the entity's hotkey or coldkey may sign this",
		prop.KV{Key: "entity", Value: hotkey.String()}, prop.KV{Key: "signer", Value: signer.String()})
}

// CheckRole refuses a signer who is not an operator with the role.
func CheckRole(g *prop.Genesis, signer prop.Hotkey, role prop.Role) error {
	for _, o := range g.Operators {
		if o.Key == signer && slices.Contains(o.Roles, role) {
			return nil
		}
	}
	return prop.Refuse(prop.NotOwner, "only an operator with the role "+role.String()+" may sign this",
		prop.KV{Key: "signer", Value: signer.String()})
}

// CheckOpen refuses a new subaccount beyond the entity's slots or its free collateral.
func CheckOpen(r *prop.RuleSet, entity prop.Hotkey, known bool, free fixed.Theta, live int64) error {
	id := prop.KV{Key: "entity", Value: entity.String()}
	switch {
	case !known:
		return prop.Refuse(prop.CollateralUnknown, "the entity's deposit has not been read yet", id)
	case live >= r.MaxAccounts:
		return prop.Refuse(prop.AccountLimit, "all slots are taken", id)
	case free < r.Lock:
		return prop.Refuse(prop.CollateralShort, "a subaccount needs "+r.Lock.String()+" theta, "+free.String()+" is free", id)
	}
	return nil
}

// MinerSize is the size of a plain miner's account for a deposit, and whether it is enough for one.
// Source: reference/trading.md §10.
func MinerSize(r *prop.MinerRules, deposited fixed.Theta) (fixed.USD, bool) {
	if r.USDPerTheta == 0 || deposited < r.MinTheta {
		return 0, false
	}
	size, err := fixed.PerThetaDown(r.USDPerTheta, min(deposited, r.MaxTheta))
	return size, err == nil && size > 0
}

// NextDay is the start of the UTC day after the instant.
func NextDay(at prop.Instant) prop.Instant {
	const day = 86_400_000
	return (at/day + 1) * day
}
