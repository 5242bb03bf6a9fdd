package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/prop"
)

// routes is the list of everything that the server answers.
func (s *server) routes(mux *http.ServeMux, a huma.API) {
	s.post(mux, a, request.PathEntities, "Register an entity", api.RegisterEntity{})
	s.post(mux, a, request.PathMiners, "Register a plain miner: one account, sized by its deposit from the next UTC day on", api.RegisterMiner{})
	s.post(mux, a, request.PathSubaccounts, "Create an entity's next subaccount", api.CreateSubaccount{})
	s.post(mux, a, request.PathOrders, "Submit an order: MARKET, LIMIT or BRACKET", api.SubmitOrder{})
	s.post(mux, a, request.PathCancel, "Cancel one resting order, or all of an account", api.CancelOrder{})
	s.post(mux, a, request.PathPairState, "Halt, resume or narrow a pair (operators with the risk role)", api.SetPairState{})
	s.post(mux, a, request.PathHalts, "Kill switch: halt, resume or flatten an account, a firm, everything (risk role, or a firm its own)", api.Halt{})
	s.post(mux, a, request.PathPrices, "Push a price batch (operators with the feed role)", api.PushPrices{})

	document(a, pathDryRun, "What an order would do on the quotes as they are; nothing changes", "token", api.SubmitOrder{}, api.DryRun{})
	mux.HandleFunc("POST "+pathDryRun, s.dryRun)
	get(s, a, "/v1/time", "Network, origin and time to sign with", s.time)
	get(s, a, "/v1/commands/{id}", "A command by its id, with its receipt", s.command)
	get(s, a, "/v1/entities", "All entities", s.entities)
	get(s, a, "/v1/entities/{hotkey}", "One entity", s.entity)
	get(s, a, "/v1/entities/{hotkey}/subaccounts", "An entity's subaccounts in order of their numbers", s.subaccounts)
	get(s, a, "/v1/accounts/{account}", "One subaccount with its evaluated rules", s.account)
	get(s, a, "/v1/accounts/{account}/orders", "A subaccount's orders, newest first", s.orders)
	get(s, a, "/v1/orders/{id}", "One order", s.order)
	get(s, a, "/v1/eliminations", "Eliminations with their evidence, newest first", s.eliminations)
	get(s, a, "/v1/prices", "All pairs with their last quotes", s.prices)
	get(s, a, "/v1/roots", "The newest recorded state roots", s.roots)

	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, "application/json", "alive") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.Metrics.handler())
	if s.Page != nil {
		mux.Handle("GET /{$}", s.Page)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, prop.Refuse(prop.NotFound, "no such route; see /openapi.json"))
	})
}

type answer[T any] struct{ Body T }

// get registers a read; the token is checked before (guard).
func get[I, T any](s *server, a huma.API, path, summary string, fn func(*I) (T, error)) {
	op := huma.Operation{Method: http.MethodGet, Path: path, Summary: summary, OperationID: operationID(http.MethodGet, path), Errors: []int{400, 401, 404}}
	if !open[path] {
		op.Security = []map[string][]string{{"token": {}}}
	}
	huma.Register(a, op, func(_ context.Context, in *I) (*answer[T], error) {
		body, err := fn(in)
		if err != nil {
			s.logInternal(err)
			return nil, problem(err)
		}
		return &answer[T]{body}, nil
	})
}

// pathDryRun reads, although it is a POST: it needs a token and no signature.
const pathDryRun = request.PathOrders + "/dry-run"

// post registers a signed call. The body is read raw, because the signature covers its bytes; the node
// verifies and decodes it.
func (s *server) post(mux *http.ServeMux, a huma.API, path, summary string, body any) {
	document(a, path, summary, "envelope", body, api.Command{})
	mux.HandleFunc("POST "+path, s.submit)
}

// document adds a POST that reads its body itself to the OpenAPI document.
func document(a huma.API, path, summary, security string, body, answer any) {
	registry := a.OpenAPI().Components.Schemas
	content := func(v any, kind string) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{kind: {Schema: registry.Schema(reflect.TypeOf(v), true, "")}}
	}
	a.OpenAPI().AddOperation(&huma.Operation{
		Method: http.MethodPost, Path: path, Summary: summary, OperationID: operationID(http.MethodPost, path),
		Security:    []map[string][]string{{security: {}}},
		RequestBody: &huma.RequestBody{Required: true, Content: content(body, "application/json")},
		Responses: map[string]*huma.Response{
			"200":     {Description: "done", Content: content(answer, "application/json")},
			"default": {Description: "refused", Content: content(api.Problem{}, "application/problem+json")},
		},
	})
}

func operationID(method, path string) string {
	id := []byte(method)
	for i := range id {
		id[i] |= 0x20
	}
	for _, c := range []byte(path[len("/v1"):]) {
		switch c {
		case '{', '}':
		case '/':
			id = append(id, '-')
		default:
			id = append(id, c)
		}
	}
	return string(id)
}

func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	if !s.Node.Ready() {
		writeProblem(w, prop.Refuse(prop.NotReady, "the loop is not running"))
		return
	}
	writeJSON(w, http.StatusOK, "application/json", "ready")
}
