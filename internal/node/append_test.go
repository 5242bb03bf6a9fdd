package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// faulty is a journal whose append number failing fails, before or after the block is durable.
type faulty struct {
	node.Journal
	failing int // counted from 1; 0 = never
	happens bool
	calls   int
	durable uint64 // last sequence that was acknowledged
}

var errDisk = errors.New("the disk failed")

func (f *faulty) Append(b *wire.Block) error {
	if f.calls++; f.calls == f.failing {
		if f.happens {
			return errors.Join(errDisk, f.Journal.Append(b))
		}
		return errDisk
	}
	f.durable = b.LastSeq
	return f.Journal.Append(b)
}

// script is a firm's life with one account: it is opened, trades, breaches and ends.
var script = []any{
	registration, "deposit", creation, int64(100),
	order("LONG", 2), int64(100), int64(101), order("FLAT", 0), int64(101),
	order("LONG", 5), int64(100), order("FLAT", 0), int64(90),
}

func path(body any) string {
	switch body.(type) {
	case api.RegisterEntity:
		return request.PathEntities
	case api.CreateSubaccount:
		return request.PathSubaccounts
	}
	return request.PathOrders
}

// player plays the script and opens the node again where the loop has failed.
type player struct {
	*rig
	memory *journal.Memory
	book   string // directory of the twin's
	fault  *faulty
	acked  []wire.Proof
}

func newPlayer(t *testing.T, fault *faulty) *player {
	p := &player{memory: initialised(t, genesis()), book: t.TempDir(), fault: fault}
	fault.Journal, fault.durable = p.memory, 1
	p.rig = start(t, node.Config{Journal: fault, Performer: openTwin(t, p.book)})
	return p
}

// play does all steps, each until it is acknowledged, and stops the node.
func (p *player) play() {
	p.t.Helper()
	for _, s := range script {
		act := p.step(s)
		for err := act(); err != nil; err = act() {
			p.recover(err)
		}
	}
	if err := p.stop(); err != nil {
		p.recover(err)
	}
}

// step makes what does a step; what is signed keeps its id when it is done again.
func (p *player) step(s any) func() error {
	var cmd prop.Command
	switch s := s.(type) {
	case int64:
		cmd = prices(p.Now()+second, s)
	case string:
		cmd = &prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock}
	default:
		call := p.sign(firm, path(s), s)
		return func() error {
			proof, err := p.Submit(p.ctx, call)
			if refusal := new(prop.Error); errors.As(err, &refusal) && refusal.Code == prop.SignAgain {
				proof, err = p.Submit(p.ctx, p.again(firm, call))
			}
			if err != nil {
				return err
			}
			p.acked = append(p.acked, proof)
			return p.Settle(p.ctx)
		}
	}
	return func() error { return errors.Join(p.Command(p.ctx, cmd), p.Settle(p.ctx)) }
}

// recover checks that the loop has failed and let nothing of the failed block out, and opens the
// node again.
func (p *player) recover(err error) {
	p.t.Helper()
	if loop := p.stop(); !errors.Is(loop, errDisk) {
		p.t.Fatalf("the step failed: %v; the loop: %v", err, loop)
	}
	if got := p.view.AsOf().Seq; got != p.fault.durable {
		p.t.Errorf("published up to %d, acknowledged by the journal %d", got, p.fault.durable)
	}
	for _, a := range p.acked {
		if a.Record.Seq > p.fault.durable {
			p.t.Errorf("a receipt of record %d was released, acknowledged by the journal %d", a.Record.Seq, p.fault.durable)
		}
	}
	p.fault.durable = ^uint64(0) // what follows is not acknowledged by it
	ids := p.ids
	p.rig = start(p.t, node.Config{Journal: p.memory, Performer: openTwin(p.t, p.book)})
	p.ids = ids
}

