package feed

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propnet/propnet/fixed"
)

const row1, row2 = "2020-01-02 00:00:00,5,6,4,5", "2020-01-02 00:01:00,5,6,4,5"

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // begins with name:line:, is contained
	}{
		{"empty", "", "t.csv:1: the file is empty"},
		{"header only", header, "t.csv:1: 0 rows: want two or more"},
		{"one row", csv(row1), "t.csv:2: 1 rows: want two or more"},
		{"no header", row1 + "\n" + row2, "t.csv:1: the header is"},
		{"other header", "time,open,high,low,close\n" + row1, "t.csv:1: the header is"},
		{"header in another order", "date,close,high,low,open\n" + row1, "t.csv:1: the header is"},
		{"missing column", csv(row1, "2020-01-02 00:01:00,5,6,4"), "t.csv:3: 4 columns, the header has 5"},
		{"missing volume", header + volume + "\n" + row1, "t.csv:2: 5 columns, the header has 6"},
		{"extra column", csv(row1, row2+",9"), "t.csv:3: 6 columns, the header has 5"},
		{"blank line", csv(row1, "", row2), "t.csv:3: 1 columns"},
		{"word", csv(row1, "2020-01-02 00:01:00,5,six,4,5"), `t.csv:3: high "six": not a plain decimal number`},
		{"no price", csv(row1, "2020-01-02 00:01:00,5,6,4,"), `t.csv:3: close "": not a plain decimal number`},
		{"NaN", csv("2020-01-02 00:00:00,NaN,6,4,5"), `t.csv:2: open "NaN": not a plain decimal number`},
		{"Inf", csv("2020-01-02 00:00:00,5,Inf,4,5"), `t.csv:2: high "Inf": not a plain decimal number`},
		{"exponent", csv("2020-01-02 00:00:00,5,6e0,4,5"), `t.csv:2: high "6e0": not a plain decimal number`},
		{"space", csv("2020-01-02 00:00:00,5, 6,4,5"), `t.csv:2: high " 6": not a plain decimal number`},
		{"quoted", csv(`2020-01-02 00:00:00,"5",6,4,5`), "t.csv:2: open"},
		{"zero", csv("2020-01-02 00:00:00,5,6,0,5"), `t.csv:2: low "0": not above zero`},
		{"negative", csv("2020-01-02 00:00:00,5,6,-4,5"), `t.csv:2: low "-4": not above zero`},
		{"11 decimals", csv("2020-01-02 00:00:00,5,6,4,5.00000000001"), `t.csv:2: close "5.00000000001": more digits`},
		{"too large", csv("2020-01-02 00:00:00,5,922337204,4,5"), `t.csv:2: high "922337204": number out of range`},
		{"high below open", csv("2020-01-02 00:00:00,5,4.9,4,4.5"), "t.csv:2: high 4.9 is below the open or close of 5"},
		{"high below close", csv("2020-01-02 00:00:00,4,5,4,5.1"), "t.csv:2: high 5 is below the open or close of 5.1"},
		{"low above open", csv("2020-01-02 00:00:00,5,6,5.1,5.5"), "t.csv:2: low 5.1 is above the open or close of 5"},
		{"low above close", csv("2020-01-02 00:00:00,5,6,5,4.9"), "t.csv:2: low 5 is above the open or close of 4.9"},
		{"duplicate", csv(row1, row2, row2), "t.csv:4: the time 2020-01-02T00:01:00.000Z stands in line 3 already"},
		{"duplicate far off", csv(row2, row1, "2020-01-02 00:02:00,5,6,4,5", row2), "t.csv:5: the time 2020-01-02T00:01:00.000Z stands in line 2 already"},
		{"no date", csv("soon,5,6,4,5"), `t.csv:2: date "soon": not a UTC time`},
		{"day that isn't", csv("2021-02-29 00:00:00,5,6,4,5"), "t.csv:2: date"},
		{"part of a second", csv("2020-01-02 00:00:00.5,5,6,4,5"), "t.csv:2: date"},
		{"short hour", csv("2020-01-02 0:00:00,5,6,4,5"), "t.csv:2: date"},
		{"with zone", csv("2020-01-02 00:00:00Z,5,6,4,5"), "t.csv:2: date"},
		{"long line", csv(row1, row2+strings.Repeat("0", maxLine)), "t.csv:3: a line over 4096 bytes"},
		{"long line at the end", header + "\n" + strings.Repeat("0", maxLine+1), "t.csv:2: a line over 4096 bytes"},
		{"gz cut short", string(zip(t, csv(row1, row2))[:40]), "t.csv:2: unexpected EOF"},
		{"gz magic only", gzipMagic, "t.csv:1: unexpected EOF"},
		{"empty gz", string(zip(t, "")), "t.csv:1: the file is empty"},
		{"refusal within gz", string(zip(t, csv(row1, row1))), "t.csv:3: the time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, info, err := NewReplay(strings.NewReader(c.text), "t.csv", pair)
			if err == nil || !strings.HasPrefix(err.Error(), "t.csv:") || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if r != nil || info != (ReplayInfo{}) {
				t.Error("a refused file yields something")
			}
		})
	}
}

