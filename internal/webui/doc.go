// Package webui is the pages that a person looks at: a status page, rendered on the server, that
// works without scripts.
//
// It reads the view and decides nothing: every number on a page comes from the view as it is. Start
// in status.go and status.html.
package webui
