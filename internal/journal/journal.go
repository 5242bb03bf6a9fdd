package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"sync"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

var (
	// ErrLocked: another process has the data directory open.
	ErrLocked = errors.New("the data directory is in use by another process")
	// ErrStop ends a Read early, without error.
	ErrStop = errors.New("stop reading")
	// ErrReadOnly: the journal was opened to be read only.
	ErrReadOnly = errors.New("the journal is open for reading only")
	// ErrBroken: a write or a sync failed. Only opening the journal again tells what is in it.
	ErrBroken = errors.New("the journal is broken")
)

// Head is the end of the chain; zero while the journal is empty.
type Head struct {
	LastSeq uint64
	Hash    prop.Hash // of the last block
}

// Repair is what an unfinished append left behind and Open dropped. Where Offset is zero the file
// was removed.
type Repair struct {
	Segment string
	Offset  int64
	Bytes   int64 // from Offset to the last byte that was not zero
	Why     string
}

// Fault is damage: bytes that neither an append nor a crash leaves.
type Fault struct {
	Segment string // name of the file
	Offset  int64  // of the frame that is not right; zero for the file as a whole
	Reason  string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("journal: %s at offset %d: %s", f.Segment, f.Offset, f.Reason)
}

// Journal is a chain of blocks in files. All methods may be called from any goroutine.
type Journal struct {
	dir         string // of the segments; never changes, like the next three
	segmentSize int64  // of a new segment
	readOnly    bool
	torn        *Repair // only if readOnly

	// writing is held while the disk is written to; it guards the fields up to the blank line.
	writing sync.Mutex
	lock    *os.File // holds the flock; nil if readOnly or closed
	active  *os.File // the last segment; nil before the first
	end     int64    // of the frames in it
	size    int64    // of the file
	frame   []byte   // for the next append, reused
	broken  error    // the first error of a write or a sync

	// mu is held for moments, never during I/O; it guards the fields below. index and segments only
	// grow, so a copy of the slice stays right without it.
	mu       sync.RWMutex
	head     Head
	segments []string // names
	index    []entry
	closed   bool
}

// Open opens the journal in the data directory dir for appending. It reads all of it, refuses a
// damaged one with a *Fault, and drops an unfinished append; then Repair is not nil.
func Open(dir string) (*Journal, *Repair, error) { return open(dir, defaultSegment) }

func open(dir string, segmentSize int64) (*Journal, *Repair, error) {
	lock, err := lockDir(dir)
	if err != nil {
		return nil, nil, err
	}
	j := &Journal{lock: lock, segmentSize: segmentSize}
	repair, err := j.load(dir)
	if err != nil {
		j.Close()
		return nil, nil, err
	}
	return j, repair, nil
}

// load reads what is there, repairs it, and makes the last segment ready for the next append.
func (j *Journal) load(dir string) (*Repair, error) {
	var err error
	if j.dir, err = prepareDir(dir); err != nil {
		return nil, err
	}
	names, err := segmentNames(j.dir)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		if err := settle(j.path(names[len(names)-1])); err != nil {
			return nil, err
		}
	}
	s := survey{dir: j.dir, see: func(*wire.Block) error { return nil }}
	if err := s.run(); err != nil {
		return nil, err
	}
	if err := j.repair(s.torn); err != nil {
		return nil, err
	}
	// Names that a crashed process made must be durable before anything is built on them.
	if err := syncDir(j.dir); err != nil {
		return nil, explain(err)
	}
	j.head, j.segments, j.index = s.head, s.segments, s.index
	return s.torn, j.openActive()
}

// repair drops what an unfinished append left.
func (j *Journal) repair(r *Repair) error {
	switch {
	case r == nil:
		return nil
	case r.Offset == 0:
		return explain(os.Remove(j.path(r.Segment)))
	}
	return blank(j.path(r.Segment), r.Offset, r.Bytes)
}

// openActive opens the last segment for appending. A file that was cut short gets its room back.
func (j *Journal) openActive() error {
	if len(j.segments) == 0 {
		return nil
	}
	last := len(j.segments) - 1
	f, err := os.OpenFile(j.path(j.segments[last]), os.O_RDWR, 0)
	if err != nil {
		return explain(err)
	}
	j.active, j.end = f, segmentHeaderSize
	if n := len(j.index); n > 0 && j.index[n-1].segment == last {
		e := j.index[n-1]
		j.end = e.offset + int64(frameHeaderSize+align(e.length))
	}
	info, err := f.Stat()
	if err != nil {
		return explain(err)
	}
	if j.size = info.Size(); j.size >= j.segmentSize {
		return nil
	}
	return j.grow(j.segmentSize)
}

// OpenReadOnly opens a journal that is never written to: it takes no lock, also beside a running
// node, and drops an unfinished append only from what it shows (see Torn).
func OpenReadOnly(dir string) (*Journal, error) {
	j := &Journal{dir: filepath.Join(dir, segmentsDir), readOnly: true}
	s := survey{dir: j.dir, live: true, see: func(*wire.Block) error { return nil }}
	if err := s.run(); err != nil {
		return nil, err
	}
	j.head, j.segments, j.index, j.torn = s.head, s.segments, s.index, s.torn
	return j, nil
}

