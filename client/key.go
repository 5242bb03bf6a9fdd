package client

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Key signs calls with sr25519.
type Key = wire.Key

// NewKey is the key of a 32-byte mini secret.
func NewKey(seed [32]byte) *Key { return wire.NewKey(seed) }

// NewRepeatableKey is NewKey with equal signatures for equal messages: for seeded demos.
func NewRepeatableKey(seed [32]byte) *Key { return wire.NewRepeatableKey(seed) }

type keyFile struct {
	Type    string      `json:"type"`
	Address prop.Hotkey `json:"address"`
	Seed    prop.Hash   `json:"seed"`
}

const keyType = "sr25519"

// CreateKey makes a key file of mode 0600. An existing file is never overwritten.
func CreateKey(path string) (prop.Hotkey, error) {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // never fails
	return writeKey(path, seed)
}

func writeKey(path string, seed [32]byte) (prop.Hotkey, error) {
	address := wire.NewKey(seed).Public()
	body, err := json.MarshalIndent(keyFile{keyType, address, seed}, "", "  ")
	if err != nil {
		return address, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return address, fmt.Errorf("make the key file: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(append(body, '\n')); err != nil {
		return address, err
	}
	return address, f.Sync()
}

// LoadKey reads a key file. One that others may read is refused.
func LoadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s may be read by others: chmod 600 it", filepath.Base(path))
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	var k keyFile
	if err := json.Unmarshal(body, &k); err != nil || k.Type != keyType {
		return nil, fmt.Errorf("%s is not an sr25519 key file", filepath.Base(path)) // the body must not be shown
	}
	key := wire.NewKey(k.Seed)
	if key.Public() != k.Address {
		return nil, fmt.Errorf("%s: the seed does not belong to address %s", filepath.Base(path), k.Address)
	}
	return key, nil
}