// lines is how many effects the twin has booked.
func lines(t *testing.T, book string) int {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(book, "collateral-twin.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(body, []byte("\n"))
}

// checkAcked checks that what was acknowledged is in the journal, each once.
func (p *player) checkAcked() {
	p.t.Helper()
	once := map[prop.CommandID]int{}
	for _, r := range records(p.t, p.memory) {
		if r.Envelope != nil {
			once[r.Envelope.ID]++
		}
	}
	for _, a := range p.acked {
		found := p.must(p.Find(a.Record.Seq))
		if !bytes.Equal(found.Receipt.Record, a.Receipt.Record) || once[a.Record.Envelope.ID] != 1 {
			p.t.Errorf("record %d was acknowledged and is not what the journal holds", a.Record.Seq)
		}
	}
}

// TestAppendFails lets every append of a run fail in both ways. The node must not let anything of
// the block out, recover all that was acknowledged, and come to the same end.
func TestAppendFails(t *testing.T) {
	whole := newPlayer(t, new(faulty))
	whole.play()
	whole.checkAcked()
	want := whole.end()
	if want.Status != prop.Eliminated || lines(t, whole.book) != 2 {
		t.Fatalf("the script ends with the account %s and %d effects", want.Status, lines(t, whole.book))
	}
	for k := 1; k <= whole.fault.calls; k++ {
		for _, happens := range []bool{false, true} {
			t.Run(fmt.Sprintf("append %d, durable %t", k, happens), func(t *testing.T) {
				p := newPlayer(t, &faulty{failing: k, happens: happens})
				p.play()
				if p.fault.calls != k {
					t.Fatalf("the journal was asked for %d appends, number %d failed", p.fault.calls, k)
				}
				p.checkAcked()
				if got := p.end(); got.Status != want.Status || got.Balance != want.Balance {
					t.Errorf("ends %s with %s, want %s with %s", got.Status, got.Balance, want.Status, want.Balance)
				}
				if got := lines(t, p.book); got != 2 {
					t.Errorf("%d effects are booked, want the lock and the slash", got)
				}
			})
		}
	}
}

// end is the account as a reader that starts from the journal sees it.
func (p *player) end() view.Account {
	p.t.Helper()
	a, _, err := open(p.t, node.Config{Journal: p.memory}).view.Account(account)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// full is a journal that says when its disk has no room.
type full struct {
	node.Journal
	full  atomic.Bool
	asked atomic.Int64
}

func (f *full) Reserve() error {
	f.asked.Add(1)
	if f.full.Load() {
		return syscall.ENOSPC
	}
	return f.Journal.Reserve()
}

// handClock is set by hand and can be made unsure.
type handClock struct{ now, unsure atomic.Int64 }

func (c *handClock) At(prop.Signed) prop.Instant { return c.Now() }
func (c *handClock) Now() prop.Instant           { return prop.Instant(c.now.Load()) }
func (c *handClock) Unsure() error {
	if c.unsure.Load() != 0 {
		return prop.Refuse(prop.ClockUnsure, "the clock stepped")
	}
	return nil
}

// TestBlocked: without room, or without trust in the time, nothing is decided, not even what is
// due; reads go on, and writes do again as soon as the reason has gone.
func TestBlocked(t *testing.T) {
	for _, c := range []struct {
		name string
		code prop.Code
		set  func(*full, *handClock, bool)
	}{
		{"no room", prop.NoRoom, func(f *full, _ *handClock, on bool) { f.full.Store(on) }},
		{"clock unsure", prop.ClockUnsure, func(_ *full, c *handClock, on bool) { c.unsure.Store(map[bool]int64{true: 1}[on]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := genesis()
			g.RuleSets[0].Phases[0].TimeLimitMs = second
			memory := initialised(t, g)
			disk, clock := &full{Journal: memory}, new(handClock)
			clock.now.Store(int64(epoch))
			r := start(t, node.Config{Journal: disk, Clock: clock})
			r.register()
			created := r.submit(firm, request.PathSubaccounts, creation)
			before := memory.Head()

			c.set(disk, clock, true)
			clock.now.Add(2 * second) // the account's time is over
			call := r.sign(firm, request.PathSubaccounts, creation)
			for range 2 {
				_, err := r.Submit(r.ctx, call)
				refused(t, "a signed call", err, c.code)
			}
			refused(t, "a command", r.Command(r.ctx, prices(r.Now(), 100)), c.code)
			if c.code == prop.NoRoom { // the loop wakes for the tick and finds no room
				asked := disk.asked.Load()
				until(func() bool { return disk.asked.Load() >= asked+2 })
			}
			if memory.Head() != before || r.status() != "active" {
				t.Errorf("the journal grew to %d, the account is %s", memory.Head().LastSeq, r.status())
			}
			if found := r.must(r.Find(created.Record.Seq)); !bytes.Equal(found.Receipt.Record, created.Receipt.Record) {
				t.Error("an old record cannot be read")
			}

			c.set(disk, clock, false)
			until(func() bool { return r.status() == "eliminated" }) // of itself
			if proof := r.must(r.Submit(r.ctx, call)); proof.Duplicate {
				t.Error("the call that was refused for the room counts as taken")
			}
		})
	}
}
