package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/prop"
)

// binary is the program, built once, as a user would build it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "propnet-e2e")
	if err == nil {
		binary = filepath.Join(dir, "propnet")
		build := exec.Command("go", "build", "-trimpath", "-o", binary, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// propnet runs a verb and returns what it printed and its exit code.
func propnet(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// must runs a verb that has to succeed, and decodes its JSON.
func must[T any](t *testing.T, args ...string) (v T) {
	t.Helper()
	out, errOut, code := propnet(t, append(args, "--json")...)
	if code != 0 {
		t.Fatalf("propnet %s: exit %d\n%s", strings.Join(args, " "), code, errOut)
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("propnet %s printed %.300q: %v", strings.Join(args, " "), out, err)
	}
	return v
}

// fields is a JSON object whose shape a test doesn't care about.
type fields = map[string]any

// sharedPrices is real data that stands beside the repository; without it the test says so loudly,
// and fails in CI.
func sharedPrices(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../../shared/data/prices/" + name)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI needs the shared price data: %v", err)
		}
		t.Skip("SKIPPED: no shared price data beside the repository: ", err)
	}
	return path
}

// TestWholeFile is the main job on real input: it passes some and eliminates some with evidence,
// repeats exactly, and is checked by a program that shares no code with it.
func TestWholeFile(t *testing.T) {
	prices := sharedPrices(t, "BTCUSD-1m-2016.csv.gz")
	dirs := []string{t.TempDir(), t.TempDir()}
	summaries, errs := make([]devnetSummary, 2), make([]error, 2)
	var both sync.WaitGroup
	for i, dir := range dirs {
		both.Go(func() {
			out, err := exec.CommandContext(t.Context(), binary, "devnet", "--prices", prices, "--traders", "10", "--seed", "1", "--speed", "max",
				"--until-end", "--data", dir, "--listen", "127.0.0.1:0", "--json").Output()
			if err == nil {
				err = json.Unmarshal(out, &summaries[i])
			}
			errs[i] = err
		})
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	a, b := summaries[0], summaries[1]
	if a.Seq != b.Seq || a.Root != b.Root || !maps.Equal(a.Accounts.ByStatus, b.Accounts.ByStatus) {
		t.Errorf("one seed, two histories:\n%+v\n%+v", a, b)
	}
	if a.Accounts.ByStatus["eliminated"] == 0 { // that some passed is asked of the journal below
		t.Errorf("nobody was eliminated: %+v", a)
	}
	cat, _, _ := propnet(t, "journal", "cat", "--data", dirs[0])
	if again, _, _ := propnet(t, "journal", "cat", "--data", dirs[1]); again != cat {
		t.Error("one seed, two sequences of records")
	}
	// Who has passed may have been eliminated since: the journal tells, not the end.
	if passed := strings.Count(cat, `"rule":"return_target"`); passed == 0 || a.Accounts.ByStatus["eliminated"] == 0 {
		t.Errorf("%d passed: %+v", passed, a)
	}
	for _, what := range []string{`"event":"carry_charged"`, `"event":"account_eliminated"`, `"rule":"peak_drawdown"`, `"anchor_seq":`, `"mark":`, `"rule":"return_target"`} {
		if !strings.Contains(cat, what) {
			t.Errorf("the journal has no %s", what)
		}
	}
	checkVerdicts(t, cat, "-prices", prices)
	checkDirectory(t, dirs[0], a)
	flipBytes(t, dirs[0])
}

// TestForexFile is the same on a forex pair: closed on weekends and holidays, without fees, with carry
// at 21:00 and slippage by the hour in New York, through two changes of its clocks.
func TestForexFile(t *testing.T) {
	prices, dir := sharedPrices(t, "EURUSD-1h-2017.csv.gz"), t.TempDir()
	s := must[devnetSummary](t, "devnet", "--prices", prices, "--pair", "EURUSD", "--seed", "1", "--speed", "max", "--until-end", "--data", dir, "--listen", "127.0.0.1:0")
	cat, _, _ := propnet(t, "journal", "cat", "--data", dir)
	for _, what := range []string{`"event":"order_filled"`, `"units":3`, `"slippage":"0.0002"`, `"slippage":"0.0005"`} {
		if !strings.Contains(cat, what) {
			t.Errorf("the journal has no %s", what)
		}
	}
	if strings.Contains(cat, `"event":"fee_charged"`) {
		t.Error("forex has no transaction fee")
	}
	checkVerdicts(t, cat, "-prices", prices, "-pair", "EURUSD")
	checkDirectory(t, dir, s)
}

// checkVerdicts lets the independent checker recompute every verdict.
func checkVerdicts(t *testing.T, cat string, args ...string) {
	t.Helper()
	checker := exec.CommandContext(t.Context(), "go", append([]string{"run", "../../scripts/verdicts"}, args...)...)
	checker.Stdin = strings.NewReader(cat)
	out, err := checker.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte(`"mismatches":0`)) {
		t.Errorf("the independent checker disagrees: %v\n%.3000s", err, out)
	}
	t.Logf("independent checker: %s", bytes.TrimSpace(out))
}

