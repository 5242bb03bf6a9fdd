package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/prop"
)

// refused checks that err is the node's refusal with the code.
func refused(t *testing.T, what string, err error, code prop.Code) {
	t.Helper()
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != int(code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// TestLostAnswer: the call was taken and its answer lost; the retry brings the first receipt.
func TestLostAnswer(t *testing.T) {
	s := serve(t)
	s.firstCall(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // closes the connection
	})
	c, err := s.client.RegisterEntity(t.Context(), firm, prop.Hotkey{9})
	if c = taken(t, c, err); !c.Duplicate || c.Seq != 2 || s.calls.Load() != 2 {
		t.Errorf("record %d, duplicate %t, after %d calls", c.Seq, c.Duplicate, s.calls.Load())
	}
}

// TestLostCall: the call never arrived; the retry is the first that does.
func TestLostCall(t *testing.T) {
	s := serve(t)
	s.firstCall(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
	c, err := s.client.RegisterEntity(t.Context(), firm, prop.Hotkey{9})
	if c = taken(t, c, err); c.Duplicate || s.calls.Load() != 2 {
		t.Errorf("duplicate %t, after %d calls", c.Duplicate, s.calls.Load())
	}
}

// TestBusyNode: a node that has no time, or stands behind a proxy that has none, is asked again
// with the same bytes.
func TestBusyNode(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"busy": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, `{"title":"busy","status":503,"code":%d}`, prop.Busy)
		},
		"a proxy": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html>")
		},
	} {
		s := serve(t)
		var first string
		s.firstCall(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			first = r.Header.Get(request.HeaderSignature)
			answer(w, r)
		})
		c, err := s.client.RegisterEntity(t.Context(), firm, prop.Hotkey{9})
		c = taken(t, c, err)
		record, err := client.VerifyReceipt(c.Receipt, network, origin.Public())
		if err != nil {
			t.Fatal(err)
		}
		if sig, _ := record.Envelope.Signature.MarshalText(); string(sig) != first || s.calls.Load() != 2 {
			t.Errorf("%s: signed anew, or %d calls", name, s.calls.Load())
		}
	}
}

// TestSignAgain: a node that has restarted asks for a newer signature of the same command.
func TestSignAgain(t *testing.T) {
	s := serve(t)
	c, err := s.client.RegisterEntity(t.Context(), firm, prop.Hotkey{9})
	known := taken(t, c, err)
	e, err := s.client.Sign(t.Context(), firm, request.PathSubaccounts, api.CreateSubaccount{Entity: firm.Public(), Class: "crypto"})
	if err != nil {
		t.Fatal(err)
	}
	s.own(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock})
	s.stop()
	s.open()
	c, err = s.client.Send(t.Context(), firm, e)
	if c = taken(t, c, err); c.ID != e.ID || c.Duplicate {
		t.Errorf("%s was taken for %s, duplicate %t", c.ID, e.ID, c.Duplicate)
	}
	s.settle()
	again, err := s.client.Command(t.Context(), known.ID)
	if again = taken(t, again, err); again.Seq != known.Seq {
		t.Errorf("the command of record %d is in record %d after the restart", known.Seq, again.Seq)
	}
}

// TestNotYet: what the node cannot know yet is asked again with the same id until it does.
func TestNotYet(t *testing.T) {
	s := serve(t)
	c, err := s.client.RegisterEntity(t.Context(), firm, prop.Hotkey{9})
	taken(t, c, err)
	s.firstCall(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r) // is refused: the deposit has not been read
		s.own(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock})
	})
	c, err = s.client.CreateSubaccount(t.Context(), firm, firm.Public(), "crypto")
	if c = taken(t, c, err); c.Duplicate || s.calls.Load() != 3 {
		t.Errorf("duplicate %t, after %d calls", c.Duplicate, s.calls.Load())
	}
	s.settle()
}

// TestRefusalIsFinal: what the node has refused is not asked again.
func TestRefusalIsFinal(t *testing.T) {
	s := serve(t)
	_, err := s.client.CreateSubaccount(t.Context(), firm, firm.Public(), "crypto")
	refused(t, "an account without an entity", err, prop.EntityNotFound)
	if s.calls.Load() != 1 {
		t.Errorf("%d calls", s.calls.Load())
	}
}

