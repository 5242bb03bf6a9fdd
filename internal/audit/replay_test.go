package audit_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/audit"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

const (
	network = "testnet-1"
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	percent = fixed.RatioScale / 100
	lock    = 1_000 * fixed.ThetaScale
)

var (
	origin = wire.NewRepeatableKey([32]byte{1})
	firm   = wire.NewRepeatableKey([32]byte{2})
)

func genesis() prop.Genesis {
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	return prop.Genesis{
		Network: network, Origin: origin.Public(), AuthWindowMs: 30_000, DefaultRules: "seed",
		Pairs: []prop.Pair{{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, MaxLeverage: 5 * fixed.RatioScale, Multiplier: 1, State: prop.Tradable}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 500, Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000}}, MaxResting: 100,
			Slippage:         prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			FillDelayBatches: 1, MaxPriceAgeMs: 60_000, Phases: []prop.Phase{challenge, funded},
		}},
	}
}

// story is the journal of a node on which two accounts traded for some minutes: one passes, one
// ends.
func story(t *testing.T) *journal.Memory {
	t.Helper()
	j, v := journal.NewMemory(), view.New()
	if err := node.Init(j, origin, genesis(), epoch); err != nil {
		t.Fatal(err)
	}
	twin, err := collateral.OpenTwin(t.TempDir(), 3*lock)
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	n, err := node.Open(node.Config{Key: origin, Clock: node.NewDataClock(epoch), Journal: j, Reader: v, Performer: twin})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	if err := n.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if err == nil {
			err = n.Settle(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	calls := uint64(0)
	call := func(path string, body any) {
		t.Helper()
		raw, err := json.Marshal(body)
		check(err)
		calls++
		var unique [10]byte
		binary.BigEndian.PutUint64(unique[2:], calls)
		e := request.Sign(firm, prop.Envelope{Network: network, Audience: origin.Public(), Path: path, ID: prop.NewCommandID(n.Now(), unique), Time: n.Now(), Body: raw})
		_, err = n.Submit(ctx, &e)
		check(err)
	}
	prices := func(dollars int64) {
		t.Helper()
		p := fixed.Price(dollars) * fixed.PriceScale
		check(n.Command(ctx, &prop.ObservePrices{Observed: n.Now() + 20_000, Quotes: []prop.Quote{{Pair: "BTCUSD", Bid: p, Ask: p}}}))
	}
	order := func(id uint32, side string) {
		t.Helper()
		leverage := fixed.Ratio(4 * fixed.RatioScale)
		call(request.PathOrders, api.SubmitOrder{Account: prop.AccountKey{Entity: firm.Public(), ID: id}, Pair: "BTCUSD", Side: side, Leverage: &leverage})
	}
	call(request.PathEntities, api.RegisterEntity{Hotkey: firm.Public(), Coldkey: prop.Hotkey{9}})
	check(n.Command(ctx, &prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock}))
	call(request.PathSubaccounts, api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	call(request.PathSubaccounts, api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	for range 4 {
		prices(100)
	}
	order(0, "LONG")
	order(1, "SHORT")
	prices(100)
	prices(103)
	prices(103)
	cancel()
	check(<-done)
	if s := v.Summary(); s.ByBucket["funded"] != 1 || s.ByStatus["eliminated"] != 1 || s.Root.AtSeq == 0 {
		t.Fatalf("the story ends with %+v", s)
	}
	return j
}

// retold is a journal whose records were changed and which was sealed again, so that chain and
// signatures are right. change returns false for records that stay.
func retold(t *testing.T, from *journal.Memory, version uint64, change func(*prop.Record) bool) (j *journal.Memory, changed []uint64) {
	t.Helper()
	j = journal.NewMemory()
	err := from.Read(1, func(b *wire.Block) error {
		raws := make([][]byte, len(b.Records))
		for i, raw := range b.Records {
			r, err := wire.DecodeRecord(raw)
			if err != nil {
				return err
			}
			if change(&r) {
				changed = append(changed, r.Seq)
			}
			if raws[i], err = wire.EncodeRecord(r); err != nil {
				return err
			}
		}
		again, err := wire.Seal(origin, network, version, j.Head().Hash, b.FirstSeq, b.At, raws)
		if err != nil {
			return err
		}
		return j.Append(again)
	})
	if err != nil {
		t.Fatal(err)
	}
	return j, changed
}

func nothing(*prop.Record) bool { return false }

// TestReplay: a journal that was kept as it was decided has no difference, and its roots are right.
func TestReplay(t *testing.T) {
	j := story(t)
	for _, decide := range []bool{false, true} {
		r, err := audit.Replay(j, decide)
		if err != nil {
			t.Fatal(err)
		}
		if r.Differences != 0 || r.First != nil || r.Seq != j.Head().LastSeq || r.Records != r.Seq || r.Roots < 2 || r.RecordedAt != r.Seq-1 {
			t.Errorf("decide %t: %+v", decide, r)
		}
		if want := map[bool]uint64{true: r.Records}[decide]; r.Decided != want {
			t.Errorf("decide %t: %d commands were decided, want %d", decide, r.Decided, want)
		}
		if r.Recorded[0] != r.Registry || r.Recorded[1] != r.Trading { // the last record is a root, which changes nothing
			t.Errorf("recorded roots %s, replayed %s and %s", r.Recorded, r.Registry, r.Trading)
		}
	}
	empty, err := audit.Replay(journal.NewMemory(), true)
	if err != nil || empty.Seq != 0 || empty.Records != 0 {
		t.Errorf("an empty journal: %+v, %v", empty, err)
	}
}

// alter changes the first event of a kind.
func alter[E prop.Event](change func(E)) func(*prop.Record) bool {
	done := false
	return func(r *prop.Record) bool {
		for _, e := range r.Events {
			if e, ok := e.(E); ok && !done {
				change(e)
				done = true
				return true
			}
		}
		return false
	}
}

// TestAlteredRecordsAreFound: who changes what was decided, or what was asked, and seals it again
// is found at the record that he changed.
func TestAlteredRecordsAreFound(t *testing.T) {
	from := story(t)
	for name, change := range map[string]func(*prop.Record) bool{
		"a fee":             alter(func(e *prop.FeeCharged) { e.Amount-- }),
		"a fill":            alter(func(e *prop.OrderFilled) { e.Trade.CostDelta++ }),
		"who ends":          alter(func(e *prop.AccountEliminated) { e.Balance++ }),
		"an effect's words": alter(func(e *prop.EffectCompleted) { e.Detail = "x" }),
		"a deposit":         alter(func(e *prop.CollateralObserved) { e.Deposited++ }),
		"the time of a fill": alter(func(e *prop.OrderAccepted) {
			e.FillAfter--
		}),
		"an event too much": func(r *prop.Record) bool {
			if _, ok := r.Command.(*prop.ObserveCollateral); ok {
				r.Events = append(r.Events, r.Events[0])
				return true
			}
			return false
		},
		"the caller": func(r *prop.Record) bool {
			if r.Seq == 2 {
				r.Envelope.Signer = origin.Public()
				return true
			}
			return false
		},
		"the call": func(r *prop.Record) bool {
			if r.Seq == 2 {
				r.Envelope.Body = []byte("{}")
				return true
			}
			return false
		},
	} {
		j, changed := retold(t, from, engine.Version, change)
		if len(changed) == 0 {
			t.Errorf("%s: nothing was changed", name)
			continue
		}
		r, err := audit.Replay(j, true)
		if err != nil || r.Differences != 1 || r.First == nil || r.First.Seq != changed[0] || r.First.Why == "" || r.OtherVersion || r.First.Version != engine.Version {
			t.Errorf("%s: record %d was changed; report %+v, first %+v, %v", name, changed[0], r, r.First, err)
		}
	}
}

// TestOtherVersion: what another engine decided otherwise is a difference, and is said to be of
// another version.
func TestOtherVersion(t *testing.T) {
	from := story(t)
	j, _ := retold(t, from, engine.Version+1, nothing)
	if r, err := audit.Replay(j, true); err != nil || r.Differences != 0 {
		t.Errorf("decided equally: %+v, %v", r, err)
	}
	j, changed := retold(t, from, engine.Version+1, alter(func(e *prop.AccountEliminated) { e.Balance++ }))
	r, err := audit.Replay(j, true)
	if err != nil || !r.OtherVersion || r.First.Seq != changed[0] || r.First.Version != engine.Version+1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestWrongRootsAreErrors: a recorded root that is not the replayed one, be it that the root was
// changed or what it is of, ends a replay without deciding too.
func TestWrongRootsAreErrors(t *testing.T) {
	from := story(t)
	for name, change := range map[string]func(*prop.Record) bool{
		"registry": alter(func(e *prop.RootRecorded) { e.Registry[0] ^= 1 }),
		"trading":  alter(func(e *prop.RootRecorded) { e.Trading[0] ^= 1 }),
		"sequence": alter(func(e *prop.RootRecorded) { e.AtSeq-- }),
		"a fee":    alter(func(e *prop.FeeCharged) { e.Amount-- }),
		"a lock":   alter(func(e *prop.EffectRequested) { e.Amount-- }),
	} {
		j, _ := retold(t, from, engine.Version, change)
		if r, err := audit.Replay(j, false); err == nil || !strings.Contains(err.Error(), "roots") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestImpossibleRecords: what cannot have happened is an error that names its record.
func TestImpossibleRecords(t *testing.T) {
	from := story(t)
	for name, change := range map[string]func(*prop.Record) bool{
		"an account's life":   alter(func(e *prop.StatusChanged) { e.Status = prop.Eliminated }),
		"an unknown account":  alter(func(e *prop.OrderFilled) { e.Account = 77 }),
		"an unknown order":    alter(func(e *prop.OrderFilled) { e.Order[0] ^= 1 }),
		"an entity too early": alter(func(e *prop.EntityRegistered) { e.Entity = 3 }),
		"time runs back": func(r *prop.Record) bool {
			if r.Seq == 9 {
				r.At = epoch - 1
			}
			return r.Seq == 9
		},
	} {
		j, changed := retold(t, from, engine.Version, change)
		for _, decide := range []bool{false, true} {
			r, err := audit.Replay(j, decide)
			if want := fmt.Sprintf("record %d cannot have happened", changed[0]); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %+v, %v; want: %s", name, r, err, want)
			}
		}
	}
}
