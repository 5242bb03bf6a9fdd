package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/prop"
)

// problem renders an error. What is not a refusal is internal, and its text stays inside.
func problem(err error) *api.Problem {
	var refusal *prop.Error
	if !errors.As(err, &refusal) {
		refusal = prop.Refuse(prop.Internal, "the node failed")
	}
	info := refusal.Code.Info()
	p := &api.Problem{Type: "about:blank", Title: info.Name, Status: info.Status, Code: int(info.Code), Detail: refusal.Detail, Next: info.Next}
	for _, kv := range refusal.Context {
		if p.Context == nil {
			p.Context = map[string]string{}
		}
		p.Context[kv.Key] = kv.Value
	}
	return p
}

func writeProblem(w http.ResponseWriter, err error) {
	p := problem(err)
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if ms, err := strconv.Atoi(p.Context[prop.RetryAfterKey]); err == nil {
		w.Header().Set("Retry-After", strconv.Itoa((ms+999)/1000))
	}
	writeJSON(w, p.Status, p.ContentType(""), p)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"title":"internal"}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client is gone if this fails
}
