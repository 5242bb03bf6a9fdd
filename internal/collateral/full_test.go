//go:build unix

package collateral_test

import (
	"os/signal"
	"syscall"
	"testing"

	"github.com/propnet/propnet/internal/collateral"
)

// TestDiskFullInALine: half a line that was written when the disk became full is no part of the
// book once there is room again.
func TestDiskFullInALine(t *testing.T) {
	dir := t.TempDir()
	twin := openTwin(t, dir)
	expect(t, twin, lock(1, 6*theta), true)
	tx := prepare(t, twin, lock(2, 4*theta))

	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	small := before
	small.Cur = uint64(len(tx.Raw)) * 3 / 2 // a line and a half
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	full := twin.Send(t.Context(), tx)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if full == nil {
		t.Fatal("the file was not too large")
	}
	if out := look(t, twin, 2, tx.Hash); out.Found {
		t.Errorf("booked without room: %+v", out)
	}
	expect(t, twin, lock(2, 4*theta), true)
	twin.Close()
	twin, err := collateral.OpenTwin(dir, opening)
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	if out := look(t, twin, 2, tx.Hash); !out.OK {
		t.Errorf("started again: %+v", out)
	}
	expect(t, twin, lock(3, 1), false)
}
