package audit_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/prop"
)

// markets has what a rule can turn on: two classes, quotes in USD, in a currency with a pair against
// USD and in one that USD has a pair against, lots, weights, and every limit at a low figure.
func markets() prop.Genesis {
	g := genesis()
	const most = 20 * fixed.RatioScale
	crypto := prop.Pair{ID: "BTCUSD", Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, MinLeverage: percent, MaxLeverage: 5 * fixed.RatioScale, Multiplier: 2, State: prop.Tradable}
	forex := prop.Pair{ID: "EURUSD", Base: "EUR", Quote: "USD", Class: "forex", Lot: 100_000, MinLeverage: percent, MaxLeverage: most, Multiplier: 1, State: prop.Tradable}
	g.Pairs = nil
	for _, p := range []struct {
		like        prop.Pair
		base, quote string
	}{{crypto, "BTC", "USD"}, {crypto, "ETH", "USD"}, {forex, "EUR", "CAD"}, {forex, "EUR", "USD"}, {forex, "GBP", "AUD"}, {forex, "USD", "CAD"}, {forex, "AUD", "USD"}} {
		p.like.ID, p.like.Base, p.like.Quote = p.base+p.quote, p.base, p.quote
		g.Pairs = append(g.Pairs, p.like)
	}
	g.Operators = []prop.Operator{{Key: operator, Roles: []prop.Role{prop.FeedRole, prop.RiskRole}}}
	r := &g.RuleSets[0]
	r.Classes = []prop.ClassRules{{Class: "crypto", FeeRate: fixed.RatioScale / 1000, CarryRate: 105_905}, {Class: "forex", CarryRate: 83_446}}
	r.MaxPriceAgeMs, r.MaxOrders, r.MaxResting, r.CooldownMs, r.PortfolioCap = 7_200_000, 2, 5, 1_000, 9*fixed.RatioScale
	r.OrderRate, r.EntityOrderRate = prop.Rate{Count: 4, WindowMs: 20_000}, prop.Rate{Count: 7, WindowMs: 15_000}
	r.Phases[0].TimeLimitMs, r.Phases[0].DrawdownLimit, r.Phases[1].DrawdownLimit = 4*86_400_000, 15*percent, 15*percent
	r.Miner = prop.MinerRules{USDPerTheta: 25 * fixed.USDScale, MinTheta: 300 * fixed.ThetaScale, MaxTheta: 600 * fixed.ThetaScale}
	r.Slippage = prop.Slippage{
		Free: 500 * fixed.USDScale, Cap: fixed.RatioScale / 1000,
		Crypto: prop.CryptoSlippage{Multiplier: 3, Default: 100_000, Pairs: []prop.PairSlippage{{
			Pair: "BTCUSD", Buy: []prop.SlippageStep{{Below: 10_000 * fixed.USDScale, Estimate: 2_253}, {Below: 30_000 * fixed.USDScale, Estimate: 535_787}},
			Sell: []prop.SlippageStep{{Below: 10_000 * fixed.USDScale, Estimate: 1_871}, {Below: 30_000 * fixed.USDScale, Estimate: 31_630}},
		}}},
		Forex: prop.ForexSlippage{Usual: 200_000, Hours: []prop.HourSlippage{{Hour: 17, Rate: 500_000}}},
	}
	return g
}

var (
	operator = prop.Hotkey{7}
	firms    = []prop.Hotkey{{21}, {22}}
	miners   = []prop.Hotkey{{31}, {32}}
)

