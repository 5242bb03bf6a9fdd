package archtest

import (
	"slices"
	"strings"
)

// Class is the part a package plays; the purity checks go by it.
type Class string

const (
	// Words are the vocabulary and its byte forms: pure, imported by everyone.
	Words Class = "words"
	// Core decides and computes: pure, single-threaded, deterministic.
	Core Class = "core"
	// Edge is what adapters and programs meet the core through: the runtime, the
	// readers and the public SDK.
	Edge Class = "edge"
	// Adapter speaks to one thing outside and can be dropped, restarted or faked.
	Adapter Class = "adapter"
	// Program is a main package.
	Program Class = "program"
	// Test exists only for tests.
	Test Class = "test"
)

// row is what one package may be. Lists are separated by spaces; @name stands
// for a group.
type row struct {
	path    string // relative to the module root
	class   Class
	imports string // project packages that it may import
	std     string // standard packages on top of those of its class
	floats  bool   // may use floating point although its class may not
	stdOnly bool   // no third-party imports although its class may have them
}

// table is the architecture. A package that has no row may not exist; a row may
// wait for its package.
var table = []row{
	// math is for the bounds of the integer types; the float check refuses the rest of it.
	{path: "fixed", class: Words, std: "math"},
	// time only prints and parses instants; the clock check refuses Now.
	{path: "prop", class: Words, imports: "fixed", std: "time"},
	// Signing draws its nonce, and codecs stream: wire alone needs these two.
	{path: "internal/wire", class: Words, imports: "fixed prop", std: "io crypto/rand"},
	// Pure like the words, but not one of them: core sees commands, never envelopes.
	{path: "internal/request", class: Words, imports: "@words", std: "encoding/json io"},

	{path: "internal/market", class: Core, imports: "@words @core"},
	{path: "internal/rules", class: Core, imports: "@words @core"},
	{path: "internal/ledger", class: Core, imports: "@words @core"},
	{path: "internal/score", class: Core, imports: "@words @core", std: "math", floats: true},
	// What is true must not depend on policy: an old journal replays to the same
	// state after a rule, a calendar or a weight formula has changed.
	{path: "internal/state", class: Core, imports: "@words internal/ledger"},
	{path: "internal/engine", class: Core, imports: "@words @core"},

	// The ports are declared by node, so it needs none of the adapters behind them.
	{path: "internal/node", class: Edge, imports: "@words internal/request internal/state internal/engine internal/rules"},
	// Reads with the code that evolves, so that no number is computed in two ways;
	// never engine, for a reader has nothing to decide.
	{path: "internal/view", class: Edge, imports: "@words internal/request internal/state internal/rules internal/market"},
	{path: "internal/audit", class: Edge, imports: "@words @core internal/request"},
	{path: "internal/whatif", class: Edge, imports: "@words @core internal/request"},
	{path: "client", class: Edge, imports: "@words internal/request client/api"},
	{path: "client/api", class: Edge, imports: "fixed prop"},

	{path: "internal/journal", class: Adapter, imports: "@words internal/request"},
	{path: "internal/history", class: Adapter, imports: "@words internal/request"},
	{path: "internal/peer", class: Adapter, imports: "@words internal/request"},
	{path: "internal/chain", class: Adapter, imports: "@words internal/request"},
	// These two carry facts in and effects out; neither ever sees an envelope.
	{path: "internal/feed", class: Adapter, imports: "@words"},
	{path: "internal/collateral", class: Adapter, imports: "@words"},
	// What serves people reads what was computed elsewhere.
	{path: "internal/httpapi", class: Adapter, imports: "@words internal/request @reads"},
	{path: "internal/compat", class: Adapter, imports: "@words internal/request @reads"},
	{path: "internal/webui", class: Adapter, imports: "@words internal/request @reads"},
	// On the firm's side of the network: these reach a node as any client does.
	{path: "internal/gateway", class: Adapter, imports: "@words internal/request client client/api"},
	{path: "internal/demo", class: Adapter, imports: "@words internal/request client client/api"},

	{path: "cmd/propnet", class: Program, imports: "@all"},
	// Judges results, so it shares no code with what it judges.
	{path: "scripts/verdicts", class: Program, stdOnly: true},

	{path: "internal/golden", class: Test},
	// Shares no code with what it judges: prop's words alone, in production files.
	{path: "internal/oracle", class: Test, imports: "prop", stdOnly: true},
	{path: "internal/sim", class: Test, imports: "@all"},
	{path: "internal/archtest", class: Test, stdOnly: true},
}

// groups are the names that rows use for several packages; @all is every row
// that another package can import.
var groups = map[string]string{
	"@words": "fixed prop internal/wire",
	"@core":  "internal/market internal/rules internal/ledger internal/score internal/state internal/engine",
	"@reads": "internal/view internal/history internal/whatif client/api",
}

// pureStd is what words and core may import of the standard library: nothing in
// it knows the time, the host, another goroutine or chance.
const pureStd = "errors fmt strconv strings bytes unicode unicode/utf8 sort slices maps cmp iter " +
	"math/bits encoding/binary encoding/hex crypto/sha256 hash/crc32"

// wordsThirdParty is what words may import from elsewhere: keys, addresses and
// the canonical byte form. A name that ends in /... stands for the whole tree.
const wordsThirdParty = "golang.org/x/crypto/blake2b github.com/mr-tron/base58 " +
	"github.com/fxamacker/cbor/v2 github.com/oasisprotocol/curve25519-voi/..."

// clockFiles are the files that may read wall time, each with its reason. An
// adapter's own timeouts need no entry: contexts and timers do without.
var clockFiles = map[string]string{
	"internal/node/clock.go": "the node's one clock: everything else is told the time",
	"cmd/propnet/summary.go": "says how long a devnet took; nothing is decided by it",
}

// lookup returns the row of the package at path.
func lookup(path string) (row, bool) {
	i := slices.IndexFunc(table, func(r row) bool { return r.path == path })
	if i < 0 {
		return row{}, false
	}
	return table[i], true
}

// pure says whether the purity checks (std, float, function length) apply.
func (c Class) pure() bool { return c == Words || c == Core }

// mayImport says whether the row allows the project package at path.
func (r row) mayImport(path string) bool {
	for _, name := range strings.Fields(r.imports) {
		if name == "@all" {
			target, ok := lookup(path)
			if ok && target.class != Program && target.class != Test {
				return true
			}
			continue
		}
		if name == path || slices.Contains(strings.Fields(groups[name]), path) {
			return true
		}
	}
	return false
}

// mayImportStd says whether the row allows the standard package at path.
func (r row) mayImportStd(path string) bool {
	if !r.class.pure() {
		return true
	}
	return slices.Contains(strings.Fields(pureStd+" "+r.std), path)
}

// mayImportThirdParty says whether the row allows the foreign package at path.
func (r row) mayImportThirdParty(path string) bool {
	switch {
	case r.stdOnly || r.class == Core:
		return false
	case r.class == Words:
		return slices.ContainsFunc(strings.Fields(wordsThirdParty), func(allowed string) bool {
			tree, whole := strings.CutSuffix(allowed, "/...")
			return path == tree || whole && strings.HasPrefix(path, tree+"/")
		})
	}
	return true
}
