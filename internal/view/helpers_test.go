package view_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

const (
	network = "testnet-1"
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	second  = 1_000
	percent = fixed.RatioScale / 100
	lock    = 1_000 * fixed.ThetaScale
)

var (
	origin  = wire.NewRepeatableKey([32]byte{1})
	firm    = wire.NewRepeatableKey([32]byte{2})
	account = prop.AccountKey{Entity: firm.Public()}
)

// genesis has two pairs, a target of 3 %, a drawdown of 6 % from the peak and an hour of time.
func genesis() prop.Genesis {
	pair := prop.Pair{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: 5 * fixed.RatioScale}
	other := pair
	other.ID, other.Base = "ETHUSD", "ETH"
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent, TimeLimitMs: 3_600 * second}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GE}
	return prop.Genesis{
		Network: network, Origin: origin.Public(), AuthWindowMs: 30 * second, DefaultRules: "seed", Pairs: []prop.Pair{pair, other},
		Operators: []prop.Operator{{Key: firm.Public(), Roles: []prop.Role{prop.RiskRole}}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 500, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}},
			FillDelayBatches: 1, MaxPriceAgeMs: 3_600 * second, Phases: []prop.Phase{challenge, funded},
			Miner: prop.MinerRules{USDPerTheta: 500 * fixed.USDScale, MinTheta: 300 * fixed.ThetaScale, MaxTheta: 1000 * fixed.ThetaScale},
		}},
	}
}

// world is the engine's own state beside a view that sees its records.
type world struct {
	state   *state.State
	view    *view.View
	at      prop.Instant
	ids     uint64
	records []prop.Record
}

func newWorld(t fataler) *world {
	w := &world{state: state.New(), view: view.New(), at: epoch}
	w.own(t, &prop.Start{Genesis: genesis()})
	return w
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// envelope is a call with a new id as of now. Its signature is not looked at here.
func (w *world) envelope(path string, body any) *prop.Envelope {
	raw, _ := json.Marshal(body) // plain values always encode
	w.ids++
	var unique [10]byte
	binary.BigEndian.PutUint64(unique[2:], w.ids)
	return &prop.Envelope{Network: network, Path: path, ID: prop.NewCommandID(w.at, unique), Time: w.at, Signer: firm.Public(), Body: raw}
}

// call decides a signed call; a refusal is no fault.
func (w *world) call(t fataler, path string, body any) prop.CommandID {
	t.Helper()
	return w.callAs(t, firm.Public(), path, body)
}

func (w *world) callAs(t fataler, signer prop.Hotkey, path string, body any) prop.CommandID {
	t.Helper()
	e := w.envelope(path, body)
	e.Signer = signer
	cmd, err := request.Decode(e)
	if err == nil {
		err = w.apply(cmd, e)
	}
	if err != nil && !errors.As(err, new(*prop.Error)) {
		t.Fatalf("%s: %v", path, err)
	}
	return e.ID
}

// own decides a command of the node's own.
func (w *world) own(t fataler, cmd prop.Command) {
	t.Helper()
	if err := w.apply(prop.Signed{Command: cmd}, nil); err != nil && !errors.As(err, new(*prop.Error)) {
		t.Fatalf("%T: %v", cmd, err)
	}
}

func (w *world) apply(cmd prop.Signed, e *prop.Envelope) error {
	out, err := engine.Apply(w.state, w.at, cmd)
	if err != nil || len(out.Events) == 0 {
		return err
	}
	r := prop.Record{Seq: out.Stamp.Seq, At: out.Stamp.At, Envelope: e, Command: cmd.Command, Events: out.Events}
	w.records = append(w.records, r)
	w.view.Publish(nil, []prop.Record{r})
	return nil
}

// effects ends all open effects.
func (w *world) effects(t fataler, ok bool) {
	t.Helper()
	for len(w.state.OpenEffects()) > 0 {
		id := w.state.OpenEffects()[0]
		w.own(t, &prop.RecordSubmission{Effect: id, TxHash: prop.Hash{1}})
		w.own(t, &prop.CompleteEffect{Effect: id, OK: ok, Detail: "done"})
	}
}

// ticks does what is due.
func (w *world) ticks(t fataler) {
	t.Helper()
	for wake, due := engine.NextWake(w.state); due && wake <= w.at; wake, due = engine.NextWake(w.state) {
		w.own(t, new(prop.Tick))
	}
}

// prices is a batch of the first pair, in dollars, a second later; the second pair costs a tenth.
func (w *world) prices(t fataler, dollars int64) {
	t.Helper()
	w.at += second
	p := fixed.Price(dollars) * fixed.PriceScale
	w.own(t, &prop.ObservePrices{Observed: w.at, Quotes: []prop.Quote{
		{Pair: "BTCUSD", Bid: p, Ask: p}, {Pair: "ETHUSD", Bid: p / 10, Ask: p / 10},
	}})
	w.ticks(t)
}

func order(id uint32, pair, side string, leverage fixed.Ratio) api.SubmitOrder {
	o := api.SubmitOrder{Account: prop.AccountKey{Entity: firm.Public(), ID: id}, Pair: pair, Side: side}
	if leverage != 0 {
		o.Leverage = &leverage
	}
	return o
}

// founded is a world with a firm of n accounts and prices of 100 and 10 dollars.
func founded(t fataler, n int) *world {
	t.Helper()
	w := newWorld(t)
	w.call(t, request.PathEntities, api.RegisterEntity{Hotkey: firm.Public(), Coldkey: prop.Hotkey{9}})
	w.own(t, &prop.ObserveCollateral{Entity: firm.Public(), Deposited: fixed.Theta(n) * lock})
	for range n {
		w.call(t, request.PathSubaccounts, api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	}
	w.effects(t, true)
	w.prices(t, 100)
	return w
}
