package node_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

func TestDataClock(t *testing.T) {
	c := node.NewDataClock(epoch)
	pushed := prop.Signed{Command: prices(epoch+9*second, 100), ID: prop.CommandID{1}}
	for _, s := range []struct {
		name string
		cmd  prop.Signed
		want prop.Instant
	}{
		{"a tick", prop.Signed{Command: new(prop.Tick)}, epoch},
		{"a pushed batch", pushed, epoch},
		{"the feed's batch", prop.Signed{Command: prices(epoch+2*second, 100)}, epoch + 2*second},
		{"an older batch", prop.Signed{Command: prices(epoch+second, 100)}, epoch + 2*second},
		{"a pushed batch later", pushed, epoch + 2*second},
	} {
		if got := c.At(s.cmd); got != s.want || c.Now() != s.want {
			t.Errorf("%s: at %s, now %s, want %s", s.name, got, c.Now(), s.want)
		}
	}
}

// TestPushedPricesLeaveTheTime: only the feed moves the data's time.
func TestPushedPricesLeaveTheTime(t *testing.T) {
	r := start(t, node.Config{Journal: initialised(t, genesis())})
	quote := api.Quote{Pair: "BTCUSD", Bid: fixed.PriceScale, Ask: fixed.PriceScale}
	proof := r.submit(feeder, request.PathPrices, api.PushPrices{Observed: epoch + 1_500, Quotes: []api.Quote{quote}})
	if proof.Record.At != epoch || r.Now() != epoch {
		t.Errorf("recorded at %s, now %s", proof.Record.At, r.Now())
	}
	r.command(prices(epoch+2*second, 100))
	if r.Now() != epoch+2*second {
		t.Errorf("the feed's batch moved the time to %s", r.Now())
	}
}

// limited is a genesis whose challenge has to be passed within a second.
func limited(ms int64) prop.Genesis {
	g := genesis()
	g.RuleSets[0].Phases[0].TimeLimitMs = ms
	return g
}

// TestDueBeforeTheNextCommand: what time has brought is done, at its own time, before anything that
// comes later.
func TestDueBeforeTheNextCommand(t *testing.T) {
	memory := initialised(t, limited(second))
	r := start(t, node.Config{Journal: memory})
	r.register()
	r.submit(firm, request.PathSubaccounts, creation)
	r.command(prices(epoch+second, 100))
	if r.status() != "active" {
		t.Fatalf("at its deadline the account is %s", r.status())
	}
	r.command(prices(epoch+5*second, 100))
	all := records(t, memory)
	all = all[len(all)-5:] // two more are of the slash
	frozen, ok := all[0].Events[0].(*prop.AccountsFrozen)
	if !ok || frozen.Reason != prop.TimeLimit || all[0].At != epoch+second+1 {
		t.Errorf("first, at %s: %+v", all[0].At, all[0].Events[0])
	}
	if _, ok := all[1].Events[0].(*prop.AccountEliminated); !ok || all[1].At != epoch+second+1 {
		t.Errorf("then, at %s: %+v", all[1].At, all[1].Events[0])
	}
	if _, ok := all[2].Events[0].(*prop.PricesObserved); !ok || all[2].At != epoch+5*second {
		t.Errorf("last, at %s: %+v", all[2].At, all[2].Events[0])
	}
}