// checkDirectory verifies, replays and compares roots, as an operator would.
func checkDirectory(t *testing.T, dir string, s devnetSummary) {
	t.Helper()
	if v := must[fields](t, "journal", "verify", "--data", dir); v["seq"] != float64(s.Seq) {
		t.Errorf("verify: %v, the devnet ended at %d", v, s.Seq)
	}
	replay := must[fields](t, "journal", "replay", "--decide", "--data", dir)
	if replay["differences"] != 0.0 || replay["decided"] != float64(s.Seq) {
		t.Errorf("replay: %v", replay)
	}
	root := must[struct {
		Registry, Trading prop.Hash
		Recorded          rootsJSON
	}](t, "state", "root", "--data", dir)
	if root.Recorded != s.Root || root.Registry != s.Root.Registry || root.Trading != s.Root.Trading {
		t.Errorf("state root %+v, the devnet recorded %+v", root, s.Root)
	}
}

// flipBytes damages the journal here and there; verify must name each place.
func flipBytes(t *testing.T, dir string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "journal", "*.seg"))
	if err != nil || len(segments) == 0 {
		t.Fatal("no segments", err)
	}
	used := must[fields](t, "journal", "verify", "--data", dir)["bytes"].(float64)
	f, err := os.OpenFile(segments[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flip := func(at int64) {
		var b [1]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 0x10
		if _, err := f.WriteAt(b[:], at); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int64{40, 4_000, int64(used) / 2, int64(used) - 100} {
		flip(at)
		_, errOut, code := propnet(t, "journal", "verify", "--data", dir)
		named := regexp.MustCompile(`offset (\d+)`).FindStringSubmatch(errOut)
		var offset int64
		if named != nil {
			_, _ = fmt.Sscan(named[1], &offset)
		}
		if code != exitIntegrity || named == nil || offset > at || offset < at-64<<10 {
			t.Errorf("byte %d flipped: exit %d, %s", at, code, errOut)
		}
		flip(at)
	}
	if _, errOut, code := propnet(t, "journal", "verify", "--data", dir); code != 0 {
		t.Errorf("mended, but: %s", errOut)
	}
}

// TestConstantPrices: on a market that doesn't move nobody passes.
func TestConstantPrices(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "flat.csv")
	var b strings.Builder
	b.WriteString("date,open,high,low,close\n")
	for i, at := 0, time.Date(2016, 2, 1, 0, 0, 0, 0, time.UTC); i < 6000; i, at = i+1, at.Add(time.Minute) {
		fmt.Fprintf(&b, "%s,400,400,400,400\n", at.Format(time.DateTime))
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := must[devnetSummary](t, "devnet", "--prices", file, "--seed", "3", "--speed", "max", "--until-end", "--data", filepath.Join(dir, "d"), "--listen", "127.0.0.1:0")
	if s.Orders == 0 || s.Accounts.ByBucket["funded"] != 0 || s.Accounts.ByStatus["active"] != s.Accounts.ByBucket["challenge"] {
		t.Errorf("orders but no passes expected: %+v", s)
	}
	cat, _, _ := propnet(t, "journal", "cat", "--data", filepath.Join(dir, "d"))
	if strings.Contains(cat, "return_target") {
		t.Error("somebody passed on constant prices")
	}
	checkVerdicts(t, cat, "-prices", file)
}

// process is a devnet under test.
type process struct {
	*exec.Cmd
	client *client.Client
	stdout bytes.Buffer
	log    io.ReadCloser
}

// startDevnet starts a devnet and waits until it says where it listens.
func startDevnet(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), binary, append([]string{"devnet", "--listen", "127.0.0.1:0", "--json"}, args...)...)}
	p.Stdout = &p.stdout
	var err error
	if p.log, err = p.StderrPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(p.log)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if url, ok := strings.CutPrefix(lines.Text(), "dashboard: "); ok {
			p.client = client.New(url[:strings.Index(url, "/?")], openToken)
			go func() { _, _ = io.Copy(io.Discard, p.log) }() // keep the pipe empty until it closes
			return p
		}
	}
	t.Fatalf("the devnet did not start:\n%s", strings.Join(seen, "\n"))
	return nil
}

