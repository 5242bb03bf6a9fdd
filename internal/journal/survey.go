package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/propnet/propnet/internal/wire"
)

// entry is where one block lies.
type entry struct {
	firstSeq uint64
	segment  int // index into the segments' names
	offset   int64
	length   int // of the payload
}

// survey reads a whole journal once, and is what Open, OpenReadOnly and Verify have in common.
type survey struct {
	dir  string // of the segments
	live bool   // no lock is held, so a writer may be at work meanwhile
	see  func(b *wire.Block) error

	head     Head
	segments []string // names
	index    []entry
	bytes    int64   // used by headers and frames
	torn     *Repair // what has to be dropped, if anything
	image    []byte  // of one segment, reused for the next
}

// run returns a *Fault at the first damage.
func (s *survey) run() error {
	names, err := segmentNames(s.dir)
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := s.segment(name, i == len(names)-1); err != nil {
			return err
		}
	}
	return nil
}

// segment reads one segment. While a writer is at work, an image can be older at its front than at
// its end, which looks like damage or a torn frame. What is really so, is so again when read again.
func (s *survey) segment(name string, last bool) error {
	firstSeq, err := firstSeqOf(name)
	if err != nil {
		return err
	}
	sc := scan{firstSeq: firstSeq, last: last, head: s.head, visit: func(b *wire.Block, offset int64, length int) error {
		if err := s.see(b); err != nil {
			return err
		}
		s.index = append(s.index, entry{b.FirstSeq, len(s.segments), offset, length})
		return nil
	}}
	end, before := ending{}, ending{}
	for {
		if err := s.read(name); err != nil {
			return err
		}
		end = sc.run(s.image)
		s.head = sc.head
		if !s.live || end.verdict == clean || end.verdict == before.verdict && end.offset == before.offset {
			break
		}
		before = end
	}
	s.bytes += int64(sc.at)
	if end.verdict == damaged {
		return &Fault{Segment: name, Offset: end.offset, Reason: end.why}
	}
	if end.verdict == torn {
		s.torn = &Repair{Segment: name, Offset: end.offset, Bytes: end.bytes, Why: end.why}
	}
	if sc.at > 0 { // else it has no header yet, and is no segment
		s.segments = append(s.segments, name)
	}
	return nil
}

// read puts the segment's bytes into s.image.
func (s *survey) read(name string) error {
	f, err := os.Open(filepath.Join(s.dir, name))
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return explain(err)
	}
	if info.Size() > maxSegment {
		return &Fault{Segment: name,
			Reason: fmt.Sprintf("the file has %d bytes, the limit is %d", info.Size(), int64(maxSegment))}
	}
	size := int(info.Size())
	if cap(s.image) < size {
		s.image = make([]byte, size)
	}
	s.image = s.image[:size]
	if _, err := io.ReadFull(f, s.image); errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("journal: %s became shorter while it was read", name)
	} else if err != nil {
		return explain(err)
	}
	return nil
}
