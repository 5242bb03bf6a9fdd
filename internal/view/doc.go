// Package view is live reads: a second State, evolved from the published events by the same code
// that the node evolves its own with, and indexes over it. It may be thrown away and rebuilt from
// the journal at any time.
//
// Publish is called by the node's loop, in order, before the receipts of a block are released: who
// holds a receipt reads what it did. Every answer is taken under one lock at one sequence number,
// which it names (AsOf). Rules are evaluated here with package rules, the same functions that
// decide, so that no number is computed in two ways; clients only draw.
//
// The indexes over commands and orders grow with the journal: queryable history replaces them.
//
// render.go prints any record with names instead of references.
package view
