package client_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/internal/wire"
)

// TestKeyFile: what was made can be loaded, by its owner alone, and is never overwritten.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.json")
	address, err := client.CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %s, %v", info.Mode(), err)
	}
	key, err := client.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if message := []byte("hello"); key.Public() != address || !wire.VerifySignature(address, message, key.Sign(message)) {
		t.Errorf("the loaded key is %s, made was %s", key.Public(), address)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, existing := range []string{path, link} {
		if _, err := client.CreateKey(existing); !errors.Is(err, fs.ErrExist) {
			t.Errorf("a key was made over %s: %v", filepath.Base(existing), err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the key was overwritten, %v", err)
	}
	other, err := client.CreateKey(filepath.Join(t.TempDir(), "key.json"))
	if err != nil || other == address {
		t.Errorf("two keys of one address %s, %v", other, err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o644, 0o660, 0o601, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := client.LoadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %s: %v", mode, err)
		}
	}
}

// TestKeyErrorsHideTheSeed: whatever is wrong with a key file, its error does not show the secret.
func TestKeyErrorsHideTheSeed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.json")
	if _, err := client.CreateKey(path); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Address, Seed string }
	if err := json.Unmarshal(body, &made); err != nil || len(made.Seed) != 64 {
		t.Fatalf("the file's seed: %v", err)
	}
	replace := func(old, new string) string { return strings.Replace(string(body), old, new, 1) }
	for name, text := range map[string]string{
		"cut short":            string(body[:len(body)-4]),
		"without quotes":       replace(`"`+made.Seed+`"`, made.Seed),
		"a short seed":         replace(made.Seed, made.Seed[1:]),
		"a long seed":          replace(made.Seed, made.Seed+"00"),
		"not hexadecimal":      replace(made.Seed, "z"+made.Seed[1:]),
		"the seed as address":  replace(made.Address, made.Seed),
		"the seed as type":     replace("sr25519", made.Seed),
		"another type":         replace("sr25519", "ed25519"),
		"another address":      replace(made.Address, firm.Public().String()),
		"no address":           replace(`"address"`, `"addresses"`),
		"no seed":              replace(`"seed"`, `"seeds"`),
		"only the seed":        made.Seed,
		"nothing":              "",
		"an array of the seed": `["` + made.Seed + `"]`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := client.LoadKey(path)
		if err == nil || key != nil {
			t.Errorf("%s: was loaded", name)
			continue
		}
		if strings.Contains(err.Error(), made.Seed[8:24]) {
			t.Errorf("%s: the error shows the seed", name)
		}
	}
	if _, err := client.LoadKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := client.CreateKey(filepath.Join(t.TempDir(), "none", "key.json")); err == nil {
		t.Error("made in a directory that is not there")
	}
}
