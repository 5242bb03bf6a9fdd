package node

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Config is what a node is made of.
type Config struct {
	Key       *wire.Key // signs blocks; its address is the genesis' origin
	Clock     Clock
	Journal   Journal
	Reader    Reader
	Performer Performer
	Log       *slog.Logger
	Observe   func(Stats) // after each block, for metrics; may be nil
}

// Stats describes one block.
type Stats struct {
	Block   *wire.Block
	Records []prop.Record
	Refused map[prop.Code]int
	Commit  time.Duration // append, sync included
	Queue   int           // submissions still waiting
}

// Node runs a journal. Fields above the line are set by Open and then fixed or safe for all; those
// below belong to the loop.
type Node struct {
	cfg     Config
	queue   chan *submission
	effects *effects
	ready   atomic.Bool
	started chan struct{} // closed when the loop takes commands
	stop    chan struct{} // closed when Run ends
	genesis prop.Genesis
	at      atomic.Int64 // instant of the last record

	// ---
	state     *state.State
	prev      prop.Hash
	carry     *submission // did not fit into the block before
	refused   refusals
	notBefore prop.Instant // signed calls dated before it may have been refused by an earlier run
	rootedAt  prop.Instant // of the last recorded root
	rootedSeq uint64
	pause     time.Duration // before the next due tick
	roots     chan rootPair
}

type rootPair struct {
	seq               uint64
	registry, trading prop.Hash
}

// Genesis is the journal's first record.
func (n *Node) Genesis() *prop.Genesis { return &n.genesis }

// Now is the node's time: what /v1/time says and clients sign with.
func (n *Node) Now() prop.Instant { return max(n.cfg.Clock.Now(), prop.Instant(n.at.Load())) }

// Ready tells whether the loop runs and takes commands.
func (n *Node) Ready() bool { return n.ready.Load() }

// Submit verifies a signed call, hands it in and waits until it is durable or refused. A refusal is a
// *prop.Error. After ctx ends the command may still be taken: its id tells.
func (n *Node) Submit(ctx context.Context, e *prop.Envelope) (wire.Proof, error) {
	if err := request.Verify(e, n.genesis.Network, n.genesis.Origin, n.Now(), n.genesis.AuthWindowMs); err != nil {
		return wire.Proof{}, err
	}
	cmd, err := request.Decode(e)
	if err != nil {
		return wire.Proof{}, err
	}
	results, err := n.submit(ctx, &submission{items: []item{{cmd: cmd, envelope: e}}})
	if err != nil {
		return wire.Proof{}, err
	}
	return results[0].Proof, results[0].err
}

// Command hands in commands of the node's own, which go into one block unless that cannot hold
// them, and waits until they are durable. The refusals are returned.
func (n *Node) Command(ctx context.Context, cmds ...prop.Command) error {
	s := &submission{items: make([]item, len(cmds))}
	for i, c := range cmds {
		s.items[i].cmd.Command = c
	}
	results, err := n.submit(ctx, s)
	for _, r := range results {
		err = errors.Join(err, r.err)
	}
	return err
}

func (n *Node) submit(ctx context.Context, s *submission) ([]outcome, error) {
	s.done = make(chan struct{})
	if !n.Ready() {
		return nil, prop.Refuse(prop.NotReady, "the node is not running")
	}
	select {
	case n.queue <- s:
	default:
		return nil, prop.Refuse(prop.Busy, "the queue is full")
	}
	select {
	case <-s.done:
		return s.outcomes, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.stop:
		select {
		case <-s.done:
			return s.outcomes, nil
		default:
			return nil, prop.Refuse(prop.NotReady, "the node stopped; ask for the command by its id when it runs again")
		}
	}
}

// Find reads a record and its receipt from the journal.
func (n *Node) Find(seq uint64) (wire.Proof, error) {
	var r wire.Proof
	err := n.cfg.Journal.Read(seq, func(b *wire.Block) error {
		var err error
		if r.Receipt, err = b.Receipt(seq); err != nil {
			return err
		}
		if r.Record, err = request.Record(b.Records[seq-b.FirstSeq]); err != nil {
			return err
		}
		return errFound
	})
	switch {
	case errors.Is(err, errFound):
		return r, nil
	case err != nil:
		return r, err
	}
	return r, prop.Refuse(prop.NotFound, "no such record")
}

var errFound = errors.New("found")

// Settle waits until no effect is under way: for drivers that need one order of events.
func (n *Node) Settle(ctx context.Context) error { return n.effects.settle(ctx) }

// AwaitReady waits until the loop takes commands.
func (n *Node) AwaitReady(ctx context.Context) error {
	select {
	case <-n.started:
		return nil
	case <-n.stop:
		return prop.Refuse(prop.NotReady, "the node stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
}
