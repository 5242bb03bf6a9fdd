package journal

import (
	"errors"
	"sort"
	"sync"

	"github.com/propnet/propnet/internal/wire"
)

// Memory is a journal without a disk. It keeps the encoded bytes, so that what is read from it was
// decoded as from the real one. All methods may be called from any goroutine.
type Memory struct {
	mu     sync.RWMutex // guards all fields; blocks only grows, so a copy of the slice stays right without it
	head   Head
	blocks []stored
	closed bool
}

type stored struct {
	firstSeq uint64
	data     []byte
}

// NewMemory is an empty journal.
func NewMemory() *Memory { return &Memory{} }

// Head is the end of the chain.
func (m *Memory) Head() Head {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.head
}

// Append refuses what Journal.Append refuses.
func (m *Memory) Append(b *wire.Block) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	data, err := admit(m.head, b)
	if err != nil {
		return err
	}
	m.blocks = append(m.blocks, stored{b.FirstSeq, data})
	m.head = Head{LastSeq: b.LastSeq, Hash: b.Hash}
	return nil
}

// Reserve always finds room.
func (m *Memory) Reserve() error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return errClosed
	}
	return nil
}

// Read is Journal.Read.
func (m *Memory) Read(from uint64, fn func(*wire.Block) error) error {
	m.mu.RLock()
	blocks, head, closed := m.blocks, m.head, m.closed
	m.mu.RUnlock()
	if closed {
		return errClosed
	}
	if from > head.LastSeq {
		return nil
	}
	first := sort.Search(len(blocks), func(i int) bool { return blocks[i].firstSeq > from })
	for _, s := range blocks[max(first-1, 0):] {
		b, err := wire.DecodeBlock(s.data)
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

// Close ends the use of the journal. Closing again does nothing.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
