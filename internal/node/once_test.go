package node_test

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// same checks that a repetition was answered with the first receipt.
func same(t *testing.T, what string, first, again wire.Proof, err error) {
	t.Helper()
	if err != nil || !again.Duplicate || !bytes.Equal(first.Receipt.Record, again.Receipt.Record) {
		t.Errorf("%s: record %d, duplicate %t, error %v; want the first receipt, of %d", what, again.Record.Seq, again.Duplicate, err, first.Record.Seq)
		return
	}
	if _, _, err := again.Receipt.Verify(network, origin.Public()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// TestOnce: one id is one command, whatever comes in between.
func TestOnce(t *testing.T) {
	memory := initialised(t, genesis())
	book := t.TempDir()
	r := start(t, node.Config{Journal: memory, Performer: openTwin(t, book)})
	r.register()
	call := r.sign(firm, request.PathSubaccounts, creation)
	first := r.must(r.Submit(r.ctx, call))
	r.settle()
	if first.Duplicate {
		t.Error("a new command counts as taken before")
	}
	again, err := r.Submit(r.ctx, call)
	same(t, "the same call", first, again, err)
	r.command(prices(epoch+second, 100))
	again, err = r.Submit(r.ctx, r.again(firm, call))
	same(t, "signed again", first, again, err)

	other := *call
	other.Body = append([]byte(" "), call.Body...)
	_, err = r.Submit(r.ctx, r.again(firm, &other))
	refused(t, "other body", err, prop.IDConflict)
	_, err = r.Submit(r.ctx, r.again(feeder, call))
	refused(t, "other signer", err, prop.IDConflict)
	elsewhere := *call
	elsewhere.Path = request.PathEntities
	_, err = r.Submit(r.ctx, r.again(firm, &elsewhere))
	if err == nil {
		t.Error("the id was taken for another path")
	}
	again, err = r.Submit(r.ctx, call)
	same(t, "the same call after others tried its id", first, again, err)

	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, node.Config{Journal: memory, Performer: openTwin(t, book)})
	again, err = r.Submit(r.ctx, call)
	same(t, "the same call after a restart", first, again, err)
	if n := len(events[*prop.SubaccountCreated](t, memory)); n != 1 {
		t.Errorf("%d accounts were made", n)
	}
}

// TestOnceConcurrently: of many equal calls at once, one is taken and all get its receipt.
func TestOnceConcurrently(t *testing.T) {
	memory := initialised(t, genesis())
	r := start(t, node.Config{Journal: memory})
	call := r.sign(firm, request.PathEntities, registration)
	proofs := make([]wire.Proof, 32)
	var wg sync.WaitGroup
	for i := range proofs {
		wg.Go(func() {
			var err error
			if proofs[i], err = r.Submit(r.ctx, call); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	taken := 0
	for _, p := range proofs {
		if !p.Duplicate {
			taken++
		}
		if !bytes.Equal(p.Receipt.Record, proofs[0].Receipt.Record) {
			t.Errorf("records %d and %d for one command", p.Record.Seq, proofs[0].Record.Seq)
		}
	}
	if n := len(events[*prop.EntityRegistered](t, memory)); taken != 1 || n != 1 {
		t.Errorf("%d calls were taken, %d entities registered", taken, n)
	}
}

// TestRefusedOnce: a refused call is refused alike when it comes again, until its id expires; a
// restart forgets, so what it cannot know it asks to be signed again.
func TestRefusedOnce(t *testing.T) {
	memory := initialised(t, genesis())
	r := start(t, node.Config{Journal: memory})
	call := r.sign(firm, request.PathSubaccounts, creation)
	_, first := r.Submit(r.ctx, call)
	refused(t, "before the registration", first, prop.EntityNotFound)
	r.submit(firm, request.PathEntities, registration)
	early := r.sign(firm, request.PathSubaccounts, creation)
	_, err := r.Submit(r.ctx, early)
	refused(t, "before the deposit is known", err, prop.CollateralUnknown)
	r.command(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock})
	r.must(r.Submit(r.ctx, early)) // a refusal that passes is not held against the id
	_, err = r.Submit(r.ctx, r.again(firm, call))
	if refused(t, "the same call", err, prop.EntityNotFound); err.Error() != first.Error() {
		t.Errorf("refused with %v, then with %v", first, err)
	}
	other := *call
	other.Body = append([]byte(" "), call.Body...)
	_, err = r.Submit(r.ctx, r.again(firm, &other))
	refused(t, "the id of a refused call with another body", err, prop.IDConflict)
	r.submit(firm, request.PathSubaccounts, creation)

	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, node.Config{Journal: memory})
	_, err = r.Submit(r.ctx, call)
	refused(t, "the refused call after a restart", err, prop.SignAgain)
	proof := r.must(r.Submit(r.ctx, r.again(firm, call)))
	if proof.Duplicate {
		t.Error("the refused call counts as taken")
	}

	r.settle()
	r.command(prices(r.Now()+window+1, 100))
	old := r.again(firm, call)
	old.ID = prop.NewCommandID(r.Now()-window-1, [10]byte{7})
	_, err = r.Submit(r.ctx, r.again(firm, old))
	refused(t, "an id older than the window", err, prop.IDExpired)
	_, err = r.Submit(r.ctx, call)
	refused(t, "a call older than the window", err, prop.TimestampExpired)
	old.ID = prop.NewCommandID(r.Now()+2*second+1, [10]byte{7})
	_, err = r.Submit(r.ctx, r.again(firm, old))
	refused(t, "an id of the future", err, prop.TimestampFuture)
}

// TestFreshJournalNeedsNoSecondSignature: nothing can have been refused before the first start.
func TestFreshJournalNeedsNoSecondSignature(t *testing.T) {
	r := start(t, node.Config{Journal: initialised(t, genesis())})
	r.must(r.Submit(r.ctx, r.sign(firm, request.PathEntities, registration)))
}

// TestReceipts: the receipt of every command verifies, of a block with one record and with many.
func TestReceipts(t *testing.T) {
	g := newGate(initialised(t, genesis()))
	r := start(t, node.Config{Journal: g})
	calls := make([]*prop.Envelope, 40)
	for i := range calls {
		key := wire.NewKey([32]byte{100, byte(i)})
		calls[i] = r.sign(key, request.PathEntities, api.RegisterEntity{Hotkey: key.Public(), Coldkey: prop.Hotkey{9}})
	}
	proofs := make([]wire.Proof, len(calls))
	var wg sync.WaitGroup
	for i, call := range calls {
		wg.Go(func() {
			var err error
			if proofs[i], err = r.Submit(r.ctx, call); err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			<-g.reached
		}
	}
	until(func() bool { return r.Queued() == len(calls)-1 }) // they go into the second block
	close(g.opened)
	wg.Wait()
	for i, p := range proofs {
		record, header, err := p.Receipt.Verify(network, origin.Public())
		if err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
		if record.Envelope.ID != calls[i].ID || record.Seq != p.Record.Seq {
			t.Errorf("command %d has the receipt of another", i)
		}
		if n := header.LastSeq - header.FirstSeq + 1; i > 0 && n < uint64(len(calls)-1) {
			t.Errorf("command %d is in a block of %d", i, n)
		}
		found := r.must(r.Find(p.Record.Seq))
		same(t, "found in the journal", p, wire.Proof{Record: found.Record, Receipt: found.Receipt, Duplicate: true}, nil)
	}
}

// TestFind: a record that is not there is refused by that name, a journal that cannot be read is
// not.
func TestFind(t *testing.T) {
	memory := initialised(t, genesis())
	r := start(t, node.Config{Journal: memory})
	if first := r.must(r.Find(1)); first.Record.Seq != 1 {
		t.Errorf("record 1 is %d", first.Record.Seq)
	}
	_, err := r.Find(2)
	refused(t, "a record that is not there yet", err, prop.NotFound)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	memory.Close()
	if _, err = r.Find(1); !errors.Is(err, os.ErrClosed) || errors.As(err, new(*prop.Error)) {
		t.Errorf("a closed journal: %v", err)
	}
}
