package journal

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/propnet/propnet/internal/wire"
)

// recovers opens the journal, expects the first kept blocks and a repair or none, appends the
// others again, and expects a journal that is as if nothing had happened. It returns the repair.
func recovers(t *testing.T, l layout, segmentSize int64, blocks []*wire.Block, kept int, repaired bool) *Repair {
	t.Helper()
	ro, err := OpenReadOnly(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	same(t, collect(t, ro, 0), blocks[:kept])
	report, err := Verify(l.dir, nil)
	var f *Fault
	if report.Blocks != kept || (report.Torn != nil) != repaired || (err != nil) != repaired || errors.As(err, &f) != repaired {
		t.Fatalf("Verify: %+v, %v", report, err)
	}
	j, repair, err := open(l.dir, segmentSize)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if (repair != nil) != repaired {
		t.Fatalf("repair %+v, want one: %v", repair, repaired)
	}
	if repaired && (*repair != *ro.Torn() || *repair != *report.Torn || f.Offset != repair.Offset) {
		t.Fatalf("Open says %+v, OpenReadOnly %+v, Verify %+v and %v", repair, ro.Torn(), report.Torn, f)
	}
	if !repaired && ro.Torn() != nil {
		t.Fatalf("OpenReadOnly says %+v", ro.Torn())
	}
	if j.Head() != headOf(blocks[:kept]) {
		t.Fatalf("the head is %d, want %d blocks", j.Head().LastSeq, kept)
	}
	same(t, collect(t, j, 0), blocks[:kept])
	mustAppend(t, j, blocks[kept:]...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, again, err := open(l.dir, segmentSize)
	if err != nil || again != nil {
		t.Fatalf("opened again: %+v, %v", again, err)
	}
	defer j.Close()
	same(t, collect(t, j, 0), blocks)
	return repair
}

// TestTruncated cuts a journal at every byte, as a shorter file and as zeros from there on.
func TestTruncated(t *testing.T) {
	const size = 4096
	m := newMaker(t)
	blocks := []*wire.Block{m.next(30), m.next(300, 1, 250), m.next(7), m.next(700)}
	l := build(t, size, blocks)
	image := read(t, l.path(0))
	for n := range used(image) + 40 {
		kept := 0
		for _, e := range l.index {
			if e.payloadEnd() <= n {
				kept++
			}
		}
		end := segmentHeaderSize
		if kept > 0 {
			end = l.index[kept-1].payloadEnd()
		}
		repaired := n < segmentHeaderSize || used(image[:n]) > end
		for _, zeroed := range []bool{false, true} {
			cut := append([]byte(nil), image[:n]...)
			if zeroed {
				cut = append(cut, make([]byte, len(image)-n)...)
			}
			write(t, l.path(0), cut)
			repair := recovers(t, l, size, blocks, kept, repaired)
			if t.Failed() {
				t.Fatalf("cut at %d, zeroed %v", n, zeroed)
			}
			if repaired && n >= segmentHeaderSize && repair.Offset != l.index[kept].offset {
				t.Fatalf("cut at %d: repaired at %d, want %d", n, repair.Offset, l.index[kept].offset)
			}
			if !bytes.Equal(read(t, l.path(0)), image) {
				t.Fatalf("cut at %d, zeroed %v: appended again, the file is not what it was", n, zeroed)
			}
		}
	}
}

// TestLostSectors loses every subset of the sectors of the last append, at every alignment of its
// frame.
func TestLostSectors(t *testing.T) {
	const size = 8192
	for shift := 0; shift < sectorSize; shift += alignment {
		m := newMaker(t)
		blocks := []*wire.Block{m.next(100 + shift), m.next(500, 500)}
		l := build(t, size, blocks)
		image := read(t, l.path(0))
		f := l.index[1]
		var parts [][2]int // of the frame, one for each sector
		for x := int(f.offset); x < f.frameEnd(); {
			y := min(x-x%sectorSize+sectorSize, f.frameEnd())
			parts = append(parts, [2]int{x, y})
			x = y
		}
		for lost := range 1 << len(parts) {
			disk := bytes.Clone(image)
			for i, p := range parts {
				if lost&(1<<i) != 0 {
					clear(disk[p[0]:p[1]])
				}
			}
			write(t, l.path(0), disk)
			kept, all := 1, lost == 1<<len(parts)-1
			if lost == 0 {
				kept = 2 // not acknowledged, but whole
			}
			recovers(t, l, size, blocks, kept, lost != 0 && !all)
			if !bytes.Equal(read(t, l.path(0)), image) {
				t.Fatalf("frame at %d, sectors %b lost: appended again, the file is not what it was", f.offset, lost)
			}
		}
	}
}

// TestZeroSectors: records may hold nothing but zeros; the end byte still shows what is missing.
func TestZeroSectors(t *testing.T) {
	m := newMaker(t)
	blocks := []*wire.Block{m.next(50), m.seal(make([]byte, 3000))}
	l := build(t, 8192, blocks)
	image := read(t, l.path(0))
	recovers(t, l, 8192, blocks, 2, false)
	for n := int(l.index[1].offset) + 1; n < l.index[1].payloadEnd(); n++ {
		write(t, l.path(0), image[:n])
		recovers(t, l, 8192, blocks, 1, true)
	}
}

// TestStrayBits: what is not zero behind the last frame is dropped, so that it cannot come back.
func TestStrayBits(t *testing.T) {
	m := newMaker(t)
	blocks := m.several(3)
	l := build(t, 8192, blocks)
	image := read(t, l.path(0))
	end := l.index[2].frameEnd()
	for _, at := range []int{end, end + 3, end + 15, end + 16, end + 700, len(image) - 1} {
		disk := bytes.Clone(image)
		disk[at] = 4
		write(t, l.path(0), disk)
		want := Repair{Segment: l.segments[0], Offset: int64(end), Bytes: int64(at - end + 1)}
		got := recovers(t, l, 8192, blocks, 3, true)
		if want.Why = got.Why; *got != want {
			t.Errorf("bit at %d: repair %+v, want %+v", at, got, want)
		}
		if !bytes.Equal(read(t, l.path(0)), image) {
			t.Errorf("bit at %d: still there", at)
		}
	}
}

// TestUnfinishedSegment crashes at every step of starting a segment.
func TestUnfinishedSegment(t *testing.T) {
	const size = 1024
	m := newMaker(t)
	blocks := []*wire.Block{m.next(400), m.next(400), m.next(400)}
	l := build(t, size, blocks)
	if l.last() != 2 {
		t.Fatalf("%d segments, want 3", len(l.segments))
	}
	image := read(t, l.path(2))
	header := image[:segmentHeaderSize]
	flipped := append(bytes.Clone(header), make([]byte, size-segmentHeaderSize)...)
	flipped[20] ^= 1
	for _, c := range []struct {
		name     string
		file     []byte // of the last segment; nil if it is not there
		repaired bool
	}{
		{"not there", nil, false},
		{"empty", []byte{}, true},
		{"preallocated", make([]byte, size), true},
		{"half a header", header[:40], true},
		{"bad header and nothing behind it", flipped, true},
		{"header only", header, false},
		{"header and room", append(bytes.Clone(header), make([]byte, size-segmentHeaderSize)...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.Remove(l.path(2)); err != nil {
				t.Fatal(err)
			}
			if c.file != nil {
				write(t, l.path(2), c.file)
			}
			recovers(t, l, size, blocks, 2, c.repaired)
			if !bytes.Equal(read(t, l.path(2)), image) {
				t.Error("appended again, the segment is not what it was")
			}
		})
	}
}

// TestTornAfterRemoval: a small block may still go into the segment before the one that was
// removed.
func TestTornAfterRemoval(t *testing.T) {
	m := newMaker(t)
	first := m.next(300)
	l := build(t, 1024, []*wire.Block{first})
	write(t, l.path(0)[:len(l.path(0))-len(segmentName(2))]+segmentName(2), nil)
	l.segments = append(l.segments, segmentName(2))
	recovers(t, l, 1024, []*wire.Block{first, m.next(10)}, 1, true)
	if names, err := segmentNames(l.dir + "/" + segmentsDir); err != nil || len(names) != 1 {
		t.Errorf("segments %v, %v", names, err)
	}
}
