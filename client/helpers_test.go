package client_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/httpapi"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

const (
	network = "testnet-1"
	token   = "pn_a-token-for-reading"
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	percent = fixed.RatioScale / 100
	lock    = 1_000 * fixed.ThetaScale
)

var (
	origin  = client.NewRepeatableKey([32]byte{1})
	firm    = client.NewRepeatableKey([32]byte{2})
	feeder  = client.NewRepeatableKey([32]byte{3})
	account = prop.AccountKey{Entity: firm.Public()}
)

func genesis() prop.Genesis {
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	return prop.Genesis{
		Network: network, Origin: origin.Public(), AuthWindowMs: 30_000, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: feeder.Public(), Roles: []prop.Role{prop.FeedRole, prop.RiskRole}}},
		Pairs:     []prop.Pair{{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: 5 * fixed.RatioScale}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 500, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			FillDelayBatches: 1, MaxPriceAgeMs: 60_000, Phases: []prop.Phase{challenge, funded},
			OrderRate: prop.Rate{Count: 5, WindowMs: 10_000}, Miner: prop.MinerRules{USDPerTheta: 500 * fixed.USDScale, MinTheta: fixed.ThetaScale, MaxTheta: 1_000 * fixed.ThetaScale},
		}},
	}
}

// server is a node behind its API at one address. It can be opened again, and what stands before
// it can be chosen.
type server struct {
	t       *testing.T
	journal *journal.Memory
	book    string
	node    *node.Node
	stop    func()
	handler atomic.Pointer[http.Handler]
	before  atomic.Pointer[func(http.ResponseWriter, *http.Request, http.Handler)]
	calls   atomic.Int64 // POSTs
	client  *client.Client
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, journal: journal.NewMemory(), book: t.TempDir()}
	if err := node.Init(s.journal, origin, genesis(), epoch); err != nil {
		t.Fatal(err)
	}
	s.open()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			s.calls.Add(1)
		}
		if before := s.before.Load(); before != nil {
			(*before)(w, r, *s.handler.Load())
			return
		}
		(*s.handler.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	t.Cleanup(func() { s.stop() })
	s.client = client.New(h.URL+"/", token)
	return s
}

// open opens the node and runs it.
func (s *server) open() {
	s.t.Helper()
	twin, err := collateral.OpenTwin(s.book, 3*lock)
	if err != nil {
		s.t.Fatal(err)
	}
	v := view.New()
	s.node, err = node.Open(node.Config{Key: origin, Clock: node.NewDataClock(epoch), Journal: s.journal, Reader: v, Performer: twin})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.node.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
		done <- nil // may be asked again
		twin.Close()
	}
	if err := s.node.AwaitReady(ctx); err != nil {
		s.t.Fatal(err)
	}
	h := httpapi.New(httpapi.Config{
		Node: s.node, View: v, Metrics: httpapi.NewMetrics(), Tokens: []prop.Hash{sha256.Sum256([]byte(token))}, Version: "test", Log: slog.New(slog.DiscardHandler),
	}).Handler
	s.handler.Store(&h)
}

// firstCall puts f before the first POST from now on.
func (s *server) firstCall(f func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	var seen atomic.Bool
	g := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && !seen.Swap(true) {
			f(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
	s.before.Store(&g)
}

// own hands in commands of the node's own and waits for their effects.
func (s *server) own(cmds ...prop.Command) {
	s.t.Helper()
	if err := s.node.Command(s.t.Context(), cmds...); err != nil {
		s.t.Fatal(err)
	}
	s.settle()
}

func (s *server) settle() {
	s.t.Helper()
	if err := s.node.Settle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// taken checks that a call was taken, and its receipt.
func taken(t *testing.T, c api.Command, err error) api.Command {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	record, err := client.VerifyReceipt(c.Receipt, network, origin.Public())
	if err != nil {
		t.Fatal(err)
	}
	if record.Seq != c.Seq || record.Envelope == nil || record.Envelope.ID != c.ID || record.Command == nil {
		t.Errorf("the receipt of %s proves record %d with %+v", c.ID, record.Seq, record.Envelope)
	}
	return c
}
