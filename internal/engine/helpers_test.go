package engine_test

import (
	"crypto/sha256"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

const (
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	second  = 1_000
	dayMs   = 86_400_000
	usd     = fixed.USDScale
	percent = fixed.RatioScale / 100
)

// key is the fixed hotkey of a name.
func key(name string) prop.Hotkey { return sha256.Sum256([]byte("hotkey of " + name)) }

// seedGenesis is the seed's challenge (reference/entity.md §3.9) on two pairs, without fee.
func seedGenesis() prop.Genesis {
	pair := prop.Pair{Quote: "USD", Class: "crypto", Lot: 1, MaxLeverage: 5 * fixed.RatioScale}
	btc, eth := pair, pair
	btc.ID, btc.Base, eth.ID, eth.Base = "BTCUSD", "BTC", "ETHUSD", "ETH"
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent, TimeLimitMs: 90 * dayMs}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	return prop.Genesis{
		Network: "testnet-1", Origin: key("origin"), AuthWindowMs: 300 * second, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: key("O"), Roles: []prop.Role{prop.FeedRole}}}, Pairs: []prop.Pair{btc, eth},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * usd, Lock: 1_000 * fixed.ThetaScale, MaxAccounts: 500,
			FillDelayBatches: 1, MaxPriceAgeMs: 60 * second, Phases: []prop.Phase{challenge, funded},
		}},
	}
}

// signed is a command as it comes out of a verified envelope.
func signed(t interface{ Fatal(...any) }, cmd prop.Command, signer prop.Hotkey, id prop.CommandID) prop.Signed {
	body, err := wire.Encode(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return prop.Signed{Command: cmd, ID: id, Signer: signer, BodyHash: sha256.Sum256(append([]byte{byte(cmd.CommandKind())}, body...))}
}

// dueTicks applies the ticks that are due at or before the instant, each at its own time, as the
// node does before it takes a command.
func dueTicks(s *state.State, at prop.Instant, each func(at prop.Instant, out engine.Outcome, err error)) {
	for wake, due := engine.NextWake(s); due && wake <= at; wake, due = engine.NextWake(s) {
		wake = max(wake, s.At())
		out, err := engine.Apply(s, wake, prop.Signed{Command: &prop.Tick{}})
		each(wake, out, err)
		if err != nil || len(out.Events) == 0 {
			return // the caller complains; a tick that is due and does nothing would go on for ever
		}
	}
}
