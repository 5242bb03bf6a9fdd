// Package httpapi is the node's public HTTP: signed calls in, JSON reads out, OpenAPI, metrics and
// health. It is the only place that serves the public JSON (types in client/api).
//
// Mutating calls are POSTs in a signed envelope (package request); the node verifies them. Reads
// need a bearer token, of which the server holds the SHA-256 only. /livez, /readyz, /v1/time and
// /openapi.json are open: they say nothing about anyone's money. Everything has a limit.
//
// An error is RFC 9457 with a stable code; internals never leave (problem.go renders all).
//
// Routes stand in one list in routes.go.
package httpapi
