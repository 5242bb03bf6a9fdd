// Package client is the Go SDK of a propnet node: what the command line, the demo firm and users'
// programs speak to a node with.
//
// A signed call is made with a Key and carries a fresh id; while its outcome is not known it is
// sent again with the same bytes, which is safe: the node answers with the first receipt. Reads
// need a read token. An error that the node answered is an *api.Problem.
package client
