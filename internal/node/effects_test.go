package node_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// machine is a performer and a journal that crash together: from then on nothing gets through.
type machine struct {
	node.Journal
	node.Performer
	at       string // the step that fails once it is armed
	crashes  bool   // else the step fails one time
	armed    atomic.Bool
	dead     atomic.Bool
	crashed  chan struct{}
	once     sync.Once
	prepared atomic.Int64
	sent     atomic.Int64
}

var errOutside = errors.New("the outside does not answer")

// pass is asked at each step and fails at the one that was chosen.
func (m *machine) pass(step string) error {
	switch {
	case m.dead.Load():
		return errOutside
	case step != m.at || !m.armed.Load():
		return nil
	}
	m.armed.Store(false)
	if m.crashes {
		m.dead.Store(true)
		m.once.Do(func() { close(m.crashed) })
	}
	return errOutside
}

func (m *machine) Append(b *wire.Block) error {
	if m.dead.Load() {
		return errOutside
	}
	return m.Journal.Append(b)
}

func (m *machine) Prepare(ctx context.Context, e prop.EffectTask) (prop.Tx, error) {
	m.prepared.Add(1)
	if err := m.pass("prepare"); err != nil {
		return prop.Tx{}, err
	}
	return m.Performer.Prepare(ctx, e)
}

func (m *machine) Send(ctx context.Context, tx prop.Tx) error {
	m.sent.Add(1)
	if err := m.pass("send"); err != nil {
		return err
	}
	return errors.Join(m.Performer.Send(ctx, tx), m.pass("sent"))
}

func (m *machine) Lookup(ctx context.Context, id prop.EffectID, tx prop.Hash) (prop.Outcome, error) {
	if err := m.pass("look up"); err != nil {
		return prop.Outcome{}, err
	}
	return m.Performer.Lookup(ctx, id, tx)
}

// TestEffectsHappenOnce: whatever fails on the way, and wherever the machine crashes, an effect is
// carried out once and its outcome arrives once.
func TestEffectsHappenOnce(t *testing.T) {
	for _, kind := range []prop.EffectKind{prop.LockCollateral, prop.SlashCollateral} {
		for _, at := range []string{"prepare", "send", "sent", "look up"} {
			for _, crashes := range []bool{false, true} {
				name := kind.String() + ": " + at + map[bool]string{false: " fails", true: " crashes"}[crashes]
				t.Run(name, func(t *testing.T) { effectHappensOnce(t, kind, at, crashes) })
			}
		}
	}
}

func effectHappensOnce(t *testing.T, kind prop.EffectKind, at string, crashes bool) {
	memory, book := initialised(t, genesis()), t.TempDir()
	m := &machine{Journal: memory, Performer: openTwin(t, book), at: at, crashes: crashes, crashed: make(chan struct{})}
	r := start(t, node.Config{Journal: m, Performer: m})
	r.register()
	m.armed.Store(kind == prop.LockCollateral)
	r.must(r.Submit(r.ctx, r.sign(firm, request.PathSubaccounts, creation)))
	want, booked := "active", 1
	if kind == prop.SlashCollateral {
		r.settle()
		r.command(prices(epoch+second, 100))
		r.submit(firm, request.PathOrders, order("LONG", 5))
		r.command(prices(epoch+2*second, 100))
		m.armed.Store(true)
		if err := r.Command(r.ctx, prices(epoch+3*second, 90)); err != nil {
			t.Fatal(err)
		}
		want, booked = "eliminated", 2
	}
	again := &machine{Journal: memory}
	if crashes {
		<-m.crashed
		_ = r.stop() // its last root cannot be written any more
		again.Performer = openTwin(t, book)
		r = start(t, node.Config{Journal: again, Performer: again})
	}
	r.settle()
	if r.status() != want {
		t.Errorf("the account is %s, want %s", r.status(), want)
	}
	if n := lines(t, book); n != booked {
		t.Errorf("the twin has booked %d effects, want %d", n, booked)
	}
	done := events[*prop.EffectCompleted](t, memory)
	if len(done) != booked || !done[booked-1].OK {
		t.Errorf("outcomes %+v", done)
	}
	if n := len(events[*prop.EffectSubmitted](t, memory)); n != booked {
		t.Errorf("%d transactions were recorded, want %d", n, booked)
	}
	sends := int64(booked)
	if at == "send" { // did not get through; what did is looked up and not sent again
		sends++
	}
	if n := m.sent.Load() + again.sent.Load(); n != sends {
		t.Errorf("sent %d times, want %d", n, sends)
	}
}