// TestCarryOnItsBoundaries: each boundary is a record of its own time, before anything that comes
// later, also where the node slept through it; nobody pays twice, nor who holds nothing.
func TestCarryOnItsBoundaries(t *testing.T) {
	const hour = 3_600 * second
	g := genesis()
	g.RuleSets[0].Classes[0].CarryRate = fixed.RatioScale / 10_000
	g.RuleSets[0].Phases[0].TimeLimitMs = 0
	memory, dir := initialised(t, g), t.TempDir()
	r := start(t, node.Config{Journal: memory, Performer: openTwin(t, dir)})
	r.register()
	r.submit(firm, request.PathSubaccounts, creation)
	r.command(prices(epoch+5*hour, 100)) // past 04:00, with nothing held
	r.submit(firm, request.PathOrders, order("LONG", 1))
	r.command(prices(epoch+6*hour, 100))
	r.command(prices(epoch+12*hour, 101)) // the boundary itself: carry comes first, on the mark before
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, node.Config{Journal: memory, Performer: openTwin(t, dir)})
	r.command(prices(epoch+29*hour, 101))
	r.command(prices(epoch+30*hour, 101))
	var got []prop.Instant
	for _, rec := range records(t, memory) {
		if e, ok := rec.Events[0].(*prop.CarryCharged); ok {
			if got = append(got, e.Boundary-epoch); rec.At != e.Boundary || len(e.Rates) != 1 || e.Rates[0].Units != 1 || e.Rates[0].Rate != fixed.RatioScale/10_000 {
				t.Errorf("record %d at %s: %+v", rec.Seq, rec.At, e)
			}
		}
	}
	if want := []prop.Instant{12 * hour, 20 * hour, 28 * hour}; !slices.Equal(got, want) {
		t.Errorf("carry at %v, want %v", got, want)
	}
	a, _, err := r.view.Account(account) // 10,000 less a fee of 10, and carry of 1, 1.01 and 1.01
	if err != nil || a.Balance.String() != "9986.98" {
		t.Errorf("the balance is %s, %v", a.Balance, err)
	}
}

// TestWallClockWakes: on the machine's time a deadline needs no command to pass.
func TestWallClockWakes(t *testing.T) {
	r := start(t, node.Config{Journal: initialised(t, limited(20)), Clock: node.NewWallClock()})
	r.register()
	r.submit(firm, request.PathSubaccounts, creation)
	until(func() bool { return r.status() == "eliminated" })
}

// crowd is a journal in which n accounts hold a position at 100 dollars. It is decided by the
// engine alone, without envelopes: signatures would take most of the time.
func crowd(t *testing.T, n int) *journal.Memory {
	t.Helper()
	g := genesis()
	g.RuleSets[0].AccountSize, g.RuleSets[0].Lock = 100*fixed.USDScale, 0
	j, s := initialised(t, g), state.New()
	prev, raws, size := j.Head().Hash, [][]byte{}, 0
	seal := func() {
		first := s.Seq() - uint64(len(raws)) + 1
		b, err := wire.Seal(origin, network, engine.Version, prev, first, s.At(), raws)
		if err == nil {
			err = j.Append(b)
		}
		if err != nil {
			t.Fatal(err)
		}
		prev, raws, size = b.Hash, nil, 0
	}
	apply := func(cmd prop.Command, id prop.CommandID) {
		out, err := engine.Apply(s, epoch, prop.Signed{Command: cmd, Signer: firm.Public(), ID: id})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := wire.EncodeRecord(prop.Record{Seq: out.Stamp.Seq, At: epoch, Command: cmd, Events: out.Events})
		if err != nil {
			t.Fatal(err)
		}
		if s.Seq() == 1 {
			return // the genesis is there
		}
		raws, size = append(raws, raw), size+len(raw)
		if len(raws) == prop.MaxBatchCommands || size > prop.MaxBatchBytes/2 {
			seal()
		}
	}
	own := prop.CommandID{}
	apply(&prop.Start{Genesis: g}, own)
	apply(&prop.RegisterEntity{Hotkey: firm.Public(), Coldkey: prop.Hotkey{9}}, own)
	apply(&prop.ObserveCollateral{Entity: firm.Public(), Deposited: lock}, own)
	for i := range n {
		apply(&prop.CreateSubaccount{Entity: firm.Public(), Class: "crypto"}, own)
		apply(&prop.RecordSubmission{Effect: prop.EffectID(i + 1)}, own)
		apply(&prop.CompleteEffect{Effect: prop.EffectID(i + 1), OK: true}, own)
	}
	apply(prices(epoch, 100), own)
	for i := range n {
		apply(&prop.SubmitOrder{Type: prop.Market, Account: prop.AccountKey{Entity: firm.Public(), ID: uint32(i)}, Pair: "BTCUSD", Side: prop.Long, Leverage: 4 * fixed.RatioScale},
			prop.NewCommandID(epoch, [10]byte{2: byte(i >> 8), 3: byte(i)}))
	}
	apply(prices(epoch, 100), own)
	seal()
	return j
}

