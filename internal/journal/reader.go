package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/propnet/propnet/internal/wire"
)

// reader fetches blocks that the index knows. It belongs to one Read and has files of its own, so
// it neither waits for an append nor disturbs one.
type reader struct {
	dir      string
	segments []string
	file     *os.File // the segment numbered open; nil before the first
	open     int
	buffer   []byte      // of one frame, reused
	before   *wire.Block // that was read last
}

// block reads one block and checks it again: the disk may have changed since it was opened.
func (r *reader) block(e entry) (*wire.Block, error) {
	if err := r.seek(e.segment); err != nil {
		return nil, err
	}
	n := frameHeaderSize + e.length
	if cap(r.buffer) < n {
		r.buffer = make([]byte, n)
	}
	frame := r.buffer[:n]
	if _, err := r.file.ReadAt(frame, e.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, explain(err)
	} else if err != nil {
		return nil, r.fault(e, "the file ends inside the frame")
	}
	payload, _, c := cut(frame, 0)
	if c != whole {
		return nil, r.fault(e, "the frame is no longer what it was when the journal was opened")
	}
	b, err := wire.DecodeBlock(payload[:len(payload)-1])
	if err != nil {
		return nil, r.fault(e, err.Error())
	}
	if b.FirstSeq != e.firstSeq || r.before != nil && !b.Follows(r.before.Hash, r.before.LastSeq) {
		return nil, r.fault(e, fmt.Sprintf("block %d stands where block %d was", b.FirstSeq, e.firstSeq))
	}
	r.before = b
	return b, nil
}

func (r *reader) seek(segment int) error {
	if r.file != nil && r.open == segment {
		return nil
	}
	r.close()
	f, err := os.Open(filepath.Join(r.dir, r.segments[segment]))
	if err != nil {
		return explain(err)
	}
	r.file, r.open = f, segment
	return nil
}

func (r *reader) close() {
	if r.file != nil {
		r.file.Close() // was only read from: nothing can be lost
		r.file = nil
	}
}

func (r *reader) fault(e entry, reason string) error {
	return &Fault{Segment: r.segments[e.segment], Offset: e.offset, Reason: reason}
}
