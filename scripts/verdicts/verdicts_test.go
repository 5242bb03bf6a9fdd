package main

import (
	"bytes"
	"compress/gzip"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testdata/journal.jsonl is a small run over testdata/bars.csv, written by hand: an account of
// 10,000, a fee of 0.1 %, out at a drawdown of more than 6 %, funded at 3 %, four minutes of time.
//
//	bars   10:01 100 102  99  100    → 100, 99, 102, 100 (the low is nearer to the open)
//	       10:02 101 103 100.5 102   → 101, 100.5, 103, 102
//	       10:04 104 104 103.9 103.9 → 104, 104, 103.9, 103.9 (the high is nearer); no bar at 10:03
//
// E_0, an order of 3 × 10,000 after the fourth price; it fills on the fifth, 101:
//
//	seq 19  quantity 30,000 / 101 = 297.029702970…     → 297.02970297
//	        value    297.02970297 × 101                =  29,999.99999997
//	        fee      0.001 × 29,999.99999997 = 29.99999999997, up → 30; equity 9,970
//	seq 21  103: value 30,594.05940591 − cost 29,999.99999997 = 594.05940594
//	        equity   9,970 + 594.05940594              =  10,564.05940594, 5.6 % of gain: funded
//	seq 25  sells 100 at 104: value −10,400, its share of the cost 100 × 101 = 10,100
//	        realised 10,400 − 10,100 = 300, fee 10.4
//
// E_1, short for 20,000, fills on the same price:
//
//	seq 19  quantity 20,000 / 101 = 198.019801980…     → 198.01980198
//	        value    198.01980198 × 101                =  19,999.99999998, fee 20, equity 9,980
//	seq 20  100.5: 19,999.99999998 − 19,900.99009899   =  99.00990099
//	        equity   9,980 + 99.00990099               =  10,079.00990099: the peak
//	seq 21  103: equity 9,980 − 396.03960396 = 9,583.96039604, a drawdown of 4.9 %: stays
//	seq 25  104: 19,999.99999998 − 20,594.05940592     = −594.05940594
//	        equity   9,980 − 594.05940594              =  9,385.94059406
//	        drawdown 693.06930693 / 10,079.00990099    =  6.9 %: out, and its order o4 does not fill
//	seq 26  closed at 104, fee 0.001 × 20,594.05940592 = 20.59405940592, up → 20.59405941
//	        balance  9,980 − 594.05940594 − 20.59405941 = 9,365.34653465
//
// E_2 does nothing, and is out by time 1 ms after its deadline of 10:04:00 (seq 27 and 28).
const (
	journalFile = "testdata/journal.jsonl"
	barsFile    = "testdata/bars.csv"
)

// check runs the program over the lines; it returns what it prints and its exit code.
func check(lines []string, args ...string) (out, errOut string, code int) {
	var stdout, stderr bytes.Buffer
	code = run(args, strings.NewReader(strings.Join(lines, "\n")), &stdout, &stderr)
	return stdout.String(), stderr.String(), code
}

func journal(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func TestHandWritten(t *testing.T) {
	want := `{"records":34,"prices":12,"orders":4,"triggers":0,"fills":3,"cancels":1,"carries":0,"accounts":3,"passes":1,"eliminations":2,"mismatches":0}` + "\n"
	for _, args := range [][]string{{"-prices", barsFile}, {"-prices", packed(t)}, {}} {
		if out, errOut, code := check(journal(t, journalFile), args...); out != want || errOut != "" || code != 0 {
			t.Errorf("%v: got exit %d and %s%s", args, code, out, errOut)
		}
	}
}

// packed is the file of bars, compressed.
func packed(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(barsFile)
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	w.Close()
	path := filepath.Join(t.TempDir(), "bars.csv.gz")
	if err := os.WriteFile(path, z.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// swap replaces text in one record.
type swap struct {
	seq      int
	old, new string
}

// What is put in below, as it stands in the journal.
const (
	fill19   = `"trade":{"quoted":"101","price":"101","quantity":"297.02970297","cost_delta":"29999.99999997","rate_num":"1","rate_den":"1","value":"29999.99999997","quotes_seq":19}`
	oldFill  = `"trade":{"quoted":"100","price":"100","quantity":"300","cost_delta":"30000","rate_num":"1","rate_den":"1","value":"30000","quotes_seq":16}`
	fee19    = `"notional":"29999.99999997","amount":"30"`
	freeze25 = `,{"event":"accounts_frozen","accounts":["E_1"],"reason":"peak_drawdown","quotes_seq":25}`
	pass21   = `,{"event":"bucket_changed","account":"E_0","phase":1,"bucket":"funded","verdict":{"rule":"return_target","value":"10564.05940594","anchor":"10000","anchor_seq":4,"limit":"0.03","op":"ge","quotes_seq":21}}`
	pass22   = `,{"event":"bucket_changed","account":"E_1","phase":1,"bucket":"funded","verdict":{"rule":"return_target","value":"10300","anchor":"10000","anchor_seq":7,"limit":"0.03","op":"ge","quotes_seq":22}}`
	fill25   = `,{"event":"order_filled","order":"o4","account":"E_1","pair":"BTCUSD","side":"FLAT","trade":{"quoted":"104","price":"104","quantity":"198.01980198","cost_delta":"19999.99999998","gain":"-594.05940594","rate_num":"1","rate_den":"1","value":"20594.05940592","realised":"-594.05940594","quotes_seq":25}}`
	out26    = `"verdict":{"rule":"peak_drawdown","value":"9385.94059406","anchor":"10079.00990099","anchor_seq":20,"limit":"0.06"`
)

// planted are mutations of the journal.
var planted = []mutation{
	{name: "changed price", swaps: []swap{{21, `"103"`, `"103.1"`}},
		want: "seq 21: price of 2026-01-01T10:02:30.000Z: recorded bid 103.1 ask 103.1, the file has 103"},
	{name: "changed price, believed", swaps: []swap{{21, `"103"`, `"103.1"`}}, args: []string{"-partial"},
		want: `seq 21: events[1] bucket_changed verdict value: recorded "10564.05940594", recomputed "10593.76237624"`},
	{name: "price of another time", swaps: []swap{{30, `10:04:30`, `10:04:31`}},
		want: "seq 30: missing: the price of 2026-01-01T10:04:30.000Z: recorded nothing, the file has 103.9"},
	{name: "missing price", drop: []int{14}, want: "seq 14: missing: the price of 2026-01-01T10:01:15.000Z: recorded nothing, the file has 99"},
	{name: "missing end", drop: []int{30, 31, 32, 33, 34}, want: "seq 29: missing: 2 prices from 2026-01-01T10:04:30.000Z on"},
	{name: "price too much", want: "seq 35: too much: a price of 2026-01-01T10:05:00.000Z: the file has none",
		add: `{"seq":35,"at":"2026-01-01T10:05:00.000Z","command":"observe_prices","args":{"observed":"2026-01-01T10:05:00.000Z","quotes":[{"pair":"BTCUSD","bid":"103.9","ask":"103.9"}]},"events":[{"event":"prices_observed","observed":"2026-01-01T10:05:00.000Z","changed":[],"seen":["BTCUSD"]}]}`},

	{name: "fill on the old quote", swaps: []swap{{19, fill19, oldFill}},
		want: `seq 19: events[1] order_filled trade cost_delta: recorded "30000", recomputed "29999.99999997"`},
	{name: "fill too early", swaps: []swap{{17, `"fill_after":5`, `"fill_after":4`}},
		want: "seq 17: events[0] order_accepted fill_after: recorded 4, recomputed 5"},
	{name: "fill of who has breached", swaps: []swap{{25, freeze25, fill25 + freeze25}}, want: "seq 25: too much: order_filled account E_1 order o4: recorded"},
	{name: "fee 1e-8 too low", swaps: []swap{{19, fee19, strings.Replace(fee19, `"30"`, `"29.99999999"`, 1)}},
		want: `seq 19: events[2] fee_charged amount: recorded "29.99999999", recomputed "30"`},
	{name: "fee 1e-8 too high", swaps: []swap{{26, `"20.59405941"`, `"20.59405942"`}},
		want: `seq 26: events[2] fee_charged amount: recorded "20.59405942", recomputed "20.59405941"`},
	{name: "no fee", swaps: []swap{{25, `{"event":"fee_charged","account":"E_0","pair":"BTCUSD","rate":"0.001","notional":"10400","amount":"10.4"},`, ``}},
		want: "seq 25: missing: fee_charged account E_0: recorded nothing"},
	{name: "realised", swaps: []swap{{25, `"realised":"300"`, `"realised":"300.00000001"`}}, want: "seq 25: events[1] order_filled trade realised"},

	{name: "anchor", swaps: []swap{{26, `"anchor":"10079.00990099"`, `"anchor":"10079.009901"`}},
		want: `seq 26: events[3] account_eliminated verdict anchor: recorded "10079.009901", recomputed "10079.00990099"`},
	{name: "anchor's record", swaps: []swap{{26, `"anchor_seq":20`, `"anchor_seq":19`}},
		want: "seq 26: events[3] account_eliminated verdict anchor_seq: recorded 19, recomputed 20"},
	{name: "limit", swaps: []swap{{26, `"limit":"0.06"`, `"limit":"0.05"`}},
		want: `seq 26: events[3] account_eliminated verdict limit: recorded "0.05", recomputed "0.06"`},
	{name: "value", swaps: []swap{{26, `"value":"9385.94059406"`, `"value":"9385.94059405"`}}, want: "seq 26: events[3] account_eliminated verdict value"},
	{name: "balance", swaps: []swap{{26, `"balance":"9365.34653465"`, `"balance":"9365.34653466"`}}, want: "seq 26: events[3] account_eliminated balance"},
	{name: "no figure", swaps: []swap{{26, `,"op":"gt"`, ``}}, want: `seq 26: events[3] account_eliminated verdict op: recorded null, recomputed "gt"`},
	{name: "another figure", swaps: []swap{{26, `"op":"gt"`, `"op":"gt","excuse":1`}},
		want: "seq 26: events[3] account_eliminated verdict excuse: recorded 1, recomputed nothing"},

	{name: "missing freeze", swaps: []swap{{25, freeze25, ``}}, want: "seq 25: missing: accounts_frozen: recorded nothing"},
	{name: "freeze too much", swaps: []swap{{25, `["E_1"]`, `["E_0","E_1"]`}},
		want: `seq 25: events[3] accounts_frozen accounts: recorded ["E_0","E_1"], recomputed ["E_1"]`},
	{name: "missing elimination", drop: []int{26, 27, 28}, want: "seq 26: missing elimination of E_1, frozen on 25: recorded observe_prices, recomputed a tick"},
	{name: "missing elimination, another tick", drop: []int{26}, want: "seq 26: missing: order_cancelled account E_1 order o4: recorded nothing"},
	{name: "missing elimination at the end", drop: []int{28, 29, 30, 31, 32, 33, 34}, args: []string{},
		want: "seq 27: missing elimination of E_2, frozen on 25: recorded nothing until the end"},
	{name: "missing deadline", drop: []int{27, 28}, want: "seq 27: missing freeze of E_2, whose deadline was 2026-01-01T10:04:00.000Z: recorded observe_prices, recomputed a tick"},
	{name: "out before the deadline has passed", swaps: []swap{{27, `10:04:00.001Z`, `10:04:00.000Z`}}, want: "seq 27: tick is recorded although nothing follows from it"},
	{name: "missing pass", swaps: []swap{{21, pass21, ``}}, want: "seq 21: missing: bucket_changed account E_0: recorded nothing"},
	{name: "pass too much", swaps: []swap{{22, `"seen":["BTCUSD"]}`, `"seen":["BTCUSD"]}` + pass22}}, want: "seq 22: too much: bucket_changed account E_1"},

	{name: "order after the elimination", want: "seq 35: submit_order cannot have been accepted: E_1 is eliminated",
		add: `{"seq":35,"at":"2026-01-01T10:04:45.000Z","command":"submit_order","args":{"account":"E_1","pair":"BTCUSD","type":"MARKET","side":"LONG","leverage":"1"},"id":"o5","signer":"E","events":[{"event":"order_accepted","order":"o5","account":"E_1","pair":"BTCUSD","side":"LONG","size_kind":"leverage","leverage":"1","fill_after":13}]}`},
	{name: "order of somebody else", swaps: []swap{{17, `"signer":"E"`, `"signer":"X"`}}, want: "seq 17: submit_order cannot have been accepted: X may not sign"},
	{name: "order out of bounds", swaps: []swap{{17, `"leverage":"3"`, `"leverage":"5.1"`}}, want: "seq 17: submit_order cannot have been accepted: a position of 510 at 100"},
	{name: "the same order twice", swaps: []swap{{18, `"id":"o2"`, `"id":"o1"`}}, want: "seq 18: submit_order cannot have been accepted: its id o1 has been used"},
	{name: "illegal status", swaps: []swap{{6, `"status":"active"`, `"status":"frozen"`}}, want: `seq 6: events[1] status_changed status: recorded "frozen", recomputed "active"`},
	{name: "lock done twice", swaps: []swap{{9, `"effect":2`, `"effect":1`}}, want: "seq 9: complete_effect cannot have been accepted: effect 1 is not submitted"},
	{name: "sequence", swaps: []swap{{34, `"seq":34`, `"seq":35`}}, want: "seq 35: sequence number: recorded 35 after 33"},
	{name: "time", swaps: []swap{{32, `10:04:45`, `10:04:44`}}, want: "seq 32: time goes back: recorded 2026-01-01T10:04:44.000Z after 2026-01-01T10:04:45.000Z"},
	{name: "command", swaps: []swap{{34, `"command":"record_root"`, `"command":"pay_out"`}}, want: "seq 34: pay_out cannot have been accepted: no such command is known"},
	{name: "no genesis", drop: []int{1}, want: "seq 1: register_entity cannot have been accepted: the journal has no genesis yet"},
	{name: "not JSON", add: `{"seq":`, want: "seq 34: line 35 is not a record"},
}

func TestPlanted(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) { p.check(t, journalFile, "-prices", barsFile) })
	}
}

// mutation is a change of a journal, with what the program must say first.
type mutation struct {
	name  string
	swaps []swap
	drop  []int  // records that never were: those behind move up
	add   string // a record at the end
	args  []string
	want  string
}

// check plants it and lets the program find it, with its own arguments or else the usual ones.
func (m *mutation) check(t *testing.T, file string, usual ...string) {
	t.Helper()
	lines := journal(t, file)
	for _, s := range m.swaps {
		if !strings.Contains(lines[s.seq-1], s.old) {
			t.Fatalf("record %d has no %s", s.seq, s.old)
		}
		lines[s.seq-1] = strings.ReplaceAll(lines[s.seq-1], s.old, s.new)
	}
	for _, seq := range slices.Backward(m.drop) {
		lines = moveUp(slices.Delete(lines, seq-1, seq), seq)
	}
	if m.add != "" {
		lines = append(lines, m.add)
	}
	if m.args != nil {
		usual = m.args
	}
	out, errOut, code := check(lines, usual...)
	if code != 1 || !strings.HasPrefix(errOut, m.want) || strings.Contains(out, `"mismatches":0`) {
		t.Errorf("got exit %d, want 1 and %s\n%s%s", code, m.want, errOut, out)
	}
}

var sequences = regexp.MustCompile(`"(seq|at_seq|quotes_seq|anchor_seq)":(\d+)`)

// moveUp renumbers what refers to records behind the one that is gone.
func moveUp(lines []string, gone int) []string {
	for i := range lines {
		lines[i] = sequences.ReplaceAllStringFunc(lines[i], func(s string) string {
			m := sequences.FindStringSubmatch(s)
			if n, _ := strconv.Atoi(m[2]); n > gone {
				return `"` + m[1] + `":` + strconv.Itoa(n-1)
			}
			return s
		})
	}
	return lines
}

func TestNothingChecked(t *testing.T) {
	if out, errOut, code := check(nil); code != 1 || !strings.Contains(out, `"records":0`) {
		t.Errorf("no records: got exit %d and %s%s", code, out, errOut)
	}
	for _, args := range [][]string{{"-prices", "testdata/none.csv"}, {"-prices", journalFile}, {"-price", "x"}, {"x"}} {
		if out, _, code := check(journal(t, journalFile), args...); code != 2 || out != "" {
			t.Errorf("%v: got exit %d and %s", args, code, out)
		}
	}
}

func TestPartial(t *testing.T) {
	if out, errOut, code := check(journal(t, journalFile)[:29], "-prices", barsFile, "-partial"); code != 0 {
		t.Errorf("got exit %d and %s%s", code, out, errOut)
	}
}

func TestManyMismatches(t *testing.T) {
	lines := journal(t, journalFile)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], `"event"`, `"evnt"`)
	}
	out, errOut, code := check(lines)
	if n := strings.Count(errOut, "\n"); code != 1 || n != shown || strings.Contains(out, `"mismatches":20}`) {
		t.Errorf("got exit %d, %d lines and %s", code, n, out)
	}
}

