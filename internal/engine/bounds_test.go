package engine_test

import (
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// TestEliminationsAreBounded: 300 accounts breach on one batch and 300 more miss their deadline.
// No record eliminates more than prop.MaxEliminations, and the ticks that are due finish all.
func TestEliminationsAreBounded(t *testing.T) {
	const accounts = 300
	s, ids := state.New(), 0
	apply := func(cmd prop.Signed) engine.Outcome {
		t.Helper()
		out, err := engine.Apply(s, epoch, cmd)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	sign := func(cmd prop.Command) prop.Signed {
		ids++
		return signed(t, cmd, key("E"), prop.NewCommandID(epoch, [10]byte{8: byte(ids >> 8), 9: byte(ids)}))
	}
	prices := func(price fixed.Price) prop.Signed {
		quote := prop.Quote{Pair: "BTCUSD", Bid: price * fixed.PriceScale, Ask: price * fixed.PriceScale}
		return prop.Signed{Command: &prop.ObservePrices{Observed: epoch, Quotes: []prop.Quote{quote}}}
	}
	g := seedGenesis()
	g.RuleSets[0].MaxAccounts = 2 * accounts
	apply(prop.Signed{Command: &prop.Start{Genesis: g}})
	apply(sign(&prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}))
	apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: 2 * accounts * 1_000 * fixed.ThetaScale}})
	apply(prices(100))
	for i := range prop.EffectID(2 * accounts) {
		apply(sign(&prop.CreateSubaccount{Entity: key("E"), Class: "crypto"}))
		apply(prop.Signed{Command: &prop.RecordSubmission{Effect: i + 1}})
		apply(prop.Signed{Command: &prop.CompleteEffect{Effect: i + 1, OK: true}})
		if i%2 == 0 {
			apply(sign(&prop.SubmitOrder{Account: prop.AccountKey{Entity: key("E"), ID: uint32(i)}, Pair: "BTCUSD", Type: prop.Market, Side: prop.Long, Leverage: fixed.RatioScale}))
		}
	}
	apply(prices(100))
	finish := func(at prop.Instant, wantTicks int) {
		gone, ticks := 0, 0
		dueTicks(s, at, func(_ prop.Instant, out engine.Outcome, err error) {
			if err != nil {
				t.Fatal(err)
			}
			ticks++
			if n := count[*prop.AccountEliminated](out); n > prop.MaxEliminations {
				t.Errorf("record %d eliminates %d", out.Stamp.Seq, n)
			} else {
				gone += n
			}
		})
		if gone != accounts || ticks != wantTicks {
			t.Errorf("%d of %d eliminated in %d ticks", gone, accounts, ticks)
		}
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
	}
	if n := count[*prop.AccountsFrozen](apply(prices(90))); n != 1 || len(s.Frozen()) != accounts {
		t.Errorf("%d frozen by %d events", len(s.Frozen()), n)
	}
	finish(epoch, 2)
	finish(epoch+90*dayMs+1, 4) // freeze and eliminate, twice
}

func count[T prop.Event](out engine.Outcome) (n int) {
	for _, e := range out.Events {
		if _, ok := e.(T); ok {
			n++
		}
	}
	return n
}
