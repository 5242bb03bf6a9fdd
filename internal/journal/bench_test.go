package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/propnet/propnet/internal/wire"
)

// sizes are the blocks that are measured: their records, of 300 bytes each.
var sizes = []struct {
	name    string
	records int
}{{"1 record", 1}, {"64 records", 64}, {"1024 records", 1024}}

// BenchmarkAppend appends blocks, and in the same run measures the floor: the same bytes written
// and synced by themselves, to a preallocated file (floor) and to one that had been written full of
// zeros (floor-written).
func BenchmarkAppend(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			dir := b.TempDir()
			blocks := manyBlocks(b, b.N, s.records)
			data, err := blocks[0].Encode()
			if err != nil {
				b.Fatal(err)
			}
			frame := appendFrame(nil, data)
			preallocated := floor(b, filepath.Join(dir, "preallocated"), frame, false)
			written := floor(b, filepath.Join(dir, "written"), frame, true)
			j, _ := mustOpen(b, dir, defaultSegment)
			if err := j.Reserve(); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			b.ResetTimer()
			mustAppend(b, j, blocks...)
			b.ReportMetric(preallocated, "floor-ns/op")
			b.ReportMetric(written, "floor-written-ns/op")
		})
	}
}

// floor is the time of one write and fdatasync of the frame, over b.N of them. Only a file that was
// written before is written twice.
func floor(b *testing.B, path string, frame []byte, fill bool) float64 {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(path)
	defer f.Close()
	n, size := int64(len(frame)), int64(defaultSegment)
	if !fill {
		size = max(size, n*int64(b.N))
	}
	if err := preallocate(f, size); err != nil {
		b.Fatal(err)
	}
	for at := int64(0); fill && at < defaultSegment; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:], at); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	at, before := int64(0), b.Elapsed()
	for range b.N {
		if at+n > size {
			at = 0
		}
		if _, err := f.WriteAt(frame, at); err != nil {
			b.Fatal(err)
		}
		if err := datasync(f); err != nil {
			b.Fatal(err)
		}
		at += n
	}
	return float64((b.Elapsed() - before).Nanoseconds()) / float64(b.N)
}

// BenchmarkAdmit is what an append costs before it touches the disk.
func BenchmarkAdmit(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			block := manyBlocks(b, 1, s.records)[0]
			b.ReportAllocs()
			for b.Loop() {
				data, err := admit(Head{}, block)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(appendFrame(nil, data))))
			}
		})
	}
}

// BenchmarkOpen reads a journal of one full segment.
func BenchmarkOpen(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			frame := len(appendFrame(nil, make([]byte, 250+s.records*303)))
			l := build(b, defaultSegment, manyBlocks(b, (defaultSegment-segmentHeaderSize)/frame/4, s.records))
			b.SetBytes(int64(l.index[len(l.index)-1].frameEnd()))
			b.ReportAllocs()
			for b.Loop() {
				j, _, err := Open(l.dir)
				if err != nil {
					b.Fatal(err)
				}
				j.Close()
			}
			b.ReportMetric(float64(len(l.index)*s.records), "records/op")
		})
	}
}

func manyBlocks(b *testing.B, n, records int) []*wire.Block {
	b.Helper()
	m := newMaker(b)
	sizes := make([]int, records)
	for i := range sizes {
		sizes[i] = 300
	}
	blocks := make([]*wire.Block, n)
	for i := range blocks {
		blocks[i] = m.next(sizes...)
	}
	return blocks
}
