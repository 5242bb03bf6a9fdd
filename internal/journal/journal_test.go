package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/propnet/propnet/internal/wire"
)

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	blocks := newMaker(t).several(30)
	for i := 0; i < len(blocks); i += 3 {
		j, repair := mustOpen(t, dir, 2048)
		if repair != nil || j.Head() != headOf(blocks[:i]) {
			t.Fatalf("opened with head %d and repair %+v, want %d blocks", j.Head().LastSeq, repair, i)
		}
		mustAppend(t, j, blocks[i:i+3]...)
		same(t, collect(t, j, 0), blocks[:i+3])
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{dir + "/" + segmentsDir, dir + "/" + lockName} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v: others can read it", path, info.Mode(), err)
		}
	}
}

// TestRollOver: a frame that fits to the byte stays, one byte more starts a segment.
func TestRollOver(t *testing.T) {
	m := newMaker(t)
	first, second := m.next(300), m.next(300)
	data, err := first.Encode()
	if err != nil {
		t.Fatal(err)
	}
	one := int64(len(appendFrame(nil, data)))
	for _, c := range []struct {
		name     string
		size     int64
		segments []string
	}{
		{"both fit", segmentHeaderSize + 2*one, []string{segmentName(1)}},
		{"second does not", segmentHeaderSize + 2*one - 1, []string{segmentName(1), segmentName(2)}},
		{"a segment is as large as its frame", 100, []string{segmentName(1), segmentName(2)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fastDir(t)
			j, _ := mustOpen(t, dir, c.size)
			mustAppend(t, j, first, second)
			j.Close()
			names, err := segmentNames(j.dir)
			if err != nil || strings.Join(names, " ") != strings.Join(c.segments, " ") {
				t.Errorf("segments %v, %v, want %v", names, err, c.segments)
			}
			j, repair := mustOpen(t, dir, c.size)
			if repair != nil {
				t.Errorf("repair %+v", repair)
			}
			same(t, collect(t, j, 0), []*wire.Block{first, second})
		})
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	j, _ := mustOpen(t, dir, 4096)
	if _, _, err := Open(dir); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second open: %v", err)
	}
	ro, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatalf("reading beside the writer: %v", err)
	}
	b := newMaker(t).next(1)
	if err := ro.Append(b); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append to a read-only journal: %v", err)
	}
	if err := ro.Reserve(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("reserve in a read-only journal: %v", err)
	}
	if err := errors.Join(ro.Close(), ro.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
	mustAppend(t, j, b)
	j.Close()
	again, _ := mustOpen(t, dir, 4096)
	if again.Head() != headOf([]*wire.Block{b}) {
		t.Error("the block is gone")
	}
}