// TestGivesUp: retries end with the context.
func TestGivesUp(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	never := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		if s.calls.Load() == 2 {
			cancel()
		}
		panic(http.ErrAbortHandler)
	}
	s.before.Store(&never)
	if _, err := s.client.RegisterEntity(ctx, firm, prop.Hotkey{9}); !errors.Is(err, context.Canceled) || s.calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, s.calls.Load())
	}
}

// TestVerbs goes once through everything that a client can ask.
func TestVerbs(t *testing.T) {
	s, ctx := serve(t), t.Context()
	var made atomic.Int64
	s.client.NewID = func(at prop.Instant) prop.CommandID { return prop.NewCommandID(at, [10]byte{9: byte(made.Add(1))}) }
	c, err := s.client.RegisterEntity(ctx, firm, prop.Hotkey{9})
	taken(t, c, err)
	s.own(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock})
	c, err = s.client.CreateSubaccount(ctx, firm, firm.Public(), "crypto")
	taken(t, c, err)
	s.settle()
	quotes := []api.Quote{{Pair: "BTCUSD", Bid: 99 * fixed.PriceScale, Ask: 100 * fixed.PriceScale}}
	c, err = s.client.PushPrices(ctx, feeder, quotes)
	taken(t, c, err)
	two := fixed.Ratio(2 * fixed.RatioScale)
	c, err = s.client.SubmitOrder(ctx, firm, api.SubmitOrder{Account: account, Pair: "BTCUSD", Side: "LONG", Leverage: &two})
	order := taken(t, c, err)
	c, err = s.client.PushPrices(ctx, feeder, quotes)
	last := taken(t, c, err)

	check := func(what string, err error, asOf api.AsOf, right bool) {
		t.Helper()
		if err != nil || asOf.Seq != last.Seq || !right {
			t.Errorf("%s: as of %d, right %t, %v", what, asOf.Seq, right, err)
		}
	}
	entities, err := s.client.Entities(ctx)
	check("entities", err, entities.AsOf, len(entities.Entities) == 1 && entities.Entities[0].Slots == 1)
	entity, err := s.client.Entity(ctx, firm.Public())
	check("entity", err, entity.AsOf, entity.Entity.Collateral.Locked == lock)
	subs, err := s.client.Subaccounts(ctx, firm.Public(), 0)
	check("subaccounts", err, subs.AsOf, len(subs.Accounts) == 1)
	subs, err = s.client.Subaccounts(ctx, firm.Public(), 1)
	check("subaccounts after the last", err, subs.AsOf, len(subs.Accounts) == 0)
	one, err := s.client.Account(ctx, account)
	check("account", err, one.AsOf, len(one.Account.Positions) == 1 && one.Account.Positions[0].Entry == 100*fixed.PriceScale)
	orders, err := s.client.Orders(ctx, account)
	check("orders", err, orders.AsOf, len(orders.Orders) == 1 && orders.Orders[0].ID == order.ID)
	filled, err := s.client.Order(ctx, order.ID)
	check("order", err, filled.AsOf, filled.Order.Status == "filled" && filled.Order.Fill.Seq == last.Seq)
	gone, err := s.client.Eliminations(ctx)
	check("eliminations", err, gone.AsOf, len(gone.Eliminations) == 0)
	prices, err := s.client.Prices(ctx)
	check("prices", err, prices.AsOf, len(prices.Prices) == 1 && prices.Prices[0].Bid == 99*fixed.PriceScale)
	roots, err := s.client.Roots(ctx)
	check("roots", err, roots.AsOf, roots.AtSeq != 0 && roots.RecordSeq == roots.AtSeq+1)
	found, err := s.client.Command(ctx, order.ID)
	if found = taken(t, found, err); found.Seq != order.Seq {
		t.Errorf("the command is record %d, its receipt said %d", found.Seq, order.Seq)
	}

	_, err = s.client.Account(ctx, prop.AccountKey{Entity: firm.Public(), ID: 7})
	refused(t, "no such account", err, prop.AccountNotFound)
	_, err = client.New(s.client.Base, "another token").Entities(ctx)
	refused(t, "a wrong token", err, prop.TokenRequired)
	if _, err := client.New("http://127.0.0.1:1", token).Entities(ctx); err == nil {
		t.Error("nobody answered")
	}
}
