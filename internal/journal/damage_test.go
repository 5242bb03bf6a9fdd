package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// TestBitFlips flips a bit of every byte in use: each is found, and at the frame that it is in.
func TestBitFlips(t *testing.T) {
	m := newMaker(t)
	l := build(t, 2048, []*wire.Block{m.next(200), m.next(500, 100), m.next(30), m.next(600), m.next(1), m.next(250)})
	if l.last() != 1 {
		t.Fatalf("%d segments, want 2", len(l.segments))
	}
	for segment := range l.segments {
		image := read(t, l.path(segment))
		frames := l.of(segment)
		at := int64(0)
		for x := range frames[len(frames)-1].frameEnd() {
			if len(frames) > 0 && x == int(frames[0].offset) {
				at, frames = frames[0].offset, frames[1:]
			}
			bad := bytes.Clone(image)
			bad[x] ^= 1 << (x % 8)
			write(t, l.path(segment), bad)
			wantRefused(t, l.dir, l.segments[segment], at)
		}
		write(t, l.path(segment), image)
	}
	if _, err := Verify(l.dir, nil); err != nil {
		t.Fatal(err)
	}
}

// broken is a journal of three segments with three frames each, to be damaged.
type broken struct {
	*testing.T
	layout
	blocks []*wire.Block
}

const brokenSize = 2048

func newBroken(t *testing.T) *broken {
	m := newMaker(t)
	b := &broken{T: t}
	for range 9 {
		b.blocks = append(b.blocks, m.next(400))
	}
	b.layout = build(t, brokenSize, b.blocks)
	for i := range b.segments {
		if len(b.of(i)) != 3 {
			t.Fatalf("segment %d has %d frames, want 3", i, len(b.of(i)))
		}
	}
	return b
}

// edit changes the image of a segment.
func (b *broken) edit(segment int, change func(image []byte, frames []entry) []byte) {
	write(b, b.path(segment), change(read(b, b.path(segment)), b.of(segment)))
}

// rename names a segment as if it started elsewhere.
func (b *broken) rename(segment int, firstSeq uint64) {
	from := b.path(segment)
	b.segments[segment] = segmentName(firstSeq)
	if err := os.Rename(from, b.path(segment)); err != nil {
		b.Fatal(err)
	}
}

// put writes a frame with right checksums at a frame's place.
func put(image []byte, at int64, block []byte) {
	copy(image[at:], appendFrame(nil, block))
}

