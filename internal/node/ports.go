package node

import (
	"context"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Journal is durable, ordered, hash-chained blocks. Reserve makes room for one more block, or
// fails without harm. Append is durable when it returns nil; after an error the journal takes
// nothing more. Read may run beside Append.
type Journal interface {
	Reserve() error
	Append(*wire.Block) error
	Read(from uint64, fn func(*wire.Block) error) error
}

// Reader is a second state, evolved from what was published by the same code. Publish is called in
// order, before any receipt of the block is released, so that who has a receipt reads what it did.
// Roots are of the last published record; it may be called from any goroutine.
type Reader interface {
	Publish(*wire.Block, []prop.Record)
	Roots() (registry, trading prop.Hash)
}

// Performer carries effects out. Prepare signs without sending; the node makes the hash durable
// before Send. Send of a transaction that was sent before must change nothing. Lookup tells what
// became of an effect, by its id and its transaction's hash. All three may be retried.
type Performer interface {
	Prepare(ctx context.Context, e prop.EffectTask) (prop.Tx, error)
	Send(ctx context.Context, tx prop.Tx) error
	Lookup(ctx context.Context, id prop.EffectID, tx prop.Hash) (prop.Outcome, error)
}
