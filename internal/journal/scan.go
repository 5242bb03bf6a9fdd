package journal

import (
	"errors"
	"fmt"

	"github.com/propnet/propnet/internal/wire"
)

// verdict is what the place where a scan stops is.
type verdict int

const (
	clean   verdict = iota + 1 // the end of what was written
	torn                       // an unfinished append
	damaged                    // neither
)

// ending is how a segment ends.
type ending struct {
	verdict verdict
	offset  int64
	bytes   int64 // from offset to the last byte that is not zero
	why     string
}

// scan goes through the image of one segment. It does no I/O, so that every image can be tried.
type scan struct {
	firstSeq uint64 // by the file's name
	last     bool   // no segment follows, so an unfinished append may be here
	at       int    // where the next frame starts; zero before the header
	head     Head   // of the chain up to there
	visit    func(b *wire.Block, offset int64, length int) error
}

// run goes on at s.at and says how the image ends. In a segment that another one follows nothing
// can be torn.
func (s *scan) run(image []byte) ending {
	e := s.frames(image)
	if e.verdict == torn && !s.last {
		e.verdict, e.why = damaged, e.why+", and a segment follows"
	}
	return e
}

func (s *scan) frames(image []byte) ending {
	if s.at == 0 {
		if e := s.begin(image); e.verdict != clean {
			return e
		}
		s.at = segmentHeaderSize
	}
	for {
		payload, next, c := cut(image, s.at)
		if c != whole {
			return s.judge(image, c)
		}
		if err := s.take(payload); err != nil {
			return fault(s.at, err.Error())
		}
		s.at = next
	}
}

// begin checks the segment's header against the file's name and the chain.
func (s *scan) begin(image []byte) ending {
	firstSeq, prev, err := readSegmentHeader(image[:min(len(image), segmentHeaderSize)])
	switch {
	case errors.Is(err, errNoHeader) && len(image) <= segmentHeaderSize,
		errors.Is(err, errNoHeader) && isZero(image[segmentHeaderSize:]):
		return tornAt(image, 0, "the segment was being made: it has no header and nothing behind it")
	case err != nil:
		return fault(0, err.Error())
	case firstSeq != s.firstSeq:
		return fault(0, fmt.Sprintf("the segment calls itself %d, its file is named %d", firstSeq, s.firstSeq))
	case firstSeq != s.head.LastSeq+1:
		return fault(0, fmt.Sprintf("the segment starts at %d, the journal before it ends at %d: what was between is missing",
			firstSeq, s.head.LastSeq))
	case prev != s.head.Hash:
		return fault(0, fmt.Sprintf("the segment follows block hash %s, the journal before it ends with %s",
			prev, s.head.Hash))
	}
	return ending{verdict: clean}
}

// take accepts the block of a whole frame as the next of the chain.
func (s *scan) take(payload []byte) error {
	b, err := wire.DecodeBlock(payload[:len(payload)-1])
	if err != nil {
		return err
	}
	if !b.Follows(s.head.Hash, s.head.LastSeq) {
		return fmt.Errorf("block %d to %d after %s does not follow block %d with hash %s",
			b.FirstSeq, b.LastSeq, b.PrevHash, s.head.LastSeq, s.head.Hash)
	}
	if err := s.visit(b, int64(s.at), len(payload)); err != nil {
		return err
	}
	s.head = Head{LastSeq: b.LastSeq, Hash: b.Hash}
	return nil
}

// condition is what lies at the place of a frame.
type condition int

const (
	whole      condition = iota + 1
	noRoom               // the image ends before a header would
	noHeader             // a header's place holds zeros
	badHeader            // or something that is no header
	badPayload           // the header is right, the payload not or not all there
	badPadding           // only the padding is not zero
)

// cut takes the frame at x out of the image. Padding that the file's end cut off counts as zero.
func cut(image []byte, x int) (payload []byte, next int, c condition) {
	if x+frameHeaderSize > len(image) {
		return nil, 0, noRoom
	}
	h := image[x : x+frameHeaderSize]
	if isZero(h) {
		return nil, 0, noHeader
	}
	length, sum, ok := frameHeader(h)
	if !ok {
		return nil, 0, badHeader
	}
	start := x + frameHeaderSize
	end, next := start+length, start+align(length)
	if end > len(image) || checksum(image[start:end]) != sum || image[end-1] != endByte {
		return image[start:min(end, len(image))], next, badPayload
	}
	if !isZero(image[end:min(next, len(image))]) {
		return nil, 0, badPadding
	}
	return image[start:end], next, whole
}

// judge tells a torn tail from damage; doc.go has the table and the reasons.
func (s *scan) judge(image []byte, c condition) ending {
	x := s.at
	rest := image[min(x, len(image)):]
	switch c {
	case noRoom:
		if isZero(rest) {
			return ending{verdict: clean, offset: int64(x)}
		}
		return tornAt(image, x, "the file ends inside a frame header")
	case noHeader:
		return s.judgeNoHeader(image)
	case badHeader:
		if isZero(rest[frameHeaderSize:]) {
			return tornAt(image, x, "a part of a frame header stands alone")
		}
		return fault(x, "the frame header is not right")
	case badPayload:
		return judgePayload(image, x)
	}
	return fault(x, "the padding of the frame is not zero")
}

// judgeNoHeader judges a place where no frame begins: the end, or a frame without its first sector.
func (s *scan) judgeNoHeader(image []byte) ending {
	x := s.at
	n := used(image[x:])
	if n == 0 {
		return ending{verdict: clean, offset: int64(x)}
	}
	if n > maxFrame {
		return fault(x, fmt.Sprintf("no frame begins here, yet there are bytes up to offset %d: no append reaches that far",
			x+n))
	}
	for y := x + alignment; y < x+n; y += alignment {
		payload, _, c := cut(image, y)
		if c != whole {
			continue
		}
		if b, err := wire.DecodeBlock(payload[:len(payload)-1]); err == nil && b.FirstSeq > s.head.LastSeq {
			return fault(x, fmt.Sprintf("no frame begins here, yet block %d stands whole at offset %d", b.FirstSeq, y))
		}
	}
	return tornAt(image, x, "the first sector of the last append is missing")
}

// judgePayload judges a frame with a right header whose payload is not right.
func judgePayload(image []byte, x int) ending {
	payload, next, _ := cut(image, x)
	length, _, _ := frameHeader(image[x : x+frameHeaderSize])
	switch {
	case next < len(image) && !isZero(image[next:]):
		return fault(x, "the payload does not match its checksum, and more data follows")
	case len(payload) < length:
		return tornAt(image, x, "the file ends inside the last append")
	case payload[length-1] == 0:
		return tornAt(image, x, "the end of the last append is missing")
	}
	for sector := x - x%sectorSize + sectorSize; sector < next; sector += sectorSize {
		if isZero(image[sector:min(sector+sectorSize, len(image))]) {
			return tornAt(image, x, fmt.Sprintf("the sector at offset %d of the last append is missing", sector))
		}
	}
	return fault(x, "the payload does not match its checksum, and none of its sectors is missing")
}

func fault(at int, why string) ending {
	return ending{verdict: damaged, offset: int64(at), why: why}
}

func tornAt(image []byte, at int, why string) ending {
	return ending{verdict: torn, offset: int64(at), bytes: int64(used(image[at:])), why: why}
}