// TestDamage: each of these is refused at its place by Open, OpenReadOnly and Verify.
func TestDamage(t *testing.T) {
	const first, middle, last = 0, 1, 2
	for _, c := range []struct {
		name    string
		segment int // of the fault
		frame   int // of the fault; -1 for the segment header, 3 for the end of the frames
		damage  func(b *broken)
	}{
		{"first segment missing", middle, -1, func(b *broken) { os.Remove(b.path(first)) }},
		{"middle segment missing", last, -1, func(b *broken) { os.Remove(b.path(middle)) }},
		{"middle segment empty", middle, -1, func(b *broken) { write(b, b.path(middle), nil) }},
		{"middle segment cut", middle, 1, func(b *broken) {
			b.edit(middle, func(image []byte, f []entry) []byte { return image[:f[1].offset+300] })
		}},
		{"middle segment cut between frames", last, -1, func(b *broken) {
			b.edit(middle, func(image []byte, f []entry) []byte { return image[:f[2].offset] })
		}},
		{"sector missing at the end of a middle segment", middle, 2, func(b *broken) {
			b.edit(middle, func(image []byte, f []entry) []byte {
				clear(image[f[2].frameEnd()-32 : f[2].frameEnd()])
				return image
			})
		}},
		{"a bit behind a middle segment", middle, 3, func(b *broken) {
			b.edit(middle, func(image []byte, f []entry) []byte { image[len(image)-1] = 1; return image })
		}},
		{"middle segment zeroed", middle, -1, func(b *broken) {
			b.edit(middle, func(image []byte, f []entry) []byte { clear(image); return image })
		}},
		{"segments exchanged", first, -1, func(b *broken) {
			x, y := read(b, b.path(first)), read(b, b.path(middle))
			write(b, b.path(first), y)
			write(b, b.path(middle), x)
		}},
		{"first sector of a frame zeroed, frames follow", last, 0, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte { clear(image[f[0].offset:sectorSize]); return image })
		}},
		{"a frame zeroed, one follows", last, 1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte { clear(image[f[1].offset:f[2].offset]); return image })
		}},
		{"a sector in a frame zeroed, one follows", last, 1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte { clear(image[1024:f[1].frameEnd()]); return image })
		}},
		{"frames exchanged", last, 0, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				x := bytes.Clone(image[f[0].offset:f[0].frameEnd()])
				copy(image[f[0].offset:], image[f[1].offset:f[1].frameEnd()])
				copy(image[f[1].offset:], x)
				return image
			})
		}},
		{"a frame twice", last, 3, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				return append(image[:f[2].frameEnd()], image[f[2].offset:f[2].frameEnd()]...)
			})
		}},
		{"a frame from another segment", last, 2, func(b *broken) {
			other := read(b, b.path(first))
			b.edit(last, func(image []byte, f []entry) []byte {
				e := b.of(first)[2]
				copy(image[f[2].offset:], other[e.offset:e.frameEnd()])
				return image
			})
		}},
		{"a frame that holds no block", last, 2, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte { put(image, f[2].offset, []byte("no block")); return image })
		}},
		{"another block in its place", last, 2, func(b *broken) {
			m := newMaker(b)
			m.head = Head{LastSeq: b.index[8].firstSeq - 1}
			m.head.Hash[0] = 1
			data, err := m.next(400).Encode()
			if err != nil {
				b.Fatal(err)
			}
			b.edit(last, func(image []byte, f []entry) []byte { put(image, f[2].offset, data); return image })
		}},
		{"end byte wrong under a right checksum", last, 2, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				h, end := image[f[2].offset:], f[2].payloadEnd()
				image[end-1] = 1
				binary.LittleEndian.PutUint32(h[8:], checksum(h[16:16+f[2].length]))
				binary.LittleEndian.PutUint32(h[12:], checksum(h[:12]))
				return image
			})
		}},
		{"an impossible length under a right checksum", last, 2, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				h := image[f[2].offset:]
				binary.LittleEndian.PutUint32(h[4:], maxPayload+1)
				binary.LittleEndian.PutUint32(h[12:], checksum(h[:12]))
				return image
			})
		}},
		{"bytes further than an append reaches", last, 3, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				image = append(image, make([]byte, 2*maxFrame)...)
				image[f[2].frameEnd()+maxFrame] = 1
				return image
			})
		}},
		{"another format version", last, -1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				image[7] = 2
				binary.LittleEndian.PutUint32(image[60:], checksum(image[:60]))
				return image[:segmentHeaderSize] // also where it could be taken for an unfinished one
			})
		}},
		{"something in the reserved part", last, -1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				image[50] = 2
				binary.LittleEndian.PutUint32(image[60:], checksum(image[:60]))
				return image
			})
		}},
		{"header of another chain", last, -1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				copy(image, segmentHeader(f[0].firstSeq, prop.Hash{9}))
				return image
			})
		}},
		{"header with another number", last, -1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte {
				copy(image, segmentHeader(f[0].firstSeq+1, headOf(b.blocks[:6]).Hash))
				return image
			})
		}},
		{"header and name with another number", last, -1, func(b *broken) {
			b.rename(last, 8)
			b.edit(last, func(image []byte, f []entry) []byte {
				copy(image, segmentHeader(8, headOf(b.blocks[:6]).Hash))
				return image
			})
		}},
		{"another name", last, -1, func(b *broken) { b.rename(last, 8) }},
		{"header missing, frames behind it", last, -1, func(b *broken) {
			b.edit(last, func(image []byte, f []entry) []byte { clear(image[:segmentHeaderSize]); return image })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBroken(t)
			offset := int64(0)
			if frames := b.of(c.segment); c.frame == 3 {
				offset = int64(frames[2].frameEnd())
			} else if c.frame >= 0 {
				offset = frames[c.frame].offset
			}
			c.damage(b)
			wantRefused(t, b.dir, b.segments[c.segment], offset)
		})
	}
}

