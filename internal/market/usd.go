package market

import (
	"github.com/propnet/propnet/fixed"
	"github.com/propnet/propnet/prop"
)

// usd is the currency that accounts are kept in.
const usd = "USD"

// Quote is the last sane quote of a pair, and how long ago it was seen.
type Quote struct {
	Bid, Ask fixed.Price
	AgeMs    int64
}

// Rate is what one unit of a currency is worth in USD: exactly Num/Den. Whether a rate of that age
// may be used is for the caller's rules to say.
type Rate struct {
	Num, Den fixed.Price
	Pair     string // whose quote it is; empty for USD itself
	AgeMs    int64
}

// QuoteUsd is the value of one unit of the pair's quote currency: what its profits are counted in.
func QuoteUsd(pairs []prop.Pair, pair *prop.Pair, find func(id string) (Quote, bool)) (Rate, bool) {
	return UsdRate(pairs, pair.Quote, find)
}

// BaseUsd is the value of one unit of the pair's base: its own price where that is in USD.
func BaseUsd(pairs []prop.Pair, pair *prop.Pair, find func(id string) (Quote, bool)) (Rate, bool) {
	if pair.Quote == usd {
		return direct(pair.ID, find)
	}
	return UsdRate(pairs, pair.Base, find)
}

// UsdRate is the value of one unit of a currency: 1 for USD, else the mid of a pair of it against
// USD, else one over the mid of a pair of USD against it. False where none of them has a quote: a
// rate that is not known is not 1. A share is not a currency, whatever its ticker is.
//
// The mid is rounded half-even to the scale of a price; the inverse is not rounded at all. Source:
// reference/trading.md §3.2, B6.
func UsdRate(pairs []prop.Pair, currency string, find func(id string) (Quote, bool)) (Rate, bool) {
	if currency == usd {
		return Rate{Num: fixed.PriceScale, Den: fixed.PriceScale}, true
	}
	for i := range pairs {
		if p := &pairs[i]; p.Base == currency && p.Quote == usd && isCurrency(p) {
			if r, ok := direct(p.ID, find); ok {
				return r, true
			}
		}
	}
	for i := range pairs {
		if p := &pairs[i]; p.Base == usd && p.Quote == currency && isCurrency(p) {
			if r, ok := direct(p.ID, find); ok {
				r.Num, r.Den = r.Den, r.Num
				return r, true
			}
		}
	}
	return Rate{}, false
}

func isCurrency(p *prop.Pair) bool { return p.Class != Equities && p.Class != Indices }

// direct is the mid of a pair as a fraction.
func direct(id string, find func(id string) (Quote, bool)) (Rate, bool) {
	q, ok := find(id)
	if !ok || q.Bid <= 0 || q.Ask < q.Bid {
		return Rate{}, false
	}
	return Rate{fixed.MidHalfEven(q.Bid, q.Ask), fixed.PriceScale, id, q.AgeMs}, true
}
