package archtest

import (
	"fmt"
	"strings"
)

// plantedCase is one file put into the base tree.
type plantedCase struct {
	name string
	kind Kind
	file string
	src  string // with the mark HERE on the line to report; empty to remove the file
	at   string // where it is reported, if not in file
}

const doc3 = "// Package x does one thing.\n//\n// It never does another.\n//\n// Start at X.\n"

// baseTree is a small tree without violations: a package of each class.
func baseTree() map[string]string {
	return map[string]string{
		"go.mod":               "module example.org/net\n\ngo 1.26\n",
		"CONTRIBUTING.md":      finds("| the money types | `fixed/doc.go` |"),
		"fixed/doc.go":         "// Package fixed is the numbers.\npackage fixed\n",
		"prop/doc.go":          "// Package prop is the words.\npackage prop\n\nimport _ \"example.org/net/fixed\"\n",
		"prop/book.go":         "package prop\n\n// Book is a map of another package.\ntype Book map[string]int\n",
		"internal/wire/doc.go": doc3 + "package wire\n\nimport _ \"io\"\n",
		"internal/state/doc.go": doc3 + "package state\n\n" +
			"// State is what is true.\ntype State struct{ Accounts map[string]int }\n",
		"internal/rules/doc.go":               doc3 + "package rules\n\nimport _ \"strings\"\n",
		"internal/engine/doc.go":              doc3 + "package engine\n",
		"internal/score/doc.go":               doc3 + "package score\n\nimport _ \"math\"\n\nconst half float64 = 0.5\n",
		"internal/node/doc.go":                doc3 + "package node\n",
		"internal/node/clock.go":              "package node\n\nimport \"time\"\n\nvar now = time.Now\n",
		"internal/view/doc.go":                doc3 + "package view\n\nimport _ \"example.org/net/internal/state\"\n",
		"internal/journal/doc.go":             doc3 + "package journal\n\nimport _ \"example.com/a/store\"\n",
		"internal/feed/doc.go":                doc3 + "package feed\n\nvar rate float64\n\nvar quotes = make(chan int)\n",
		"internal/httpapi/doc.go":             doc3 + "package httpapi\n\nimport _ \"example.org/net/internal/view\"\n",
		"cmd/propnet/main.go":                 "// Command propnet runs.\npackage main\n\nimport _ \"example.org/net/internal/feed\"\n\nfunc main() {}\n",
		"scripts/verdicts/doc.go":             "// Command verdicts judges.\npackage main\n",
		"internal/sim/sim.go":                 doc3 + "package sim\n\nimport _ \"testing\"\n",
		"web/skipped.go":                      "not Go",
		"internal/engine/testdata/skipped.go": "not Go",
	}
}

// finds is a CONTRIBUTING.md whose table has the given rows.
func finds(rows ...string) string {
	return "# Contributing\n\n```sh\n# not a heading\n```\n\n## Find it in 30 Seconds\n\n| what | where |\n|---|---|\n" +
		strings.Join(rows, "\n") + "\n\n## Next\n\n| not | `checked.go` |\n"
}

// imports is a file of package name that imports path.
func imports(name, path string) string {
	return fmt.Sprintf("package %s\n\nimport _ %q // HERE\n", name, path)
}

// engine is a file of package engine.
func engine(body string) string { return "package engine\n\n" + body }

func planted() []plantedCase {
	var all []plantedCase
	for _, cases := range [][]plantedCase{plantedImports(), plantedPurity(), plantedSizes(), plantedState(), plantedDocs()} {
		all = append(all, cases...)
	}
	return all
}

