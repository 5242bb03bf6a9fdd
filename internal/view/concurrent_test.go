package view_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// run runs a node whose reader is the view.
func run(t *testing.T, v *view.View) *node.Node {
	t.Helper()
	j := journal.NewMemory()
	if err := node.Init(j, origin, genesis(), epoch); err != nil {
		t.Fatal(err)
	}
	twin, err := collateral.OpenTwin(t.TempDir(), 99*lock)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Config{Key: origin, Clock: node.NewDataClock(epoch), Journal: j, Reader: v, Performer: twin})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		twin.Close()
	})
	if err := n.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return n
}

// signed is a call of the key as of the node's time; number tells its id from the key's others.
func signed(t *testing.T, n *node.Node, key *wire.Key, number byte, path string, body any) *prop.Envelope {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	public, now := key.Public(), n.Now()
	id := prop.NewCommandID(now, [10]byte{2: number, 3: public[0], 4: public[1], 5: public[2]})
	e := request.Sign(key, prop.Envelope{Network: network, Audience: origin.Public(), Path: path, ID: id, Time: now, Body: raw})
	return &e
}

// TestReadYourWrites: who holds a receipt reads what it did, whatever others do meanwhile; every
// answer is of one record, and records never go back. With the race detector it also shows that
// reading is safe while the node writes.
func TestReadYourWrites(t *testing.T) {
	v := view.New()
	n := run(t, v)
	const firms = 6
	ended := make(chan struct{})
	var writers, readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for last := uint64(0); ; {
				select {
				case <-ended:
					return
				default:
				}
				last = readAll(t, v, last)
			}
		})
	}
	for i := range firms {
		writers.Go(func() { write(t, v, n, wire.NewKey([32]byte{100, byte(i)})) })
	}
	writers.Wait()
	for i := range int64(20) {
		p := fixed.Price(100+i%2) * fixed.PriceScale
		if err := n.Command(t.Context(), &prop.ObservePrices{Observed: epoch + prop.Instant(i)*10*second, Quotes: []prop.Quote{{Pair: "BTCUSD", Bid: p, Ask: p}}}); err != nil {
			t.Error(err)
		}
	}
	close(ended)
	readers.Wait()
	if s := v.Summary(); s.ByStatus["active"] != firms || s.Root.AtSeq == 0 {
		t.Errorf("in the end %+v", s)
	}
}

// write registers a firm and opens an account, and reads each at once.
func write(t *testing.T, v *view.View, n *node.Node, key *wire.Key) {
	take := func(number byte, path string, body any) bool {
		call := signed(t, n, key, number, path, body)
		proof, err := n.Submit(t.Context(), call)
		if err != nil {
			t.Error(err)
			return false
		}
		if seq, known := v.CommandSeq(call.ID); !known || seq != proof.Record.Seq || v.AsOf().Seq < seq {
			t.Errorf("record %d cannot be read by who has its receipt", proof.Record.Seq)
		}
		return true
	}
	if !take(1, request.PathEntities, api.RegisterEntity{Hotkey: key.Public(), Coldkey: prop.Hotkey{9}}) {
		return
	}
	if _, _, err := v.Entity(key.Public()); err != nil {
		t.Error(err)
	}
	if err := n.Command(t.Context(), &prop.ObserveCollateral{Entity: key.Public(), Deposited: 9 * lock}); err != nil {
		t.Error(err)
	}
	if e, _, err := v.Entity(key.Public()); err != nil || !e.Known {
		t.Errorf("the deposit is not known, %v", err)
	}
	take(2, request.PathSubaccounts, api.CreateSubaccount{Entity: key.Public(), Class: "crypto"})
	if _, _, err := v.Account(prop.AccountKey{Entity: key.Public()}); err != nil {
		t.Error(err)
	}
	if err := n.Settle(t.Context()); err != nil {
		t.Error(err)
	}
	if a, _, err := v.Account(prop.AccountKey{Entity: key.Public()}); err != nil || a.Status != prop.Active {
		t.Errorf("the account is %s, %v", a.Status, err)
	}
}

// readAll reads everything once and checks that time does not run back.
func readAll(t *testing.T, v *view.View, last uint64) uint64 {
	all, asOf := v.Entities()
	for _, e := range all {
		if accounts, _, err := v.Accounts(e.Hotkey, 0, 10); err != nil || len(accounts) < e.ByStatus["active"] {
			t.Errorf("%d accounts of %v, %v", len(accounts), e.ByStatus, err)
		}
	}
	_, prices := v.Prices(0)
	_, eliminations := v.Eliminations(10)
	_, root := v.RecordedRoot()
	v.Roots()
	for _, next := range []uint64{asOf.Seq, prices.Seq, eliminations.Seq, root.Seq, v.Summary().AsOf.Seq, v.AsOf().Seq} {
		if next < last {
			t.Errorf("read at %d after %d", next, last)
		}
		last = next
	}
	return last
}
