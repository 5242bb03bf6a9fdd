// Command verdicts judges a run from outside: it reads the lines of `propnet journal cat` from
// standard input, decides every command again in exact fractions, and compares each figure.
//
//	propnet journal cat --data D | go run ./scripts/verdicts -prices FILE.csv.gz
//
// It shares no code with the node. Its inputs are the commands of the records, their times, and
// the prices of the file; without -prices those of the journal are believed. No equity, peak, fee
// or verdict is taken from a record: all of them follow from orders and prices, and what a record
// says is only compared. So it finds what is wrong as well as what is missing or too much. Not
// judged are signatures, state roots, free collateral, how old a command's id may be, the guards
// against numbers too large to be counted, and what was refused; new exposure in equities is
// reported, for their sessions are not known here.
//
// main.go reads and compares, prices.go tells a file of bars as prices, state.go has what is known,
// registry.go entities and accounts, orders.go what may be ordered, fills.go what a trade does,
// rules.go what prices and time do, calendar.go when markets are open and carry is due, numbers.go
// the rounding. The result is one line of JSON; the first
// mismatches go to standard error, each with its record and both figures. Exit code 1: a mismatch,
// or nothing to check. 2: wrong flags or no such file.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"slices"
)

// shown is how many mismatches are printed. After the first one the others often follow from it.
const shown = 20

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.Reader, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("verdicts", flag.ContinueOnError)
	flags.SetOutput(errOut)
	prices := flags.String("prices", "", "CSV of the bars that were replayed, plain or gz; without it the journal's prices are believed")
	pair := flags.String("pair", "BTCUSD", "pair that the prices are of")
	partial := flags.Bool("partial", false, "the run may have stopped before the end of the prices, and with eliminations still due")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return 2
	}
	c := newChecker(*partial, errOut)
	if *prices != "" {
		var err error
		if c.file, err = openPrices(*prices, *pair); err != nil {
			fmt.Fprintln(errOut, "verdicts:", err)
			return 2
		}
	}
	if err := c.read(in); err != nil {
		c.report("%v", err)
	}
	c.end()
	line, _ := json.Marshal(c.counts) // a struct of integers
	fmt.Fprintf(out, "%s\n", line)
	if c.counts.Mismatches > 0 || c.counts.Records == 0 {
		return 1
	}
	return 0
}

// counts is the result. All but the records are counted as recomputed.
type counts struct {
	Records      int `json:"records"`
	Prices       int `json:"prices"`
	Orders       int `json:"orders"`
	Triggers     int `json:"triggers"`
	Fills        int `json:"fills"`
	Cancels      int `json:"cancels"`
	Carries      int `json:"carries"`
	Accounts     int `json:"accounts"`
	Passes       int `json:"passes"`
	Eliminations int `json:"eliminations"`
	Mismatches   int `json:"mismatches"`
}

// record is one line of the journal.
type record struct {
	Seq     int64           `json:"seq"`
	At      instant         `json:"at"`
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args"`
	ID      string          `json:"id"`
	Signer  string          `json:"signer"`
	Events  []any           `json:"events"`
}

// object is an event or a part of one, as JSON has it.
type object = map[string]any

// report counts a mismatch and prints the first ones.
func (c *checker) report(format string, args ...any) {
	if c.counts.Mismatches++; c.counts.Mismatches <= shown {
		fmt.Fprintf(c.errOut, "seq %d: %s\n", c.seq, fmt.Sprintf(format, args...))
	}
}

// read checks a line after the other. Its error is of a line that is no record.
func (c *checker) read(in io.Reader) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var r record
			if err := decode(line, &r); err != nil {
				return fmt.Errorf("line %d is not a record: %w", c.counts.Records+1, err)
			}
			c.check(&r)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// decode keeps numbers as they are written.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(into)
}

// check decides one record again and compares what follows with its events.
func (c *checker) check(r *record) {
	last := c.seq
	c.counts.Records++
	if c.seq = r.Seq; r.Seq != last+1 {
		c.report("sequence number: recorded %d after %d", r.Seq, last)
	}
	if r.At < c.at {
		c.report("time goes back: recorded %s after %s", r.At, c.at)
	}
	c.last, c.at, c.want = c.at, r.At, nil
	c.overdue(r)
	if err := c.decide(r); err != nil {
		c.report("%s cannot have been accepted: %v", r.Command, err)
	} else if len(c.want) == 0 {
		c.report("%s is recorded although nothing follows from it", r.Command)
	}
	c.compareEvents(r.Events)
}

// compareEvents compares a record's events with the recomputed ones. Where their number differs
// they are aligned by kind and account, so that one missing event is one mismatch.
func (c *checker) compareEvents(got []any) {
	if len(got) == len(c.want) {
		for i := range got {
			c.compare(fmt.Sprintf("events[%d] %v", i, c.want[i]["event"]), got[i], c.want[i])
		}
		return
	}
	left := slices.Clone(got)
	for _, want := range c.want {
		i := slices.IndexFunc(left, func(g any) bool { return label(g) == label(want) })
		if i < 0 {
			c.report("missing: %s: recorded nothing, recomputed %s", label(want), text(want))
			continue
		}
		c.compare(label(want), left[i], want)
		left = slices.Delete(left, i, i+1)
	}
	for _, g := range left {
		c.report("too much: %s: recorded %s, recomputed nothing", label(g), text(g))
	}
}

// label is an event's kind and whom it is about.
func label(event any) string {
	e, _ := event.(object)
	s := fmt.Sprint(e["event"])
	for _, key := range []string{"account", "order", "effect"} {
		if v, ok := e[key]; ok {
			s += fmt.Sprintf(" %s %v", key, v)
		}
	}
	return s
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// compare walks both values and reports each place where they differ. A field that is absent on
// one side differs too.
func (c *checker) compare(path string, got, want any) {
	switch want := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			break
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			c.compare(path+" "+key, g[key], want[key])
		}
		for _, key := range slices.Sorted(maps.Keys(g)) {
			if _, ok := want[key]; !ok {
				c.report("%s %s: recorded %s, recomputed nothing", path, key, text(g[key]))
			}
		}
		return
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			break
		}
		for i := range want {
			c.compare(fmt.Sprintf("%s[%d]", path, i), g[i], want[i])
		}
		return
	default:
		if same(got, want) {
			return
		}
	}
	c.report("%s: recorded %s, recomputed %s", path, text(got), text(want))
}

// same compares two leaves: by their text, else as numbers, for 30 and 30.00 are one figure.
func same(got, want any) bool {
	if got == nil {
		return want == nil
	}
	g, w := fmt.Sprint(got), fmt.Sprint(want)
	if g == w {
		return true
	}
	x, ok1 := new(big.Rat).SetString(g)
	y, ok2 := new(big.Rat).SetString(w)
	return ok1 && ok2 && x.Cmp(y) == 0
}