func plantedImports() []plantedCase {
	const project = "example.org/net/"
	return []plantedCase{
		{name: "words import core", kind: KindImport, file: "prop/x.go", src: imports("prop", project+"internal/rules")},
		{name: "fixed imports prop", kind: KindImport, file: "fixed/x.go", src: imports("fixed", project+"prop")},
		{name: "state imports rules", kind: KindImport, file: "internal/state/x.go", src: imports("state", project+"internal/rules")},
		{name: "core imports an adapter", kind: KindImport, file: "internal/engine/x.go", src: imports("engine", project+"internal/journal")},
		{name: "adapter imports an adapter", kind: KindImport, file: "internal/feed/x.go", src: imports("feed", project+"internal/journal")},
		{name: "adapter imports engine", kind: KindImport, file: "internal/httpapi/x.go", src: imports("httpapi", project+"internal/engine")},
		{name: "view imports engine", kind: KindImport, file: "internal/view/x.go", src: imports("view", project+"internal/engine")},
		{name: "node imports an adapter", kind: KindImport, file: "internal/node/x.go", src: imports("node", project+"internal/journal")},
		{name: "program imports sim", kind: KindImport, file: "cmd/propnet/x.go", src: imports("main", project+"internal/sim")},
		{name: "script imports the project", kind: KindImport, file: "scripts/verdicts/x.go", src: imports("main", project+"fixed")},
		{name: "whatever the build tags", kind: KindImport, file: "internal/feed/x.go",
			src: "//go:build never\n\n" + imports("feed", project+"internal/state")},
		{name: "import without a row", kind: KindImport, file: "internal/feed/x.go", src: imports("feed", project+"internal/nowhere")},
		{name: "import of the root", kind: KindImport, file: "internal/feed/x.go", src: imports("feed", "example.org/net")},
		{name: "package without a row", kind: KindImport, file: "internal/nowhere/doc.go", src: doc3 + "package nowhere // HERE\n"},
		{name: "package at the root", kind: KindImport, file: "doc.go", src: "// Package net is.\npackage net // HERE\n"},
		{name: "core knows time", kind: KindStd, file: "internal/engine/x.go", src: imports("engine", "time")},
		{name: "core reflects", kind: KindStd, file: "internal/engine/x.go", src: imports("engine", "reflect")},
		{name: "core computes with math", kind: KindStd, file: "internal/engine/x.go", src: imports("engine", "math")},
		{name: "core draws", kind: KindStd, file: "internal/score/x.go", src: imports("score", "math/rand/v2")},
		{name: "words stream", kind: KindStd, file: "prop/x.go", src: imports("prop", "io")},
		{name: "wire does JSON", kind: KindStd, file: "internal/wire/x.go", src: imports("wire", "encoding/json")},
		{name: "core third party", kind: KindStd, file: "internal/engine/x.go", src: imports("engine", "golang.org/x/crypto/blake2b")},
		{name: "words third party", kind: KindStd, file: "internal/wire/x.go", src: imports("wire", "github.com/google/uuid")},
		{name: "script third party", kind: KindStd, file: "scripts/verdicts/x.go", src: imports("main", "example.com/a/store")},
		{name: "adapter imports testing", kind: KindTestBranch, file: "internal/feed/x.go", src: imports("feed", "testing")},
		{name: "adapter imports testing/fstest", kind: KindTestBranch, file: "internal/feed/x.go", src: imports("feed", "testing/fstest")},
		{name: "sim asks", kind: KindTestBranch, file: "internal/sim/x.go",
			src: "package sim\n\nimport \"testing\"\n\nvar asked = testing.Testing() // HERE\n"},
	}
}

