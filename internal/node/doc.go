// Package node is the one goroutine that owns the money, and what it needs around it.
//
// Callers hand commands to a bounded queue. The loop (loop.go) takes a batch, stamps time, lets
// the engine decide each, appends the records as one block, and only then lets anything out:
// receipts and refusals to callers, records to readers, effects to their performer. If the append
// fails, the process stops: memory that ran ahead of the disk dies with it, and the ordinary start
// (Open) recovers from what is durable.
//
// Exactly one goroutine touches the state.State. The only clock is clock.go. Ports that adapters
// fill are in ports.go.
//
// Roots are made by the reader's state, on its own time, and recorded as the first record of a
// block: they state what was true at the sequence before it (docs/adr/0012).
//
// Start reading in loop.go.
package node
