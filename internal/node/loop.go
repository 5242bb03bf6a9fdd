package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// submission is commands that go into one block together, unless none could hold them. The loop
// fills outcomes, then closes done.
type submission struct {
	items    []item
	outcomes []outcome
	done     chan struct{}
}

type item struct {
	cmd      prop.Signed
	envelope *prop.Envelope
}

type outcome struct {
	wire.Proof
	seq uint64 // record to read the result from once the block is durable; 0 where there is none
	err error
}

// batch is a block in the making.
type batch struct {
	records []prop.Record
	encoded [][]byte
	bytes   int
	done    []*submission
	refused map[prop.Code]int
}

// Run is the loop. It returns when ctx ends, after recording a last root, or with the error that
// makes going on unsafe; then the process must end and recover from disk.
func (n *Node) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(ctx)
	var effects sync.WaitGroup
	effects.Go(func() { n.effects.run(work, n) })
	defer func() {
		n.ready.Store(false)
		cancel()
		close(n.stop) // callers need not wait for the performer
		effects.Wait()
	}()
	n.ready.Store(true)
	close(n.started)
	for {
		first, err := n.wait(ctx)
		if err != nil {
			n.ready.Store(false)
			return n.commit(n.fill(nil, true))
		}
		if err := n.commit(n.fill(first, false)); err != nil {
			return err
		}
	}
}

