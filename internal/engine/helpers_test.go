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

// seedGenesis is the seed's challenge (reference/entity.md §3.9) on two coins and four currency pairs,
// without costs, cooldown or rates. The verb genesis sets them.
func seedGenesis() prop.Genesis {
	pair := func(base, quote, class string, lot int64) prop.Pair {
		return prop.Pair{ID: base + quote, Base: base, Quote: quote, Class: class, Lot: lot, MaxLeverage: 5 * fixed.RatioScale, Multiplier: 1, State: prop.Tradable}
	}
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent, TimeLimitMs: 90 * dayMs}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	return prop.Genesis{
		Network: "testnet-1", Origin: key("origin"), AuthWindowMs: 300 * second, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: key("O"), Roles: []prop.Role{prop.FeedRole}}, {Key: key("R"), Roles: []prop.Role{prop.RiskRole}}},
		Pairs: []prop.Pair{
			pair("BTC", "USD", "crypto", 1), pair("ETH", "USD", "crypto", 1), pair("EUR", "USD", "forex", 100_000), pair("USD", "JPY", "forex", 100_000),
			pair("EUR", "JPY", "forex", 100_000), pair("USD", "CAD", "forex", 100_000),
		},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * usd, Lock: 1_000 * fixed.ThetaScale, MaxAccounts: 500, MaxResting: 100,
			FillDelayBatches: 1, MaxPriceAgeMs: 60 * second, Phases: []prop.Phase{challenge, funded},
			Classes: []prop.ClassRules{{Class: "crypto"}, {Class: "forex"}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			Miner: prop.MinerRules{USDPerTheta: 500 * usd, MinTheta: 300 * fixed.ThetaScale, MaxTheta: 1_000 * fixed.ThetaScale},
		}},
	}
}

// testSlippage is made for reading: a coin slips by 10 bp, bought for 10,000 USD or more by 20; a
// currency by 2 bp, and by 5 from 17:00 to 17:59 in New York. Up to 1,000 USD are free.
func testSlippage() prop.Slippage {
	return prop.Slippage{
		Free: 1_000 * usd, Cap: 3 * percent,
		Crypto: prop.CryptoSlippage{Multiplier: 1, Default: percent / 10, Pairs: []prop.PairSlippage{{
			Pair: "BTCUSD", Buy: []prop.SlippageStep{{Below: 10_000 * usd, Estimate: percent / 10}, {Below: 50_000 * usd, Estimate: percent / 5}},
			Sell: []prop.SlippageStep{{Below: 50_000 * usd, Estimate: percent / 10}},
		}}},
		Forex: prop.ForexSlippage{Usual: percent / 50, Hours: []prop.HourSlippage{{Hour: 17, Rate: percent / 20}}},
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