// history is the engine driven as a node drives it, and the lines that `journal cat` would print.
type history struct {
	t      *testing.T
	random *rand.Rand
	state  *state.State
	view   *view.View
	at     prop.Instant
	lines  bytes.Buffer
	prices []fixed.Price
	ids    []prop.CommandID // of orders, and of the brackets that their fills made
	made   uint64
	seen   map[string]int // events, and the reasons in them
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, random: rand.New(rand.NewPCG(seed, 3)), state: state.New(), view: view.New(), seen: map[string]int{}}
	h.at = prop.Instant(1_772_658_000_000) // Wednesday 2026-03-04, 21:00 UTC; on Sunday the clocks change in New York
	h.do(prop.Hotkey{}, &prop.Start{Genesis: markets()})
	for _, e := range firms {
		h.do(e, &prop.RegisterEntity{Hotkey: e, Coldkey: prop.Hotkey{90 + e[0]}})
		h.do(prop.Hotkey{}, &prop.ObserveCollateral{Entity: e, Deposited: 20 * lock})
		h.open(e, "crypto")
		h.open(e, "forex")
		h.open(e, "forex")
	}
	for i, m := range miners {
		h.do(m, &prop.RegisterMiner{Hotkey: m, Coldkey: m, Class: []string{"crypto", "forex"}[i]})
		h.deposit(m)
	}
	for _, dollars := range []float64{400, 20, 1.5123, 1.1, 1.9111, 1.3748, 0.6571} {
		h.prices = append(h.prices, fixed.Price(dollars*fixed.PriceScale))
	}
	h.quotes(len(h.prices), 0)
	return h
}

// do decides a command, unsigned where there is no signer, and prints what was recorded.
func (h *history) do(signer prop.Hotkey, c prop.Command) error {
	h.t.Helper()
	cmd := prop.Signed{Command: c}
	var e *prop.Envelope
	if signer != (prop.Hotkey{}) {
		h.made++
		var unique [10]byte
		binary.BigEndian.PutUint64(unique[2:], h.made)
		cmd.ID, cmd.Signer = prop.NewCommandID(h.at, unique), signer
		e = &prop.Envelope{ID: cmd.ID, Signer: signer}
	}
	out, err := engine.Apply(h.state, h.at, cmd)
	if err != nil || len(out.Events) == 0 {
		return err
	}
	r := prop.Record{Seq: out.Stamp.Seq, At: out.Stamp.At, Envelope: e, Command: c, Events: out.Events}
	h.view.Publish(nil, []prop.Record{r})
	h.lines.Write(append(h.view.Render(&r), '\n'))
	for _, e := range out.Events {
		h.seen[view.Kind(e)]++
		switch e := e.(type) {
		case *prop.OrderAccepted:
			h.ids = append(h.ids, e.Order)
		case *prop.OrderCancelled:
			h.seen[e.Reason.String()]++
		case *prop.OrderTriggered:
			h.seen[e.Trigger.String()]++
		}
	}
	return nil
}

func (h *history) open(e prop.Hotkey, class string) {
	if h.do(e, &prop.CreateSubaccount{Entity: e, Class: class}) == nil {
		for _, id := range h.state.OpenEffects() {
			_ = h.do(prop.Hotkey{}, &prop.RecordSubmission{Effect: id, TxHash: prop.Hash{1}})
			_ = h.do(prop.Hotkey{}, &prop.CompleteEffect{Effect: id, OK: h.random.IntN(9) != 0})
		}
	}
}

// deposit is one of a miner: too little, or for a size between 7,500 and 15,000 dollars.
func (h *history) deposit(m prop.Hotkey) {
	_ = h.do(prop.Hotkey{}, &prop.ObserveCollateral{Entity: m, Deposited: fixed.Theta(250+h.random.Int64N(9)*50) * fixed.ThetaScale})
}

// wait lets time pass, with the ticks that are due on the way.
func (h *history) wait(ms int64) {
	to := h.at + prop.Instant(ms)
	for {
		wake, due := engine.NextWake(h.state)
		if !due || wake > to {
			break
		}
		h.at = max(wake, h.at)
		if err := h.do(prop.Hotkey{}, new(prop.Tick)); err != nil {
			h.t.Fatal(err)
		}
	}
	h.at = to
}

