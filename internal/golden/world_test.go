package golden_test

import (
	"errors"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

const (
	usd       = fixed.USDScale
	secondMs  = 1_000
	hourMs    = 3_600_000
	dayMs     = 24 * hourMs
	lock      = 1_000 * fixed.ThetaScale
	noBound   = 500 * fixed.RatioScale // the most leverage that a genesis may allow
	cryptoMs  = prop.Instant(1_763_000_000_000)
	otherPair = "OTHER" // takes up what a case says that other pairs use of the portfolio's cap
)

var (
	entity   = prop.Hotkey{1}
	coldkey  = prop.Hotkey{2}
	operator = prop.Hotkey{3}
)

// world is a node's core: a state, its clock, one entity with one account. Whatever is due by the
// clock happens before a command, as in the node.
type world struct {
	t       tb
	s       *state.State
	at      prop.Instant
	account prop.AccountRef
	key     prop.AccountKey
	made    uint64   // ids so far
	log     []record // all that has happened
}

// tb is what a world needs of whoever tests with it: a *testing.T, a *rapid.T, or a goroutine's own.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// record is one decision.
type record struct {
	stamp  prop.Stamp
	events []prop.Event
}

// goldenSet is the rule set under which vectors are judged.
func goldenSet(size fixed.USD) prop.RuleSet {
	set := prop.RuleSet{
		ID: "golden", AccountSize: size, Lock: lock, MaxAccounts: 10, FillDelayBatches: 1, MaxPriceAgeMs: dayMs, MaxResting: 100,
		Phases:   []prop.Phase{{Bucket: "golden", DrawdownLimit: fixed.RatioScale, DrawdownOp: prop.GT}},
		Slippage: prop.Slippage{Cap: fixed.RatioScale / 2, Crypto: prop.CryptoSlippage{Multiplier: 1}},
	}
	for _, class := range []string{"crypto", "forex", "indices", "equities"} {
		set.Classes = append(set.Classes, prop.ClassRules{Class: class})
	}
	return set
}

// newWorld is a node at the instant after its genesis, where the class's account has become active.
func newWorld(t tb, at prop.Instant, pairs []prop.Pair, set prop.RuleSet, class string) *world {
	t.Helper()
	w := &world{t: t, s: state.New(), at: at, key: prop.AccountKey{Entity: entity}}
	w.start(pairs, set)
	w.must(w.signed(&prop.RegisterEntity{Hotkey: entity, Coldkey: coldkey}, entity))
	w.must(prop.Signed{Command: &prop.ObserveCollateral{Entity: entity, Deposited: 10 * lock}})
	w.must(w.signed(&prop.CreateSubaccount{Entity: entity, Class: class}, entity))
	effect := w.s.OpenEffects()[0]
	w.must(prop.Signed{Command: &prop.RecordSubmission{Effect: effect, TxHash: prop.Hash{1}}})
	w.must(prop.Signed{Command: &prop.CompleteEffect{Effect: effect, OK: true}})
	w.account, _ = w.s.AccountRef(w.key)
	return w
}

func (w *world) start(pairs []prop.Pair, set prop.RuleSet) {
	w.t.Helper()
	w.must(prop.Signed{Command: &prop.Start{Genesis: prop.Genesis{
		Network: "golden", Origin: operator, AuthWindowMs: 300 * secondMs, Pairs: pairs, RuleSets: []prop.RuleSet{set}, DefaultRules: set.ID,
		Operators: []prop.Operator{{Key: operator, Roles: []prop.Role{prop.FeedRole, prop.RiskRole}}},
	}}})
}

// apply decides a command after all that is due before it, and does what it makes due at once.
func (w *world) apply(cmd prop.Signed) (engine.Outcome, error) {
	w.ticks()
	out, err := engine.Apply(w.s, w.at, cmd)
	w.note(out)
	w.ticks()
	return out, err
}

// ticks lets the clock do what is due up to now.
func (w *world) ticks() {
	for wake, due := engine.NextWake(w.s); due && wake <= w.at; wake, due = engine.NextWake(w.s) {
		out, err := engine.Apply(w.s, max(wake, w.s.At()), prop.Signed{Command: &prop.Tick{}})
		if err != nil || len(out.Events) == 0 {
			w.t.Fatalf("a tick that was due at %s did nothing: %v", wake, err)
		}
		w.note(out)
	}
}

func (w *world) note(out engine.Outcome) {
	if len(out.Events) != 0 {
		w.log = append(w.log, record{out.Stamp, out.Events})
	}
}

func (w *world) must(cmd prop.Signed) engine.Outcome {
	w.t.Helper()
	out, err := w.apply(cmd)
	if err != nil {
		w.t.Fatalf("%T at %s: %v", cmd.Command, w.at, err)
	}
	return out
}

// signed gives a command an id of its own, made now.
func (w *world) signed(cmd prop.Command, signer prop.Hotkey) prop.Signed {
	w.made++
	id := prop.NewCommandID(w.at, [10]byte{6: byte(w.made >> 24), 7: byte(w.made >> 16), 8: byte(w.made >> 8), 9: byte(w.made)})
	return prop.Signed{Command: cmd, ID: id, Signer: signer, BodyHash: prop.Hash(append(id[:], id[:]...))}
}

// quote is a pair's bid and ask; the same price twice where there is no spread.
func quote(pair string, bid, ask fixed.Price) prop.Quote {
	return prop.Quote{Pair: pair, Bid: bid, Ask: ask}
}

// prices is a batch of the node's own feed, dated now.
func (w *world) prices(quotes ...prop.Quote) error {
	_, err := w.apply(prop.Signed{Command: &prop.ObservePrices{Observed: w.at, Quotes: quotes}})
	return err
}

func (w *world) mustPrices(quotes ...prop.Quote) {
	w.t.Helper()
	if err := w.prices(quotes...); err != nil {
		w.t.Fatalf("prices at %s: %v", w.at, err)
	}
}

// submit sends an order of the account, and gives it its id.
func (w *world) submit(o prop.SubmitOrder) (prop.CommandID, error) {
	o.Account = w.key
	if o.Type == 0 {
		o.Type = prop.Market
	}
	cmd := w.signed(&o, entity)
	_, err := w.apply(cmd)
	return cmd.ID, err
}

func (w *world) mustSubmit(o prop.SubmitOrder) prop.CommandID {
	w.t.Helper()
	id, err := w.submit(o)
	if err != nil {
		w.t.Fatalf("the order at %s: %v", w.at, err)
	}
	return id
}

// verify looks for whatever the state itself can find wrong.
func (w *world) verify() {
	w.t.Helper()
	if err := w.s.Verify(); err != nil {
		w.t.Fatalf("at %s: %v", w.at, err)
	}
}

// trades are the trades of the account in the pair, fills and forced closes, in order.
func (w *world) trades(pair string) (list []prop.Trade) {
	ref, _ := w.s.Pair(pair)
	for _, r := range w.log {
		for _, e := range r.events {
			switch e := e.(type) {
			case *prop.OrderFilled:
				if e.Account == w.account && e.Pair == ref {
					list = append(list, e.Trade)
				}
			case *prop.PositionClosed:
				if e.Account == w.account && e.Pair == ref {
					list = append(list, e.Trade)
				}
			}
		}
	}
	return list
}

// fate is what has become of an order so far.
type fate struct {
	waits     bool
	trigger   *prop.OrderTriggered
	filled    *prop.OrderFilled
	at        prop.Instant // of the fill
	fee       *prop.FeeCharged
	cancelled *prop.OrderCancelled
}

func (w *world) fate(id prop.CommandID) (f fate) {
	for _, r := range w.log {
		for i, e := range r.events {
			switch e := e.(type) {
			case *prop.OrderTriggered:
				if e.Order == id {
					f.trigger = e
				}
			case *prop.OrderFilled:
				if e.Order == id {
					f.filled, f.at = e, r.stamp.At
					if i+1 < len(r.events) {
						f.fee, _ = r.events[i+1].(*prop.FeeCharged) // a fee follows its fill
					}
				}
			case *prop.OrderCancelled:
				if e.Order == id {
					f.cancelled = e
				}
			}
		}
	}
	_, f.waits = w.s.Order(id)
	return f
}

// code is the code of a refusal.
func code(err error) prop.Code {
	var e *prop.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// retryAfter is what a refusal says about when the same would be accepted, in ms as text.
func retryAfter(err error) string {
	var e *prop.Error
	if errors.As(err, &e) {
		for _, kv := range e.Context {
			if kv.Key == prop.RetryAfterKey {
				return kv.Value
			}
		}
	}
	return ""
}
