package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	lockName       = "LOCK"
	segmentsDir    = "journal"
	segmentSuffix  = ".seg"
	segmentDigits  = 20
	defaultSegment = 64 << 20
	maxSegment     = 1 << 30 // bounds the memory that reading a foreign file can take
)

func segmentName(firstSeq uint64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, firstSeq, segmentSuffix)
}

func firstSeqOf(name string) (uint64, error) {
	digits := strings.TrimSuffix(name, segmentSuffix)
	seq, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != segmentDigits {
		return 0, &Fault{Segment: name, Reason: "not the name of a segment: 20 digits and .seg"}
	}
	return seq, nil
}

// segmentNames are the names of the segments in order: fixed width makes it the names' order.
func segmentNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, explain(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), segmentSuffix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// lockDir makes this process the one that writes in dir. The kernel drops the lock with the
// process, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, explain(err)
	}
	err = again(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
	}
	return nil, explain(&os.PathError{Op: "flock", Path: f.Name(), Err: err})
}

// prepareDir makes dir/journal, durably, and checks that segments can be made in it: now, rather
// than when the first one is full. It does not make dir: where that is missing, a disk is not
// mounted or a path is wrong, and a new empty journal would hide it.
func prepareDir(dir string) (string, error) {
	segments := filepath.Join(dir, segmentsDir)
	if err := os.Mkdir(segments, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", explain(err)
	}
	if err := unix.Faccessat(unix.AT_FDCWD, segments, unix.R_OK|unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return "", explain(&os.PathError{Op: "access", Path: segments, Err: err})
	}
	return segments, explain(syncDir(dir))
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// preallocate gives the file size bytes that read as zeros where nothing was written, and room for
// them on the disk if the file system can.
func preallocate(f *os.File, size int64) error {
	err := again(func() error { return unix.Fallocate(int(f.Fd()), 0, 0, size) })
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = again(func() error { return unix.Ftruncate(int(f.Fd()), size) })
	}
	if err != nil {
		return &os.PathError{Op: "preallocate", Path: f.Name(), Err: err}
	}
	return nil
}

// datasync makes what was written to the file durable.
func datasync(f *os.File) error {
	if err := again(func() error { return unix.Fdatasync(int(f.Fd())) }); err != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}

// settle makes the disk and the page cache agree on a file that another process may have left with
// writes that were not synced, or that failed to sync: sync, then forget the pages, so that what is
// read next is what the disk has.
func settle(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return explain(err)
	}
	// Advice only: a file system without it, or without a disk, has nothing to forget.
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	return nil
}

// blank writes zeros over n bytes, durably.
func blank(path string, offset, n int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	for n > 0 {
		part := min(n, int64(len(zeros)))
		if _, err := f.WriteAt(zeros[:part], offset); err != nil {
			return explain(err)
		}
		offset, n = offset+part, n-part
	}
	return explain(datasync(f))
}

// again calls a system call until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// remedies say what an operator can do about an error of the system.
var remedies = []struct {
	err  error
	text string
}{
	{unix.EROFS, "the file system is mounted read-only: mount it writable, or choose another data directory"},
	{unix.EACCES, "give the user that runs the node the right to read and write there (chown, chmod)"},
	{unix.EPERM, "give the user that runs the node the right to read and write there (chown, chmod, chattr)"},
	{unix.ENOSPC, "the disk is full: free some space on it"},
	{unix.EDQUOT, "the disk quota is used up: free some space or raise it"},
	{unix.ENOENT, "check the path of the data directory, and that its disk is mounted"},
	{unix.ENOTDIR, "check the path of the data directory: a file stands in the way"},
	{unix.EMFILE, "raise the limit of open files (ulimit -n)"},
	{unix.EIO, "the disk fails: copy the data directory to another disk before anything else"},
}

// explain adds the remedy to an error; it keeps nil.
func explain(err error) error {
	if err == nil {
		return nil
	}
	for _, r := range remedies {
		if errors.Is(err, r.err) {
			return fmt.Errorf("journal: %w: %s", err, r.text)
		}
	}
	return fmt.Errorf("journal: %w", err)
}
