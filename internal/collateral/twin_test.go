package collateral_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/prop"
)

const (
	theta   = fixed.ThetaScale
	opening = 10 * theta
)

var (
	firm  = prop.Hotkey{1}
	other = prop.Hotkey{2}
)

// vault is both sides of the port: deposits are read, effects carried out.
type vault interface {
	Deposited(context.Context, prop.Hotkey) (fixed.Theta, error)
	Prepare(context.Context, prop.EffectTask) (prop.Tx, error)
	Send(context.Context, prop.Tx) error
	Lookup(context.Context, prop.EffectID, prop.Hash) (prop.Outcome, error)
}

// vaults are the implementations. again gives one that has been started again with what it had.
var vaults = []struct {
	name string
	make func(t *testing.T) (v vault, again func() vault)
}{
	{"twin", func(t *testing.T) (vault, func() vault) {
		dir := t.TempDir()
		return openTwin(t, dir), func() vault { return openTwin(t, dir) }
	}},
}

// suite is what holds for every vault in which each entity has deposited ten theta.
var suite = []struct {
	name string
	run  func(t *testing.T, v vault, again func() vault)
}{
	{"deposits", suiteDeposits},
	{"lock and slash", suiteLockSlash},
	{"locking too much fails for good", suiteOverLock},
	{"slashing more than is locked fails", suiteOverSlash},
	{"sent twice, booked once", suiteTwice},
	{"the same transaction each time", suitePrepare},
	{"look-up", suiteLookup},
	{"started again", suiteAgain},
	{"sent by many", suiteConcurrent},
}

func TestConformance(t *testing.T) {
	for _, v := range vaults {
		for _, c := range suite {
			t.Run(v.name+"/"+c.name, func(t *testing.T) {
				vault, again := v.make(t)
				c.run(t, vault, again)
			})
		}
	}
}

func openTwin(t *testing.T, dir string) *collateral.Twin {
	t.Helper()
	twin, err := collateral.OpenTwin(dir, opening)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { twin.Close() })
	return twin
}

func lock(id prop.EffectID, amount fixed.Theta) prop.EffectTask {
	return prop.EffectTask{ID: id, Kind: prop.LockCollateral, Entity: firm, Amount: amount}
}

func slash(id prop.EffectID, amount fixed.Theta) prop.EffectTask {
	return prop.EffectTask{ID: id, Kind: prop.SlashCollateral, Entity: firm, Amount: amount}
}

