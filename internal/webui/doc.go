// Package webui is the pages that a person looks at: a status page, rendered on the server, that
// works without scripts. It reads the view and decides nothing.
package webui
