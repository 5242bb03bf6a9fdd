package fixed

import (
	"errors"
	"math"
	"strconv"
)

// The scaled types. The unit of each is one part in its scale constant.
type (
	USD   int64 // 1e-8 dollar
	Price int64 // 1e-10 quote unit per base unit
	Qty   int64 // 1e-8 lot, coin or share; negative is short
	Ratio int64 // 1e-9; 1.0 is 1_000_000_000
	Theta int64 // 1e-9 theta, one rao
)

// Decimals after the point and the scale of each type.
const (
	usdDecimals, priceDecimals, qtyDecimals, ratioDecimals, thetaDecimals = 8, 10, 8, 9, 9

	USDScale   = 100_000_000
	PriceScale = 10_000_000_000
	QtyScale   = 100_000_000
	RatioScale = 1_000_000_000
	ThetaScale = 1_000_000_000
)

// Errors of the border.
var (
	ErrSyntax   = errors.New("not a plain decimal number")
	ErrDigits   = errors.New("more digits after the point than the scale holds")
	ErrOverflow = errors.New("number out of range")
	ErrZero     = errors.New("division by zero")
)

// ParseUSD reads a decimal string of at most 8 digits after the point.
func ParseUSD(s string) (USD, error) { return parse[USD](s, usdDecimals) }

// ParsePrice reads a decimal string of at most 10 digits after the point.
func ParsePrice(s string) (Price, error) { return parse[Price](s, priceDecimals) }

// ParseQty reads a decimal string of at most 8 digits after the point.
func ParseQty(s string) (Qty, error) { return parse[Qty](s, qtyDecimals) }

// ParseRatio reads a decimal string of at most 9 digits after the point.
func ParseRatio(s string) (Ratio, error) { return parse[Ratio](s, ratioDecimals) }

// ParseTheta reads a decimal string of at most 9 digits after the point.
func ParseTheta(s string) (Theta, error) { return parse[Theta](s, thetaDecimals) }

// String is the shortest decimal that parses back to the same number.
func (v USD) String() string   { return string(format(nil, int64(v), usdDecimals)) }
func (v Price) String() string { return string(format(nil, int64(v), priceDecimals)) }
func (v Qty) String() string   { return string(format(nil, int64(v), qtyDecimals)) }
func (v Ratio) String() string { return string(format(nil, int64(v), ratioDecimals)) }
func (v Theta) String() string { return string(format(nil, int64(v), thetaDecimals)) }

// MarshalText makes JSON and TOML carry the number as a decimal string.
func (v USD) MarshalText() ([]byte, error)   { return format(nil, int64(v), usdDecimals), nil }
func (v Price) MarshalText() ([]byte, error) { return format(nil, int64(v), priceDecimals), nil }
func (v Qty) MarshalText() ([]byte, error)   { return format(nil, int64(v), qtyDecimals), nil }
func (v Ratio) MarshalText() ([]byte, error) { return format(nil, int64(v), ratioDecimals), nil }
func (v Theta) MarshalText() ([]byte, error) { return format(nil, int64(v), thetaDecimals), nil }

// UnmarshalText is the inverse of MarshalText, with the errors of the border.
func (v *USD) UnmarshalText(b []byte) error   { return unmarshal(v, b, usdDecimals) }
func (v *Price) UnmarshalText(b []byte) error { return unmarshal(v, b, priceDecimals) }
func (v *Qty) UnmarshalText(b []byte) error   { return unmarshal(v, b, qtyDecimals) }
func (v *Ratio) UnmarshalText(b []byte) error { return unmarshal(v, b, ratioDecimals) }
func (v *Theta) UnmarshalText(b []byte) error { return unmarshal(v, b, thetaDecimals) }

type scaled interface{ ~int64 }

func unmarshal[T scaled](v *T, b []byte, decimals int) error {
	n, err := parse[T](string(b), decimals)
	if err == nil {
		*v = n
	}
	return err
}

// parse accepts -?digits[.digits] and nothing else: no sign plus, no exponent, no spaces, no
// bare point, no negative zero. int64's minimum has no positive twin, so it is out of range.
func parse[T scaled](s string, decimals int) (T, error) {
	neg := len(s) > 0 && s[0] == '-'
	digits := s
	if neg {
		digits = s[1:]
	}
	var n uint64
	whole, frac, point := 0, 0, false
	for i := 0; i < len(digits); i++ {
		c := digits[i]
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return 0, ErrSyntax
		case point:
			if frac++; frac > decimals {
				return 0, ErrDigits
			}
		default:
			whole++
		}
		d := uint64(c - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, ErrOverflow
		}
		n = n*10 + d
	}
	if whole == 0 || point && frac == 0 || neg && n == 0 {
		return 0, ErrSyntax
	}
	for ; frac < decimals; frac++ {
		if n > math.MaxInt64/10 {
			return 0, ErrOverflow
		}
		n *= 10
	}
	if neg {
		return -T(n), nil
	}
	return T(n), nil
}

func format(b []byte, v int64, decimals int) []byte {
	u := uint64(v)
	if v < 0 {
		b = append(b, '-')
		u = -u
	}
	scale := uint64(1)
	for range decimals {
		scale *= 10
	}
	b = strconv.AppendUint(b, u/scale, 10)
	frac := u % scale
	if frac == 0 {
		return b
	}
	b = append(b, '.')
	for frac != 0 {
		scale /= 10
		b = append(b, byte('0'+frac/scale))
		frac %= scale
	}
	return b
}
