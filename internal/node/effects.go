package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/propnet/propnet/prop"
)

// effects hands durable pending effects to the performer, one after the other in order of their
// ids. The transaction's hash is durable before the transaction is sent, so that after a crash its
// fate can be looked up and nothing is ever done twice.
type effects struct {
	performer Performer
	log       *slog.Logger

	mu      sync.Mutex
	tasks   []task
	offered prop.EffectID // every effect up to it has been a task
	changed chan struct{} // closed and replaced when tasks change
}

type task struct {
	effect prop.EffectTask
	status prop.EffectStatus
	tx     prop.Hash
}

func newEffects(p Performer, log *slog.Logger) *effects {
	return &effects{performer: p, log: log, changed: make(chan struct{})}
}

// offer adds the open effects, ascending, that are not tasks yet. The loop calls it after each
// durable block.
func (f *effects) offer(open []prop.EffectID, describe func(prop.EffectID) (prop.EffectTask, prop.EffectStatus, prop.Hash)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next, _ := slices.BinarySearch(open, f.offered+1)
	for _, id := range open[next:] {
		e, status, tx := describe(id)
		f.tasks, f.offered = append(f.tasks, task{e, status, tx}), id
		f.signal()
	}
}

func (f *effects) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// first is the task to do, and a channel that closes when that may have changed.
func (f *effects) first() (*task, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.tasks) == 0 {
		return nil, f.changed
	}
	t := f.tasks[0]
	return &t, f.changed
}

func (f *effects) settle(ctx context.Context) error {
	for {
		t, changed := f.first()
		if t == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run performs tasks until ctx ends. An effect that cannot be finished stays open, holds up those
// behind it and is tried again with growing pauses.
func (f *effects) run(ctx context.Context, n *Node) {
	const shortest, longest = 50 * time.Millisecond, 10 * time.Second
	pause := shortest
	for ctx.Err() == nil {
		t, changed := f.first()
		if t == nil {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		if err := f.perform(ctx, n, t); err != nil {
			f.log.Warn("effect not finished", "effect", t.effect.ID, "kind", t.effect.Kind.String(), "entity", t.effect.Entity.String(), "error", err)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			pause = min(2*pause, longest)
			continue
		}
		pause = shortest
		f.mu.Lock()
		f.tasks = f.tasks[1:]
		f.signal()
		f.mu.Unlock()
	}
}

// perform takes an effect from where it stands to its outcome.
func (f *effects) perform(ctx context.Context, n *Node, t *task) error {
	if t.status == prop.EffectSubmittedStatus {
		if done, err := f.complete(ctx, n, t.effect.ID, t.tx); done || err != nil {
			return err
		}
	}
	tx, err := f.performer.Prepare(ctx, t.effect)
	if err != nil {
		return err
	}
	switch {
	case t.status == prop.EffectRequestedStatus:
		if err := n.Command(ctx, &prop.RecordSubmission{Effect: t.effect.ID, TxHash: tx.Hash}); err != nil {
			return err
		}
		f.advance(tx.Hash)
	case tx.Hash != t.tx:
		return errors.New("the outside does not know the recorded transaction, and it cannot be made again: the outcome is unknown")
	}
	if err := f.performer.Send(ctx, tx); err != nil {
		return err
	}
	done, err := f.complete(ctx, n, t.effect.ID, tx.Hash)
	if err == nil && !done {
		err = errors.New("sent, not seen yet")
	}
	return err
}

// advance remembers that a hash is durable, so that a new try begins with looking it up.
func (f *effects) advance(tx prop.Hash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tasks[0].status, f.tasks[0].tx = prop.EffectSubmittedStatus, tx
}

// complete looks the effect up and brings a known outcome back.
func (f *effects) complete(ctx context.Context, n *Node, id prop.EffectID, tx prop.Hash) (done bool, err error) {
	out, err := f.performer.Lookup(ctx, id, tx)
	if err != nil || !out.Found {
		return false, err
	}
	return true, n.Command(ctx, &prop.CompleteEffect{Effect: id, OK: out.OK, Detail: strings.ToValidUTF8(out.Detail, "?")})
}
