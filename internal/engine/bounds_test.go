package engine_test

import (
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

// host is an engine's state with a firm E that has so many active accounts, at one instant.
type host struct {
	t   testing.TB
	s   *state.State
	at  prop.Instant
	ids int
}

func newHost(t testing.TB, change func(*prop.Genesis), accounts int) *host {
	h := &host{t: t, s: state.New(), at: epoch}
	g := seedGenesis()
	change(&g)
	h.apply(prop.Signed{Command: &prop.Start{Genesis: g}})
	h.apply(h.sign(&prop.RegisterEntity{Hotkey: key("E"), Coldkey: key("E-cold")}, "E"))
	h.apply(prop.Signed{Command: &prop.ObserveCollateral{Entity: key("E"), Deposited: fixed.Theta(accounts) * g.RuleSets[0].Lock}})
	for i := range prop.EffectID(accounts) {
		h.apply(h.sign(&prop.CreateSubaccount{Entity: key("E"), Class: "crypto"}, "E"))
		h.apply(prop.Signed{Command: &prop.RecordSubmission{Effect: i + 1}})
		h.apply(prop.Signed{Command: &prop.CompleteEffect{Effect: i + 1, OK: true}})
	}
	return h
}

func (h *host) sign(cmd prop.Command, by string) prop.Signed {
	h.ids++
	return signed(h.t, cmd, key(by), prop.NewCommandID(h.at, [10]byte{7: byte(h.ids >> 16), 8: byte(h.ids >> 8), 9: byte(h.ids)}))
}

func (h *host) apply(cmd prop.Signed) engine.Outcome {
	h.t.Helper()
	out, err := engine.Apply(h.s, h.at, cmd)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// prices observes whole dollars: a pair, its price, and so on.
func (h *host) prices(pairs ...any) engine.Outcome {
	h.t.Helper()
	cmd := &prop.ObservePrices{Observed: h.at}
	for i := 0; i < len(pairs); i += 2 {
		price := fixed.Price(pairs[i+1].(int)) * fixed.PriceScale
		cmd.Quotes = append(cmd.Quotes, prop.Quote{Pair: pairs[i].(string), Bid: price, Ask: price})
	}
	return h.apply(prop.Signed{Command: cmd})
}

// TestEliminationsAreBounded: 300 accounts breach on one batch and 300 more miss their deadline.
// No record eliminates more than prop.MaxEliminations, and the ticks that are due finish all.
func TestEliminationsAreBounded(t *testing.T) {
	const accounts = 300
	h := newHost(t, func(g *prop.Genesis) { g.RuleSets[0].MaxAccounts = 2 * accounts }, 2*accounts)
	s := h.s
	h.prices("BTCUSD", 100)
	for i := range uint32(accounts) {
		h.apply(h.sign(&prop.SubmitOrder{Account: prop.AccountKey{Entity: key("E"), ID: 2 * i}, Pair: "BTCUSD", Type: prop.Market, Side: prop.Long, Leverage: fixed.RatioScale}, "E"))
	}
	h.prices("BTCUSD", 100)
	finish := func(at prop.Instant, wantTicks int) {
		gone, ticks := 0, 0
		dueTicks(s, at, func(_ prop.Instant, out engine.Outcome, err error) {
			if err != nil {
				t.Fatal(err)
			}
			ticks++
			if n := count[*prop.AccountEliminated](out); n > prop.MaxEliminations {
				t.Errorf("record %d eliminates %d", out.Stamp.Seq, n)
			} else {
				gone += n
			}
		})
		if gone != accounts || ticks != wantTicks {
			t.Errorf("%d of %d eliminated in %d ticks", gone, accounts, ticks)
		}
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
	}
	if n := count[*prop.AccountsFrozen](h.prices("BTCUSD", 90)); n != 1 || len(s.Frozen()) != accounts {
		t.Errorf("%d frozen by %d events", len(s.Frozen()), n)
	}
	finish(epoch, 2)
	finish(epoch+90*dayMs+1, 4) // freeze and eliminate, twice
}

// TestFillsAreBounded: no record fills more than prop.MaxFills orders, and the others come next. Orders that
// may not fill for the time being take nobody's place.
func TestFillsAreBounded(t *testing.T) {
	const accounts, each = 5, 1_000
	h := newHost(t, func(g *prop.Genesis) { g.RuleSets[0].MaxResting, g.RuleSets[0].MaxAccounts = each, accounts+1 }, accounts+1)
	h.prices("BTCUSD", 100, "ETHUSD", 100)
	order := func(account uint32, o prop.SubmitOrder) {
		o.Account = prop.AccountKey{Entity: key("E"), ID: account}
		h.apply(h.sign(&o, "E"))
	}
	for i := range uint32(accounts * each) {
		order(i%accounts, prop.SubmitOrder{Pair: "ETHUSD", Type: prop.Limit, Side: prop.Long, Value: usd, LimitPrice: 90 * fixed.PriceScale})
	}
	order(accounts, prop.SubmitOrder{Pair: "BTCUSD", Type: prop.Market, Side: prop.Long, Leverage: fixed.RatioScale})
	h.apply(h.sign(&prop.SetPairState{Pair: "ETHUSD", State: prop.Halted}, "R"))
	if n := count[*prop.OrderFilled](h.prices("BTCUSD", 100, "ETHUSD", 80)); n != 1 {
		t.Errorf("%d fills beside %d orders that must wait", n, accounts*each)
	}
	h.apply(h.sign(&prop.SetPairState{Pair: "ETHUSD", State: prop.Tradable}, "R"))
	order(accounts, prop.SubmitOrder{Pair: "BTCUSD", Type: prop.Market, Side: prop.Flat})
	for _, want := range []int{prop.MaxFills, accounts*each + 1 - prop.MaxFills, 0} {
		if n := count[*prop.OrderFilled](h.prices("BTCUSD", 100, "ETHUSD", 80)); n != want {
			t.Errorf("%d fills, want %d", n, want)
		}
	}
	if err := h.s.Verify(); err != nil {
		t.Error(err)
	}
}

func count[T prop.Event](out engine.Outcome) (n int) {
	for _, e := range out.Events {
		if _, ok := e.(T); ok {
			n++
		}
	}
	return n
}
