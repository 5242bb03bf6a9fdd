package node_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// TestSameCommandsSameRecords: what a node decides follows from its commands alone, whatever keeps
// its journal; one that starts again has the same roots.
func TestSameCommandsSameRecords(t *testing.T) {
	dir := t.TempDir()
	ja, jb := initialised(t, genesis()), openFiles(t, dir)
	if err := node.Init(jb, origin, genesis(), epoch); err != nil {
		t.Fatal(err)
	}
	a, b := start(t, node.Config{Journal: ja}), start(t, node.Config{Journal: jb})
	for _, s := range script {
		var cmd prop.Command
		switch s := s.(type) {
		case int64:
			cmd = prices(a.Now()+20*second, s)
		case string:
			cmd = &prop.ObserveCollateral{Entity: firm.Public(), Deposited: 3 * lock}
		default:
			call := a.sign(firm, path(s), s)
			a.must(a.Submit(a.ctx, call))
			b.must(b.Submit(b.ctx, call))
			a.settle()
			b.settle()
			continue
		}
		a.command(cmd)
		b.command(cmd)
	}
	for _, r := range []*rig{a, b} {
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	}
	var raws [2][][]byte
	for i, j := range []node.Journal{ja, jb} {
		for _, block := range blocks(t, j) {
			raws[i] = append(raws[i], block.Records...)
		}
	}
	if len(raws[0]) != len(raws[1]) || len(raws[0]) < len(script) {
		t.Fatalf("%d and %d records", len(raws[0]), len(raws[1]))
	}
	for i, raw := range raws[0] {
		if !bytes.Equal(raw, raws[1][i]) {
			t.Fatalf("record %d differs", i+1)
		}
	}
	registryA, tradingA := a.view.Roots()
	if registryB, tradingB := b.view.Roots(); registryA != registryB || tradingA != tradingB {
		t.Error("equal records, other roots")
	}
	if a.status() != "eliminated" {
		t.Errorf("the account is %s", a.status())
	}
	jb.Close()
	again := open(t, node.Config{Journal: openFiles(t, dir)})
	if r, tr := again.view.Roots(); r != registryA || tr != tradingA {
		t.Error("other roots after a restart")
	}
}

// openFiles opens a journal on disk.
func openFiles(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, repaired, err := journal.Open(dir)
	if err != nil || repaired != nil {
		t.Fatal(err, repaired)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// checkRoots checks every recorded root against a reader that starts from nothing, and returns the
// minutes of the records' time that have one.
func checkRoots(t *testing.T, j node.Journal) (minutes []int64) {
	t.Helper()
	reader := view.New()
	first := map[uint64]bool{} // sequences that begin a block
	for _, b := range blocks(t, j) {
		first[b.FirstSeq] = true
	}
	for _, r := range records(t, j) {
		if root, ok := r.Events[0].(*prop.RootRecorded); ok {
			registry, trading := reader.Roots()
			if root.AtSeq != r.Seq-1 || root.Registry != registry || root.Trading != trading {
				t.Errorf("record %d states the roots of %d as %s and %s, the reader's of %d are %s and %s",
					r.Seq, root.AtSeq, root.Registry, root.Trading, r.Seq-1, registry, trading)
			}
			if !first[r.Seq] || len(r.Events) != 1 {
				t.Errorf("root record %d does not stand first in its block", r.Seq)
			}
			minutes = append(minutes, int64(r.At-epoch)/prop.RootEveryMs)
		}
		reader.Publish(nil, []prop.Record{r})
	}
	return minutes
}

// TestRoots: one root for each minute of the data's time, and one at the end.
func TestRoots(t *testing.T) {
	memory := initialised(t, genesis())
	r := start(t, node.Config{Journal: memory})
	r.register()
	r.submit(firm, request.PathSubaccounts, creation)
	for i := range int64(16) { // to 5 min 20 s
		r.command(prices(epoch+prop.Instant((i+1)*20*second), 100+i%3))
	}
	minutes := checkRoots(t, memory)
	for i, m := range minutes {
		if m != int64(i) {
			t.Errorf("roots in the minutes %v", minutes)
			break
		}
	}
	if len(minutes) != 6 {
		t.Errorf("%d roots in 6 minutes", len(minutes))
	}
	for range 2 { // what has not changed needs no second root
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		if n := len(checkRoots(t, memory)); n != len(minutes)+1 {
			t.Errorf("%d roots, then %d after the end", len(minutes), n)
		}
		all := records(t, memory)
		if _, ok := all[len(all)-1].Events[0].(*prop.RootRecorded); !ok {
			t.Error("the last record is not a root")
		}
		r = start(t, node.Config{Journal: memory})
	}
}

// TestOpenRefuses: a node does not start on what it cannot trust.
func TestOpenRefuses(t *testing.T) {
	other := wire.NewRepeatableKey([32]byte{77})
	for _, c := range []struct {
		name string
		make func(t *testing.T) (node.Journal, *wire.Key)
		want string
	}{
		{"an empty journal", func(*testing.T) (node.Journal, *wire.Key) { return journal.NewMemory(), origin }, "empty"},
		{"another's journal", func(t *testing.T) (node.Journal, *wire.Key) { return initialised(t, genesis()), other }, "origin"},
		{"a wrong root", func(t *testing.T) (node.Journal, *wire.Key) { return forged(t), origin }, "roots"},
	} {
		j, key := c.make(t)
		_, err := node.Open(node.Config{Key: key, Clock: node.NewDataClock(epoch), Journal: j, Reader: view.New(), Performer: openTwin(t, t.TempDir())})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := node.Init(initialised(t, genesis()), origin, genesis(), epoch); err == nil {
		t.Error("a journal took a second genesis")
	}
	if err := node.Init(journal.NewMemory(), other, genesis(), epoch); err == nil {
		t.Error("a journal began with a genesis of another origin")
	}
}

// forged is a well-formed journal whose second record states roots that were never true.
func forged(t *testing.T) node.Journal {
	t.Helper()
	j := initialised(t, genesis())
	cmd := &prop.RecordRoot{AtSeq: 1, Registry: prop.Hash{1}, Trading: prop.Hash{2}}
	raw, err := wire.EncodeRecord(prop.Record{Seq: 2, At: epoch, Command: cmd,
		Events: []prop.Event{&prop.RootRecorded{AtSeq: 1, Registry: cmd.Registry, Trading: cmd.Trading}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := wire.Seal(origin, network, engine.Version, j.Head().Hash, 2, epoch, [][]byte{raw})
	if err == nil {
		err = j.Append(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}