// TestReadOnlyWritesNothing: not even where Open would repair.
func TestReadOnlyWritesNothing(t *testing.T) {
	m := newMaker(t)
	l := build(t, 2048, []*wire.Block{m.next(100), m.next(900)})
	image := read(t, l.path(0))
	write(t, l.path(0), image[:l.index[1].offset+200])
	if err := os.Remove(filepath.Join(l.dir, lockName)); err != nil {
		t.Fatal(err)
	}
	ro, err := OpenReadOnly(l.dir)
	if err != nil || ro.Torn() == nil || ro.Head().LastSeq != 1 {
		t.Fatalf("got %v", err)
	}
	if len(collect(t, ro, 0)) != 1 || len(read(t, l.path(0))) != int(l.index[1].offset)+200 {
		t.Error("the file changed")
	}
	if _, err := os.Stat(filepath.Join(l.dir, lockName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("lock: %v", err)
	}
}

// TestReadBesideWriter: a reader without lock never takes a running append for damage.
func TestReadBesideWriter(t *testing.T) {
	dir := fastDir(t)
	blocks := newMaker(t).several(400)
	j, _ := mustOpen(t, dir, 16<<10)
	mustAppend(t, j, blocks[0])
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				before := j.Head().LastSeq
				ro, err := OpenReadOnly(dir)
				if err != nil || ro.Head().LastSeq < before {
					t.Errorf("head %d beside the writer: %v", before, err)
					return
				}
				if err := ro.Read(0, func(*wire.Block) error { return nil }); err != nil {
					t.Errorf("read beside the writer: %v", err)
				}
				if report, err := Verify(dir, nil); report.Head.LastSeq < before || err != nil && report.Torn == nil {
					t.Errorf("verify beside the writer: %+v, %v", report, err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	mustAppend(t, j, blocks[1:]...)
	close(done)
	readers.Wait()
}

// TestReadAgain: a reader without lock that saw the file at two moments looks again before it judges.
func TestReadAgain(t *testing.T) {
	m := newMaker(t)
	l := build(t, 4096, []*wire.Block{m.next(900), m.next(900), m.next(900)})
	image := read(t, l.path(0))
	second, third := l.index[1], l.index[2]
	for _, c := range []struct {
		name       string
		zero, upto int // what the first look misses
	}{
		{"an append whose end was not there yet", int(third.offset) + 500, len(image)},
		{"an append before a later one", int(second.offset), int(third.offset)},
	} {
		t.Run(c.name, func(t *testing.T) {
			early := bytes.Clone(image)
			clear(early[c.zero:c.upto])
			write(t, l.path(0), early)
			report, err := Verify(l.dir, func(b *wire.Block) error {
				if b.FirstSeq == 1 {
					write(t, l.path(0), image)
				}
				return nil
			})
			if err != nil || report.Blocks != 3 {
				t.Errorf("got %+v, %v", report, err)
			}
		})
	}
}

// TestBroken: after a failed write or sync nothing is appended, and opening again tells what is
// there.
func TestBroken(t *testing.T) {
	special := func(path string) func(*testing.T, *Journal, []byte) {
		return func(t *testing.T, j *Journal, _ []byte) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Skip(err)
			}
			j.active.Close()
			j.active = f
		}
	}
	for _, c := range []struct {
		name string
		size int64
		fail func(t *testing.T, j *Journal, frame []byte) // makes the next append fail
		kept int
		says string
	}{
		{"file closed", 4096, func(_ *testing.T, j *Journal, _ []byte) { j.active.Close() }, 2, "closed"},
		{"write fails, disk full", 4096, special("/dev/full"), 2, "free some space"},
		{"sync fails", 4096, special("/dev/null"), 2, "fdatasync"},
		{"sync fails, bytes arrived", 4096, func(t *testing.T, j *Journal, frame []byte) {
			if _, err := j.active.WriteAt(frame, j.end); err != nil {
				t.Fatal(err)
			}
			special("/dev/null")(t, j, frame)
		}, 3, "fdatasync"},
		{"sync fails, a part arrived", 4096, func(t *testing.T, j *Journal, frame []byte) {
			if _, err := j.active.WriteAt(frame[:100], j.end); err != nil {
				t.Fatal(err)
			}
			special("/dev/null")(t, j, frame)
		}, 2, "fdatasync"},
		{"segment before does not close", 1300, func(_ *testing.T, j *Journal, _ []byte) { j.active.Close() }, 2, "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fastDir(t)
			m := newMaker(t)
			blocks := []*wire.Block{m.next(300), m.next(300), m.next(300), m.next(300)}
			j, _ := mustOpen(t, dir, c.size)
			mustAppend(t, j, blocks[:2]...)
			data, err := blocks[2].Encode()
			if err != nil {
				t.Fatal(err)
			}
			c.fail(t, j, appendFrame(nil, data))
			first := j.Append(blocks[2])
			if !errors.Is(first, ErrBroken) || !strings.Contains(first.Error(), c.says) {
				t.Fatalf("got %v, want a broken journal and %q", first, c.says)
			}
			for _, err := range []error{j.Append(blocks[2]), j.Append(blocks[3]), j.Reserve()} {
				if err != first {
					t.Errorf("later: %v, want the first error", err)
				}
			}
			if j.Head() != headOf(blocks[:2]) {
				t.Error("the head moved")
			}
			same(t, collect(t, j, 0), blocks[:2])
			j.Close()
			again, _ := mustOpen(t, dir, c.size)
			same(t, collect(t, again, 0), blocks[:c.kept])
			mustAppend(t, again, blocks[c.kept:]...)
			same(t, collect(t, again, 0), blocks)
		})
	}
}

// TestNoRoom: where there is no room for a new segment, nothing breaks, and it goes on when there
// is.
func TestNoRoom(t *testing.T) {
	const impossible = 1 << 62
	m := newMaker(t)
	blocks := []*wire.Block{m.next(300), m.next(300), m.next(300)}
	j, _ := mustOpen(t, fastDir(t), 1024)
	size := func(n int64) { j.segmentSize = n }
	refused := func(what string, err error) {
		t.Helper()
		if err == nil || errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v, want a refusal", what, err)
		}
		if names, err := segmentNames(j.dir); err != nil || len(names) != len(j.segments) {
			t.Errorf("%s: left %v, %v", what, names, err)
		}
	}
	size(impossible)
	refused("first segment", j.Append(blocks[0]))
	refused("first segment", j.Reserve())
	size(1024)
	mustAppend(t, j, blocks[0])
	size(impossible)
	refused("reserve", j.Reserve())
	mustAppend(t, j, blocks[1]) // still fits
	refused("next segment", j.Append(blocks[2]))
	size(1024)
	mustAppend(t, j, blocks[2])
	same(t, collect(t, j, 0), blocks)
}

