package journal

import (
	"path/filepath"

	"github.com/propnet/propnet/internal/wire"
)

// Report counts what Verify found right.
type Report struct {
	Segments int
	Blocks   int
	Records  uint64
	Bytes    int64 // of headers and frames
	Head     Head
	Torn     *Repair // the unfinished append that the error is about, if it is about one
}

// Verify reads every used byte of the journal in the data directory dir and stops at the first
// fault with a *Fault. check, which may be nil, is asked about each block, in order: the signature
// is its to judge.
//
// It is stricter than Open: an unfinished append at the end is a fault too, but one that
// Report.Torn tells from damage and that Open repairs.
func Verify(dir string, check func(*wire.Block) error) (Report, error) {
	var r Report
	s := survey{dir: filepath.Join(dir, segmentsDir), live: true, see: func(b *wire.Block) error {
		if check != nil {
			if err := check(b); err != nil {
				return err
			}
		}
		r.Blocks++
		r.Records += uint64(len(b.Records))
		return nil
	}}
	err := s.run()
	r.Segments, r.Bytes, r.Head, r.Torn = len(s.segments), s.bytes, s.head, s.torn
	if err == nil && s.torn != nil {
		err = &Fault{Segment: s.torn.Segment, Offset: s.torn.Offset,
			Reason: "unfinished append, which opening the journal drops: " + s.torn.Why}
	}
	return r, err
}