// deposits are n commands that are one record each.
func deposits(n int) (cmds []prop.Command) {
	for i := range n {
		cmds = append(cmds, &prop.ObserveCollateral{Entity: firm.Public(), Deposited: fixed.Theta(i + 1)})
	}
	return cmds
}

// TestManyEliminations: more eliminations than the block has room for go into the next ones, before
// any later command, also of the same submission.
func TestManyEliminations(t *testing.T) {
	const accounts = 1_100
	memory := crowd(t, accounts)
	r := start(t, node.Config{Journal: memory})
	last := memory.Head().LastSeq
	r.command(slices.Concat(deposits(1_019), []prop.Command{prices(r.Now()+second, 90)}, deposits(3))...)
	gone, inBlocks, later := 0, 0, false
	for _, b := range blocks(t, memory) {
		if b.FirstSeq <= last {
			continue
		}
		if len(b.Records) > prop.MaxBatchCommands {
			t.Errorf("a block of %d records", len(b.Records))
		}
		here := gone
		for _, raw := range b.Records {
			record, err := request.Record(raw)
			if err != nil {
				t.Fatal(err)
			}
			ended := 0
			for _, e := range record.Events {
				if _, ok := e.(*prop.AccountEliminated); ok {
					ended++
				}
			}
			if _, ok := record.Command.(*prop.ObserveCollateral); ok && gone > 0 {
				later = true
			}
			if ended > prop.MaxEliminations || ended > 0 && later {
				t.Errorf("record %d ends %d accounts, after a later command: %t", record.Seq, ended, later)
			}
			gone += ended
		}
		if gone > here {
			inBlocks++
		}
	}
	if gone != accounts || inBlocks < 2 || !later {
		t.Errorf("%d accounts ended in %d blocks", gone, inBlocks)
	}
	if s := r.view.Summary(); s.ByStatus["eliminated"] != accounts {
		t.Errorf("accounts by status: %v", s.ByStatus)
	}
	checkRoots(t, memory)
}

// TestMoreThanABlock: a submission that no block can hold goes into several.
func TestMoreThanABlock(t *testing.T) {
	memory := initialised(t, genesis())
	r := start(t, node.Config{Journal: memory})
	r.register()
	r.command(deposits(3 * prop.MaxBatchCommands)...)
	if n := len(events[*prop.CollateralObserved](t, memory)); n != 3*prop.MaxBatchCommands+1 {
		t.Errorf("%d of them were recorded", n)
	}
}

// TestBusy: when the queue is full, the next call is told to come again, and all that waited is
// done.
func TestBusy(t *testing.T) {
	g := newGate(initialised(t, genesis()))
	r := start(t, node.Config{Journal: g})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Command(r.ctx, prices(epoch, 100)); err != nil {
			t.Error(err)
		}
	})
	<-g.reached
	for range prop.MaxQueue {
		wg.Go(func() {
			if err := r.Command(r.ctx, new(prop.Tick)); err != nil {
				t.Error(err)
			}
		})
	}
	until(func() bool { return r.Queued() == prop.MaxQueue })
	call := r.sign(firm, request.PathEntities, registration)
	_, err := r.Submit(r.ctx, call)
	refused(t, "a call", err, prop.Busy)
	close(g.opened)
	wg.Wait()
	r.must(r.Submit(r.ctx, call))
}