// Torn is the unfinished append that OpenReadOnly found, or nil.
func (j *Journal) Torn() *Repair { return j.torn }

// Head is the end of what is durable.
func (j *Journal) Head() Head {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.head
}

// Append makes the block durable; when it returns nil, it is. It refuses a block that does not
// follow the head, and one that could not be read back. After an error of a write or a sync the
// journal is broken, and the block may be on the disk or not.
func (j *Journal) Append(b *wire.Block) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.writable(); err != nil {
		return err
	}
	data, err := admit(j.Head(), b)
	if err != nil {
		return err
	}
	j.frame = appendFrame(j.frame[:0], data)
	if err := j.makeRoom(int64(len(j.frame))); err != nil {
		return err
	}
	if _, err := j.active.WriteAt(j.frame, j.end); err != nil {
		return j.fail(err)
	}
	if err := datasync(j.active); err != nil {
		return j.fail(err)
	}
	j.publish(b, len(data)+1)
	j.end += int64(len(j.frame))
	return nil
}

// Reserve makes sure that the next block has room on the disk, however large it is. Its failure
// breaks nothing: the caller takes no new work until it succeeds.
func (j *Journal) Reserve() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.writable(); err != nil {
		return err
	}
	return j.makeRoom(maxFrame)
}

// publish shows the block, now durable, to readers. The caller holds writing.
func (j *Journal) publish(b *wire.Block, length int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.index = append(j.index, entry{b.FirstSeq, len(j.segments) - 1, j.end, length})
	j.head = Head{LastSeq: b.LastSeq, Hash: b.Hash}
}

// writable tells why nothing can be written. The caller holds writing.
func (j *Journal) writable() error {
	switch {
	case j.readOnly:
		return ErrReadOnly
	case j.broken != nil:
		return j.broken
	case j.lock == nil:
		return errClosed
	}
	return nil
}

// fail breaks the journal. The caller holds writing.
func (j *Journal) fail(err error) error {
	j.broken = fmt.Errorf("%w: %w", ErrBroken, explain(err))
	return j.broken
}

// makeRoom makes sure that n bytes fit into the active segment. The caller holds writing.
func (j *Journal) makeRoom(n int64) error {
	switch {
	case j.active == nil:
		return j.newSegment(n)
	case j.end+n <= j.size:
		return nil
	case j.end == segmentHeaderSize: // a new one would have the same name
		return j.grow(j.end + n)
	}
	return j.newSegment(n)
}

// grow gives the active segment more room. The caller holds writing.
func (j *Journal) grow(size int64) error {
	if err := preallocate(j.active, size); err != nil {
		return explain(err)
	}
	if err := j.active.Sync(); err != nil {
		return j.fail(err)
	}
	j.size = size
	return nil
}

// newSegment starts a segment with room for n bytes of frames. As long as only its room is missing,
// nothing is broken and no trace is left. The caller holds writing.
func (j *Journal) newSegment(n int64) error {
	head := j.Head()
	name := segmentName(head.LastSeq + 1)
	size := max(j.segmentSize, segmentHeaderSize+n)
	f, err := os.OpenFile(j.path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return explain(err)
	}
	if err := preallocate(f, size); err != nil {
		return explain(errors.Join(err, f.Close(), os.Remove(f.Name())))
	}
	_, err = f.WriteAt(segmentHeader(head.LastSeq+1, head.Hash), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(j.dir)
	}
	if err == nil && j.active != nil {
		err = j.active.Close()
	}
	if err != nil {
		return j.fail(errors.Join(err, f.Close()))
	}
	j.active, j.end, j.size = f, segmentHeaderSize, size
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = append(j.segments, name)
	return nil
}

// Read calls fn with the blocks in order, from the one that holds seq from (or the first, for zero)
// up to the head at the time of the call. fn may keep the block, and return ErrStop to end early.
func (j *Journal) Read(from uint64, fn func(*wire.Block) error) error {
	j.mu.RLock()
	index, segments, head, closed := j.index, j.segments, j.head, j.closed
	j.mu.RUnlock()
	if closed {
		return errClosed
	}
	if from > head.LastSeq {
		return nil
	}
	r := reader{dir: j.dir, segments: segments}
	defer r.close()
	first := sort.Search(len(index), func(i int) bool { return index[i].firstSeq > from })
	for _, e := range index[max(first-1, 0):] {
		b, err := r.block(e)
		if err == nil {
			err = fn(b)
		}
		if errors.Is(err, ErrStop) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close gives the data directory free. Closing again does nothing.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	var err error
	if j.active != nil {
		err = j.active.Close()
	}
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close()) // last: nothing is written any more
	}
	j.active, j.lock = nil, nil
	return explain(err)
}

func (j *Journal) path(segment string) string { return filepath.Join(j.dir, segment) }

var errClosed = fmt.Errorf("journal: %w", os.ErrClosed)
