package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTour copies README's tour into a shell, line by line, against a devnet.
func TestTour(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, block := range regexp.MustCompile("(?s)<!-- tour -->\n```sh\n(.*?)```").FindAllSubmatch(readme, -1) {
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
	p := startDevnet(t, "--data", filepath.Join(t.TempDir(), "d"), "--speed", "6000")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "bin", "propnet")); err != nil {
		t.Fatal(err)
	}
	shell := exec.CommandContext(t.Context(), "bash")
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PROPNET_NODE="+p.client.Base)
	shell.Stdin = strings.NewReader(strings.ReplaceAll(script.String(), "http://127.0.0.1:8480", p.client.Base))
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	parts := bytes.Split(out, []byte("=== next\n"))
	if len(parts) != 5 {
		t.Fatalf("%d parts\n%s", len(parts), out)
	}
	for i, wants := range [][]string{
		{`"event":"entity_registered"`, `"event":"subaccount_created"`, `"slots":1`},
		{`"duplicate":true`, "eliminated", `"rule":"peak_drawdown"`, `"anchor"`, `"limit":"0.06"`, `"mark"`, "account_not_active"},
		{"bad_signature", `"unsigned"`, "timestamp_expired", "wrong_network"},
		{"proven true", "order_accepted"},
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