func plantedPurity() []plantedCase {
	return []plantedCase{
		{name: "go", kind: KindConcurrency, file: "internal/engine/x.go", src: engine("func f() {\n\tgo f() // HERE\n}\n")},
		{name: "chan", kind: KindConcurrency, file: "internal/engine/x.go", src: engine("type t struct{ c <-chan int } // HERE\n")},
		{name: "select", kind: KindConcurrency, file: "internal/engine/x.go", src: engine("func f() {\n\tselect {} // HERE\n}\n")},
		{name: "type in core", kind: KindFloat, file: "internal/engine/x.go", src: engine("type t struct{ x float64 } // HERE\n")},
		{name: "type in words", kind: KindFloat, file: "fixed/x.go", src: "package fixed\n\nfunc f(x int) { _ = float32(x) } // HERE\n"},
		{name: "literal", kind: KindFloat, file: "internal/engine/x.go", src: engine("const scale = 1e8 // HERE\n")},
		{name: "math function", kind: KindFloat, file: "fixed/x.go",
			src: "package fixed\n\nimport \"math\"\n\nfunc f() { _ = math.Sqrt(2) } // HERE\n"},
		{name: "parsed", kind: KindFloat, file: "prop/x.go",
			src: "package prop\n\nimport \"strconv\"\n\nfunc f() { _, _ = strconv.ParseFloat(\"1\", 64) } // HERE\n"},
		{name: "now", kind: KindClock, file: "internal/feed/x.go",
			src: "package feed\n\nimport \"time\"\n\nfunc f() { _ = time.Now() } // HERE\n"},
		{name: "since, renamed", kind: KindClock, file: "internal/node/x.go",
			src: "package node\n\nimport clock \"time\"\n\nfunc f(t clock.Time) { _ = clock.Since(t) } // HERE\n"},
		{name: "until, as a value", kind: KindClock, file: "cmd/propnet/x.go",
			src: "package main\n\nimport \"time\"\n\nvar left = time.Until // HERE\n"},
		{name: "dot import", kind: KindClock, file: "internal/feed/x.go",
			src: "package feed // HERE\n\nimport . \"time\"\n\nvar _ = Now\n"},
		{name: "test file", kind: KindClock, file: "internal/feed/x_test.go",
			src: "package feed\n\nimport \"time\"\n\nvar now = time.Now // HERE\n"},
	}
}

func plantedSizes() []plantedCase {
	const five = "A(); B(); C(); D(); E()"
	return []plantedCase{
		{name: "file", kind: KindSize, file: "internal/feed/x.go", src: "package feed\n" + strings.Repeat("\n", 600)},
		{name: "file without a last newline", kind: KindSize, file: "internal/feed/x.go", src: "package feed" + strings.Repeat("\n//", 600)},
		{name: "test file", kind: KindSize, file: "internal/engine/x_test.go", src: "package engine\n" + strings.Repeat("\n", 600)},
		{name: "function in core", kind: KindSize, file: "internal/engine/x.go",
			src: engine("func f() { // HERE\n" + strings.Repeat("\n", 69) + "}\n")},
		{name: "method in words", kind: KindSize, file: "prop/x.go",
			src: "package prop\n\nfunc (Book) f() { // HERE\n" + strings.Repeat("\n", 69) + "}\n"},
		{name: "function literal", kind: KindSize, file: "prop/x.go",
			src: "package prop\n\nvar f = func() { // HERE\n" + strings.Repeat("\n", 69) + "}\n"},
		{name: "line directive", kind: KindSize, file: "internal/engine/x.go",
			src: engine("func f() { // HERE\n" + strings.Repeat("\n", 69) + "//line other.go:1\n}\n")},
		{name: "interface", kind: KindSize, file: "internal/feed/x.go",
			src: "package feed\n\ntype port interface { // HERE\n\t" + five + "; F()\n}\n"},
		{name: "embedding interface", kind: KindSize, file: "internal/feed/x.go",
			src: "package feed\n\ntype small interface{ " + five + " }\n\ntype port interface { // HERE\n\tsmall\n\terror\n}\n"},
		{name: "anonymous interface", kind: KindSize, file: "internal/feed/x.go",
			src: "package feed\n\nfunc f(_ interface{ " + five + "; F() }) {} // HERE\n"},
	}
}

