package collateral

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// Twin is an in-process vault: each entity has the opening deposit; an effect id is used once.
// mu guards the book and the file.
type Twin struct {
	opening fixed.Theta

	mu     sync.Mutex
	file   *os.File
	end    int64 // of the book in the file; what a failed write left behind it is no part of it
	locked map[prop.Hotkey]fixed.Theta
	burned map[prop.Hotkey]fixed.Theta
	done   map[prop.EffectID]entry
}

// entry is one line of the book.
type entry struct {
	Effect prop.EffectID `json:"effect"`
	Kind   string        `json:"kind"`
	Entity prop.Hotkey   `json:"entity"`
	Amount fixed.Theta   `json:"amount"`
	Tx     prop.Hash     `json:"tx"`
	OK     bool          `json:"ok"`
	Detail string        `json:"detail,omitempty"`
}

// OpenTwin reads the book of dir, making it where there is none. A torn last line, which was never
// answered, is cut off.
func OpenTwin(dir string, opening fixed.Theta) (*Twin, error) {
	path := filepath.Join(dir, "collateral-twin.jsonl")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the collateral twin's book: %w", err)
	}
	t := &Twin{opening: opening, file: f, locked: map[prop.Hotkey]fixed.Theta{}, burned: map[prop.Hotkey]fixed.Theta{}, done: map[prop.EffectID]entry{}}
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if err != nil { // what follows the last line feed is torn
			break
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, errors.Join(fmt.Errorf("%s at byte %d is damaged: %w", path, t.end, err), f.Close())
		}
		t.book(e)
		t.end += int64(len(line))
	}
	if err := f.Truncate(t.end); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// Close closes the book.
func (t *Twin) Close() error { return t.file.Close() }

// Deposited is what the entity has put in, in all.
func (t *Twin) Deposited(_ context.Context, _ prop.Hotkey) (fixed.Theta, error) {
	return t.opening, nil
}

// Prepare makes the transaction of an effect: the same one each time.
func (t *Twin) Prepare(_ context.Context, e prop.EffectTask) (prop.Tx, error) {
	raw, err := json.Marshal(entry{Effect: e.ID, Kind: e.Kind.String(), Entity: e.Entity, Amount: e.Amount})
	return prop.Tx{Hash: sha256.Sum256(raw), Raw: raw}, err
}

// Send carries a transaction out. One that was carried out before changes nothing.
func (t *Twin) Send(_ context.Context, tx prop.Tx) error {
	var e entry
	if err := json.Unmarshal(tx.Raw, &e); err != nil {
		return err
	}
	e.Tx = tx.Hash
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, used := t.done[e.Effect]; used {
		return nil
	}
	e.OK, e.Detail = true, ""
	switch free := t.opening.Sub(t.locked[e.Entity]).Sub(t.burned[e.Entity]); {
	case e.Kind == prop.LockCollateral.String() && free < e.Amount:
		e.OK, e.Detail = false, "insufficient deposit: "+free.String()+" is free"
	case e.Kind == prop.SlashCollateral.String() && t.locked[e.Entity] < e.Amount:
		e.OK, e.Detail = false, "less is locked: "+t.locked[e.Entity].String()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	_, err = t.file.WriteAt(line, t.end)
	if err == nil {
		err = t.file.Sync()
	}
	if err != nil {
		return errors.Join(err, t.file.Truncate(t.end)) // it has not happened
	}
	t.end += int64(len(line))
	t.book(e)
	return nil
}

// Lookup tells what became of an effect, by its id and its transaction's hash.
func (t *Twin) Lookup(_ context.Context, id prop.EffectID, tx prop.Hash) (prop.Outcome, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, found := t.done[id]
	if found && e.Tx != tx {
		return prop.Outcome{}, fmt.Errorf("effect %d was carried out by transaction %s, not %s", id, e.Tx, tx)
	}
	return prop.Outcome{Found: found, OK: e.OK, Detail: e.Detail}, nil
}

func (t *Twin) book(e entry) {
	t.done[e.Effect] = e
	switch {
	case !e.OK:
	case e.Kind == prop.LockCollateral.String():
		t.locked[e.Entity] = t.locked[e.Entity].Add(e.Amount)
	case e.Kind == prop.SlashCollateral.String():
		t.locked[e.Entity] = t.locked[e.Entity].Sub(e.Amount)
		t.burned[e.Entity] = t.burned[e.Entity].Add(e.Amount)
	}
}
