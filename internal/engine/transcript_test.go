package engine_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/engine"
	"github.com/propnet/propnet/internal/state"
	"github.com/propnet/propnet/prop"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts runs testdata/*.txt. A transcript is a run of blocks that share one state:
//
//	# why
//	commands, one a line
//	----
//	what happened: each event with the number of its record, or the refusal
//
// with a blank line between blocks. `go test -update` writes what happens; commit only what you
// understand. The verbs are in verbs_test.go.
func TestTranscripts(t *testing.T) {
	for _, file := range transcripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t)
			got := w.transcript(string(text), func(commands, want, got string) {
				if got != want && !*update {
					t.Errorf("%s\n---- got\n%s---- want\n%s", commands, got, want)
				}
			})
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func transcripts(t *testing.T) []string {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	return files
}

// world is one engine's state with the names that a transcript uses.
type world struct {
	t     *testing.T
	s     *state.State
	at    prop.Instant
	names []string // pairs of what is printed and the name for it
	ids   map[string]prop.CommandID
	made  int // command ids so far
	codes map[prop.Code]bool
	out   strings.Builder
	held  bool // ticks wait for the verb tick
	verbs map[string]func(*world, line)
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, s: state.New(), at: epoch, ids: map[string]prop.CommandID{}, codes: map[prop.Code]bool{}, verbs: verbs}
	for _, name := range []string{"E", "E-cold", "F", "F-cold", "M", "M-cold", "O", "R", "X", "origin"} {
		w.names = append(w.names, key(name).String(), name)
	}
	return w
}

// transcript runs the blocks of a text and returns it with what happened.
func (w *world) transcript(text string, compare func(commands, want, got string)) string {
	var blocks []string
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, want, runs := strings.Cut(block, "\n----")
		if !runs {
			blocks = append(blocks, block) // a remark
			continue
		}
		w.out.Reset()
		for line := range strings.SplitSeq(commands, "\n") {
			if line != "" && line[0] != '#' {
				w.run(line)
			}
		}
		got := strings.NewReplacer(w.names...).Replace(w.out.String())
		compare(commands, strings.TrimPrefix(want+"\n", "\n"), got)
		blocks = append(blocks, commands+"\n----\n"+strings.TrimSuffix(got, "\n"))
	}
	return strings.Join(blocks, "\n\n") + "\n"
}

func (w *world) run(text string) {
	l := parseLine(w.t, text)
	verb, ok := w.verbs[l.verb]
	if !ok {
		w.t.Fatalf("%q is not a verb", l.verb)
	}
	verb(w, l)
	if err := w.s.Verify(); err != nil {
		w.t.Fatalf("after %q: %v", text, err)
	}
}

// apply decides a command now, prints what came of it, and applies the ticks that are due.
func (w *world) apply(cmd prop.Signed) {
	w.report(engine.Apply(w.s, w.at, cmd))
	w.ticks()
}

func (w *world) ticks() {
	if w.held {
		return
	}
	dueTicks(w.s, w.at, func(at prop.Instant, out engine.Outcome, err error) {
		if err != nil || len(out.Events) == 0 {
			w.t.Fatalf("a tick was due at %s and did nothing: %v", at, err)
		}
		w.printf("tick at %s", at)
		w.report(out, err)
	})
}

func (w *world) report(out engine.Outcome, err error) {
	var refused *prop.Error
	switch {
	case errors.As(err, &refused):
		w.codes[refused.Code] = true
		w.printf("refused %d %s", refused.Code, err)
	case err != nil:
		w.t.Fatal(err)
	case out.Duplicate != 0:
		w.printf("duplicate of %d", out.Duplicate)
	case len(out.Events) == 0:
		w.printf("nothing")
	}
	for _, e := range out.Events {
		name := strings.TrimPrefix(fmt.Sprintf("%T", e), "*prop.")
		w.printf("%d %s %s", out.Stamp.Seq, name, printer{w.s}.registry(e))
	}
}

func (w *world) printf(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

// sign gives a command its signer and a new id. Options: by=NAME signs as someone else, id=NAME
// names the id and takes the same one again, made=DURATION dates the id from now.
func (w *world) sign(l line, cmd prop.Command, signer string) prop.Signed {
	if by := l.opt("by"); by != "" {
		signer = by
	}
	name := l.opt("id")
	id, again := w.ids[name]
	if name == "" || !again {
		w.made++
		id = prop.NewCommandID(w.at+l.duration("made"), [10]byte{9: byte(w.made)})
		if name == "" {
			name = strconv.Itoa(w.made)
		}
		w.ids[name] = id
		w.names = append(w.names, id.String(), "#"+name, id.BracketID().String(), "#"+name+"b")
	}
	return signed(w.t, cmd, key(signer), id)
}

// line is one command of a transcript: a verb, words, and key=value options in order.
type line struct {
	t    *testing.T
	text string
	verb string
	args []string
	opts [][2]string
}

func parseLine(t *testing.T, text string) line {
	words := strings.Fields(text)
	l := line{t: t, text: text, verb: words[0]}
	for _, word := range words[1:] {
		if k, v, ok := strings.Cut(word, "="); ok {
			l.opts = append(l.opts, [2]string{k, v})
		} else {
			l.args = append(l.args, word)
		}
	}
	return l
}

func (l line) opt(name string) string {
	for _, o := range l.opts {
		if o[0] == name {
			return o[1]
		}
	}
	return ""
}

func (l line) arg(i int) string {
	if i >= len(l.args) {
		l.t.Fatalf("%s needs %d words", l.verb, i+1)
	}
	return l.args[i]
}

func (l line) duration(opt string) prop.Instant {
	text := l.opt(opt)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	l.must(err)
	return prop.Instant(d.Milliseconds())
}

func (l line) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%s %v %v: %v", l.verb, l.args, l.opts, err)
	}
}

func (l line) number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	l.must(err)
	return n
}

// account reads E_0, or M for a miner's.
func (l line) account(text string) prop.AccountKey {
	entity, number, firm := strings.Cut(text, "_")
	if !firm {
		return prop.AccountKey{Entity: key(entity), ID: prop.MinerID}
	}
	return prop.AccountKey{Entity: key(entity), ID: uint32(l.number(number))}
}

func (l line) ratio(text string) fixed.Ratio {
	v, err := fixed.ParseRatio(text)
	l.must(err)
	return v
}

func (l line) usd(text string) fixed.USD {
	v, err := fixed.ParseUSD(text)
	l.must(err)
	return v
}

func (l line) theta(text string) fixed.Theta {
	v, err := fixed.ParseTheta(text)
	l.must(err)
	return v
}

func (l line) price(text string) fixed.Price {
	v, err := fixed.ParsePrice(text)
	l.must(err)
	return v
}

// TestEveryRefusalIsShown compares the codes that the source of engine and rules refuses with and
// the codes that the transcripts meet.
func TestEveryRefusalIsShown(t *testing.T) {
	met := map[prop.Code]bool{}
	for _, file := range transcripts(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		w.codes = met
		w.transcript(string(text), func(_, _, _ string) {})
	}
	numbers := map[string]prop.Code{}
	for _, m := range found(t, `(\w+) +Code = (\d+)`, "../../prop/code.go") {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		numbers[m[1]] = prop.Code(n)
	}
	refusals := found(t, `prop\.Refuse\(prop\.(\w+)`, "*.go", "../rules/*.go")
	if len(refusals) < 40 || len(numbers) < 40 {
		t.Fatalf("%d refusals of %d codes in the source: the patterns are wrong", len(refusals), len(numbers))
	}
	for _, m := range refusals {
		if code, ok := numbers[m[1]]; !ok || !met[code] {
			t.Errorf("no transcript is refused with %s", m[1])
		}
	}
}

// found are the matches of a pattern in files.
func found(t *testing.T, pattern string, globs ...string) (all [][]string) {
	for _, glob := range globs {
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)...)
		}
	}
	return all
}
