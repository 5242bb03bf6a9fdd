package feed

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

const (
	header     = "date,open,high,low,close"
	volume     = ",volume" // may follow; nothing here uses it
	dateLayout = "2006-01-02 15:04:05"
	gzipMagic  = "\x1f\x8b"
	// maxLine is room for any honest row many times over; what is longer is no price file.
	maxLine = 4 << 10
	// All bars of a file are held, and a small gz may hide a large file.
	maxBytes = 64 << 20 // after decompression
	maxRows  = 2_000_000
)

// limits are maxBytes and maxRows, or smaller ones.
type limits struct{ bytes, rows int }

// bar is one row of a file.
type bar struct {
	at                     prop.Instant
	open, high, low, close fixed.Price
	line                   int32 // of the file, for what can be refused only after sorting
}

// decoder reads the rows of one file.
type decoder struct {
	name     string
	in       *bufio.Reader
	limits   limits
	line     int // of the row read last, from 1
	bytes    int
	bars     []bar
	unsorted int // rows earlier than the row before them
}

// decode reads all bars and returns them in order of time.
func decode(r io.Reader, name string, l limits) (*decoder, error) {
	d := &decoder{name: name, limits: l}
	if err := d.open(r); err != nil {
		return nil, err
	}
	columns, err := d.header()
	if err != nil {
		return nil, err
	}
	for {
		line, err := d.next()
		if err == io.EOF {
			return d, d.sort()
		}
		if err != nil {
			return nil, err
		}
		if err := d.row(line, columns); err != nil {
			return nil, err
		}
	}
}

// open goes by the content, not by the name, to tell whether the file is compressed.
func (d *decoder) open(r io.Reader) error {
	d.in = bufio.NewReaderSize(r, maxLine+1) // a line and its end
	magic, err := d.in.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return d.fail(err)
	}
	if string(magic) != gzipMagic {
		return nil
	}
	z, err := gzip.NewReader(d.in)
	if err != nil {
		return d.fail(err)
	}
	d.in = bufio.NewReaderSize(z, maxLine+1)
	return nil
}

// next is the next line without its end; io.EOF after the last.
func (d *decoder) next() (string, error) {
	raw, err := d.in.ReadSlice('\n')
	if len(raw) == 0 && err == io.EOF {
		return "", io.EOF
	}
	d.line++
	d.bytes += len(raw)
	line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	switch {
	case err == bufio.ErrBufferFull || len(line) > maxLine:
		return "", d.refuse("a line over %d bytes", maxLine)
	case err != nil && err != io.EOF:
		return "", d.fail(err)
	case d.bytes > d.limits.bytes:
		return "", d.refuse("over %d bytes of text: split the file", d.limits.bytes)
	}
	return line, nil
}

// header returns how many columns each row must have.
func (d *decoder) header() (int, error) {
	line, err := d.next()
	switch {
	case err == io.EOF:
		return 0, fmt.Errorf("%s:1: the file is empty", d.name)
	case err != nil:
		return 0, err
	case line != header && line != header+volume:
		return 0, d.refuse("the header is %.80q: want %s[%s]", line, header, volume)
	}
	return strings.Count(line, ",") + 1, nil
}

func (d *decoder) row(line string, columns int) error {
	fields := strings.Split(line, ",")
	if len(fields) != columns {
		return d.refuse("%d columns, the header has %d", len(fields), columns)
	}
	if len(d.bars) == d.limits.rows {
		return d.refuse("over %d rows: split the file", d.limits.rows)
	}
	at, err := date(fields[0])
	if err != nil {
		return d.refuse("date %.40q: %w", fields[0], err)
	}
	b := bar{at: at, line: int32(d.line)} // of at most 64 Mi bytes, so of fewer lines
	for i, into := range []*fixed.Price{&b.open, &b.high, &b.low, &b.close} {
		if *into, err = price(fields[i+1]); err != nil {
			return d.refuse("%s %.40q: %w", strings.Split(header, ",")[i+1], fields[i+1], err)
		}
	}
	if top := max(b.open, b.close); b.high < top {
		return d.refuse("high %s is below the open or close of %s", b.high, top)
	}
	if bottom := min(b.open, b.close); b.low > bottom {
		return d.refuse("low %s is above the open or close of %s", b.low, bottom)
	}
	if n := len(d.bars); n > 0 && b.at < d.bars[n-1].at {
		d.unsorted++
	}
	d.bars = append(d.bars, b)
	return nil
}

// sort puts the bars in order of time and refuses two for the same moment: which of them was the
// price is not for a reader to choose.
func (d *decoder) sort() error {
	slices.SortStableFunc(d.bars, func(a, b bar) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(d.bars); i++ {
		if prev, b := d.bars[i-1], d.bars[i]; prev.at == b.at {
			return fmt.Errorf("%s:%d: the time %s stands in line %d already", d.name, b.line, b.at, prev.line)
		}
	}
	if len(d.bars) < 2 {
		// One bar has no neighbour to tell how long it lasts, and a guess would move its prices.
		return fmt.Errorf("%s:%d: %d rows: want two or more", d.name, d.line, len(d.bars))
	}
	return nil
}

// refuse is an error about the line read last.
func (d *decoder) refuse(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", d.name, d.line, fmt.Errorf(format, args...))
}

// fail is an error of reading, which stands at the line that could not be read.
func (d *decoder) fail(err error) error {
	return fmt.Errorf("%s:%d: %w", d.name, max(d.line, 1), err)
}

// date reads exactly the layout. time.Parse alone takes a fraction of a second and hours of one
// digit too.
func date(s string) (prop.Instant, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil || t.Format(dateLayout) != s {
		return 0, errors.New("not a UTC time like " + dateLayout)
	}
	return prop.Instant(t.UnixMilli()), nil
}

func price(s string) (fixed.Price, error) {
	p, err := fixed.ParsePrice(s)
	if err == nil && p <= 0 {
		err = errors.New("not above zero")
	}
	return p, err
}