func plantedState() []plantedCase {
	const state = "import \"example.org/net/internal/state\"\n\n"
	const prop = "import \"example.org/net/prop\"\n\n"
	return []plantedCase{
		{name: "func", kind: KindInit, file: "internal/feed/x.go", src: "package feed\n\nfunc init() {} // HERE\n"},
		{name: "func in a test", kind: KindInit, file: "internal/feed/x_test.go", src: "package feed_test\n\nfunc init() {} // HERE\n"},
		{name: "package name", kind: KindInit, file: "internal/feed/x.go", src: "package utils // HERE\n"},
		{name: "variable", kind: KindInit, file: "internal/engine/x.go", src: engine("var count int // HERE\n")},
		{name: "call", kind: KindInit, file: "internal/engine/x.go", src: engine("var seen = make(map[string]int) // HERE\n")},
		{name: "pointer", kind: KindInit, file: "internal/engine/x.go", src: engine("type t struct{}\n\nvar one = &t{} // HERE\n")},
		{name: "struct", kind: KindInit, file: "internal/engine/x.go", src: engine("type t struct{}\n\nvar one = t{} // HERE\n")},
		{name: "exported table", kind: KindInit, file: "internal/engine/x.go", src: engine("var Table = [...]int{1} // HERE\n")},
		{name: "second of two", kind: KindInit, file: "internal/engine/x.go", src: engine("var (\n\tok = []int{1}\n\tn  = len(\"\") // HERE\n)\n")},
		{name: "table written to", kind: KindInit, file: "internal/engine/x.go",
			src: engine("var cache = map[int]int{}\n\nfunc f() {\n\tcache[1] = 2 // HERE\n}\n")},
		{name: "table deleted from", kind: KindInit, file: "internal/engine/x.go",
			src: engine("var cache = map[int]int{}\n\nfunc f() {\n\tdelete(cache, 1) // HERE\n}\n")},
		{name: "table counted in", kind: KindInit, file: "internal/engine/x.go",
			src: engine("var counts = [2]int{}\n\nfunc f() {\n\tcounts[1]++ // HERE\n}\n")},

		{name: "parameter", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("func f(m map[string]int) {\n\tfor range m { // HERE\n\t}\n}\n")},
		{name: "local", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("func f() {\n\tm := make(map[string]int)\n\tfor k := range m { // HERE\n\t\t_ = k\n\t}\n}\n")},
		{name: "literal", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("func f() {\n\tm := map[string]int{}\n\tfor k, v := range m { // HERE\n\t\t_, _ = k, v\n\t}\n}\n")},
		{name: "field", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("type t struct{ m map[string]int }\n\nfunc (x *t) f() {\n\tfor range x.m { // HERE\n\t}\n}\n")},
		{name: "package variable", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("var table = map[string]int{}\n\nfunc f() {\n\tfor range table { // HERE\n\t}\n}\n")},
		{name: "result", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("func m() map[string]int { return nil }\n\nfunc f() {\n\tfor range m() { // HERE\n\t}\n}\n")},
		{name: "named type of another package", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine(prop + "func f(b prop.Book) {\n\tfor range b { // HERE\n\t}\n}\n")},
		{name: "field of another package", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine(state + "func f(s *state.State) {\n\tfor range s.Accounts { // HERE\n\t}\n}\n")},
		{name: "type parameter", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("func f[M ~map[K]int, K comparable](m M) {\n\tfor range m { // HERE\n\t}\n}\n")},
		{name: "sequence of keys", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("import \"maps\"\n\nfunc f(m map[string]int) {\n\tfor range maps.Keys(m) { // HERE\n\t}\n}\n")},
		{name: "excuse without a reason", kind: KindMapRange, file: "internal/engine/x.go",
			src: engine("func f(m map[string]int) {\n\t//archtest:ordered\n\tfor range m { // HERE\n\t}\n}\n")},
	}
}

func plantedDocs() []plantedCase {
	return []plantedCase{
		{name: "none", kind: KindDoc, file: "internal/feed/doc.go", src: "package feed // HERE\n"},
		{name: "none but tests", kind: KindDoc, file: "internal/chain/x_test.go", src: doc3 + "package chain\n", at: "internal/chain/doc.go"},
		{name: "none in public", kind: KindDoc, file: "client/x.go", src: "package client\n", at: "client/doc.go"},
		{name: "short", kind: KindDoc, file: "internal/feed/doc.go", src: "// Package feed feeds. HERE\n//\n// Well.\npackage feed\n"},
		{name: "no file", kind: KindTable30, file: "CONTRIBUTING.md", src: ""},
		{name: "no heading", kind: KindTable30, file: "CONTRIBUTING.md", src: "# Contributing\n\n| fixed | `fixed/doc.go` |\n"},
		{name: "no table", kind: KindTable30, file: "CONTRIBUTING.md", src: finds()},
		{name: "missing file", kind: KindTable30, file: "CONTRIBUTING.md",
			src: finds("| money | `fixed/doc.go` |", "| error 312 | `prop/code.go` | HERE")},
		{name: "missing file at the root", kind: KindTable30, file: "CONTRIBUTING.md",
			src: finds("| money | `fixed/doc.go` |", "| the rules | `RULES.md` | HERE")},
		{name: "pattern without a match", kind: KindTable30, file: "CONTRIBUTING.md", src: finds("| transcripts | `fixed/*.txt` | HERE")},
		{name: "outside the tree", kind: KindTable30, file: "CONTRIBUTING.md", src: finds("| up | `../` | HERE")},
	}
}

