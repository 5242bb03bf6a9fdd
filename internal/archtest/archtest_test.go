package archtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTree holds the project to its architecture.
func TestTree(t *testing.T) {
	violations, err := Check(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}

// moduleRoot walks up to the directory that holds go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// TestPlanted plants one violation at a time in a clean tree and expects it, and
// nothing else, to be found at its place.
func TestPlanted(t *testing.T) {
	if got := check(t, baseTree()); len(got) > 0 {
		t.Fatalf("the base tree is not clean: %v", got)
	}
	unseen := map[Kind]bool{}
	for _, kind := range []Kind{
		KindImport, KindStd, KindConcurrency, KindFloat, KindClock, KindSize,
		KindInit, KindDoc, KindTable30, KindTestBranch, KindMapRange,
	} {
		unseen[kind] = true
	}
	for _, p := range planted() {
		delete(unseen, p.kind)
		t.Run(string(p.kind)+"/"+p.name, func(t *testing.T) {
			got := check(t, plant(p))
			if len(got) != 1 {
				t.Fatalf("got %d violations, want 1: %v", len(got), got)
			}
			at := p.file
			if p.at != "" {
				at = p.at
			}
			if got[0].Kind != p.kind || got[0].File != at {
				t.Errorf("got %v, want %s in %s", got[0], p.kind, at)
			}
			if want := markedLine(p.src); want > 0 && got[0].Line != want {
				t.Errorf("got %v, want line %d", got[0], want)
			}
		})
	}
	for kind := range unseen {
		t.Errorf("nothing planted for kind %s", kind)
	}
}

// TestPlantedAllowed plants what looks like a violation and is not one.
func TestPlantedAllowed(t *testing.T) {
	for _, p := range allowed() {
		t.Run(p.name, func(t *testing.T) {
			if got := check(t, plant(p)); len(got) > 0 {
				t.Errorf("got %v, want nothing", got)
			}
		})
	}
}

// TestUnreadable: a tree that cannot be judged must not pass.
func TestUnreadable(t *testing.T) {
	broken := baseTree()
	broken["fixed/usd.go"] = "package fixed\n\nfunc {\n"
	if _, err := Check(write(t, broken)); err == nil || !strings.Contains(err.Error(), "fixed/usd.go") {
		t.Errorf("syntax error: got %v, want an error that names the file", err)
	}
	if _, err := Check(t.TempDir()); err == nil {
		t.Error("no go.mod: got no error")
	}
	if _, err := Check(write(t, map[string]string{"go.mod": "go 1.26\n"})); err == nil {
		t.Error("go.mod without a module: got no error")
	}
}

// TestTable states the rules that an edit of the table must not break by accident.
func TestTable(t *testing.T) {
	words, core := strings.Fields(groups["@words"]), strings.Fields(groups["@core"])
	forbidden := map[string][]string{
		"fixed":          slices.Concat(words, core),
		"prop":           append([]string{"internal/wire"}, core...),
		"internal/wire":  append([]string{"internal/request"}, core...),
		"internal/state": {"internal/rules", "internal/score", "internal/market", "internal/engine"},
		"internal/view":  {"internal/engine"},
	}
	readers := []string{"internal/httpapi", "internal/compat", "internal/webui"}
	seen := map[string]bool{}
	for _, r := range table {
		if seen[r.path] {
			t.Errorf("%s has two rows", r.path)
		}
		seen[r.path] = true
		for _, name := range strings.Fields(r.imports) {
			if _, ok := lookup(name); !ok && groups[name] == "" && name != "@all" {
				t.Errorf("%s may import %s, which has no row", r.path, name)
			}
		}
		for _, target := range table {
			if target.path == r.path || !r.mayImport(target.path) {
				continue
			}
			to := target.path
			bad := slices.Contains(forbidden[r.path], to) || target.class == Program || target.class == Test
			switch r.class {
			case Words:
				bad = bad || target.class != Words
			case Core:
				bad = bad || !slices.Contains(words, to) && target.class != Core
			case Edge:
				bad = bad || target.class == Adapter
			case Adapter:
				reads := to == "internal/history" && slices.Contains(readers, r.path)
				bad = bad || target.class == Core || target.class == Adapter && !reads
			}
			if bad {
				t.Errorf("the table lets %s import %s", r.path, to)
			}
		}
	}
	for name, members := range groups {
		for _, path := range strings.Fields(members) {
			if !seen[path] {
				t.Errorf("%s holds %s, which has no row", name, path)
			}
		}
	}
}

// check writes the tree and returns its violations.
func check(t *testing.T, files map[string]string) []Violation {
	t.Helper()
	violations, err := Check(write(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return violations
}

// write puts the files into a new directory and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// plant returns the base tree with the case's file in it, or without that file
// if the case has no source.
func plant(p plantedCase) map[string]string {
	files := baseTree()
	files[p.file] = p.src
	if p.src == "" {
		delete(files, p.file)
	}
	return files
}

// markedLine returns the line of src that carries the mark HERE, or 0.
func markedLine(src string) int {
	before, _, found := strings.Cut(src, "HERE")
	if !found {
		return 0
	}
	return strings.Count(before, "\n") + 1
}