// until polls a condition that must come true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("never came true: ", what)
		}
	}
}

// TestStopAndResume: Ctrl-C ends cleanly with a recorded root; the second run goes on.
func TestStopAndResume(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	last := uint64(0)
	for range 2 {
		p := startDevnet(t, "--data", dir, "--speed", "max", "--traders", "4")
		until(t, "records are added", func() bool {
			r, err := p.client.Roots(t.Context())
			return err == nil && r.AsOf.Seq > last+500
		})
		if err := p.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Fatalf("it did not stop cleanly: %v", err)
		}
		var s devnetSummary
		if err := json.Unmarshal(p.stdout.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		if s.Seq <= last || s.Root.AtSeq != s.Seq-1 {
			t.Errorf("after %d: %+v", last, s)
		}
		last = s.Seq
		checkDirectory(t, dir, s)
		cat, _, _ := propnet(t, "journal", "cat", "--data", dir)
		checkVerdicts(t, cat, "-partial")
	}
	if _, errOut, code := propnet(t, "devnet", "--data", dir, "--seed", "9", "--listen", "127.0.0.1:0"); code == 0 || !strings.Contains(errOut, "--data") {
		t.Errorf("another seed on the same directory: exit %d, %s", code, errOut)
	}
}

// TestSecondProcess: a data directory has one writer.
func TestSecondProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	p := startDevnet(t, "--data", dir, "--speed", "1", "--traders", "1")
	if _, errOut, code := propnet(t, "devnet", "--data", dir, "--speed", "1", "--traders", "1", "--listen", "127.0.0.1:0"); code != exitUnavailable {
		t.Errorf("second process: exit %d, %s", code, errOut)
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

// acked is what a client was promised.
type acked struct {
	seq    uint64
	record string
}

// promises collects acknowledgements of many clients and tells when there are enough to pull the plug.
type promises struct {
	mu     sync.Mutex
	byID   map[prop.CommandID]acked
	enough int
	full   chan struct{}
}

func (p *promises) add(c api.Command) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID[c.ID] = acked{c.Seq, fmt.Sprintf("%x", []byte(c.Receipt.Record))}
	if len(p.byID) == p.enough {
		close(p.full)
	}
}

// TestKillNine pulls the plug twenty times in the middle of a run with many clients: everything
// that was acknowledged is there, under the same number and with the same bytes.
func TestKillNine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	keys := make([]*client.Key, 8)
	for i := range keys {
		keys[i] = client.NewKey([32]byte{0x77, byte(i)})
	}
	kept := &promises{byID: map[prop.CommandID]acked{}}
	for round := range 20 {
		p := startDevnet(t, "--data", dir, "--speed", "max", "--traders", "3")
		for id, want := range kept.byID {
			got, err := p.client.Command(t.Context(), id)
			if err != nil || got.Seq != want.seq || fmt.Sprintf("%x", []byte(got.Receipt.Record)) != want.record {
				t.Fatalf("round %d: acknowledged command %s of record %d: %+v, %v", round, id, want.seq, got.Seq, err)
			}
		}
		kept.enough, kept.full = len(kept.byID)+10+round*3, make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for _, k := range keys {
			clients.Go(func() { trade(ctx, p.client, k, kept) })
		}
		select {
		case <-kept.full:
		case <-time.After(time.Minute):
			t.Fatal("the clients were not served")
		}
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait() // it was killed
		cancel()
		clients.Wait()
	}
	t.Logf("20 kills, %d acknowledged commands, none lost", len(kept.byID))
	if r := must[fields](t, "journal", "replay", "--decide", "--data", dir); r["differences"] != 0.0 {
		t.Errorf("replay: %v", r)
	}
}

