package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Node takes verified calls and knows the journal.
type Node interface {
	Submit(context.Context, *prop.Envelope) (wire.Proof, error)
	Find(seq uint64) (wire.Proof, error)
	Now() prop.Instant
	Ready() bool
	Genesis() *prop.Genesis
}

// Config of a server. Tokens are SHA-256 digests of the read tokens; with none, nobody reads.
type Config struct {
	Node    Node
	View    *view.View
	Metrics *Metrics
	Page    http.Handler // the status page at /
	Tokens  []prop.Hash
	Version string
	Log     *slog.Logger
}

// Limits of the HTTP server. Source: design/reliability.md §10.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 16 << 10
	maxURL        = 2 << 10
	maxPage       = 1000
)

type server struct{ Config }

// New makes the HTTP server; the caller gives it a listener.
func New(c Config) *http.Server {
	handler, _ := build(c)
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
	}
}

// OpenAPI is the document that /openapi.json serves.
func OpenAPI(version string) ([]byte, error) {
	_, api := build(Config{Version: version, Metrics: NewMetrics()})
	return api.OpenAPI().MarshalJSON()
}

// humaErrors routes the library's own errors into our form; it is a package variable there.
var humaErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, _ ...error) huma.StatusError {
		code := prop.InvalidField
		if status >= http.StatusInternalServerError {
			code, message = prop.Internal, "the node failed"
		}
		return problem(prop.Refuse(code, message))
	}
})

func build(c Config) (http.Handler, huma.API) {
	humaErrors()
	mux := http.NewServeMux()
	config := huma.DefaultConfig("propnet node", c.Version)
	config.CreateHooks = nil // no $schema links in answers
	config.DocsPath, config.SchemasPath = "", ""
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "a read token of this node"},
		"envelope": {Type: "apiKey", In: "header", Name: "Propnet-Signature",
			Description: "signed call: headers Propnet-Network, -Audience, -Id, -Time, -Signer, -Signature; docs/protocol.md"},
	}
	api := humago.New(mux, config)
	s := &server{c}
	s.routes(mux, api)
	return s.guard(mux), api
}

// open are the paths that anyone may read.
var open = map[string]bool{"/livez": true, "/readyz": true, "/v1/time": true, "/openapi.json": true}

// guard stands before every route: header hygiene, URL length, and the read token.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'")
		h.Set("Cache-Control", "no-store")
		switch {
		case len(r.RequestURI) > maxURL:
			writeProblem(w, prop.Refuse(prop.InvalidField, "the URL is too long"))
		case r.Method == http.MethodPost && r.URL.Path != pathDryRun || open[r.URL.Path] || s.tokenOK(r):
			next.ServeHTTP(w, r)
		default:
			h.Set("WWW-Authenticate", "Bearer")
			writeProblem(w, prop.Refuse(prop.TokenRequired, "reading needs a token"))
		}
	})
}

// tokenOK compares digests in constant time. The status page, which a browser opens, may carry the
// token in its query.
func (s *server) tokenOK(r *http.Request) bool {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case found:
	case r.URL.Path == "/":
		token = r.URL.Query().Get("token")
	default:
		return false
	}
	digest := sha256.Sum256([]byte(token))
	ok := 0
	for _, t := range s.Tokens {
		ok |= subtle.ConstantTimeCompare(digest[:], t[:])
	}
	return ok == 1 && token != ""
}