func TestRound(t *testing.T) {
	for _, c := range []struct {
		x                  string
		down, up, halfEven string
	}{
		{"0.00000001", "0.00000001", "0.00000001", "0.00000001"},
		{"0.000000005", "0", "0.00000001", "0"},
		{"0.000000015", "0.00000001", "0.00000002", "0.00000002"},
		{"0.000000025", "0.00000002", "0.00000003", "0.00000002"},
		{"-0.000000015", "-0.00000001", "-0.00000002", "-0.00000002"},
		{"-0.0000000251", "-0.00000002", "-0.00000003", "-0.00000003"},
		{"29999.99999999999", "29999.99999999", "30000", "30000"},
		{"1/3", "0.33333333", "0.33333334", "0.33333333"},
	} {
		x, _ := new(big.Rat).SetString(c.x)
		if d, u, h := dec(round(x, 8, down)), dec(round(x, 8, up)), dec(round(x, 8, halfEven)); d != c.down || u != c.up || h != c.halfEven {
			t.Errorf("%s: got %s, %s and %s", c.x, d, u, h)
		}
	}
}

func TestTell(t *testing.T) {
	// Equally near: the low first. Two minutes between the bars, so half a minute between prices.
	bars, err := readBars(strings.NewReader("date,open,high,low,close\n2026-01-01 00:02:00,5,6,4,5.5\n2026-01-01 00:00:00,5,5.5,1,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range tell(bars) {
		got = append(got, p.at.String()[14:19]+" "+dec(p.price))
	}
	want := "00:00 5, 00:30 5.5, 01:00 1, 01:30 2, 02:00 5, 02:30 4, 03:00 6, 03:30 5.5"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got %s", s)
	}
	for _, bad := range []string{"", "date,open\n", "date,open,high,low,close\n2026-01-01 00:00:00,1,1,1,1\n",
		"date,open,high,low,close\n2026-01-01 00:00:00,1,1,1,1\n2026-01-01 00:00:00,1,1,1,1\n",
		"date,open,high,low,close\n2026-01-01 00:00:00,1,1,1,1\n2026-01-01 00:01:00,1,x,1,1\n"} {
		if _, err := readBars(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
