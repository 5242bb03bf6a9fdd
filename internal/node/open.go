package node

import (
	"fmt"
	"log/slog"

	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Init writes the genesis as record 1 of an empty journal.
func Init(j Journal, key *wire.Key, g prop.Genesis, at prop.Instant) error {
	if err := j.Read(1, func(b *wire.Block) error { return fmt.Errorf("the journal has a genesis already, of %s", b.At) }); err != nil {
		return err
	}
	if g.Origin != key.Public() {
		return fmt.Errorf("the genesis' origin is %s, the key is %s", g.Origin, key.Public())
	}
	cmd := &prop.Start{Genesis: g}
	out, err := engine.Apply(state.New(), at, prop.Signed{Command: cmd})
	if err != nil {
		return err
	}
	raw, err := wire.EncodeRecord(prop.Record{Seq: out.Stamp.Seq, At: at, Command: cmd, Events: out.Events})
	if err != nil {
		return err
	}
	block, err := wire.Seal(key, g.Network, engine.Version, prop.Hash{}, 1, at, [][]byte{raw})
	if err != nil {
		return err
	}
	return j.Append(block)
}

// Open is the only start path: evolve everything durable, compare each recorded root, and be ready
// to Run. It feeds the reader on the way.
func Open(cfg Config) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	n := &Node{
		cfg: cfg, queue: make(chan *submission, prop.MaxQueue), effects: newEffects(cfg.Performer, cfg.Log), started: make(chan struct{}), stop: make(chan struct{}),
		state: state.New(), refused: refusals{byID: map[prop.CommandID]refusal{}},
	}
	if err := cfg.Journal.Read(1, n.recover); err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	if n.state.Seq() == 0 {
		return nil, fmt.Errorf("the journal is empty: make its first record with propnet node init")
	}
	n.genesis = *n.state.Genesis()
	if n.genesis.Origin != cfg.Key.Public() {
		return nil, fmt.Errorf("the journal's origin is %s, the key is %s", n.genesis.Origin, cfg.Key.Public())
	}
	if err := n.state.Verify(); err != nil {
		return nil, fmt.Errorf("the recovered state is inconsistent at %d: %w", n.state.Seq(), err)
	}
	n.at.Store(int64(n.state.At()))
	if n.state.Seq() > 1 {
		n.notBefore = max(n.state.At(), cfg.Clock.Now()) + prop.AuthSkewMs
		if c, ok := cfg.Clock.(*DataClock); ok {
			c.resume(n.notBefore) // data time stands still, so it must begin where calls are taken again
		}
	}
	n.effects.offer(n.state.OpenEffects(), n.describe)
	return n, nil
}

// recover evolves one block's events.
func (n *Node) recover(b *wire.Block) error {
	records := make([]prop.Record, len(b.Records))
	for i, raw := range b.Records {
		r, err := request.Record(raw)
		if err != nil {
			return fmt.Errorf("record %d: %w", b.FirstSeq+uint64(i), err)
		}
		if err := n.evolve(r); err != nil {
			return err
		}
		records[i] = r
	}
	n.prev = b.Hash
	n.cfg.Reader.Publish(b, records)
	return nil
}

func (n *Node) evolve(r prop.Record) error {
	for _, e := range r.Events {
		root, ok := e.(*prop.RootRecorded)
		if !ok {
			continue
		}
		if registry, trading := n.state.Roots(); registry != root.Registry || trading != root.Trading {
			return fmt.Errorf("at %d the roots are %s and %s, record %d says %s and %s: the journal or this program is damaged",
				n.state.Seq(), registry, trading, r.Seq, root.Registry, root.Trading)
		}
		n.rootedSeq, n.rootedAt = r.Seq, r.At
	}
	n.state.Begin(request.StampOf(r))
	for _, e := range r.Events {
		n.state.Evolve(e)
	}
	return nil
}
