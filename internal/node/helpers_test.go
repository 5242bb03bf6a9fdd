package node_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"runtime"
	"testing"

	"go.uber.org/goleak"

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

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	network = "testnet-1"
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
	account = prop.AccountKey{Entity: firm.Public()}
)

// genesis has one pair and one rule set: 6 % drawdown from the peak, 3 % target, a time limit of an
// hour.
func genesis() prop.Genesis {
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent, TimeLimitMs: 3_600 * second}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	return prop.Genesis{
		Network: network, Origin: origin.Public(), AuthWindowMs: window, DefaultRules: "seed",
		Operators: []prop.Operator{{Key: feeder.Public(), Roles: []prop.Role{prop.FeedRole}}},
		Pairs:     []prop.Pair{{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: 5 * fixed.RatioScale}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 10_000, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			FillDelayBatches: 1, MaxPriceAgeMs: 3_600 * second, Phases: []prop.Phase{challenge, funded},
		}},
	}
}

// initialised is a journal in memory that holds a genesis.
func initialised(t *testing.T, g prop.Genesis) *journal.Memory {
	t.Helper()
	j := journal.NewMemory()
	if err := node.Init(j, origin, g, epoch); err != nil {
		t.Fatal(err)
	}
	return j
}

// openTwin opens the twin's book in dir, with a deposit for three accounts.
func openTwin(t *testing.T, dir string) *collateral.Twin {
	t.Helper()
	twin, err := collateral.OpenTwin(dir, 3*lock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { twin.Close() })
	return twin
}

// rig is a node with its view, and its loop.
type rig struct {
	*node.Node
	t    *testing.T
	view *view.View
	ctx  context.Context // ends with the loop
	halt context.CancelFunc
	done chan struct{} // closed when the loop has ended
	err  error         // of the loop; to be read after done
	ids  uint64
}

// open opens a node with what c has and fills in what it lacks.
func open(t *testing.T, c node.Config) *rig {
	t.Helper()
	r := &rig{t: t, view: view.New()}
	c.Key = origin
	if c.Reader == nil {
		c.Reader = r.view
	}
	if c.Clock == nil {
		c.Clock = node.NewDataClock(epoch)
	}
	if c.Performer == nil {
		c.Performer = openTwin(t, t.TempDir())
	}
	var err error
	if r.Node, err = node.Open(c); err != nil {
		t.Fatal(err)
	}
	return r
}

// run starts the loop of an open node and waits until it takes commands.
func (r *rig) run() *rig {
	r.t.Helper()
	r.ctx, r.halt = context.WithCancel(context.Background())
	r.done = make(chan struct{})
	go func() {
		defer close(r.done)
		defer r.halt()
		r.err = r.Run(r.ctx)
	}()
	r.t.Cleanup(func() { _ = r.stop() })
	if err := r.AwaitReady(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	return r
}

func start(t *testing.T, c node.Config) *rig {
	t.Helper()
	return open(t, c).run()
}

// stop ends the loop and returns its error.
func (r *rig) stop() error {
	r.halt()
	<-r.done
	return r.err
}

// sign makes a signed call with a new id, as of the node's time.
func (r *rig) sign(key *wire.Key, path string, body any) *prop.Envelope {
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
	e := request.Sign(key, prop.Envelope{Network: network, Audience: origin.Public(), Path: path, ID: prop.NewCommandID(now, unique), Time: now, Body: raw})
	return &e
}

// again signs a call anew, as of the node's time.
func (r *rig) again(key *wire.Key, e *prop.Envelope) *prop.Envelope {
	newer := *e
	newer.Time = r.Now()
	newer = request.Sign(key, newer)
	return &newer
}

func (r *rig) must(proof wire.Proof, err error) wire.Proof {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return proof
}

// submit hands in a signed call that must be taken, and waits for its effects.
func (r *rig) submit(key *wire.Key, path string, body any) wire.Proof {
	r.t.Helper()
	proof := r.must(r.Submit(r.ctx, r.sign(key, path, body)))
	r.settle()
	return proof
}

// command hands in commands of the node's own that must be taken, and waits for their effects.
func (r *rig) command(cmds ...prop.Command) {
	r.t.Helper()
	if err := r.Command(r.ctx, cmds...); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
}

func (r *rig) settle() {
	r.t.Helper()
	if err := r.Settle(r.ctx); err != nil {
		r.t.Fatal(err)
	}
}

// register makes the firm an entity with a deposit.
func (r *rig) register() wire.Proof {
	r.t.Helper()
	proof := r.submit(firm, request.PathEntities, registration)
	r.command(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock})
	return proof
}

var (
	registration = api.RegisterEntity{Hotkey: firm.Public(), Coldkey: prop.Hotkey{9}}
	creation     = api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"}
)

// prices is the feed's batch of the pair at a price in dollars.
func prices(at prop.Instant, dollars int64) *prop.ObservePrices {
	p := fixed.Price(dollars) * fixed.PriceScale
	return &prop.ObservePrices{Observed: at, Quotes: []prop.Quote{{Pair: "BTCUSD", Bid: p, Ask: p}}}
}

func order(side string, leverage int64) api.SubmitOrder {
	o := api.SubmitOrder{Account: account, Pair: "BTCUSD", Side: side}
	if leverage != 0 {
		l := fixed.Ratio(leverage * fixed.RatioScale)
		o.Leverage = &l
	}
	return o
}

// status is the account's as the view has it.
func (r *rig) status() string {
	r.t.Helper()
	a, _, err := r.view.Account(account)
	if err != nil {
		r.t.Fatal(err)
	}
	return a.Status.String()
}

// blocks are all blocks of a journal.
func blocks(t *testing.T, j node.Journal) (all []*wire.Block) {
	t.Helper()
	if err := j.Read(1, func(b *wire.Block) error { all = append(all, b); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// records are all records of a journal.
func records(t *testing.T, j node.Journal) (all []prop.Record) {
	t.Helper()
	for _, b := range blocks(t, j) {
		for _, raw := range b.Records {
			r, err := request.Record(raw)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
	}
	return all
}

// events are all events of a kind in a journal.
func events[E prop.Event](t *testing.T, j node.Journal) (all []E) {
	t.Helper()
	for _, r := range records(t, j) {
		for _, e := range r.Events {
			if e, ok := e.(E); ok {
				all = append(all, e)
			}
		}
	}
	return all
}

// refused checks that err is a refusal with the code.
func refused(t *testing.T, what string, err error, code prop.Code) {
	t.Helper()
	var refusal *prop.Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// until lets others run until the condition holds; the test's own time limit ends a vain wait.
func until(holds func() bool) {
	for !holds() {
		runtime.Gosched()
	}
}

// gate is a journal that keeps the first append waiting once it is shut.
type gate struct {
	node.Journal
	reached chan struct{} // closed when an append waits
	opened  chan struct{} // close it to let the append go on
}

func newGate(j node.Journal) *gate {
	return &gate{Journal: j, reached: make(chan struct{}), opened: make(chan struct{})}
}

func (g *gate) Append(b *wire.Block) error {
	select {
	case <-g.opened:
	default:
		close(g.reached)
		<-g.opened
	}
	return g.Journal.Append(b)
}