// wait returns the next submission, or nil when a tick has come due.
func (n *Node) wait(ctx context.Context) (*submission, error) {
	if n.carry != nil {
		s := n.carry
		n.carry = nil
		return s, nil
	}
	var wake <-chan time.Time
	if at, ok := engine.NextWake(n.state); ok {
		if _, data := n.cfg.Clock.(*DataClock); !data || at <= n.state.At() { // data time moves only with the feed
			timer := time.NewTimer(max(time.Duration(at-n.Now())*time.Millisecond, n.pause))
			defer timer.Stop()
			wake = timer.C
		}
	}
	select {
	case s := <-n.queue:
		return s, nil
	case <-wake:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fill lets the engine decide what is queued, up to a block's limits. final adds a root at the end.
func (n *Node) fill(first *submission, final bool) *batch {
	b := &batch{refused: map[prop.Code]int{}}
	blocked := n.blocked()
	n.pause = 0
	if blocked != nil {
		n.pause = blockedPause
	} else {
		n.recordRoot(b, final)
		if first == nil && !final {
			n.tick(b, max(n.state.At(), n.cfg.Clock.At(prop.Signed{})))
		}
	}
	for s := first; s != nil; s = n.next() {
		if !n.take(b, s, blocked) {
			n.carry = s
			break
		}
		b.done = append(b.done, s)
	}
	return b
}

// take decides a submission's items into the batch. It is false where the block has no room for
// them, or no longer: the rest of them is taken first into the next one.
func (n *Node) take(b *batch, s *submission, blocked error) bool {
	if len(b.records) > 0 && (len(b.records)+len(s.items) > prop.MaxBatchCommands || b.bytes > prop.MaxBatchBytes/2) {
		return false
	}
	for len(s.outcomes) < len(s.items) {
		if blocked != nil {
			s.outcomes = append(s.outcomes, outcome{err: blocked})
			continue
		}
		it := s.items[len(s.outcomes)]
		at := max(n.state.At(), n.cfg.Clock.At(it.cmd))
		n.tick(b, at)
		if !b.room() {
			return false
		}
		s.outcomes = append(s.outcomes, n.decide(b, it, at))
	}
	return true
}

// blockedPause is how long a due tick waits while nothing may be decided.
const blockedPause = 250 * time.Millisecond

// blocked tells why nothing may be decided now: without room on disk, or without trust in the time,
// deciding would promise what cannot be kept. Nothing is remembered of what is refused for it.
func (n *Node) blocked() error {
	if err := n.cfg.Clock.Unsure(); err != nil {
		return err
	}
	if err := n.cfg.Journal.Reserve(); err != nil {
		n.cfg.Log.Error("no room for another block", "error", err)
		return prop.Refuse(prop.NoRoom, "the disk has no room for another block")
	}
	return nil
}

// next takes another submission without waiting.
func (n *Node) next() *submission {
	select {
	case s := <-n.queue:
		return s
	default:
		return nil
	}
}

// decide runs one command and the ticks that are due at once after it.
func (n *Node) decide(b *batch, it item, at prop.Instant) outcome {
	if err := n.refused.check(n, it, at); err != nil {
		b.refuse(err)
		return outcome{err: err}
	}
	out, err := engine.Apply(n.state, at, it.cmd)
	if err != nil {
		n.refused.remember(it.cmd, at, err)
		b.refuse(err)
		return outcome{err: err}
	}
	if out.Duplicate != 0 {
		return outcome{seq: out.Duplicate, Proof: wire.Proof{Duplicate: true}}
	}
	seq := n.add(b, it, out)
	n.tick(b, at)
	return outcome{seq: seq}
}

// room tells whether the block can take another record.
func (b *batch) room() bool {
	return len(b.records) < prop.MaxBatchCommands && b.bytes < prop.MaxBatchBytes
}

func (b *batch) refuse(err error) {
	var refusal *prop.Error
	if errors.As(err, &refusal) {
		b.refused[refusal.Code]++
	}
}

// add appends a decided command to the batch; an empty outcome adds nothing.
func (n *Node) add(b *batch, it item, out engine.Outcome) (seq uint64) {
	if len(out.Events) == 0 {
		return 0
	}
	r := prop.Record{Seq: out.Stamp.Seq, At: out.Stamp.At, Envelope: it.envelope, Command: it.cmd.Command, Events: out.Events}
	raw, err := wire.EncodeRecord(r)
	if err != nil {
		panic(err) // plain values always encode
	}
	b.records, b.encoded, b.bytes = append(b.records, r), append(b.encoded, raw), b.bytes+len(raw)
	return r.Seq
}

// tick does what has come due, as long as the block has room; what is left is done before anything
// else in the next one.
func (n *Node) tick(b *batch, at prop.Instant) {
	for b.room() {
		wake, due := engine.NextWake(n.state)
		if !due || wake > at {
			return
		}
		it := item{cmd: prop.Signed{Command: new(prop.Tick)}}
		out, err := engine.Apply(n.state, max(wake, n.state.At()), it.cmd)
		if err != nil || len(out.Events) == 0 {
			panic(fmt.Sprintf("a tick was due at %s and did nothing: %v", wake, err))
		}
		n.add(b, it, out)
	}
}

// recordRoot opens a block with the roots of the sequence before it, once each minute of the
// records' time and at the end.
func (n *Node) recordRoot(b *batch, final bool) {
	if n.roots == nil && final && n.rootedSeq != n.state.Seq() {
		n.askRoots()
	}
	if n.roots == nil {
		return
	}
	r := <-n.roots
	n.roots = nil
	it := item{cmd: prop.Signed{Command: &prop.RecordRoot{AtSeq: r.seq, Registry: r.registry, Trading: r.trading}}}
	out, err := engine.Apply(n.state, n.state.At(), it.cmd)
	if err != nil {
		panic(err) // the reader is exactly where the loop is: nothing is published in between
	}
	n.rootedSeq, n.rootedAt = n.add(b, it, out), n.state.At()
}

// askRoots lets the reader compute roots while the loop waits for work.
func (n *Node) askRoots() {
	n.roots = make(chan rootPair, 1)
	go func(out chan<- rootPair, seq uint64) {
		registry, trading := n.cfg.Reader.Roots()
		out <- rootPair{seq, registry, trading}
	}(n.roots, n.state.Seq())
}

// commit makes the batch durable and only then lets anything out.
func (n *Node) commit(b *batch) error {
	watch := startWatch()
	var block *wire.Block
	if len(b.records) > 0 {
		first, last := b.records[0], b.records[len(b.records)-1]
		var err error
		block, err = wire.Seal(n.cfg.Key, n.genesis.Network, engine.Version, n.prev, first.Seq, last.At, b.encoded)
		if err == nil {
			err = n.cfg.Journal.Append(block)
		}
		if err != nil {
			return fmt.Errorf("append block %d: %w", first.Seq, err)
		}
		n.publish(block, b.records)
	}
	for _, s := range b.done {
		for i, it := range s.items {
			if it.envelope != nil { // the node's own commands ask for no receipt
				n.fillResult(&s.outcomes[i], block, b.records)
			}
		}
		close(s.done)
	}
	if n.cfg.Observe != nil {
		n.cfg.Observe(Stats{Block: block, Records: b.records, Refused: b.refused, Commit: watch.elapsed(), Queue: len(n.queue)})
	}
	return nil
}

// publish tells readers and the effects' performer what is durable now.
func (n *Node) publish(block *wire.Block, records []prop.Record) {
	last := records[len(records)-1]
	n.prev = block.Hash
	n.at.Store(int64(last.At))
	n.cfg.Reader.Publish(block, records)
	n.effects.offer(n.state.OpenEffects(), n.describe)
	if int64(n.state.At())/prop.RootEveryMs > int64(n.rootedAt)/prop.RootEveryMs {
		n.askRoots()
	}
}

// describe resolves an effect for its performer.
func (n *Node) describe(id prop.EffectID) (prop.EffectTask, prop.EffectStatus, prop.Hash) {
	f, _ := n.state.Effect(id)
	return prop.EffectTask{ID: id, Kind: f.Kind, Entity: n.state.Entities()[f.Entity].Hotkey, Amount: f.Amount}, f.Status, f.TxHash
}

// fillResult completes an outcome with the record and its proof, from this block or an older one.
func (n *Node) fillResult(o *outcome, block *wire.Block, records []prop.Record) {
	if o.seq == 0 {
		return
	}
	duplicate := o.Duplicate
	if block != nil && o.seq >= block.FirstSeq {
		o.Record = records[o.seq-block.FirstSeq]
		o.Receipt, o.err = block.Receipt(o.seq)
	} else {
		o.Proof, o.err = n.Find(o.seq)
	}
	o.Duplicate = duplicate
}