// TestReserve: what was reserved holds the largest block without a new segment, also after opening
// again.
func TestReserve(t *testing.T) {
	dir := fastDir(t)
	m := newMaker(t)
	blocks := []*wire.Block{m.next(5), m.seal(make([]byte, maxPayload-500))}
	j, _ := mustOpen(t, dir, 1024)
	mustAppend(t, j, blocks[0])
	for range 2 {
		if err := j.Reserve(); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := segmentNames(j.dir); err != nil || len(names) != 2 {
		t.Fatalf("segments %v, %v, want 2", names, err)
	}
	j.Close()
	// As if the room had been made by a version with smaller segments.
	if err := os.Truncate(filepath.Join(j.dir, segmentName(2)), 500); err != nil {
		t.Fatal(err)
	}
	j, repair := mustOpen(t, dir, 1024)
	if repair != nil {
		t.Errorf("repair %+v", repair)
	}
	mustAppend(t, j, blocks[1])
	if names, err := segmentNames(j.dir); err != nil || len(names) != 2 {
		t.Errorf("segments %v, %v, want 2", names, err)
	}
	same(t, collect(t, j, 0), blocks)
}

// TestPreallocated: room is taken from the disk when a segment is made, not when it fills.
func TestPreallocated(t *testing.T) {
	j, _ := mustOpen(t, t.TempDir(), 1<<20)
	mustAppend(t, j, newMaker(t).next(1))
	var st unix.Stat_t
	if err := unix.Stat(j.path(j.segments[0]), &st); err != nil {
		t.Fatal(err)
	}
	if st.Size != 1<<20 {
		t.Errorf("size %d", st.Size)
	}
	if st.Blocks*512 < 1<<20 {
		t.Logf("this file system reserves nothing: %d bytes taken", st.Blocks*512)
	}
}

// TestUnusable: what can be wrong with a data directory, and that the error says what to do.
func TestUnusable(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(t *testing.T, dir string) string // returns the directory to open
		remedy string
	}{
		{"missing", func(_ *testing.T, dir string) string { return dir + "/none" }, "disk is mounted"},
		{"a file", func(t *testing.T, dir string) string {
			write(t, dir+"/f", nil)
			return dir + "/f"
		}, "a file stands in the way"},
		{"journal is a file", func(t *testing.T, dir string) string {
			write(t, dir+"/"+segmentsDir, nil)
			return dir
		}, ""},
		{"not writable", func(t *testing.T, dir string) string { chmod(t, dir, 0o555); return dir }, "chown"},
		{"not readable", func(t *testing.T, dir string) string { chmod(t, dir, 0o000); return dir }, "chown"},
		{"journal not writable", func(t *testing.T, dir string) string {
			j, _ := mustOpen(t, dir, 4096)
			j.Close()
			chmod(t, dir+"/"+lockName, 0o666)
			chmod(t, dir+"/"+segmentsDir, 0o555)
			return dir
		}, "chown"},
		{"segment of another user", func(t *testing.T, dir string) string {
			j, _ := mustOpen(t, dir, 4096)
			mustAppend(t, j, newMaker(t).next(1))
			j.Close()
			chmod(t, dir+"/"+lockName, 0o666)
			chmod(t, dir+"/"+segmentsDir, 0o777)
			chmod(t, j.path(j.segments[0]), 0)
			return dir
		}, "chown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			chmod(t, filepath.Dir(dir), 0o755)
			spoiled := c.spoil(t, dir)
			var err error
			asNobody(t, func() { _, _, err = Open(spoiled) })
			if err == nil || !strings.Contains(err.Error(), c.remedy) || !strings.Contains(err.Error(), spoiled) {
				t.Errorf("got %v, want one that names the place and says %q", err, c.remedy)
			}
			asNobody(t, func() { _, err = OpenReadOnly(spoiled) })
			if err == nil && c.name != "not writable" && !strings.HasPrefix(c.name, "journal not") {
				t.Error("opened for reading")
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(path, 0o755) })
}

// asNobody runs fn without root's right to ignore permissions. The identity belongs to the thread,
// which ends with the goroutine.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn()
		return
	}
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err = unix.Setfsuid(65534); err == nil {
			fn()
		}
	}()
	if <-done; err != nil {
		t.Skip(err)
	}
}

func TestExplain(t *testing.T) {
	if explain(nil) != nil {
		t.Error("nil became an error")
	}
	for _, r := range remedies {
		err := explain(&os.PathError{Op: "open", Path: "x", Err: r.err})
		if !errors.Is(err, r.err) || !strings.HasSuffix(err.Error(), r.text) {
			t.Errorf("%v: %v", r.err, err)
		}
	}
	if err := explain(unix.EINVAL); !errors.Is(err, unix.EINVAL) {
		t.Error(err)
	}
}