func TestStrangeFiles(t *testing.T) {
	for _, name := range []string{
		"1.seg", "0000000000000000000x.seg", "99999999999999999999.seg", "000000000000000000001.seg",
	} {
		b := newBroken(t)
		write(t, filepath.Join(b.dir, segmentsDir, name), nil)
		wantRefused(t, b.dir, name, 0)
	}
	b := newBroken(t)
	write(t, filepath.Join(b.dir, segmentsDir, "README"), []byte("left by an operator"))
	j, repair := mustOpen(t, b.dir, brokenSize)
	if repair != nil || j.Head() != headOf(b.blocks) {
		t.Errorf("beside a foreign file: head %d, repair %+v", j.Head().LastSeq, repair)
	}
	j.Close()
	if err := os.Truncate(b.path(2), maxSegment+1); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, b.dir, b.segments[2], 0)
}

// TestDamagedWhileOpen: Read looks again at what it reads.
func TestDamagedWhileOpen(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(b *broken)
	}{
		{"bit flipped", func(b *broken) {
			b.edit(1, func(image []byte, f []entry) []byte { image[f[1].offset+100] ^= 1; return image })
		}},
		{"cut", func(b *broken) {
			b.edit(1, func(image []byte, f []entry) []byte { return image[:f[1].offset+100] })
		}},
		{"another frame", func(b *broken) {
			b.edit(1, func(image []byte, f []entry) []byte {
				copy(image[f[1].offset:], image[f[2].offset:f[2].frameEnd()])
				return image
			})
		}},
		{"another block of the same size", func(b *broken) {
			m := newMaker(b)
			m.head = headOf(b.blocks[:4])
			data, err := m.next(400).Encode()
			if err != nil {
				b.Fatal(err)
			}
			b.edit(1, func(image []byte, f []entry) []byte { put(image, f[1].offset, data); return image })
		}},
		{"no block", func(b *broken) {
			b.edit(1, func(image []byte, f []entry) []byte {
				put(image, f[1].offset, make([]byte, f[1].length-1))
				return image
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBroken(t)
			j, _ := mustOpen(t, b.dir, brokenSize)
			c.damage(b)
			n := 0
			err := j.Read(0, func(*wire.Block) error { n++; return nil })
			if c.name == "another block of the same size" {
				wantFault(t, err, b.segments[1], b.index[5].offset) // only the next one shows it
				return
			}
			wantFault(t, err, b.segments[1], b.index[4].offset)
			if n != 4 {
				t.Errorf("read %d blocks before it, want 4", n)
			}
			err = j.Read(b.index[4].firstSeq, func(*wire.Block) error { n++; return nil })
			wantFault(t, err, b.segments[1], b.index[4].offset)
		})
	}
}

func TestVerify(t *testing.T) {
	b := newBroken(t)
	n := 0
	report, err := Verify(b.dir, func(block *wire.Block) error {
		n++
		if !block.Verify(network, key.Public()) {
			return errors.New("not the origin's")
		}
		return nil
	})
	want := Report{Segments: 3, Blocks: 9, Records: 9, Head: headOf(b.blocks)}
	for i := range b.segments {
		want.Bytes += int64(b.of(i)[2].frameEnd())
	}
	if err != nil || report != want || n != 9 {
		t.Errorf("got %+v, %v after %d checks, want %+v", report, err, n, want)
	}
	report, err = Verify(b.dir, func(block *wire.Block) error {
		if block.FirstSeq == 5 {
			return errors.New("signed by someone else")
		}
		return nil
	})
	wantFault(t, err, b.segments[1], b.index[4].offset)
	if !strings.Contains(err.Error(), "signed by someone else") || report.Blocks != 4 || report.Head.LastSeq != 4 {
		t.Errorf("got %+v, %v", report, err)
	}
}
