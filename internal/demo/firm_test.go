package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/demo"
	"github.com/propnet/propnet/internal/feed"
	"github.com/propnet/propnet/internal/httpapi"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

const (
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	hour    = 3_600_000
	token   = "pn_a-token-for-reading"
	percent = fixed.RatioScale / 100
	lock    = 1_000 * fixed.ThetaScale
	traders = 10
)

// town is a devnet in memory: a simulated market of one batch an hour, a node and its API.
type town struct {
	t        *testing.T
	seed     uint64
	deposits int64       // accounts that the firm can ever have paid for
	leverage fixed.Ratio // that the pair allows
	journal  *journal.Memory
	book     string
	view     *view.View
	refused  map[prop.Code]int // how often; to be read when the loop has ended
}

func newTown(t *testing.T, seed uint64, deposits, leverage int64) *town {
	t.Helper()
	w := &town{t: t, seed: seed, deposits: deposits, leverage: fixed.Ratio(leverage * fixed.RatioScale), journal: journal.NewMemory(), book: t.TempDir(), refused: map[prop.Code]int{}}
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	g := prop.Genesis{
		Network: "devnet", Origin: w.origin().Public(), AuthWindowMs: 86_400_000, DefaultRules: "seed",
		Pairs: []prop.Pair{{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: w.leverage}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 500, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			FillDelayBatches: 1, MaxPriceAgeMs: 2 * hour, Phases: []prop.Phase{challenge, funded},
		}},
	}
	if err := node.Init(w.journal, w.origin(), g, epoch-60_000); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *town) origin() *wire.Key { return wire.NewRepeatableKey(demo.Seed(w.seed, "node")) }

// live opens the node and its firm, shows the traders the first groups of prices and lets them
// trade on the next ones, up to the last.
func (w *town) live(first, last int) {
	w.t.Helper()
	w.view = view.New()
	twin, err := collateral.OpenTwin(w.book, fixed.Theta(w.deposits)*lock)
	if err != nil {
		w.t.Fatal(err)
	}
	defer twin.Close()
	log := slog.New(slog.DiscardHandler)
	watcher := collateral.NewWatcher(twin, log)
	n, err := node.Open(node.Config{
		Key: w.origin(), Clock: node.NewDataClock(epoch - 60_000), Journal: w.journal, Reader: w.view, Performer: twin,
		Observe: func(s node.Stats) {
			for code, times := range s.Refused {
				w.refused[code] += times
			}
			for _, r := range s.Records {
				if e, ok := r.Events[0].(*prop.EntityRegistered); ok {
					watcher.Registered(e.Hotkey)
				}
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	api := httptest.NewServer(httpapi.New(httpapi.Config{
		Node: n, View: w.view, Metrics: httpapi.NewMetrics(), Tokens: []prop.Hash{sha256.Sum256([]byte(token))}, Log: log,
	}).Handler)
	defer api.Close()

	ctx, cancel := context.WithCancel(w.t.Context())
	var background sync.WaitGroup
	background.Go(func() {
		if err := n.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	if err := n.AwaitReady(ctx); err != nil {
		w.t.Fatal(err)
	}
	background.Go(func() { watcher.Run(ctx, n, nil) })
	c := client.New(api.URL, token)
	c.HTTP = &http.Client{Transport: &http.Transport{}}
	defer c.HTTP.CloseIdleConnections()
	err = w.drive(ctx, n, demo.NewFirm(c, w.seed, "BTCUSD", "crypto", traders), first, last)
	cancel()
	background.Wait()
	if err != nil {
		w.t.Fatal(err)
	}
}

// drive lets prices, traders and effects take turns, as devnet does.
func (w *town) drive(ctx context.Context, n *node.Node, firm *demo.Firm, first, last int) error {
	if err := firm.Open(ctx); err != nil {
		return err
	}
	market := feed.NewSim(feed.SimConfig{Seed: w.seed, Start: epoch, StepMs: hour, Pairs: []feed.SimPair{
		{ID: "BTCUSD", Price: 60_000 * fixed.PriceScale, VolPPM: 8_000, SpreadPPM: 100},
	}})
	for i := range last {
		g, err := market.Next()
		if err != nil {
			return err
		}
		firm.Watch(g.Batches)
		if i < first {
			continue
		}
		if err := n.Command(ctx, g.Batches[0]); err != nil {
			return err
		}
		if err := errors.Join(n.Settle(ctx), firm.Act(ctx, g.At()), n.Settle(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// records are the encoded records of the journal.
func (w *town) records() (raws [][]byte) {
	w.t.Helper()
	if err := w.journal.Read(1, func(b *wire.Block) error { raws = append(raws, b.Records...); return nil }); err != nil {
		w.t.Fatal(err)
	}
	return raws
}

const groups = 400

// TestOneSeedOneHistory: everything that the firm does follows from the seed.
func TestOneSeedOneHistory(t *testing.T) {
	a, b, other := newTown(t, 1, 3*traders, 5), newTown(t, 1, 3*traders, 5), newTown(t, 2, 3*traders, 5)
	for _, w := range []*town{a, b, other} {
		w.live(0, groups)
	}
	ra, rb := a.records(), b.records()
	if len(ra) != len(rb) {
		t.Fatalf("%d and %d records", len(ra), len(rb))
	}
	for i := range ra {
		if !bytes.Equal(ra[i], rb[i]) {
			t.Fatalf("record %d differs", i+1)
		}
	}
	if s, o := a.view.Summary(), other.view.Summary(); s.Fees == o.Fees {
		t.Error("two seeds, one history")
	} else if s.Orders < 20 || s.ByStatus["eliminated"] < 2 || s.ByStatus["active"]+s.ByStatus["eliminated"] <= traders {
		t.Errorf("the traders hardly did anything: %+v", s)
	}
}

// TestTradersSurviveRefusals: a firm without money left and orders beyond the bounds end nothing.
func TestTradersSurviveRefusals(t *testing.T) {
	w := newTown(t, 1, traders+1, 2)
	w.live(0, groups)
	if w.refused[prop.LeverageBounds] == 0 || w.refused[prop.CollateralShort] == 0 {
		t.Errorf("refused: %v; accounts: %v", w.refused, w.view.Summary().ByStatus)
	}
	for code := range w.refused {
		if code != prop.LeverageBounds && code != prop.CollateralShort {
			t.Errorf("the traders were refused with %s", code)
		}
	}
}

// TestResume: after a restart the firm finds its accounts again and goes on.
func TestResume(t *testing.T) {
	w := newTown(t, 1, 3*traders, 5)
	w.live(0, groups/2)
	before := w.view.Summary()
	w.live(groups/2, groups/2)
	if s := w.view.Summary(); s.Orders != before.Orders || s.ByStatus["active"] != before.ByStatus["active"] || s.ByStatus["eliminated"] != before.ByStatus["eliminated"] {
		t.Errorf("opening again did something: %+v, before %+v", s, before)
	}
	w.live(groups/2, groups)
	if s := w.view.Summary(); s.Orders <= before.Orders {
		t.Errorf("the traders stopped at %d orders", s.Orders)
	}
}