// quotes moves the prices of some pairs by up to so many parts of a thousand, some not at all.
func (h *history) quotes(pairs int, most float64) {
	c := &prop.ObservePrices{Observed: h.at}
	for _, i := range h.random.Perm(len(h.prices))[:pairs] {
		if h.random.IntN(5) != 0 {
			h.prices[i] += fixed.Price(float64(h.prices[i]) * (h.random.Float64()*2 - 1) * most / 1000)
		}
		spread := fixed.Price(h.random.IntN(3)) * h.prices[i] / 20_000
		c.Quotes = append(c.Quotes, prop.Quote{Pair: h.state.Pairs()[i].ID, Bid: h.prices[i], Ask: h.prices[i] + spread})
	}
	signer := prop.Hotkey{}
	if h.random.IntN(4) == 0 {
		signer = operator
	}
	if err := h.do(signer, c); err != nil {
		h.t.Fatal(err)
	}
}

// account is one that lives, mostly.
func (h *history) account() (prop.AccountKey, string) {
	for {
		a := h.state.Account(prop.AccountRef(h.random.IntN(h.state.Accounts())))
		if a.Status == prop.Active || h.random.IntN(20) == 0 {
			return a.Key, a.Class
		}
	}
}

// near is a price within so many parts of a thousand of the last one; 0 now and then.
func (h *history) near(pair int, most float64) fixed.Price {
	if h.random.IntN(3) == 0 {
		return 0
	}
	return h.prices[pair] + fixed.Price(float64(h.prices[pair])*(h.random.Float64()*2-1)*most/1000)
}

func (h *history) order() {
	who, class := h.account()
	pair := h.random.IntN(2)
	if class == "forex" {
		pair = 2 + h.random.IntN(len(h.prices)-2)
	}
	o := &prop.SubmitOrder{Account: who, Pair: h.state.Pairs()[pair].ID, Type: prop.OrderType(1 + h.random.IntN(3)), Side: prop.Side(1 + h.random.IntN(2))}
	if h.random.IntN(3) != 0 {
		o.Type = prop.Market
	}
	leverage := h.random.Float64() * h.random.Float64() * 5
	if class == "forex" {
		leverage *= 2
	}
	switch value := leverage * 10_000; h.random.IntN(10) {
	case 0: // what comes to one unit now may come to none a moment later
		o.Value = fixed.USD(int64(h.prices[pair])*h.state.Pairs()[pair].Lot/fixed.PriceScale + 1)
	case 1, 2, 3:
		o.Leverage = fixed.Ratio(leverage * fixed.RatioScale)
	case 4, 5, 6:
		o.Value = fixed.USD(value * fixed.USDScale)
	default:
		spec := h.state.Pairs()[pair]
		o.Quantity = fixed.Qty(value / (float64(h.prices[pair]) / fixed.PriceScale) / float64(spec.Lot) * fixed.QtyScale)
	}
	switch {
	case o.Type == prop.Limit:
		o.LimitPrice = h.near(pair, 8)
	case o.Type == prop.Bracket:
		if o.Side = 0; h.random.IntN(2) == 0 {
			o.Leverage, o.Value, o.Quantity = 0, 0, 0
		}
	case h.random.IntN(6) == 0:
		o.Side, o.Leverage, o.Value, o.Quantity = prop.Flat, 0, 0, 0
	}
	if o.Type == prop.Bracket || h.random.IntN(2) == 0 && o.Side != prop.Flat {
		o.StopLoss, o.TakeProfit = h.near(pair, 10), h.near(pair, 10)
	}
	_ = h.do(who.Entity, o)
}