// changing is a performer that cannot make the same transaction twice.
type changing struct{ *machine }

func (c changing) Prepare(ctx context.Context, e prop.EffectTask) (prop.Tx, error) {
	tx, err := c.machine.Prepare(ctx, e)
	tx.Hash[0] ^= 1
	return tx, err
}

// TestUnknownOutcomeStaysOpen: a recorded transaction that the outside does not know and that
// cannot be made again is never replaced by another one; what stands behind it waits.
func TestUnknownOutcomeStaysOpen(t *testing.T) {
	memory, book := initialised(t, genesis()), t.TempDir()
	m := &machine{Journal: memory, Performer: openTwin(t, book), at: "send", crashes: true, crashed: make(chan struct{})}
	r := start(t, node.Config{Journal: m, Performer: m})
	r.register()
	m.armed.Store(true)
	r.must(r.Submit(r.ctx, r.sign(firm, request.PathSubaccounts, creation)))
	<-m.crashed
	_ = r.stop()

	c := changing{&machine{Journal: memory, Performer: openTwin(t, book)}}
	r = start(t, node.Config{Journal: memory, Performer: c})
	r.must(r.Submit(r.ctx, r.sign(firm, request.PathSubaccounts, creation)))
	until(func() bool { return c.prepared.Load() >= 3 }) // it has been tried again
	if c.sent.Load() != 0 || lines(t, book) != 0 {
		t.Errorf("sent %d times, %d effects are booked", c.sent.Load(), lines(t, book))
	}
	s := r.view.Summary()
	if s.OpenEffects != 2 || s.ByStatus["pending"] != 2 {
		t.Errorf("%d open effects, accounts %v", s.OpenEffects, s.ByStatus)
	}
	if n := len(events[*prop.EffectSubmitted](t, memory)); n != 1 {
		t.Errorf("%d transactions were recorded", n)
	}
}

// TestEffectThatTheOutsideRefuses: the account fails, its lock is free again and its number is not
// used a second time.
func TestEffectThatTheOutsideRefuses(t *testing.T) {
	memory := initialised(t, genesis())
	r := start(t, node.Config{Journal: memory})
	r.register()
	r.command(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 9 * lock}) // the twin has 3
	for range 4 {
		r.submit(firm, request.PathSubaccounts, creation)
	}
	e, _, err := r.view.Entity(firm.Public())
	if err != nil || e.ByStatus["active"] != 3 || e.ByStatus["failed"] != 1 || e.Locked != 3*lock || e.Live != 3 {
		t.Errorf("accounts %v, locked %s, live %d, %v", e.ByStatus, e.Locked, e.Live, err)
	}
	done := events[*prop.EffectCompleted](t, memory)
	if last := done[len(done)-1]; last.OK || last.Detail == "" {
		t.Errorf("the outcome is %+v", last)
	}
	r.submit(firm, request.PathSubaccounts, creation)
	made := events[*prop.SubaccountCreated](t, memory)
	if last := made[len(made)-1]; last.ID != 4 {
		t.Errorf("the account after the failed one has number %d", last.ID)
	}
}

// stuck is a performer that does not come back from Send before it is let go.
type stuck struct {
	node.Performer
	reached, letGo chan struct{}
}

func (s *stuck) Send(ctx context.Context, tx prop.Tx) error {
	close(s.reached)
	<-s.letGo
	return s.Performer.Send(ctx, tx)
}

// TestStuckPerformerHoldsNobodyUp: when the journal fails, callers are told at once, whatever the
// performer is doing.
func TestStuckPerformerHoldsNobodyUp(t *testing.T) {
	memory, book := initialised(t, genesis()), t.TempDir()
	m := &machine{Journal: memory}
	p := &stuck{openTwin(t, book), make(chan struct{}), make(chan struct{})}
	r := start(t, node.Config{Journal: m, Performer: p})
	r.register()
	r.must(r.Submit(r.ctx, r.sign(firm, request.PathSubaccounts, creation)))
	<-p.reached
	m.dead.Store(true)
	_, err := r.Submit(r.ctx, r.sign(firm, request.PathSubaccounts, creation))
	refused(t, "the call whose block failed", err, prop.NotReady)
	if r.Ready() {
		t.Error("ready without a loop")
	}
	close(p.letGo)
	if err := r.stop(); !errors.Is(err, errOutside) {
		t.Errorf("the loop ended with %v", err)
	}
	if lines(t, book) != 1 {
		t.Error("Run has ended before its performer")
	}
}
