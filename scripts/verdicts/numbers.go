package main

import (
	"math/big"
	"time"
)

// Digits after the point that each figure is kept with.
const (
	usdDigits      = 8
	quantityDigits = 8
	priceDigits    = 10
)

type rounding int

const (
	down     rounding = iota // towards zero: what is granted
	up                       // away from zero: what is charged
	halfEven                 // what is valued
)

// Nothing here changes its arguments.
func add(x, y *big.Rat) *big.Rat { return new(big.Rat).Add(x, y) }
func sub(x, y *big.Rat) *big.Rat { return new(big.Rat).Sub(x, y) }
func mul(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }
func quo(x, y *big.Rat) *big.Rat { return new(big.Rat).Quo(x, y) }
func neg(x *big.Rat) *big.Rat    { return new(big.Rat).Neg(x) }
func abs(x *big.Rat) *big.Rat    { return new(big.Rat).Abs(x) }
func whole(n int64) *big.Rat     { return new(big.Rat).SetInt64(n) }

// round keeps so many digits after the point.
func round(x *big.Rat, digits int64, mode rounding) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil)
	n, rest := new(big.Int).Mul(new(big.Int).Abs(x.Num()), unit), new(big.Int)
	n.QuoRem(n, x.Denom(), rest)
	away := mode == up && rest.Sign() > 0
	if mode == halfEven {
		half := rest.Lsh(rest, 1).Cmp(x.Denom())
		away = half > 0 || half == 0 && n.Bit(0) == 1
	}
	if away {
		n.Add(n, big.NewInt(1))
	}
	if x.Sign() < 0 {
		n.Neg(n)
	}
	return new(big.Rat).SetFrac(n, unit)
}

// dec is a figure as records have it: all its digits, no zeros after them.
func dec(x *big.Rat) string {
	digits, _ := x.FloatPrec() // exact: every figure is rounded to decimal digits or was one
	return x.FloatString(digits)
}

// instant is a point in time, in milliseconds since 1970.
type instant int64

const instantLayout = "2006-01-02T15:04:05.000Z"

func (t instant) String() string { return time.UnixMilli(int64(t)).UTC().Format(instantLayout) }

// UnmarshalText reads what String prints.
func (t *instant) UnmarshalText(b []byte) error {
	p, err := time.Parse(instantLayout, string(b))
	*t = instant(p.UnixMilli())
	return err
}
