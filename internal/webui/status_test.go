package webui_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/webui"
	"github.com/propnet/propnet/prop"
)

const (
	epoch   = prop.Instant(1_767_225_600_000) // 2026-01-01T00:00:00.000Z
	percent = fixed.RatioScale / 100
	lock    = 1_000 * fixed.ThetaScale
)

var firm = prop.Hotkey{1}

// desk decides commands and shows their records to a view.
type desk struct {
	t     *testing.T
	state *state.State
	view  *view.View
	ids   byte
}

func newDesk(t *testing.T, pair string) *desk {
	d := &desk{t: t, state: state.New(), view: view.New()}
	challenge := prop.Phase{Bucket: "challenge", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT, Target: 3 * percent}
	funded := prop.Phase{Bucket: "funded", DrawdownLimit: 6 * percent, DrawdownOp: prop.GT}
	d.do(&prop.Start{Genesis: prop.Genesis{
		Network: "testnet-1", Origin: prop.Hotkey{7}, AuthWindowMs: 30_000, DefaultRules: "seed",
		Pairs: []prop.Pair{{ID: pair, Base: "BTC", Quote: "USD", Class: "crypto", Lot: 1, Multiplier: 1, State: prop.Tradable, MaxLeverage: 5 * fixed.RatioScale}},
		RuleSets: []prop.RuleSet{{
			ID: "seed", AccountSize: 10_000 * fixed.USDScale, Lock: lock, MaxAccounts: 500, MaxResting: 10, Classes: []prop.ClassRules{{Class: "crypto"}}, Slippage: prop.Slippage{Crypto: prop.CryptoSlippage{Multiplier: 1}}, FillDelayBatches: 1, MaxPriceAgeMs: 60_000,
			Phases: []prop.Phase{challenge, funded},
		}},
	}})
	return d
}

func (d *desk) do(cmd prop.Command) {
	d.t.Helper()
	out, err := engine.Apply(d.state, epoch, prop.Signed{Command: cmd, Signer: firm})
	if err != nil {
		d.t.Fatal(err)
	}
	d.publish(cmd, out)
}

func (d *desk) publish(cmd prop.Command, out engine.Outcome) {
	d.view.Publish(nil, []prop.Record{{Seq: out.Stamp.Seq, At: out.Stamp.At, Command: cmd, Events: out.Events}})
}

// open registers the firm with n accounts, of which the first may trade.
func (d *desk) open(n int) {
	d.do(&prop.RegisterEntity{Hotkey: firm, Coldkey: prop.Hotkey{9}})
	d.do(&prop.ObserveCollateral{Entity: firm, Deposited: fixed.Theta(n) * lock})
	for range n {
		d.do(&prop.CreateSubaccount{Entity: firm, Class: "crypto"})
	}
	for i := range min(n, 2) {
		d.do(&prop.RecordSubmission{Effect: prop.EffectID(i + 1)})
		d.do(&prop.CompleteEffect{Effect: prop.EffectID(i + 1), OK: true})
	}
}

func (d *desk) prices(pair string, dollars int64) {
	p := fixed.Price(dollars) * fixed.PriceScale
	d.do(&prop.ObservePrices{Observed: epoch, Quotes: []prop.Quote{{Pair: pair, Bid: p, Ask: p}}})
}

func (d *desk) long(id uint32, pair string, leverage int64) {
	d.t.Helper()
	d.ids++
	cmd := &prop.SubmitOrder{Type: prop.Market, Account: prop.AccountKey{Entity: firm, ID: id}, Pair: pair, Side: prop.Long, Leverage: fixed.Ratio(leverage * fixed.RatioScale)}
	out, err := engine.Apply(d.state, epoch, prop.Signed{Command: cmd, Signer: firm, ID: prop.NewCommandID(epoch, [10]byte{9: d.ids})})
	if err != nil {
		d.t.Fatal(err)
	}
	d.publish(cmd, out)
}

// page is the status page as a browser gets it.
func (d *desk) page(network, version string) string {
	d.t.Helper()
	h, err := webui.Status(d.view, network, version, func() prop.Instant { return 0 })
	if err != nil {
		d.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(d.t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		d.t.Errorf("%d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	wellFormed(d.t, w.Body.String())
	return w.Body.String()
}

// wellFormed checks that what is opened is closed in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	x := xml.NewDecoder(strings.NewReader(page))
	x.Strict, x.AutoClose, x.Entity = false, []string{"meta", "br"}, xml.HTMLEntity
	var open []string
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("</%s> closes %v", e.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) != 0 {
		t.Errorf("%v are not closed", open)
	}
}

func contains(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page does not show %q", part)
		}
	}
}

// TestStatus: accounts, positions and eliminations are shown with the view's figures.
func TestStatus(t *testing.T) {
	d := newDesk(t, "BTCUSD")
	contains(t, d.page("testnet-1", "1.2"), "testnet-1", "1.2", "none")
	d.open(3)
	d.prices("BTCUSD", 100)
	d.long(0, "BTCUSD", 1)
	d.long(1, "BTCUSD", 5)
	d.prices("BTCUSD", 100)
	d.prices("BTCUSD", 98)
	d.do(new(prop.Tick))
	first, second, third := prop.AccountKey{Entity: firm}, prop.AccountKey{Entity: firm, ID: 1}, prop.AccountKey{Entity: firm, ID: 2}
	page := d.page("testnet-1", "1.2")
	contains(t, page, first.String(), second.String(), third.String(),
		`class="active"`, `class="eliminated"`, `class="pending"`, "100 BTCUSD", // the position
		`title="9800"`, "9800.00", // equity of the first
		"400.00", "500.00", // what it can lose, and misses to its target
		"peak_drawdown in challenge", `title="9000"`, "BTCUSD 98", "0.06", // the second's end
		"2026-01-01T00:00:00.000Z")
}

// TestStatusEscapes: a name is text, whatever is in it.
func TestStatusEscapes(t *testing.T) {
	const pair, name = `<img src=x>`, `"><script>alert(1)</script>`
	d := newDesk(t, pair)
	d.open(2)
	d.prices(pair, 100)
	d.long(0, pair, 1)
	d.long(1, pair, 5)
	d.prices(pair, 100)
	d.prices(pair, 98)
	d.do(new(prop.Tick))
	page := d.page(name, name)
	for _, raw := range []string{"<script", "<img", name} {
		if strings.Contains(page, raw) {
			t.Errorf("%q stands in the page as it is", raw)
		}
	}
	contains(t, page, "&lt;script&gt;alert(1)", "&lt;img src=x&gt;")
}

// TestStatusIsBounded: the page stays small however many accounts there are.
func TestStatusIsBounded(t *testing.T) {
	d := newDesk(t, "BTCUSD")
	d.open(300)
	if n := strings.Count(d.page("testnet-1", "1.2"), `title="`+firm.String()); n != 200 {
		t.Errorf("%d accounts are shown", n)
	}
}