// The causes stay visible to errors.Is.
func TestRefusalWraps(t *testing.T) {
	_, _, err := NewReplay(strings.NewReader(csv("2020-01-02 00:00:00,5,6e0,4,5")), "t.csv", pair)
	if !errors.Is(err, fixed.ErrSyntax) {
		t.Errorf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	text := csv(row1, row2)
	for _, c := range []struct {
		name string
		l    limits
		want string
	}{
		{"just enough", limits{bytes: len(text), rows: 2}, ""},
		{"a row too many", limits{bytes: len(text), rows: 1}, "t.csv:3: over 1 rows"},
		{"a byte too many", limits{bytes: len(text) - 1, rows: 2}, "t.csv:3: over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for form, in := range map[string]string{"plain": text, "gz": string(zip(t, text))} {
				_, err := decode(strings.NewReader(in), "t.csv", c.l)
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("%s: got %v, want %q", form, err, c.want)
				}
			}
		})
	}
}

// endless is one long row for ever: what stops the reading is the limit.
type endless struct{ row, rest string }

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.rest = e.row
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestEndlessInput(t *testing.T) {
	in := &endless{row: row1 + "," + strings.Repeat("1", 4000) + "\n", rest: header + volume + "\n"}
	_, _, err := NewReplay(in, "t.csv", pair)
	if err == nil || !strings.HasSuffix(err.Error(), ": over 67108864 bytes of text: split the file") {
		t.Errorf("got %v", err)
	}
}

func TestAccepted(t *testing.T) {
	long := row2 + "," + strings.Repeat("1", maxLine-len(row2)-1) // the longest line there may be
	plain := csv(row1, row2)
	for name, text := range map[string]string{
		"plain":           plain,
		"gz":              string(zip(t, plain)),
		"no last newline": strings.TrimSuffix(plain, "\n"),
		"CRLF":            strings.ReplaceAll(plain, "\n", "\r\n"),
		"volume":          header + volume + "\n" + row1 + ",\n" + row2 + ",anything\n",
		"longest line":    header + volume + "\n" + row1 + ",1\n" + long,
		"longest and LF":  header + volume + "\n" + row1 + ",1\n" + long + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			r, info := replay(t, text)
			want, wantInfo := replay(t, plain)
			if info != wantInfo || show(0, take(t, r, 9)...) != show(0, take(t, want, 9)...) {
				t.Errorf("got %+v", info)
			}
		})
	}
}

func TestOpenReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prices.bin") // the content tells gz, not the name
	if err := os.WriteFile(path, zip(t, csv(row1, row2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, info, err := OpenReplay(path, pair); err != nil || info.Bars != 2 {
		t.Errorf("got %+v, %v", info, err)
	}
	if _, _, err := OpenReplay(path, ""); err == nil {
		t.Error("a replay of no pair")
	}
	if _, _, err := OpenReplay(path+".none", pair); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

var errDisk = errors.New("disk on fire")

func (broken) Read([]byte) (int, error) { return 0, errDisk }

func TestReadError(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"at once": broken{},
		"later":   io.MultiReader(strings.NewReader(csv(row1, row2)), broken{}),
	} {
		if _, _, err := NewReplay(r, "t.csv", pair); !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), "t.csv:") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(csv(row1, row2)))
	f.Add([]byte(header + volume + "\r\n" + row2 + ",1\r\n" + row1 + ",2"))
	f.Add([]byte(minutes(5, 1, 2, 30, 3)))
	f.Add(zip(f, minutes(1, 2, 4)))
	f.Add([]byte(csv("0000-01-01 00:00:00,1,1,1,1", "9999-12-31 23:59:59,922337203,922337203,0.0000000001,1")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, info, err := NewReplay(strings.NewReader(string(data)), "t.csv", pair)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "t.csv:") {
				t.Fatalf("no file and line: %v", err)
			}
			return
		}
		// Each bar, and at most eleven groups for the hole before it.
		groups := take(t, r, 12*info.Bars+1)
		orderly(t, groups)
		bars := 0
		for _, g := range groups {
			if len(g.Batches) == 4 {
				bars++
			}
		}
		if bars != info.Bars {
			t.Fatalf("%d bars, %+v", bars, info)
		}
	})
}
