package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/httpapi"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/webui"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	network = "testnet-1"
	token   = "pn_a-token-for-reading"
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	second  = 1_000
	window  = 30 * second
	percent = fixed.RatioScale / 100
	lock    = 1_000 * fixed.ThetaScale
)

var (
	origin  = wire.NewRepeatableKey([32]byte{1})
	firm    = wire.NewRepeatableKey([32]byte{2})
	feeder  = wire.NewRepeatableKey([32]byte{3})
	risk    = wire.NewRepeatableKey([32]byte{4})
	account = prop.AccountKey{Entity: firm.Public()}
)

func genesis() prop.Genesis {
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent, TimeLimitMs: 3_600 * second}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	return prop.Genesis{
		Network: network, Origin: origin.Public(), AuthWindowMs: window, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: feeder.Public(), Roles: []prop.Role{prop.FeedRole}}, {Key: risk.Public(), Roles: []prop.Role{prop.RiskRole}}},
		Pairs:     []prop.Pair{{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: 5 * fixed.RatioScale}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 500, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			FillDelayBatches: 1, MaxPriceAgeMs: 3_600 * second, Phases: []prop.Phase{challenge, funded},
		}},
	}
}

// rig is a whole node behind its API.
type rig struct {
	*node.Node
	t       *testing.T
	url     string
	view    *view.View
	journal *journal.Memory
	ctx     context.Context // ends with the loop
	halt    context.CancelFunc
	done    chan struct{}
	log     *lockedBuffer
	ids     uint64
	last    prop.CommandID // that trade made: an order
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve opens a node and serves it; its loop does not run yet.
func serve(t *testing.T) *rig {
	t.Helper()
	return serveOn(t, genesis())
}

func serveOn(t *testing.T, g prop.Genesis) *rig {
	t.Helper()
	r := &rig{t: t, view: view.New(), journal: journal.NewMemory(), log: new(lockedBuffer), done: make(chan struct{})}
	if err := node.Init(r.journal, origin, g, epoch); err != nil {
		t.Fatal(err)
	}
	twin, err := collateral.OpenTwin(t.TempDir(), 3*lock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { twin.Close() })
	metrics, log := httpapi.NewMetrics(), slog.New(slog.NewTextHandler(r.log, nil))
	r.Node, err = node.Open(node.Config{
		Key: origin, Clock: node.NewDataClock(epoch), Journal: r.journal, Reader: r.view, Performer: twin,
		Observe: func(s node.Stats) {
			metrics.Block(s.Records, func(e prop.Event) string { return view.Kind(e) }, s.Commit.Seconds(), s.Queue)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := webui.Status(r.view, network, "test", r.Now)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(nil)
	s.Config = httpapi.New(httpapi.Config{
		Node: r.Node, View: r.view, Metrics: metrics, Page: page, Tokens: []prop.Hash{sha256.Sum256([]byte(token))}, Version: "test", Log: log,
	})
	s.Start()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		s.Close()
	})
	r.url = s.URL
	return r
}

// run starts the loop.
func (r *rig) run() *rig {
	r.t.Helper()
	r.ctx, r.halt = context.WithCancel(context.Background())
	go func() {
		defer close(r.done)
		defer r.halt()
		if err := r.Run(r.ctx); err != nil {
			r.t.Error(err)
		}
	}()
	r.t.Cleanup(r.stop)
	if err := r.AwaitReady(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	return r
}

func (r *rig) stop() {
	r.halt()
	<-r.done
}

// answer is what the API said.
type answer struct {
	*http.Response
	body []byte
}

// send sends a request as it is.
func (r *rig) send(req *http.Request) answer {
	r.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{res, body}
}

func (r *rig) request(method, path string, body []byte) *http.Request {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return req
}

// get reads with the token.
func (r *rig) get(path string) answer {
	r.t.Helper()
	req := r.request(http.MethodGet, path, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	return r.send(req)
}

// sign makes a signed call with a new id, as of the node's time.
func (r *rig) sign(key *wire.Key, path string, body any) prop.Envelope {
	r.t.Helper()
	raw, ok := body.([]byte)
	if !ok {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			r.t.Fatal(err)
		}
	}
	r.ids++
	var unique [10]byte
	binary.BigEndian.PutUint64(unique[2:], r.ids)
	now := r.Now()
	return request.Sign(key, prop.Envelope{Network: network, Audience: origin.Public(), Path: path, ID: prop.NewCommandID(now, unique), Time: now, Body: raw})
}

// call is the request that carries an envelope.
func (r *rig) call(e prop.Envelope) *http.Request {
	r.t.Helper()
	req := r.request(http.MethodPost, e.Path, e.Body)
	for _, h := range request.Headers(&e) {
		req.Header.Set(h[0], h[1])
	}
	return req
}

// post sends a signed call that must be taken, and waits for its effects.
func (r *rig) post(key *wire.Key, path string, body any) api.Command {
	r.t.Helper()
	a := r.send(r.call(r.sign(key, path, body)))
	if a.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %s", path, a.StatusCode, a.body)
	}
	if err := r.Settle(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	return decode[api.Command](r.t, a)
}

// trade makes a firm with an account that holds a position, one that has been eliminated, and
// a waiting order.
func (r *rig) trade() {
	r.t.Helper()
	order := func(id uint32, leverage int64) {
		l := fixed.Ratio(leverage * fixed.RatioScale)
		o := api.SubmitOrder{Account: prop.AccountKey{Entity: firm.Public(), ID: id}, Pair: "BTCUSD", Side: "LONG", Leverage: &l}
		r.last = r.post(firm, request.PathOrders, o).ID
	}
	r.found()
	r.post(firm, request.PathSubaccounts, creation)
	r.prices(1, 100)
	order(0, 1)
	order(1, 5)
	r.prices(1, 100)
	r.prices(1, 98) // number 1 loses 10 %
	order(0, 1)
}

// found makes a firm with a deposit and one account.
func (r *rig) found() {
	r.t.Helper()
	r.post(firm, request.PathEntities, registration)
	if err := r.Command(r.ctx, &prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock}); err != nil {
		r.t.Fatal(err)
	}
	r.post(firm, request.PathSubaccounts, creation)
}

// prices is the feed's next batch of the pair, so many seconds later.
func (r *rig) prices(seconds prop.Instant, dollars int64) {
	r.t.Helper()
	p := fixed.Price(dollars) * fixed.PriceScale
	if err := r.Command(r.ctx, &prop.ObservePrices{Observed: r.Now() + seconds*second, Quotes: []prop.Quote{{Pair: "BTCUSD", Bid: p, Ask: p}}}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.Settle(r.ctx); err != nil {
		r.t.Fatal(err)
	}
}

var (
	registration = api.RegisterEntity{Hotkey: firm.Public(), Coldkey: prop.Hotkey{9}}
	creation     = api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"}
)

func decode[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return v
}

// problem checks that an answer is a refusal with the code, in the form that all refusals have.
func problem(t *testing.T, what string, a answer, code prop.Code) {
	t.Helper()
	info := code.Info()
	var p api.Problem
	if err := json.Unmarshal(a.body, &p); err != nil || p.Code != int(code) {
		t.Errorf("%s: %d %.200s, want %s", what, a.StatusCode, a.body, code)
		return
	}
	if a.StatusCode != info.Status || p.Status != info.Status || p.Title != info.Name || p.Next != info.Next || p.Detail == "" || p.Type != "about:blank" {
		t.Errorf("%s: %d %s does not say all of %s", what, a.StatusCode, a.body, code)
	}
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s: a refusal of type %q", what, kind)
	}
	hygiene(t, what, a)
}

// hygiene checks the headers that every answer has.
func hygiene(t *testing.T, what string, a answer) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'self'",
	} {
		if got := a.Header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: the header %s is %q", what, name, got)
		}
	}
	if a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s: another origin's page may read it", what)
	}
}
