package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

const (
	segmentHeaderSize = 64
	frameHeaderSize   = 16
	alignment         = 16
	sectorSize        = 512
	endByte           = 0xFF
	maxPayload        = 2 * prop.MaxBatchBytes
	maxFrame          = frameHeaderSize + maxPayload
	formatVersion     = 1
)

var (
	segmentMagic = []byte("PNSEG\x00\x00")
	frameMagic   = []byte("\xFFPN\x01")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
	zeros        [64 << 10]byte

	errNoHeader = errors.New("the segment header is not right")
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// appendFrame makes the frame of a block's bytes.
func appendFrame(to, block []byte) []byte {
	start := len(to)
	to = append(to, zeros[:frameHeaderSize]...)
	to = append(append(to, block...), endByte)
	header, payload := to[start:start+frameHeaderSize], to[start+frameHeaderSize:]
	copy(header, frameMagic)
	binary.LittleEndian.PutUint32(header[4:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(header[8:], checksum(payload))
	binary.LittleEndian.PutUint32(header[12:], checksum(header[:12]))
	return append(to, zeros[:align(len(payload))-len(payload)]...)
}

// frameHeader reads the 16 bytes of a header; ok says that they are one that was written here.
func frameHeader(h []byte) (length int, sum uint32, ok bool) {
	if !bytes.Equal(h[:4], frameMagic) || binary.LittleEndian.Uint32(h[12:]) != checksum(h[:12]) {
		return 0, 0, false
	}
	n := binary.LittleEndian.Uint32(h[4:])
	return int(n), binary.LittleEndian.Uint32(h[8:]), n > 1 && n <= maxPayload
}

func segmentHeader(firstSeq uint64, prev prop.Hash) []byte {
	h := make([]byte, segmentHeaderSize)
	copy(h, segmentMagic)
	h[len(segmentMagic)] = formatVersion
	binary.LittleEndian.PutUint64(h[8:], firstSeq)
	copy(h[16:], prev[:])
	binary.LittleEndian.PutUint32(h[60:], checksum(h[:60]))
	return h
}

// readSegmentHeader returns errNoHeader for what was not written whole, and another error for a
// header that is whole but not for this program: such a segment is never thrown away.
func readSegmentHeader(h []byte) (firstSeq uint64, prev prop.Hash, err error) {
	if len(h) < segmentHeaderSize || !bytes.HasPrefix(h, segmentMagic) ||
		binary.LittleEndian.Uint32(h[60:]) != checksum(h[:60]) {
		return 0, prev, errNoHeader
	}
	if v := h[len(segmentMagic)]; v != formatVersion {
		return 0, prev, fmt.Errorf("the segment has format version %d, this program reads version %d", v, formatVersion)
	}
	if !isZero(h[48:60]) {
		return 0, prev, errors.New("the segment header has bytes in its reserved part")
	}
	copy(prev[:], h[16:])
	return binary.LittleEndian.Uint64(h[8:]), prev, nil
}

// admit encodes the block that is to follow head. It refuses what Open would not read back, for a
// journal with such a block could never be opened again.
func admit(head Head, b *wire.Block) ([]byte, error) {
	if !b.Follows(head.Hash, head.LastSeq) {
		return nil, fmt.Errorf("journal: block %d to %d after %s does not follow the head, %d with hash %s",
			b.FirstSeq, b.LastSeq, b.PrevHash, head.LastSeq, head.Hash)
	}
	data, err := b.Encode()
	if err != nil {
		return nil, fmt.Errorf("journal: encode block %d: %w", b.FirstSeq, err)
	}
	if len(data)+1 > maxPayload {
		return nil, fmt.Errorf("journal: block %d has %d bytes, the limit is %d", b.FirstSeq, len(data), maxPayload-1)
	}
	again, err := wire.DecodeBlock(data)
	if err != nil {
		return nil, fmt.Errorf("journal: block %d would not be readable: %w", b.FirstSeq, err)
	}
	if again.Header != b.Header || again.Hash != b.Hash {
		return nil, fmt.Errorf("journal: block %d is not what was sealed", b.FirstSeq)
	}
	return data, nil
}

// used is the length of b without the zeros at its end.
func used(b []byte) int {
	for len(b) >= len(zeros) && bytes.Equal(b[len(b)-len(zeros):], zeros[:]) {
		b = b[:len(b)-len(zeros)]
	}
	return len(bytes.TrimRight(b, "\x00"))
}

func isZero(b []byte) bool { return used(b) == 0 }