func allowed() []plantedCase {
	return []plantedCase{
		{name: "words third party", file: "internal/wire/x.go", src: imports("wire", "github.com/oasisprotocol/curve25519-voi/primitives/sr25519")},
		{name: "integer bounds", file: "fixed/x.go", src: "package fixed\n\nimport \"math\"\n\nconst most = math.MaxInt64\n"},
		{name: "tests import anything", file: "internal/engine/x_test.go",
			src: "package engine_test\n\nimport (\n\t_ \"testing\"\n\t_ \"time\"\n\n\t_ \"example.org/net/internal/journal\"\n)\n"},
		{name: "tests compute with floats", file: "internal/engine/x_test.go",
			src: engine("var update = new(bool)\n\nfunc f(m map[string]float64) {\n\tfor range m {\n\t\tgo f(nil)\n\t}\n}\n")},
		{name: "generated file", file: "internal/feed/x.go",
			src: "// Code generated by x. DO NOT EDIT.\n\npackage feed\n" + strings.Repeat("\n", 600)},
		{name: "file at the limit", file: "internal/feed/x.go", src: "package feed\n" + strings.Repeat("\n", 599)},
		{name: "function at the limit", file: "internal/engine/x.go", src: engine("func f() {\n" + strings.Repeat("\n", 68) + "}\n")},
		{name: "long function in an adapter", file: "internal/feed/x.go",
			src: "package feed\n\nfunc f() {\n" + strings.Repeat("\n", 69) + "}\n"},
		{name: "constraint", file: "internal/feed/x.go",
			src: "package feed\n\ntype number interface {\n\t~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint\n}\n"},
		{name: "constants in spirit", file: "internal/engine/x.go",
			src: engine("import \"errors\"\n\ntype t struct{}\n\ntype names map[int]string\n\nvar _ any = t{}\n\n" +
				"var ErrFull = errors.New(\"full\")\n\nvar (\n\tprimes = [...]int{2, 3}\n\tlabels = names{1: \"one\"}\n)\n")},
		{name: "init as a method", file: "internal/engine/x.go", src: engine("type t struct{}\n\nfunc (t) init() {}\n")},
		{name: "local shadows a table", file: "internal/engine/x.go",
			src: engine("var table = map[int]int{}\n\nfunc f() {\n\ttable := map[int]int{}\n\ttable[1] = 2\n}\n")},
		{name: "sorted keys", file: "internal/engine/x.go",
			src: engine("import (\n\t\"maps\"\n\t\"slices\"\n)\n\nfunc f(m map[string]int) {\n" +
				"\tfor _, k := range slices.Sorted(maps.Keys(m)) {\n\t\t_ = m[k]\n\t}\n}\n")},
		{name: "excuse above", file: "internal/engine/x.go",
			src: engine("func f(m map[string]int) {\n\t//archtest:ordered a sum\n\tfor range m {\n\t}\n}\n")},
		{name: "excuse beside", file: "internal/engine/x.go",
			src: engine("func f(m map[string]int) {\n\tfor range m { //archtest:ordered a sum\n\t}\n}\n")},
		{name: "map range outside core", file: "internal/feed/x.go",
			src: "package feed\n\nfunc f(m map[string]int) {\n\tfor range m {\n\t}\n}\n"},
		{name: "row waits for its package", file: "internal/score/doc.go", src: ""},
		{name: "table of more than files", file: "CONTRIBUTING.md",
			src: finds("| `make check`, `node.Clock`, `/v1/time`, `J=a/b`, `--x/y`, `https://a/b` | `fixed/`, `prop/*.go`, `go.mod` |")},
		{name: "directories that are not built", file: "internal/feed/_old/x.go", src: "not Go"},
	}
}
