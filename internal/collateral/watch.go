package collateral

import (
	"context"
	"log/slog"
	"time"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Vault is where deposits are read.
type Vault interface {
	Deposited(context.Context, prop.Hotkey) (fixed.Theta, error)
}

// Node takes observations.
type Node interface {
	Command(context.Context, ...prop.Command) error
}

// Watcher reads deposits and hands them to the node: of a new entity at once, of all every minute.
type Watcher struct {
	vault Vault
	log   *slog.Logger
	fresh chan prop.Hotkey
}

// rereadEvery is how often all deposits are read again.
const rereadEvery = time.Minute

// NewWatcher is for at most prop.MaxEntities entities.
func NewWatcher(v Vault, log *slog.Logger) *Watcher {
	return &Watcher{vault: v, log: log, fresh: make(chan prop.Hotkey, prop.MaxEntities)}
}

// Registered tells that an entity is new. It never blocks.
func (w *Watcher) Registered(k prop.Hotkey) {
	select {
	case w.fresh <- k:
	default: // more than the network may have: the next full round reads it
	}
}

// Run observes until ctx ends. known are the entities that exist already.
func (w *Watcher) Run(ctx context.Context, n Node, known []prop.Hotkey) {
	again := time.NewTicker(rereadEvery)
	defer again.Stop()
	w.observe(ctx, n, known)
	for {
		select {
		case k := <-w.fresh:
			known = append(known, k)
			w.observe(ctx, n, known[len(known)-1:])
		case <-again.C:
			w.observe(ctx, n, known)
		case <-ctx.Done():
			return
		}
	}
}

func (w *Watcher) observe(ctx context.Context, n Node, keys []prop.Hotkey) {
	for _, k := range keys {
		deposited, err := w.vault.Deposited(ctx, k)
		if err == nil {
			err = n.Command(ctx, &prop.ObserveCollateral{Entity: k, Deposited: deposited})
		}
		if err != nil && ctx.Err() == nil {
			w.log.Warn("deposit not read", "entity", k.String(), "error", err)
		}
	}
}
