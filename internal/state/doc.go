// Package state is what is true: the ground state of a journal at one sequence number.
//
// State changes in one way only: Begin takes a record's stamp, then Evolve takes each of its
// events. Evolving is arithmetic that defines the data; it reads no rule, no clock and no
// configuration, so an old journal gives the same state after the rules have changed (this
// package may not import rules, score or market). Whoever evolves the same events has the same
// Roots.
//
// Accounts are struct-of-arrays, indexed by prop.AccountRef; positions are columns per pair
// (book.go), so that a price batch is one linear pass. An ended account keeps its row: it is the
// tombstone, some 90 bytes, and holds no position, order or deadline.
//
// Money of an account: balance = size + realised − fees; equity = balance + unrealised. The peak
// of the equity is taken at price batches, after every position is marked.
//
// One goroutine owns a State. Verify checks what must always hold; Roots commits to everything
// but the sequence number and the instant, which a block's header holds.
//
// Start reading in evolve.go.
package state
