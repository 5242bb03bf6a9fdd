package collateral_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// moody is a vault whose deposits can be set and whose reads can be made to fail.
type moody struct {
	mu       sync.Mutex
	deposits map[prop.Hotkey]fixed.Theta
	fails    map[prop.Hotkey]bool
	asked    chan prop.Hotkey
}

func newMoody() *moody {
	return &moody{deposits: map[prop.Hotkey]fixed.Theta{}, fails: map[prop.Hotkey]bool{}, asked: make(chan prop.Hotkey)}
}

func (m *moody) set(k prop.Hotkey, deposit fixed.Theta, fails bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deposits[k], m.fails[k] = deposit, fails
}

func (m *moody) Deposited(ctx context.Context, k prop.Hotkey) (fixed.Theta, error) {
	select {
	case m.asked <- k:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails[k] {
		return 0, errors.New("the chain does not answer")
	}
	return m.deposits[k], nil
}

// watched is a node with two entities and the watcher beside it.
func watched(t *testing.T, vault collateral.Vault) (v *view.View, w *collateral.Watcher, run func(known ...prop.Hotkey)) {
	t.Helper()
	const epoch = prop.Instant(1_767_225_600_000)
	origin := wire.NewRepeatableKey([32]byte{1})
	pair := prop.Pair{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: fixed.RatioScale}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: fixed.RatioScale / 10, DrawdownOp: prop.GT}
	g := prop.Genesis{
		Network: "testnet-1", Origin: origin.Public(), AuthWindowMs: 30_000, Pairs: []prop.Pair{pair}, DefaultRules: "seed",
		RuleSets: []prop.RuleSet{{ID: "seed", AccountSize: fixed.USDScale, MaxAccounts: 1, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto"}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}}, FillDelayBatches: 1, MaxPriceAgeMs: 1, Phases: []prop.Phase{funded}}},
	}
	j := journal.NewMemory()
	if err := node.Init(j, origin, g, epoch); err != nil {
		t.Fatal(err)
	}
	for i, k := range []prop.Hotkey{firm, other} { // as if they had registered
		raw, err := wire.EncodeRecord(prop.Record{Seq: uint64(i + 2), At: epoch, Command: &prop.RegisterEntity{Hotkey: k},
			Events: []prop.Event{&prop.EntityRegistered{Entity: prop.EntityRef(i), Hotkey: k}}})
		if err != nil {
			t.Fatal(err)
		}
		b, err := wire.Seal(origin, g.Network, 1, j.Head().Hash, uint64(i+2), epoch, [][]byte{raw})
		if err == nil {
			err = j.Append(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	v, w = view.New(), collateral.NewWatcher(vault, slog.New(slog.DiscardHandler))
	n, err := node.Open(node.Config{Key: origin, Clock: node.NewDataClock(epoch), Journal: j, Reader: v, Performer: openTwin(t, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	return v, w, func(known ...prop.Hotkey) {
		ctx, cancel := context.WithCancel(context.Background())
		loop, end := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := n.Run(loop); err != nil {
				t.Error(err)
			}
		})
		if err := n.AwaitReady(ctx); err != nil {
			t.Fatal(err)
		}
		var watcher sync.WaitGroup
		watcher.Go(func() { w.Run(ctx, n, known) })
		t.Cleanup(func() {
			cancel()
			watcher.Wait()
			end()
			wg.Wait()
		})
	}
}

// deposit is what the node knows of the entity, once nothing moves any more.
func deposit(t *testing.T, v *view.View, k prop.Hotkey) (fixed.Theta, bool) {
	t.Helper()
	synctest.Wait()
	e, _, err := v.Entity(k)
	if err != nil {
		t.Fatal(err)
	}
	return e.Deposited, e.Known
}

// TestWatcher: a known entity's deposit is observed at the start, a new one's at once, and all
// again every minute; a vault that fails is asked again. Time is the bubble's: it jumps to the next
// minute when everyone waits.
func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vault := newMoody()
		vault.set(firm, 5*theta, false)
		vault.set(other, 7*theta, true)
		v, w, run := watched(t, vault)
		expect := func(what string, k prop.Hotkey, want fixed.Theta, known bool) {
			t.Helper()
			if got, k := deposit(t, v, k); got != want || k != known {
				t.Errorf("%s: %s, known %t; want %s, %t", what, got, k, want, known)
			}
		}
		asks := func(want prop.Hotkey) {
			t.Helper()
			if got := <-vault.asked; got != want {
				t.Errorf("asked for %s, want %s", got, want)
			}
		}
		run(firm)
		asks(firm)
		expect("known at the start", firm, 5*theta, true)
		expect("not heard of", other, 0, false)

		w.Registered(other)
		asks(other)
		expect("the vault failed", other, 0, false)

		vault.set(firm, 6*theta, true)
		vault.set(other, 7*theta, false)
		asks(firm) // a minute later
		asks(other)
		expect("the vault failed later", firm, 5*theta, true)
		expect("the vault works again", other, 7*theta, true)

		vault.set(firm, 6*theta, false)
		asks(firm)
		asks(other)
		expect("another deposit", firm, 6*theta, true)

		w.Registered(prop.Hotkey{99}) // the node does not know it
		asks(prop.Hotkey{99})
		asks(firm)
		expect("after an entity that is none", firm, 6*theta, true)
		asks(other)
	})
}

// TestRegisteredNeverBlocks: the node's loop calls it.
func TestRegisteredNeverBlocks(t *testing.T) {
	w := collateral.NewWatcher(newMoody(), slog.New(slog.DiscardHandler))
	for range prop.MaxEntities + 10 {
		w.Registered(firm)
	}
}
