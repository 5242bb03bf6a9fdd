package journal

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzOpen puts arbitrary bytes behind the first keep bytes of a journal. Whatever they are, Open
// reports damage or gives blocks that were appended, all that were whole before the bytes among
// them, and goes on.
func FuzzOpen(f *testing.F) {
	const size = 8192
	blocks := newMaker(f).several(4)
	l := build(f, size, blocks)
	image := read(f, l.path(0))
	end := l.index[3].frameEnd()
	last := image[l.index[3].offset:end]
	for _, tail := range [][]byte{
		nil, {0}, {1}, make([]byte, 600),
		last, last[:20], last[16:], append(make([]byte, 512), last...),
		appendFrame(nil, []byte("x")), segmentHeader(1, [32]byte{}), image[segmentHeaderSize:end],
	} {
		f.Add(uint16(end), tail)
		f.Add(uint16(l.index[3].offset), tail)
		f.Add(uint16(l.index[2].offset)+37, tail)
		f.Add(uint16(3), tail)
	}
	f.Fuzz(func(t *testing.T, keep uint16, tail []byte) {
		n := min(int(keep), len(image))
		write(t, l.path(0), append(bytes.Clone(image[:n]), tail...))
		whole := 0
		for _, e := range l.index {
			if e.payloadEnd() <= n {
				whole++
			}
		}
		j, _, err := open(l.dir, size)
		var fault *Fault
		if errors.As(err, &fault) {
			if fault.Offset < 0 || whole > 0 && fault.Offset < l.index[whole-1].offset {
				t.Fatalf("%v, in what was not touched", fault)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got := collect(t, j, 0)
		if len(got) < whole || len(got) > len(blocks) {
			t.Fatalf("%d blocks, %d were whole, %d were appended", len(got), whole, len(blocks))
		}
		same(t, got, blocks[:len(got)])
		mustAppend(t, j, blocks[len(got):]...)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j, repair, err := open(l.dir, size)
		if err != nil || repair != nil {
			t.Fatalf("opened again: %+v, %v", repair, err)
		}
		same(t, collect(t, j, 0), blocks)
		j.Close()
	})
}
