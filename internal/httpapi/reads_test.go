package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/httpapi"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// document is what these tests read of the OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		Security []map[string][]string `json:"security"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]schema `json:"properties"`
		} `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Type                 any     `json:"type"` // a name or several
	AdditionalProperties any     `json:"additionalProperties"`
	Items                *schema `json:"items"`
}

// openPaths may be read by anyone: they say nothing about anyone's money.
var openPaths = []string{"/livez", "/readyz", "/v1/time", "/openapi.json"}

// example fills a path's parameters with what the traded firm has.
func (r *rig) example(path string) string {
	return strings.NewReplacer("{id}", r.last.String(), "{hotkey}", firm.Public().String(), "{account}", account.String()).Replace(path)
}

// TestEveryRouteHasAPolicy walks the OpenAPI document: a route is signed, or needs a token, or is
// open, and does what the document says.
func TestEveryRouteHasAPolicy(t *testing.T) {
	r := serve(t).run()
	r.trade()
	doc := decode[document](t, r.send(r.request(http.MethodGet, "/openapi.json", nil)))
	routes := 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method, op := range doc.Paths[path] {
			routes++
			what, signed, token := method+" "+path, false, false
			for _, s := range op.Security {
				_, a := s["envelope"]
				_, b := s["token"]
				signed, token = signed || a, token || b
			}
			switch {
			case method == "post" && signed && !token:
				problem(t, what, r.send(r.request(http.MethodPost, path, nil)), prop.Unsigned)
			case path == "/v1/orders/dry-run" && method == "post" && token && !signed:
				if a := r.send(r.request(http.MethodPost, path, []byte("{}"))); a.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s without a token: %d", what, a.StatusCode)
				}
			case method == "get" && token && !signed:
				url := r.example(path)
				r.needsToken(url)
				if a := r.get(url); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%s: %d %s", what, a.StatusCode, a.body)
				} else {
					hygiene(t, what, a)
				}
			case method == "get" && len(op.Security) == 0 && slices.Contains(openPaths, path):
			default:
				t.Errorf("%s has no policy: %v", what, op.Security)
			}
		}
	}
	if routes != 20 {
		t.Errorf("%d routes in the document, 20 known here", routes)
	}
	for _, path := range openPaths {
		a := r.send(r.request(http.MethodGet, path, nil))
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
		hygiene(t, path, a)
	}
	for _, path := range []string{"/", "/metrics", "/openapi.yaml", "/openapi-3.0.json", "/debug/pprof/", "/docs", "/nothing", "/v1/entities/../time", "//v1/time", "/V1/TIME", "/livez/"} {
		r.needsToken(path)
	}
}

func (r *rig) needsToken(path string) {
	r.t.Helper()
	for _, h := range []string{"", "Bearer", "Bearer ", "Bearer " + token + "x", "Bearer " + token[:5], "Basic " + token, token} {
		req := r.request(http.MethodGet, path, nil)
		if h != "" {
			req.Header.Set("Authorization", h)
		}
		a := r.send(req)
		problem(r.t, fmt.Sprintf("%s with %q", path, h), a, prop.TokenRequired)
		if a.Header.Get("WWW-Authenticate") == "" {
			r.t.Errorf("%s does not say how to authenticate", path)
		}
	}
}

// TestPage: a browser cannot send the header, so the page alone takes the token from its query.
func TestPage(t *testing.T) {
	r := serve(t).run()
	page := r.send(r.request(http.MethodGet, "/?token="+token, nil))
	if page.StatusCode != http.StatusOK || !bytes.Contains(page.body, []byte("<!doctype html>")) {
		t.Errorf("%d %.100s", page.StatusCode, page.body)
	}
	hygiene(t, "the page", page)
	problem(t, "a read", r.send(r.request(http.MethodGet, "/v1/entities?token="+token, nil)), prop.TokenRequired)
}

// TestOtherMethods: nothing but GET, HEAD and POST is a route, and nothing is overridden.
func TestOtherMethods(t *testing.T) {
	r := serve(t).run()
	before := r.journal.Head()
	for _, path := range append(slices.Clone(paths), "/v1/roots", "/livez", "/nothing") {
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "PROPFIND"} {
			call := r.sign(firm, request.PathEntities, registration)
			req := r.call(call)
			req.Method, req.URL.Path = method, path
			req.Header.Set("Authorization", "Bearer "+token)
			problem(t, method+" "+path, r.send(req), prop.NotFound)
		}
	}
	for _, path := range []string{"/v1/subaccounts", "/v1/orders"} { // are only written to
		problem(t, "GET "+path, r.get(path), prop.NotFound)
	}
	for _, path := range []string{"/v1/roots", "/v1/time", "/nothing"} { // are only read
		problem(t, "POST "+path, r.send(r.request(http.MethodPost, path, nil)), prop.NotFound)
	}
	for _, h := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
		req := r.call(r.sign(firm, request.PathEntities, registration))
		req.Method = http.MethodGet
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set(h, http.MethodPost)
		if a := r.send(req); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", h, a.StatusCode, a.body)
		}
	}
	head := r.request(http.MethodHead, "/v1/entities", nil)
	if a := r.send(head); a.StatusCode != http.StatusUnauthorized || len(a.body) != 0 {
		t.Errorf("HEAD without a token: %d %s", a.StatusCode, a.body)
	}
	if r.journal.Head() != before {
		t.Error("one of them was journaled")
	}
}

// TestBadReads: what cannot be found or read is refused in the one form.
func TestBadReads(t *testing.T) {
	r := serve(t).run()
	r.trade()
	stranger, unknown := wire.NewKey([32]byte{99}).Public().String(), prop.NewCommandID(epoch, [10]byte{99}).String()
	for _, c := range []struct {
		path string
		code prop.Code
	}{
		{"/nothing", prop.NotFound},
		{"/v1/", prop.NotFound},
		{"/v1/entities/", prop.NotFound},
		{"/v1/entities/" + stranger, prop.EntityNotFound},
		{"/v1/entities/" + stranger + "/subaccounts", prop.EntityNotFound},
		{"/v1/entities/" + stranger[1:], prop.InvalidHotkey},
		{"/v1/entities/%00", prop.InvalidHotkey},
		{"/v1/accounts/" + stranger + "_0", prop.AccountNotFound},
		{"/v1/accounts/" + firm.Public().String() + "_9", prop.AccountNotFound},
		{"/v1/accounts/" + firm.Public().String() + "_01", prop.InvalidAccount},
		{"/v1/accounts/" + stranger + "_0/orders", prop.AccountNotFound},
		{"/v1/orders/" + unknown, prop.NotFound},
		{"/v1/orders/" + strings.ToUpper(unknown), prop.InvalidID},
		{"/v1/commands/" + unknown, prop.NotFound},
		{"/v1/commands/1", prop.InvalidID},
		{"/v1/eliminations?limit=0", prop.InvalidField},
		{"/v1/eliminations?limit=1001", prop.InvalidField},
		{"/v1/eliminations?limit=1e3", prop.InvalidField},
		{"/v1/eliminations?limit=99999999999999999999", prop.InvalidField},
		{"/v1/entities/" + firm.Public().String() + "/subaccounts?from=-1", prop.InvalidField},
		{"/v1/prices?x=" + strings.Repeat("x", 2<<10), prop.InvalidField},
	} {
		problem(t, c.path, r.get(c.path), c.code)
	}
	if a := r.get("/v1/entities/" + firm.Public().String() + "/subaccounts?from=7"); !bytes.Contains(a.body, []byte(`"accounts":[]`)) {
		t.Errorf("after the last account: %s", a.body)
	}
	huge := r.request(http.MethodGet, "/v1/prices", nil)
	huge.Header.Set("Authorization", "Bearer "+token)
	huge.Header.Set("X-Padding", strings.Repeat("x", 32<<10))
	if a := r.send(huge); a.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("32 KiB of headers: %d", a.StatusCode)
	}
}

// TestInternalErrorsStayInside: their text is in the log and not in the answer.
func TestInternalErrorsStayInside(t *testing.T) {
	r := serve(t).run()
	id := r.post(firm, request.PathEntities, registration).ID
	r.journal.Close() // nothing can be read from it now
	a := r.get("/v1/commands/" + id.String())
	problem(t, "a read", a, prop.Internal)
	if bytes.Contains(a.body, []byte("closed")) {
		t.Errorf("the answer tells the cause: %s", a.body)
	}
	if !strings.Contains(r.log.String(), "file already closed") {
		t.Errorf("the log does not tell the cause: %s", r.log)
	}
}

// TestReady: the node is ready while its loop runs, and alive as long as it answers.
func TestReady(t *testing.T) {
	r := serve(t)
	ready := func() answer { return r.send(r.request(http.MethodGet, "/readyz", nil)) }
	waits := func(when string) {
		t.Helper()
		for what, a := range map[string]answer{
			"readiness": ready(), "a call": r.send(r.call(r.sign(firm, request.PathEntities, registration))),
		} {
			problem(t, what+" "+when, a, prop.NotReady)
			if a.Header.Get("Retry-After") == "" {
				t.Errorf("%s %s does not say when to come again", what, when)
			}
		}
		if a := r.send(r.request(http.MethodGet, "/livez", nil)); a.StatusCode != http.StatusOK {
			t.Errorf("alive %s: %d", when, a.StatusCode)
		}
	}
	waits("before the loop")
	r.run()
	if a := ready(); a.StatusCode != http.StatusOK {
		t.Errorf("with the loop: %d", a.StatusCode)
	}
	r.stop()
	waits("after the loop")
}

// TestMetricsCountTheJournal: what is counted is what was journaled since the start, and what was
// refused.
func TestMetricsCountTheJournal(t *testing.T) {
	r := serve(t).run()
	r.trade()
	r.send(r.request(http.MethodPost, request.PathOrders, nil))
	r.send(r.call(r.sign(feeder, request.PathSubaccounts, creation)))
	r.stop() // now every block has been counted
	want, nblocks, nrecords := map[string]int{}, 0, 0
	err := r.journal.Read(2, func(b *wire.Block) error {
		nblocks++
		for _, raw := range b.Records {
			record, err := request.Record(raw)
			if err != nil {
				return err
			}
			nrecords++
			for _, e := range record.Events {
				want[`propnet_events_total{kind="`+view.Kind(e)+`"}`]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want["propnet_blocks_total"], want["propnet_records_total"] = nblocks, nrecords
	want["propnet_last_sequence"] = int(r.journal.Head().LastSeq)
	want[`propnet_refusals_total{code="unsigned"}`], want[`propnet_refusals_total{code="not_owner"}`] = 1, 1
	want["propnet_commit_seconds_count"] = nblocks
	got, lines := map[string]int{}, bufio.NewScanner(bytes.NewReader(r.get("/metrics").body))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if _, counted := want[name]; counted || strings.HasPrefix(name, "propnet_events_total") || strings.HasPrefix(name, "propnet_refusals_total") {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			got[name] = int(n)
		}
		if strings.Contains(name, firm.Public().String()) {
			t.Errorf("a label names a firm: %s", name)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("metrics %v\njournal %v", got, want)
	}
}

// counts are the names in JSON that are whole numbers; all other figures are decimal strings.
var counts = []string{
	"seq", "peak_seq", "anchor_seq", "quotes_seq", "at_seq", "record_seq", "index", "code", "status", "slots", "waiting_orders",
	"resting_orders", "lot", "multiplier", "auth_window_ms", "age_ms", "by_status", "by_bucket",
}

// TestMoneyIsText: a float would lose digits on the way, so no figure of money, price or quantity
// is a number in JSON, neither by the document nor in what is answered.
func TestMoneyIsText(t *testing.T) {
	r := serve(t).run()
	r.trade()
	raw, err := httpapi.OpenAPI("test")
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for name, s := range doc.Components.Schemas {
		for field, p := range s.Properties {
			kinds := fmt.Sprint(p.Type, p.AdditionalProperties)
			if p.Items != nil {
				kinds += fmt.Sprint(p.Items.Type)
			}
			if strings.Contains(kinds, "number") || strings.Contains(kinds, "integer") && !slices.Contains(counts, field) {
				t.Errorf("%s.%s is a number: %s", name, field, kinds)
			}
			seen++
		}
	}
	if seen < 80 {
		t.Errorf("only %d fields in the document", seen)
	}
	for _, path := range []string{"/v1/entities", "/v1/entities/{hotkey}/subaccounts", "/v1/accounts/{account}", "/v1/accounts/{account}/orders", "/v1/eliminations", "/v1/prices", "/v1/roots"} {
		a := r.get(r.example(path))
		d := json.NewDecoder(bytes.NewReader(a.body))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		wholeNumbers(t, path, "", v)
	}
	if got := decode[api.EliminationList](t, r.get("/v1/eliminations")); len(got.Eliminations) != 1 {
		t.Errorf("%d eliminations", len(got.Eliminations))
	}
}

func wholeNumbers(t *testing.T, path, field string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if field == "by_status" || field == "by_bucket" {
				k = field
			}
			wholeNumbers(t, path, k, e)
		}
	case []any:
		for _, e := range v {
			wholeNumbers(t, path, field, e)
		}
	case json.Number:
		if _, err := v.Int64(); err != nil || !slices.Contains(counts, field) {
			t.Errorf("%s: %s is the number %s", path, field, v)
		}
	}
}
