package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tourScript is README's blocks of a tour, with a mark after each, and what they need checked.
func tourScript(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, block := range regexp.MustCompile("(?s)<!-- "+name+" -->\n```sh\n(.*?)```").FindAllSubmatch(readme, -1) {
		script.Write(block[1])
		script.WriteString("\necho '=== next'\n")
	}
	for _, tool := range []string{"bash", "curl", "sed", "grep"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("CI needs %s", tool)
			}
			t.Skipf("SKIPPED: the tour needs %s", tool)
		}
	}
	return script.String()
}

// tourDir is a folder as the tour has it: the program in bin, the repository's devnet.toml in place.
func tourDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"bin", "cmd/propnet"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(binary, filepath.Join(dir, "bin", "propnet")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cmd/propnet/devnet.toml"), devnetGenesis, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTourByHand: a bracket protects a position through a gap; the command line, the API and the page
// say the same of it.
func TestTourByHand(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	shell := exec.CommandContext(t.Context(), "bash")
	shell.Dir = tourDir(t)
	shell.Stdin = strings.NewReader(strings.ReplaceAll(tourScript(t, "tour: by hand"), "127.0.0.1:8481", address))
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"trigger stop_loss", "quoted 58500", "stop_loss 59400", "status active", `"status":"active"`} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("the tour shows no %s:\n%s", want, out)
		}
	}
	balance := regexp.MustCompile(`"balance":"([0-9.]+)"`).FindSubmatch(out)
	if balance == nil || bytes.Count(out, balance[1]) < 3 {
		t.Errorf("the command line, the API and the page don't agree on the balance:\n%s", out)
	}
}

// TestTour copies README's tour into a shell, line by line, against a devnet.
func TestTour(t *testing.T) {
	script := tourScript(t, "tour")
	p := startDevnet(t, "--data", filepath.Join(t.TempDir(), "d"), "--speed", "6000")
	shell := exec.CommandContext(t.Context(), "bash")
	shell.Dir = tourDir(t)
	shell.Env = append(os.Environ(), "PROPNET_NODE="+p.client.Base)
	shell.Stdin = strings.NewReader(strings.ReplaceAll(script, "http://127.0.0.1:8480", p.client.Base))
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	parts := bytes.Split(out, []byte("=== next\n"))
	if len(parts) != 6 {
		t.Fatalf("%d parts\n%s", len(parts), out)
	}
	for i, wants := range [][]string{
		{`"event":"entity_registered"`, `"event":"subaccount_created"`, `"slots":1`},
		{`"duplicate":true`, "eliminated", `"rule":"peak_drawdown"`, `"anchor"`, `"limit":"0.06"`, `"mark"`, "account_not_active"},
		{"bad_signature", `"unsigned"`, "timestamp_expired", "wrong_network"},
		{"proven true", "order_accepted"},
		{"fills true", "slippage 0.000", "headroom", "tradable false"},
	} {
		for _, want := range wants {
			if !bytes.Contains(parts[i], []byte(want)) {
				t.Errorf("part %d of the tour shows no %s:\n%s", i+1, want, parts[i])
			}
		}
	}
	_ = p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}