func prepare(t *testing.T, v vault, e prop.EffectTask) prop.Tx {
	t.Helper()
	tx, err := v.Prepare(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// perform carries an effect out and looks its outcome up.
func perform(t *testing.T, v vault, e prop.EffectTask) prop.Outcome {
	t.Helper()
	tx := prepare(t, v, e)
	if err := v.Send(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	return look(t, v, e.ID, tx.Hash)
}

func look(t *testing.T, v vault, id prop.EffectID, tx prop.Hash) prop.Outcome {
	t.Helper()
	out, err := v.Lookup(t.Context(), id, tx)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// expect performs an effect and checks whether it succeeds. Either way the outcome is known.
func expect(t *testing.T, v vault, e prop.EffectTask, ok bool) {
	t.Helper()
	out := perform(t, v, e)
	if !out.Found || out.OK != ok || ok != (out.Detail == "") {
		t.Errorf("effect %d, %s of %s: %+v, want OK %t", e.ID, e.Kind, e.Amount, out, ok)
	}
}

func suiteDeposits(t *testing.T, v vault, _ func() vault) {
	expect(t, v, lock(1, 4*theta), true)
	expect(t, v, slash(2, 4*theta), true)
	for _, k := range []prop.Hotkey{firm, other} {
		if got, err := v.Deposited(t.Context(), k); err != nil || got != opening {
			t.Errorf("deposited %s, %v; what is locked or slashed was deposited too", got, err)
		}
	}
}

func suiteLockSlash(t *testing.T, v vault, _ func() vault) {
	expect(t, v, lock(1, 6*theta), true)
	expect(t, v, lock(2, 4*theta), true) // all of it
	expect(t, v, slash(3, 6*theta), true)
	expect(t, v, slash(4, 4*theta), true)
	expect(t, v, lock(5, 1), false) // what was slashed does not come back
	theirs := lock(6, opening)
	theirs.Entity = other
	expect(t, v, theirs, true)
}

func suiteOverLock(t *testing.T, v vault, _ func() vault) {
	expect(t, v, lock(1, opening+1), false)
	expect(t, v, lock(1, opening+1), false) // again: the outcome is known
	expect(t, v, lock(2, 7*theta), true)
	expect(t, v, lock(3, 3*theta+1), false)
	expect(t, v, slash(4, 7*theta), true)
	expect(t, v, lock(3, 3*theta+1), false)
	expect(t, v, lock(5, 3*theta), true) // a failed one holds nothing
}

func suiteOverSlash(t *testing.T, v vault, _ func() vault) {
	expect(t, v, slash(1, 1), false)
	expect(t, v, lock(2, 5*theta), true)
	expect(t, v, slash(3, 5*theta+1), false)
	expect(t, v, slash(4, 5*theta), true)
	expect(t, v, slash(5, 5*theta), false)
}

func suiteTwice(t *testing.T, v vault, _ func() vault) {
	tx := prepare(t, v, lock(1, 6*theta))
	for range 3 {
		if err := v.Send(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, v, lock(2, 4*theta), true)
	tx = prepare(t, v, slash(3, 5*theta))
	for range 2 {
		if err := v.Send(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, v, slash(4, 5*theta), true)
	expect(t, v, slash(5, 1), false)
}

func suitePrepare(t *testing.T, v vault, again func() vault) {
	tx := prepare(t, v, lock(1, theta))
	for _, same := range []vault{v, again()} {
		if got := prepare(t, same, lock(1, theta)); got.Hash != tx.Hash || !bytes.Equal(got.Raw, tx.Raw) {
			t.Errorf("prepared again it is %s, first %s", got.Hash, tx.Hash)
		}
	}
	for _, e := range []prop.EffectTask{lock(2, theta), lock(1, theta+1), slash(1, theta)} {
		if got := prepare(t, v, e); got.Hash == tx.Hash {
			t.Errorf("two effects have the transaction %s", got.Hash)
		}
	}
	if out := look(t, v, 1, tx.Hash); out.Found {
		t.Errorf("preparing carried it out: %+v", out)
	}
}

func suiteLookup(t *testing.T, v vault, _ func() vault) {
	tx := prepare(t, v, lock(1, theta))
	if out := look(t, v, 1, tx.Hash); out.Found || out.OK {
		t.Errorf("before it was sent: %+v", out)
	}
	expect(t, v, lock(1, theta), true)
	if out, err := v.Lookup(t.Context(), 1, prop.Hash{1}); err == nil {
		t.Errorf("the effect was carried out by another transaction: %+v", out)
	}
	if out := look(t, v, 2, tx.Hash); out.Found {
		t.Errorf("another effect has the outcome %+v", out)
	}
}

func suiteAgain(t *testing.T, v vault, again func() vault) {
	done, failed := prepare(t, v, lock(1, 6*theta)), prepare(t, v, lock(2, 6*theta))
	expect(t, v, lock(1, 6*theta), true)
	expect(t, v, lock(2, 6*theta), false)
	expect(t, v, slash(3, 2*theta), true)
	v = again()
	if out := look(t, v, 1, done.Hash); !out.Found || !out.OK {
		t.Errorf("what was done is %+v", out)
	}
	if out := look(t, v, 2, failed.Hash); !out.Found || out.OK || out.Detail == "" {
		t.Errorf("what failed is %+v", out)
	}
	if err := v.Send(t.Context(), done); err != nil {
		t.Fatal(err)
	}
	expect(t, v, slash(4, 4*theta+1), false)
	expect(t, v, slash(5, 4*theta), true)
	expect(t, v, lock(6, 4*theta+1), false)
	expect(t, v, lock(7, 4*theta), true)
}

func suiteConcurrent(t *testing.T, v vault, _ func() vault) {
	tx := prepare(t, v, lock(1, 6*theta))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := v.Send(t.Context(), tx); err != nil {
				t.Error(err)
			}
			if out, err := v.Lookup(t.Context(), 1, tx.Hash); err != nil || !out.OK {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
	wg.Wait()
	expect(t, v, lock(2, 4*theta), true)
}

// book is the twin's file of two locks, of 6 and of 4 theta.
func book(t *testing.T) (path string, body []byte) {
	t.Helper()
	dir := t.TempDir()
	twin := openTwin(t, dir)
	expect(t, twin, lock(1, 6*theta), true)
	expect(t, twin, lock(2, 4*theta), true)
	if err := twin.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "collateral-twin.jsonl")
	body, err := os.ReadFile(path)
	if err != nil || bytes.Count(body, []byte("\n")) != 2 {
		t.Fatalf("the book: %q, %v", body, err)
	}
	return path, body
}

// TestTornLine: a line that a crash left unfinished was never answered. It is cut off, at whatever
// byte it ends, and the effect can be carried out anew.
func TestTornLine(t *testing.T) {
	path, body := book(t)
	first := bytes.IndexByte(body, '\n') + 1
	for cut := first; cut < len(body); cut++ {
		if err := os.WriteFile(path, body[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		twin, err := collateral.OpenTwin(filepath.Dir(path), opening)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, body[:first]) {
			t.Errorf("cut at %d: %q is left, %v", cut, left, err)
		}
		tx := prepare(t, twin, lock(2, 4*theta))
		if out := look(t, twin, 2, tx.Hash); out.Found {
			t.Errorf("cut at %d: the torn line counts", cut)
		}
		expect(t, twin, lock(2, 4*theta), true)
		twin.Close()
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, body) {
			t.Errorf("cut at %d: the book is %q, %v", cut, again, err)
		}
	}
}

// TestDamagedLine: what was answered must not be lost silently.
func TestDamagedLine(t *testing.T) {
	path, body := book(t)
	lines := strings.SplitAfter(string(body), "\n")
	for name, damaged := range map[string]string{
		"first line":  "x" + string(body),
		"cut in two":  lines[0][:20] + "\n" + lines[0][20:] + lines[1],
		"empty line":  "\n" + string(body),
		"last line":   lines[0] + lines[1][:len(lines[1])-3] + "\n",
		"another key": strings.Replace(string(body), firm.String(), strings.Repeat("5", 48), 1),
	} {
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if twin, err := collateral.OpenTwin(filepath.Dir(path), opening); err == nil {
			twin.Close()
			t.Errorf("%s: the damage was not seen", name)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != damaged {
			t.Errorf("%s: the damaged book was changed, %v", name, err)
		}
	}
	if _, err := collateral.OpenTwin(filepath.Join(t.TempDir(), "none"), opening); err == nil {
		t.Error("a directory that is not there was opened")
	}
}

// TestBookCannotBeWritten: an effect that could not be booked has not happened.
func TestBookCannotBeWritten(t *testing.T) {
	twin := openTwin(t, t.TempDir())
	twin.Close()
	tx := prepare(t, twin, lock(1, theta))
	if err := twin.Send(t.Context(), tx); err == nil {
		t.Error("sent into a closed book")
	}
	if out := look(t, twin, 1, tx.Hash); out.Found {
		t.Errorf("%+v", out)
	}
	if err := twin.Send(t.Context(), prop.Tx{Raw: []byte("{")}); err == nil {
		t.Error("a transaction that is none was sent")
	}
}
