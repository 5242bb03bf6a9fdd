package journal

import (
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// store is what the node needs of a journal.
type store interface {
	Append(*wire.Block) error
	Reserve() error
	Head() Head
	Read(from uint64, fn func(*wire.Block) error) error
	Close() error
}

// stores are the implementations; each case of the suite gets a new one.
var stores = []struct {
	name string
	make func(t *testing.T) store
}{
	{"memory", func(*testing.T) store { return NewMemory() }},
	{"files", func(t *testing.T) store { j, _ := mustOpen(t, fastDir(t), defaultSegment); return j }},
	{"small segments", func(t *testing.T) store { j, _ := mustOpen(t, fastDir(t), 1024); return j }},
	{"disk", func(t *testing.T) store { j, _ := mustOpen(t, t.TempDir(), 4096); return j }},
}

// suite is what holds for every implementation.
var suite = []struct {
	name string
	run  func(t *testing.T, s store)
}{
	{"empty", suiteEmpty},
	{"append and read", suiteAppendRead},
	{"read from the middle", suiteReadFrom},
	{"refuses what does not follow", suiteFollows},
	{"refuses what could not be read back", suiteUnreadable},
	{"largest block", suiteLargest},
	{"stop and errors of fn", suiteStop},
	{"blocks may be kept", suiteKept},
	{"read sees the head at its call", suiteReadBound},
	{"append while reading", suiteConcurrent},
	{"close", suiteClose},
}

func TestConformance(t *testing.T) {
	for _, s := range stores {
		for _, c := range suite {
			t.Run(s.name+"/"+c.name, func(t *testing.T) { c.run(t, s.make(t)) })
		}
	}
}

func suiteEmpty(t *testing.T, s store) {
	if got := s.Head(); got != (Head{}) {
		t.Errorf("head of an empty journal: %+v", got)
	}
	for _, from := range []uint64{0, 1, 7} {
		same(t, collect(t, s, from), nil)
	}
}

func suiteAppendRead(t *testing.T, s store) {
	blocks := newMaker(t).several(40)
	for i, b := range blocks {
		if err := s.Reserve(); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, s, b)
		if got, want := s.Head(), headOf(blocks[:i+1]); got != want {
			t.Fatalf("head %+v, want %+v", got, want)
		}
	}
	got := collect(t, s, 0)
	same(t, got, blocks)
	for _, b := range got {
		if !b.Verify(network, key.Public()) {
			t.Errorf("block %d has lost its signature", b.FirstSeq)
		}
	}
}

func suiteReadFrom(t *testing.T, s store) {
	blocks := newMaker(t).several(30)
	mustAppend(t, s, blocks...)
	first := 0
	for seq := uint64(1); seq <= s.Head().LastSeq; seq++ {
		if seq > blocks[first].LastSeq {
			first++
		}
		same(t, collect(t, s, seq), blocks[first:])
	}
	same(t, collect(t, s, s.Head().LastSeq+1), nil)
	same(t, collect(t, s, ^uint64(0)), nil)
}

func suiteFollows(t *testing.T, s store) {
	m := newMaker(t)
	blocks := m.several(3)
	later := newMaker(t)
	later.head.LastSeq = 5
	other := newMaker(t)
	other.next(9)
	fork := newMaker(t)
	fork.head = headOf(blocks[:2])
	fork.head.Hash[0] ^= 1
	for _, c := range []struct {
		name  string
		after int // blocks in the journal
		block *wire.Block
	}{
		{"second first", 0, blocks[1]},
		{"a gap at the start", 0, later.next(1)},
		{"the same again", 1, blocks[0]},
		{"one left out", 1, blocks[2]},
		{"other chain", 2, other.next(9)},
		{"other hash", 2, fork.next(9)},
	} {
		for s.Head().LastSeq < headOf(blocks[:c.after]).LastSeq {
			mustAppend(t, s, blocks[c.after-1])
		}
		before := s.Head()
		if err := s.Append(c.block); err == nil || errors.Is(err, ErrBroken) {
			t.Errorf("%s: got error %v, want a refusal", c.name, err)
		}
		if s.Head() != before {
			t.Errorf("%s: the head moved", c.name)
		}
	}
	mustAppend(t, s, blocks[2])
	same(t, collect(t, s, 0), blocks)
}