// trade registers, opens accounts and orders until the node is gone. Refusals are fine; what is
// accepted is a promise.
func trade(ctx context.Context, shared *client.Client, key *client.Key, kept *promises) {
	c := client.New(shared.Base, shared.Token)
	account := prop.AccountKey{Entity: key.Public()}
	one := fixed.Ratio(fixed.RatioScale)
	calls := []func() (api.Command, error){
		func() (api.Command, error) { return c.RegisterEntity(ctx, key, key.Public()) },
		func() (api.Command, error) { return c.CreateSubaccount(ctx, key, key.Public(), "crypto") },
		func() (api.Command, error) {
			return c.SubmitOrder(ctx, key, api.SubmitOrder{Account: account, Pair: "BTCUSD", Side: "LONG", Leverage: &one})
		},
		func() (api.Command, error) {
			return c.SubmitOrder(ctx, key, api.SubmitOrder{Account: account, Pair: "BTCUSD", Side: "FLAT"})
		},
	}
	for i := 0; ctx.Err() == nil; i++ {
		answer, err := calls[i%len(calls)]()
		if err == nil {
			kept.add(answer)
		} else if refused := new(api.Problem); !errors.As(err, &refused) {
			return // the plug was pulled
		}
	}
}

// TestNodeByHand runs a node on wall time with pushed prices through the whole life of an account,
// with the verbs alone.
func TestNodeByHand(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	address := map[string]string{}
	for _, name := range []string{"node", "feed", "firm", "owner"} {
		address[name] = must[fields](t, "key", "new", "--out", file(name))["address"].(string)
	}
	genesis := "origin = \"" + address["node"] + "\"\n" + string(devnetGenesis) + "\n[[operators]]\nkey = \"" + address["feed"] + "\"\nroles = [\"feed\"]\n"
	if err := os.WriteFile(file("genesis.toml"), []byte(genesis), 0o600); err != nil {
		t.Fatal(err)
	}
	must[fields](t, "node", "check-config", "--genesis", file("genesis.toml"))
	made := must[fields](t, "node", "init", "--genesis", file("genesis.toml"), "--key", file("node"), "--data", file("d"))
	must[fields](t, "node", "check-config", "--data", file("d"))
	cmd := exec.CommandContext(t.Context(), binary, "node", "run", "--data", file("d"), "--listen", "127.0.0.1:0", "--json")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var at struct{ URL string }
	if err := json.NewDecoder(stdout).Decode(&at); err != nil {
		t.Fatal(err)
	}
	call := func(args ...string) []string {
		return append(args, "--node", at.URL, "--token-file", made["read_token_file"].(string))
	}
	account := address["firm"] + "_0"
	push := func(price string) { must[fields](t, call("prices", "push", "--key", file("feed"), "BTCUSD="+price)...) }
	must[fields](t, call("entity", "register", "--key", file("firm"), "--coldkey", address["owner"])...)
	until(t, "the deposit is known", func() bool {
		return must[api.EntityAnswer](t, call("entity", "show", address["firm"])...).Entity.Collateral.Known
	})
	must[fields](t, call("sub", "create", "--key", file("owner"), "--entity", address["firm"])...)
	until(t, "the account is active", func() bool {
		return must[api.AccountAnswer](t, call("sub", "show", account)...).Account.Status == "active"
	})
	push("60000")
	order := must[api.Command](t, call("order", "submit", "--key", file("firm"), account, "BTCUSD", "long", "--leverage", "2")...)
	push("60010/60020")
	push("58500")
	got := must[api.AccountAnswer](t, call("sub", "show", account)...).Account
	if len(got.Positions) != 1 || got.Positions[0].Quantity.String() != "0.33322225" || got.Status != "active" {
		t.Errorf("20000 USD bought at the ask of 60020, down 2.53 %%: %+v", got)
	}
	push("57200") // 2 × 4.7 % and the fees: more than 6 % of the peak
	got = must[api.AccountAnswer](t, call("sub", "show", account)...).Account
	if e := got.Elimination; e == nil || e.Verdict.Anchor.String() != "10000" || e.Prices[0].Mark.String() != "57200" || e.Verdict.Limit.String() != "0.06" {
		t.Errorf("no elimination with price, anchor and limit: %+v", got)
	}
	if _, errOut, code := propnet(t, call("order", "submit", "--key", file("firm"), account, "BTCUSD", "long", "--leverage", "1")...); code != exitRefused || !strings.Contains(errOut, "account_not_active") {
		t.Errorf("an order after elimination: exit %d, %s", code, errOut)
	}
	if err := os.WriteFile(file("receipt.json"), mustJSON(t, order), 0o600); err != nil {
		t.Fatal(err)
	}
	proof := must[fields](t, "receipt", "verify", file("receipt.json"), "--network", "devnet", "--origin", address["node"])
	if proof["proven"] != true || proof["path"] != request.PathOrders {
		t.Errorf("receipt: %v", proof)
	}
	if _, _, code := propnet(t, "receipt", "verify", file("receipt.json"), "--network", "other", "--origin", address["node"]); code != exitIntegrity {
		t.Errorf("a receipt of another network: exit %d", code)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
