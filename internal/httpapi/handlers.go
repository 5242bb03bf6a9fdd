package httpapi

import (
	"errors"
	"io"
	"net/http"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/whatif"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// dryRun tries an order on a copy of its account.
func (s *server) dryRun(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, prop.MaxCommandBytes))
	if err != nil {
		writeProblem(w, prop.Refuse(prop.BodyTooLarge, "the body has too many bytes"))
		return
	}
	decoded, err := request.Decode(&prop.Envelope{Path: request.PathOrders, Body: body})
	if err != nil {
		writeProblem(w, err)
		return
	}
	order := decoded.Command.(*prop.SubmitOrder) // what that path decodes to
	tried, err := s.View.Copy(order.Account)
	if err != nil {
		writeProblem(w, err)
		return
	}
	out := api.DryRun{AsOf: api.AsOf(tried.AsOf())}
	result, err := whatif.Order(tried.State(), s.Node.Now(), order)
	if err != nil {
		out.Refused = problem(err)
		writeJSON(w, http.StatusOK, "application/json", out)
		return
	}
	if out.Fills = result.Fills; result.Fills {
		t := result.Trade
		out.Fill = &api.Fill{
			Seq: out.AsOf.Seq, At: out.AsOf.At, Quoted: t.Quoted, Slippage: t.Slippage, Price: t.Price, Quantity: t.Quantity, Value: t.Value,
			Realised: t.Realised, Fee: result.Fee, NotTraded: result.NotTraded, QuotesSeq: out.AsOf.Seq,
		}
	}
	if result.Cancelled != 0 {
		out.Cancelled = result.Cancelled.String()
	}
	if a, _, err := tried.Account(order.Account); err == nil {
		after := accountJSON(a)
		out.Account = &after
	}
	writeJSON(w, http.StatusOK, "application/json", out)
}

// submit takes any signed call: size, envelope, then the node, which verifies, decides and makes
// it durable.
func (s *server) submit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, request.MaxBody(r.URL.Path)))
	if err != nil {
		refusal := prop.Refuse(prop.InvalidJSON, "the body could not be read")
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			refusal = prop.Refuse(prop.BodyTooLarge, "the body has too many bytes")
		}
		writeProblem(w, refusal)
		return
	}
	envelope, err := request.Parse(r.Header.Get, r.URL.Path, body)
	if err != nil {
		s.Metrics.refused(err)
		writeProblem(w, err)
		return
	}
	proof, err := s.Node.Submit(r.Context(), &envelope)
	if err != nil {
		s.Metrics.refused(err)
		s.logInternal(err)
		writeProblem(w, err)
		return
	}
	writeJSON(w, http.StatusOK, "application/json", s.commandJSON(proof))
}

// logInternal keeps what a client must not see.
func (s *server) logInternal(err error) {
	var refusal *prop.Error
	if !errors.As(err, &refusal) {
		s.Log.Error("call failed", "error", err)
	}
}

func (s *server) commandJSON(p wire.Proof) api.Command {
	g := s.Node.Genesis()
	c := api.Command{
		Seq: p.Record.Seq, At: p.Record.At, Duplicate: p.Duplicate, Record: s.View.Render(&p.Record),
		Receipt: api.Receipt{
			Network: g.Network, Origin: g.Origin, Header: prop.Hex(p.Receipt.Header), Signature: p.Receipt.Signature, Index: p.Receipt.Index,
			Path: append([]prop.Hash{}, p.Receipt.Path...), Record: p.Receipt.Record,
		},
	}
	if p.Record.Envelope != nil {
		c.ID = p.Record.Envelope.ID
	}
	return c
}

func (s *server) time(*struct{}) (api.Time, error) {
	g := s.Node.Genesis()
	return api.Time{Now: s.Node.Now(), Network: g.Network, Origin: g.Origin, AuthWindowMs: g.AuthWindowMs, Version: s.Version}, nil
}

type byID struct {
	ID string `path:"id"`
}