func suiteUnreadable(t *testing.T, s store) {
	m := newMaker(t)
	first := m.next(10)
	mustAppend(t, s, first)
	second := m.next(10)
	makes := func(change func(b *wire.Block)) *wire.Block { b := *second; change(&b); return &b }
	at := func(records ...[]byte) *wire.Block {
		m := newMaker(t)
		m.head = s.Head()
		return m.seal(records...)
	}
	for _, c := range []struct {
		name  string
		block *wire.Block
	}{
		{"only a header", &wire.Block{Header: second.Header, Hash: second.Hash, Records: second.Records}},
		{"changed time", makes(func(b *wire.Block) { b.At++ })},
		{"changed hash", makes(func(b *wire.Block) { b.Hash[3]++ })},
		{"changed records", makes(func(b *wire.Block) { b.Records = [][]byte{{1}} })},
		{"no records", makes(func(b *wire.Block) { b.Records = nil })},
		{"too many records", at(make([][]byte, prop.MaxBatchCommands+1)...)},
		{"too large", at(make([]byte, maxPayload))},
	} {
		if err := s.Append(c.block); err == nil || errors.Is(err, ErrBroken) {
			t.Errorf("%s: got error %v, want a refusal", c.name, err)
		}
	}
	mustAppend(t, s, second)
	same(t, collect(t, s, 0), []*wire.Block{first, second})
}

// suiteLargest: a full batch fits with all that a block adds to it.
func suiteLargest(t *testing.T, s store) {
	m := newMaker(t)
	sizes := make([]int, prop.MaxBatchCommands)
	for i := range sizes {
		sizes[i] = prop.MaxBatchBytes / prop.MaxBatchCommands
	}
	blocks := []*wire.Block{m.next(1), m.next(sizes...), m.seal(make([]byte, maxPayload-500)), m.next(1)}
	mustAppend(t, s, blocks...)
	same(t, collect(t, s, 0), blocks)
}

func suiteStop(t *testing.T, s store) {
	mustAppend(t, s, newMaker(t).several(5)...)
	boom := errors.New("boom")
	for _, c := range []struct{ returned, want error }{
		{ErrStop, nil},
		{errors.Join(errors.New("enough"), ErrStop), nil},
		{boom, boom},
	} {
		calls := 0
		err := s.Read(0, func(*wire.Block) error {
			if calls++; calls == 3 {
				return c.returned
			}
			return nil
		})
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || calls != 3 {
			t.Errorf("fn returned %v: got %v after %d calls, want %v after 3", c.returned, err, calls, c.want)
		}
	}
}

// suiteKept: blocks share no memory with what is read after them.
func suiteKept(t *testing.T, s store) {
	m := newMaker(t)
	blocks := []*wire.Block{m.next(400), m.next(400), m.next(400)}
	mustAppend(t, s, blocks...)
	kept := collect(t, s, 0)
	for _, b := range collect(t, s, 0) {
		clear(b.Records[0])
	}
	same(t, kept, blocks)
	same(t, collect(t, s, 0), blocks)
}

func suiteReadBound(t *testing.T, s store) {
	blocks := newMaker(t).several(20)
	mustAppend(t, s, blocks[:10]...)
	n := 0
	err := s.Read(0, func(*wire.Block) error {
		n++
		return s.Append(blocks[9+n]) // also shows that fn may append
	})
	if err != nil || n != 10 {
		t.Errorf("read %d blocks with error %v, want 10", n, err)
	}
	same(t, collect(t, s, 0), blocks)
}

func suiteConcurrent(t *testing.T, s store) {
	blocks := newMaker(t).several(60)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ended := false; !ended; {
				select {
				case <-done:
					ended = true // and look once more
				default:
				}
				head, last := s.Head(), Head{}
				err := s.Read(1, func(b *wire.Block) error {
					if !b.Follows(last.Hash, last.LastSeq) {
						t.Errorf("block %d read after %d", b.FirstSeq, last.LastSeq)
					}
					last = Head{LastSeq: b.LastSeq, Hash: b.Hash}
					return nil
				})
				if err != nil || last.LastSeq < head.LastSeq {
					t.Errorf("read up to %d, the head was %d: %v", last.LastSeq, head.LastSeq, err)
					return
				}
			}
		})
	}
	mustAppend(t, s, blocks...)
	close(done)
	readers.Wait()
	same(t, collect(t, s, 0), blocks)
}

func suiteClose(t *testing.T, s store) {
	blocks := newMaker(t).several(2)
	mustAppend(t, s, blocks[0])
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if got := s.Head(); got != headOf(blocks[:1]) {
		t.Errorf("the head after closing is %+v", got)
	}
	for name, err := range map[string]error{
		"append":  s.Append(blocks[1]),
		"reserve": s.Reserve(),
		"read":    s.Read(0, func(*wire.Block) error { return nil }),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after closing: %v", name, err)
		}
	}
}
