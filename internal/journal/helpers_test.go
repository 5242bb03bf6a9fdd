package journal

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

const network = "test"

var key = wire.NewRepeatableKey([32]byte{1})

// maker seals blocks that follow each other.
type maker struct {
	t    testing.TB
	head Head
	rnd  *rand.Rand
}

func newMaker(t testing.TB) *maker {
	return &maker{t: t, rnd: rand.New(rand.NewPCG(1, 2))}
}

// seal makes the next block of the records.
func (m *maker) seal(records ...[]byte) *wire.Block {
	m.t.Helper()
	b, err := wire.Seal(key, network, 1, m.head.Hash, m.head.LastSeq+1, prop.Instant(m.head.LastSeq), records)
	if err != nil {
		m.t.Fatal(err)
	}
	m.head = Head{LastSeq: b.LastSeq, Hash: b.Hash}
	return b
}

// next makes the next block with a record of each size. No byte of them is zero.
func (m *maker) next(sizes ...int) *wire.Block {
	m.t.Helper()
	records := make([][]byte, len(sizes))
	for i, n := range sizes {
		records[i] = make([]byte, n)
		for k := range records[i] {
			records[i][k] = byte(1 + m.rnd.IntN(255))
		}
	}
	return m.seal(records...)
}

// several makes n blocks of different sizes, from 1 record of 1 byte to 3 of a few hundred.
func (m *maker) several(n int) []*wire.Block {
	blocks := make([]*wire.Block, n)
	for i := range blocks {
		sizes := make([]int, 1+m.rnd.IntN(3))
		for k := range sizes {
			sizes[k] = 1 + m.rnd.IntN(300)
		}
		blocks[i] = m.next(sizes...)
	}
	return blocks
}

// fastDir is a directory in memory where there is one: what these tests read does not depend on the
// disk.
func fastDir(t testing.TB) string {
	t.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "journal"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

// mustOpen opens the journal and closes it with the test.
func mustOpen(t testing.TB, dir string, segmentSize int64) (*Journal, *Repair) {
	t.Helper()
	j, repair, err := open(dir, segmentSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, repair
}

func mustAppend(t testing.TB, s store, blocks ...*wire.Block) {
	t.Helper()
	for _, b := range blocks {
		if err := s.Append(b); err != nil {
			t.Fatalf("append block %d: %v", b.FirstSeq, err)
		}
	}
}

// layout is a closed journal on disk and where its frames are.
type layout struct {
	dir      string
	segments []string
	index    []entry
}

// build makes a journal of the blocks and closes it.
func build(t testing.TB, segmentSize int64, blocks []*wire.Block) layout {
	t.Helper()
	dir := fastDir(t)
	j, _ := mustOpen(t, dir, segmentSize)
	mustAppend(t, j, blocks...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return layout{dir, j.segments, j.index}
}

func (l layout) path(segment int) string {
	return filepath.Join(l.dir, segmentsDir, l.segments[segment])
}

// last is the number of the last segment.
func (l layout) last() int { return len(l.segments) - 1 }

// of are the frames of one segment.
func (l layout) of(segment int) []entry {
	var of []entry
	for _, e := range l.index {
		if e.segment == segment {
			of = append(of, e)
		}
	}
	return of
}

// payloadEnd is where the frame's last byte ends, frameEnd where the next frame starts.
func (e entry) payloadEnd() int { return int(e.offset) + frameHeaderSize + e.length }
func (e entry) frameEnd() int   { return int(e.offset) + frameHeaderSize + align(e.length) }

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// collect reads everything from seq on.
func collect(t testing.TB, s store, from uint64) []*wire.Block {
	t.Helper()
	var got []*wire.Block
	if err := s.Read(from, func(b *wire.Block) error { got = append(got, b); return nil }); err != nil {
		t.Fatalf("read from %d: %v", from, err)
	}
	return got
}

// same expects the blocks, byte for byte.
func same(t testing.TB, got, want []*wire.Block) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d blocks, want %d", len(got), len(want))
	}
	for i := range want {
		a, errA := got[i].Encode()
		b, errB := want[i].Encode()
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Fatalf("block %d of %d is not the one that was appended (%v, %v)", i, len(want), errA, errB)
		}
	}
}

func headOf(blocks []*wire.Block) Head {
	if len(blocks) == 0 {
		return Head{}
	}
	b := blocks[len(blocks)-1]
	return Head{LastSeq: b.LastSeq, Hash: b.Hash}
}

// wantFault expects damage at one place.
func wantFault(t testing.TB, err error, segment string, offset int64) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a fault in %s at %d", err, segment, offset)
	}
	if f.Segment != segment || f.Offset != offset || f.Reason == "" {
		t.Fatalf("got fault %v, want one in %s at %d", f, segment, offset)
	}
}

// wantRefused expects all three ways into a journal to report the same damage.
func wantRefused(t testing.TB, dir, segment string, offset int64) {
	t.Helper()
	j, repair, err := Open(dir)
	if err == nil {
		j.Close()
		t.Fatalf("opened with head %d and repair %+v, want a fault in %s at %d", j.Head().LastSeq, repair, segment, offset)
	}
	wantFault(t, err, segment, offset)
	_, err = OpenReadOnly(dir)
	wantFault(t, err, segment, offset)
	report, err := Verify(dir, nil)
	wantFault(t, err, segment, offset)
	if report.Torn != nil {
		t.Fatalf("Verify takes the damage for an unfinished append: %+v", report.Torn)
	}
}