func (s *server) command(in *byID) (api.Command, error) {
	id, err := prop.ParseCommandID(in.ID)
	if err != nil {
		return api.Command{}, err
	}
	seq, ok := s.View.CommandSeq(id)
	if !ok {
		return api.Command{}, prop.Refuse(prop.NotFound, "the journal has no such command; a refused one leaves no trace", prop.KV{Key: "id", Value: in.ID})
	}
	proof, err := s.Node.Find(seq)
	if err != nil {
		return api.Command{}, err
	}
	return s.commandJSON(proof), nil
}

func (s *server) entities(*struct{}) (api.EntityList, error) {
	all, asOf := s.View.Entities()
	return api.EntityList{AsOf: api.AsOf(asOf), Entities: each(all, entityJSON)}, nil
}

type byHotkey struct {
	Hotkey string `path:"hotkey"`
}

func (s *server) entity(in *byHotkey) (api.EntityAnswer, error) {
	k, err := prop.ParseHotkey(in.Hotkey)
	if err != nil {
		return api.EntityAnswer{}, err
	}
	e, asOf, err := s.View.Entity(k)
	return api.EntityAnswer{AsOf: api.AsOf(asOf), Entity: entityJSON(e)}, err
}

type subaccountPage struct {
	Hotkey string `path:"hotkey"`
	From   int    `query:"from" minimum:"0" default:"0" doc:"number of the first account"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"500"`
}

func (s *server) subaccounts(in *subaccountPage) (api.AccountList, error) {
	k, err := prop.ParseHotkey(in.Hotkey)
	if err != nil {
		return api.AccountList{}, err
	}
	all, asOf, err := s.View.Accounts(k, in.From, min(in.Limit, maxPage))
	return api.AccountList{AsOf: api.AsOf(asOf), Accounts: each(all, accountJSON)}, err
}

type byAccount struct {
	Account string `path:"account"`
}

func (s *server) account(in *byAccount) (api.AccountAnswer, error) {
	k, err := prop.ParseAccountKey(in.Account)
	if err != nil {
		return api.AccountAnswer{}, err
	}
	a, asOf, err := s.View.Account(k)
	return api.AccountAnswer{AsOf: api.AsOf(asOf), Account: accountJSON(a)}, err
}

type orderPage struct {
	Account string `path:"account"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *server) orders(in *orderPage) (api.OrderList, error) {
	k, err := prop.ParseAccountKey(in.Account)
	if err != nil {
		return api.OrderList{}, err
	}
	all, asOf, err := s.View.Orders(k, min(in.Limit, maxPage))
	return api.OrderList{AsOf: api.AsOf(asOf), Orders: each(all, orderJSON)}, err
}

func (s *server) order(in *byID) (api.OrderAnswer, error) {
	id, err := prop.ParseCommandID(in.ID)
	if err != nil {
		return api.OrderAnswer{}, err
	}
	o, asOf, err := s.View.Order(id)
	return api.OrderAnswer{AsOf: api.AsOf(asOf), Order: orderJSON(o)}, err
}

type page struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *server) eliminations(in *page) (api.EliminationList, error) {
	all, asOf := s.View.Eliminations(min(in.Limit, maxPage))
	return api.EliminationList{AsOf: api.AsOf(asOf), Eliminations: each(all, eliminationJSON)}, nil
}

func (s *server) prices(*struct{}) (api.PriceList, error) {
	now := s.Node.Now()
	all, asOf := s.View.Prices(now)
	out := api.PriceList{AsOf: api.AsOf(asOf), Prices: []api.Price{}}
	for _, p := range all {
		out.Prices = append(out.Prices, priceJSON(p, now))
	}
	return out, nil
}

func (s *server) roots(*struct{}) (api.Roots, error) {
	r, asOf := s.View.RecordedRoot()
	return api.Roots{AtSeq: r.AtSeq, RecordSeq: r.RecordSeq, Registry: r.Registry, Trading: r.Trading, AsOf: api.AsOf(asOf)}, nil
}
