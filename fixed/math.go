package fixed

import (
	"cmp"
	"math/bits"
)

// Add returns v+w. Overflow panics: amounts inside the node were bounded at the border.
func (v USD) Add(w USD) USD { return add(v, w) }

// Sub returns v-w and panics on overflow.
func (v USD) Sub(w USD) USD { return sub(v, w) }

// Add returns v+w and panics on overflow.
func (v Qty) Add(w Qty) Qty { return add(v, w) }

// Sub returns v-w and panics on overflow.
func (v Qty) Sub(w Qty) Qty { return sub(v, w) }

// Add returns v+w and panics on overflow.
func (v Theta) Add(w Theta) Theta { return add(v, w) }

// Sub returns v-w and panics on overflow.
func (v Theta) Sub(w Theta) Theta { return sub(v, w) }

// Abs is the distance from zero.
func (v USD) Abs() USD { return max(v, -v) }

// Abs is the distance from zero.
func (v Qty) Abs() Qty { return max(v, -v) }

func add[T scaled](a, b T) T {
	s := a + b
	if (s > a) != (b > 0) {
		panic(ErrOverflow)
	}
	return s
}

func sub[T scaled](a, b T) T {
	d := a - b
	if (d < a) != (b > 0) {
		panic(ErrOverflow)
	}
	return d
}

type rounding int

const (
	floor rounding = iota
	ceil
	halfEven
)

// ValueHalfEven is q·p·lot in quote currency: what a quantity is worth. Source: docs/adr/0002,
// "valuations half-even".
func ValueHalfEven(q Qty, p Price, lot int64) (USD, error) {
	units, err := mulDiv(int64(q), lot, 1, floor) // exact: the divisor is one
	if err != nil {
		return 0, err
	}
	v, err := mulDiv(units, int64(p), PriceScale, halfEven)
	return USD(v), err
}

// QtyDown is the largest quantity whose value at p does not exceed v, both non-negative.
func QtyDown(v USD, p Price, lot int64) (Qty, error) {
	units, err := mulDiv(int64(v), PriceScale, int64(p), floor)
	if err != nil {
		return 0, err
	}
	// floor(floor(x/p)/lot) = floor(x/(p·lot)), so two steps lose nothing.
	q, err := mulDiv(units, 1, lot, floor)
	return Qty(q), err
}

// MidHalfEven is the price halfway between bid and ask.
func MidHalfEven(bid, ask Price) Price {
	half := (ask - bid) / 2 // ask ≥ bid > 0, so this cannot overflow
	if (ask-bid)%2 == 0 || (bid+half)%2 == 0 {
		return bid + half
	}
	return bid + half + 1
}

// ChargeUp is rate·|v| rounded up: charges never favour the trader by rounding.
func ChargeUp(v USD, rate Ratio) (USD, error) {
	c, err := mulDiv(int64(v.Abs()), int64(rate), RatioScale, ceil)
	return USD(c), err
}

// ScaleDown is v·r rounded down, both non-negative: an amount granted by a ratio.
func ScaleDown(v USD, r Ratio) (USD, error) {
	s, err := mulDiv(int64(v), int64(r), RatioScale, floor)
	return USD(s), err
}

// PartHalfEven is v·part/whole: the share of a cost that goes with part of a quantity.
func PartHalfEven(v USD, part, whole Qty) (USD, error) {
	c, err := mulDiv(int64(v), int64(part), int64(whole), halfEven)
	return USD(c), err
}

// PriceHalfEven is v/(q·lot): the average price that a cost stands for.
func PriceHalfEven(v USD, q Qty, lot int64) (Price, error) {
	units, err := mulDiv(int64(q), lot, 1, floor)
	if err != nil {
		return 0, err
	}
	p, err := mulDiv(int64(v), PriceScale, units, halfEven)
	return Price(p), err
}

// QuotientHalfEven is v/w as a ratio.
func QuotientHalfEven(v, w USD) (Ratio, error) {
	r, err := mulDiv(int64(v), RatioScale, int64(w), halfEven)
	return Ratio(r), err
}

// CmpProducts compares a·b with c·d exactly: -1, 0 or +1. It is how limits are tested.
func CmpProducts[A, B, C, D scaled](a A, b B, c C, d D) int {
	ns, nh, nl := mul(int64(a), int64(b))
	ms, mh, ml := mul(int64(c), int64(d))
	if ns != ms {
		return cmp.Compare(ns, ms)
	}
	if nh != mh {
		return ns * cmp.Compare(nh, mh)
	}
	return ns * cmp.Compare(nl, ml)
}

// mul is the 128-bit magnitude of a·b with its sign (-1, 0, +1).
func mul(a, b int64) (s int, hi, lo uint64) {
	hi, lo = bits.Mul64(abs(a), abs(b))
	switch {
	case hi == 0 && lo == 0:
		return 0, 0, 0
	case (a < 0) != (b < 0):
		return -1, hi, lo
	}
	return 1, hi, lo
}

func abs(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// mulDiv is a·b/c with a 128-bit product, rounded as asked.
func mulDiv(a, b, c int64, mode rounding) (int64, error) {
	if c == 0 {
		return 0, ErrZero
	}
	hi, lo := bits.Mul64(abs(a), abs(b))
	d := abs(c)
	if hi >= d {
		return 0, ErrOverflow
	}
	q, r := bits.Div64(hi, lo, d)
	neg := (a < 0) != (b < 0) != (c < 0)
	if r != 0 {
		away := false
		switch mode {
		case floor:
			away = neg
		case ceil:
			away = !neg
		case halfEven:
			away = r > d-r || r == d-r && q&1 == 1
		}
		if away && q < 1<<63 { // a larger quotient is refused below and must not wrap
			q++
		}
	}
	if q > 1<<63-1 {
		return 0, ErrOverflow
	}
	if neg {
		return -int64(q), nil
	}
	return int64(q), nil
}

// ConvertHalfEven is v·num/den: an amount in another currency, at an exact rate. A rate of 0/0, one
// that is not known, is a division by zero and not 1.
func ConvertHalfEven(v USD, num, den Price) (USD, error) {
	if num == den && den != 0 {
		return v, nil
	}
	c, err := mulDiv(int64(v), int64(num), int64(den), halfEven)
	return USD(c), err
}

// WorsePrice is a price after slippage, rounded against the trader: up for a buyer, down for a seller.
func WorsePrice(p Price, slippage Ratio, buy bool) (Price, error) {
	if buy {
		worse, err := mulDiv(int64(p), RatioScale+int64(slippage), RatioScale, ceil)
		return Price(worse), err
	}
	worse, err := mulDiv(int64(p), RatioScale-int64(slippage), RatioScale, floor)
	return Price(worse), err
}

// QtyOfUSDDown is a quantity that v USD buy at price p of a currency worth num/den USD, all
// non-negative, rounded down. The step through quote currency is rounded to its 1e-8, which moves the
// quantity by at most one unit where a lot is worth at least one of it.
func QtyOfUSDDown(v USD, num, den, p Price, lot int64) (Qty, error) {
	quoted := int64(v)
	if num != den || num == 0 {
		var err error
		if quoted, err = mulDiv(quoted, int64(den), int64(num), halfEven); err != nil {
			return 0, err
		}
	}
	return QtyDown(USD(quoted), p, lot)
}

// PerThetaDown is price × amount, in USD for theta, both non-negative, rounded down.
func PerThetaDown(price USD, amount Theta) (USD, error) {
	v, err := mulDiv(int64(price), int64(amount), ThetaScale, floor)
	return USD(v), err
}