// step does something, that may be refused.
func (h *history) step() {
	switch n := h.random.IntN(40); n {
	case 0:
		h.wait(5 * 3_600_000)
	case 1, 2:
		h.wait(1_800_000)
	default:
		h.wait([]int64{0, 0, 500, 2_000, 5_000, 20_000}[n%6])
	}
	who, class := h.account()
	switch n := h.random.IntN(120); {
	case n < 45:
		h.quotes(1+h.random.IntN(len(h.prices)), 6)
	case n == 45:
		h.quotes(len(h.prices), 40) // a gap
	case n < 108:
		h.order()
	case n < 112:
		c := &prop.CancelOrder{Account: who}
		if open := h.state.OrdersOf(mustRef(h.state, who)); len(open) > 0 && h.random.IntN(4) != 0 {
			c.Order = open[h.random.IntN(len(open))].Order
		}
		_ = h.do(who.Entity, c)
	case n < 114:
		_ = h.do(operator, &prop.SetPairState{Pair: h.state.Pairs()[h.random.IntN(len(h.prices))].ID, State: []prop.PairState{prop.Tradable, prop.Tradable, prop.ReduceOnly, prop.Halted}[h.random.IntN(4)]})
	case n < 116:
		c := &prop.Halt{Halted: h.random.IntN(4) == 0, Flatten: h.random.IntN(4) == 0}
		signer := operator
		switch h.random.IntN(4) {
		case 0:
			c.Entity, signer = who.Entity, who.Entity
		case 1:
			c.Account = who
		case 2:
			c.Account, signer = who, who.Entity
		}
		_ = h.do(signer, c)
	case n == 117:
		h.deposit(miners[h.random.IntN(2)])
	case n == 116:
		h.open(who.Entity, class)
	default:
		registry, trading := h.view.Roots()
		now := h.at
		h.at = h.state.At() // as a node does: no time passes with a root
		_ = h.do(prop.Hotkey{}, &prop.RecordRoot{AtSeq: h.state.Seq(), Registry: registry, Trading: trading})
		h.at = now
	}
	h.wait(0)
}

func mustRef(s *state.State, k prop.AccountKey) prop.AccountRef {
	r, _ := s.AccountRef(k)
	return r
}

// TestJudged: whatever is ordered, cancelled and halted, the program in scripts/verdicts, which
// shares no code with the engine, comes to the same events and the same figures.
func TestJudged(t *testing.T) {
	program := filepath.Join(t.TempDir(), "verdicts")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../scripts/verdicts").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	total, seen := map[string]int{}, map[string]int{}
	for seed := range uint64(30) {
		h := newHistory(t, seed)
		for range 1_500 {
			h.step()
		}
		cmd := exec.CommandContext(t.Context(), program, "-partial")
		cmd.Stdin = bytes.NewReader(h.lines.Bytes())
		var errOut bytes.Buffer
		cmd.Stderr = &errOut
		out, err := cmd.Output()
		var got map[string]int
		if err := errors.Join(err, json.Unmarshal(out, &got)); err != nil || got["mismatches"] != 0 {
			path := filepath.Join(os.TempDir(), "judged.jsonl")
			_ = os.WriteFile(path, h.lines.Bytes(), 0o600)
			t.Fatalf("seed %d: %v\n%s%sthe journal is in %s", seed, err, errOut.Bytes(), out, path)
		}
		for k, n := range got {
			total[k] += n
		}
		for k, n := range h.seen {
			seen[k] += n
		}
	}
	for r := prop.Reason(1); r.String()[0] != 'u'; r++ {
		if r != prop.PeakDrawdown && r != prop.TimeLimit && seen[r.String()] == 0 {
			t.Errorf("no order was cancelled for %s", r)
		}
	}
	for _, what := range []string{"limit", "stop_loss", "take_profit", "pair_state_changed", "halt_changed", "size_scheduled", "account_sized"} {
		if seen[what] == 0 {
			t.Errorf("there was no %s", what)
		}
	}
	for _, what := range []string{"fills", "triggers", "cancels", "carries", "passes", "eliminations"} {
		if total[what] == 0 {
			t.Errorf("there were no %s", what)
		}
	}
	t.Logf("judged: %v; seen: %v", total, seen)
}
