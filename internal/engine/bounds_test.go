package engine_test

import (
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// TestEliminationsAreBounded: 300 accounts miss their deadline at once. No record holds more than
// prop.MaxEliminations of them, and the ticks that are due finish all.
func TestEliminationsAreBounded(t *testing.T) {
	const accounts = 300
	s := state.New()
	apply := func(cmd prop.Signed) {
		t.Helper()
		if _, err := engine.Apply(s, epoch, cmd); err != nil {
			t.Fatal(err)
		}
	}
	apply(prop.Signed{Command: &prop.Start{Genesis: seedGenesis()}})
	apply(signed(t, &prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}, key("E"), prop.NewCommandID(epoch, [10]byte{1})))
	apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: accounts * 1_000 * fixed.ThetaScale}})
	for i := range prop.EffectID(accounts) {
		apply(signed(t, &prop.CreateSubaccount{Entity: key("E")}, key("E"), prop.NewCommandID(epoch, [10]byte{2, 8: byte(i >> 8), 9: byte(i)})))
		apply(prop.Signed{Command: &prop.RecordSubmission{Effect: i + 1}})
		apply(prop.Signed{Command: &prop.CompleteEffect{Effect: i + 1, OK: true}})
	}
	var frozen, eliminated, ticks int
	dueTicks(s, epoch+90*dayMs+1, func(_ prop.Instant, out engine.Outcome, err error) {
		if err != nil {
			t.Fatal(err)
		}
		ticks++
		gone, stopped := 0, 0
		for _, e := range out.Events {
			switch e := e.(type) {
			case *prop.AccountsFrozen:
				stopped += len(e.Accounts.Refs())
			case *prop.AccountEliminated:
				gone++
			}
		}
		if gone > prop.MaxEliminations || stopped > prop.MaxEliminations {
			t.Errorf("record %d stops %d and eliminates %d", out.Stamp.Seq, stopped, gone)
		}
		frozen, eliminated = frozen+stopped, eliminated+gone
	})
	if frozen != accounts || eliminated != accounts || ticks != 4 {
		t.Errorf("%d frozen and %d eliminated of %d in %d ticks", frozen, eliminated, accounts, ticks)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}
