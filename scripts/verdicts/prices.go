package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"
)

// pricesFile is a file of bars, told as prices: what the journal must hold, in this order.
type pricesFile struct {
	pair   string
	prices []price
	next   int
}

// price is what a bar says of one moment; bid and ask are the same.
type price struct {
	at    instant
	price *big.Rat
}

type bar struct {
	at                     instant
	open, high, low, close *big.Rat
}

func openPrices(path, pair string) (*pricesFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := io.Reader(bufio.NewReader(f))
	if magic, _ := in.(*bufio.Reader).Peek(2); string(magic) == "\x1f\x8b" {
		if in, err = gzip.NewReader(in); err != nil {
			return nil, err
		}
	}
	bars, err := readBars(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &pricesFile{pair: pair, prices: tell(bars)}, nil
}

// readBars reads all rows and puts them in order of time.
func readBars(in io.Reader) ([]bar, error) {
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 3 || !strings.HasPrefix(strings.Join(rows[0], ",")+",", "date,open,high,low,close,") {
		return nil, errors.New("want the header date,open,high,low,close and two rows or more")
	}
	bars := make([]bar, len(rows)-1)
	for i, row := range rows[1:] {
		at, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+2, err)
		}
		b := &bars[i]
		b.at = instant(at.UnixMilli())
		for col, into := range []**big.Rat{&b.open, &b.high, &b.low, &b.close} {
			var ok bool
			if *into, ok = new(big.Rat).SetString(row[col+1]); !ok {
				return nil, fmt.Errorf("row %d: %q is not a price", i+2, row[col+1])
			}
		}
	}
	slices.SortFunc(bars, func(a, b bar) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(bars); i++ {
		if bars[i].at == bars[i-1].at {
			return nil, fmt.Errorf("two rows are of %s", bars[i].at)
		}
	}
	return bars, nil
}

// tell makes four prices of each bar, a quarter of its length apart: the open, the extreme nearer
// to it (the low where both are equally near), the other extreme, the close. A bar lasts as long
// as the smallest distance between two neighbours.
func tell(bars []bar) []price {
	length := bars[1].at - bars[0].at
	for i := 2; i < len(bars); i++ {
		length = min(length, bars[i].at-bars[i-1].at)
	}
	prices := make([]price, 0, 4*len(bars))
	for _, b := range bars {
		first, second := b.low, b.high
		if sub(b.high, b.open).Cmp(sub(b.open, b.low)) < 0 {
			first, second = b.high, b.low
		}
		for i, p := range []*big.Rat{b.open, first, second, b.close} {
			prices = append(prices, price{b.at + instant(i)*length/4, p})
		}
	}
	return prices
}

// believe returns the quotes to go on with: those of the file, where there is one, after comparing
// the recorded ones with them.
func (c *checker) believe(r *record, observed instant, quotes []quoted) []quoted {
	f := c.file
	if f == nil {
		return quotes
	}
	for f.next < len(f.prices) && f.prices[f.next].at < observed {
		c.report("missing: the price of %s: recorded nothing, the file has %s", f.prices[f.next].at, dec(f.prices[f.next].price))
		f.next++
	}
	if f.next == len(f.prices) || f.prices[f.next].at > observed {
		c.report("too much: a price of %s: the file has none", observed)
		return quotes
	}
	p := f.prices[f.next]
	f.next++
	if r.At != p.at {
		c.report("time of the price: recorded %s, the file has %s", r.At, p.at)
	}
	if len(quotes) != 1 || quotes[0].Pair != f.pair {
		c.report("quotes: recorded %d, want one of %s", len(quotes), f.pair)
	} else if q := &quotes[0]; q.Bid.Cmp(p.price) != 0 || q.Ask.Cmp(p.price) != 0 {
		c.report("price of %s: recorded bid %s ask %s, the file has %s", observed, dec(&q.Bid), dec(&q.Ask), dec(p.price))
	}
	var q quoted
	q.Pair = f.pair
	q.Bid.Set(p.price)
	q.Ask.Set(p.price)
	return []quoted{q}
}
