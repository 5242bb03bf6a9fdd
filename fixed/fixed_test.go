package fixed

import (
	"errors"
	"math"
	"math/big"
	"testing"
)

func TestParsePrint(t *testing.T) {
	rows := []struct {
		in   string
		want USD
		err  error
	}{
		{"0", 0, nil}, {"1", USDScale, nil}, {"-1.5", -150000000, nil}, {"0.00000001", 1, nil},
		{"92233720368.54775807", math.MaxInt64, nil}, {"-92233720368.54775807", -math.MaxInt64, nil},
		{"92233720368.54775808", 0, ErrOverflow}, {"92233720369", 0, ErrOverflow}, {"99999999999999999999999", 0, ErrOverflow},
		{"0.000000001", 0, ErrDigits}, {"1.000000000", 0, ErrDigits},
		{"", 0, ErrSyntax}, {"-", 0, ErrSyntax}, {".5", 0, ErrSyntax}, {"5.", 0, ErrSyntax}, {"+1", 0, ErrSyntax},
		{"1e3", 0, ErrSyntax}, {"NaN", 0, ErrSyntax}, {" 1", 0, ErrSyntax}, {"1 ", 0, ErrSyntax}, {"1.2.3", 0, ErrSyntax},
		{"-0", 0, ErrSyntax}, {"-0.0", 0, ErrSyntax}, {"١", 0, ErrSyntax}, {"0x10", 0, ErrSyntax}, {"--1", 0, ErrSyntax},
	}
	for _, r := range rows {
		got, err := ParseUSD(r.in)
		if !errors.Is(err, r.err) || got != r.want {
			t.Errorf("ParseUSD(%q) = %d, %v; want %d, %v", r.in, got, err, r.want, r.err)
		}
		if err == nil && got.String() != r.in && r.in != "1.000000000" {
			t.Errorf("%q prints as %q", r.in, got)
		}
	}
}

func TestRoundingModes(t *testing.T) {
	rows := []struct {
		a, b, c             int64
		floor, ceil, nearly int64
	}{
		{7, 1, 2, 3, 4, 4}, {5, 1, 2, 2, 3, 2}, {-5, 1, 2, -3, -2, -2}, {-7, 1, 2, -4, -3, -4},
		{6, 1, 2, 3, 3, 3}, {1, 1, 3, 0, 1, 0}, {-1, 1, 3, -1, 0, 0}, {2, 1, 3, 0, 1, 1}, {0, 5, 3, 0, 0, 0},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
	}
	for _, r := range rows {
		for mode, want := range map[rounding]int64{floor: r.floor, ceil: r.ceil, halfEven: r.nearly} {
			if got, err := mulDiv(r.a, r.b, r.c, mode); err != nil || got != want {
				t.Errorf("mulDiv(%d,%d,%d,%d) = %d, %v; want %d", r.a, r.b, r.c, mode, got, err, want)
			}
		}
	}
	if _, err := mulDiv(math.MaxInt64, math.MaxInt64, 1, floor); !errors.Is(err, ErrOverflow) {
		t.Error("no overflow seen")
	}
	if _, err := mulDiv(1, 1, 0, floor); !errors.Is(err, ErrZero) {
		t.Error("no zero divisor seen")
	}
}

// TestWorkedNumbers pins the figures that other packages rely on.
func TestWorkedNumbers(t *testing.T) {
	half := Qty(QtyScale / 2)
	if v, _ := ValueHalfEven(half, 60000*PriceScale, 1); v != 30000*USDScale {
		t.Errorf("0.5 BTC at 60000 is worth %s", v)
	}
	if q, _ := QtyDown(20000*USDScale, 60000*PriceScale, 1); q != 33333333 {
		t.Errorf("20000 USD buys %s BTC at 60000", q)
	}
	if q, _ := QtyDown(220000*USDScale, 11*PriceScale/10, 100000); q != 2*QtyScale {
		t.Errorf("220000 USD buys %s lots at 1.10", q)
	}
	if f, _ := ChargeUp(-1, 1_000_000); f != 1 {
		t.Errorf("the smallest charge is one unit, got %d", f)
	}
	for _, r := range []struct{ bid, ask, mid Price }{{4, 4, 4}, {4, 5, 4}, {5, 6, 6}, {4, 6, 5}, {3, 6, 4}, {5, 8, 6}} {
		if got := MidHalfEven(r.bid, r.ask); got != r.mid {
			t.Errorf("mid of %d and %d = %d, want %d", r.bid, r.ask, got, r.mid)
		}
	}
	// 1 − 9,635/10,250 is 0.06 exactly; in float64 it is 0.06000000000000005.
	peak, equity, limit := USD(10250*USDScale), USD(9635*USDScale), Ratio(60_000_000)
	if CmpProducts(peak.Sub(equity), Ratio(RatioScale), limit, peak) != 0 {
		t.Error("6 % is not 6 %")
	}
}

func TestBugsPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("overflow inside did not panic")
		}
	}()
	USD(math.MaxInt64).Add(1)
}

func FuzzMulDiv(f *testing.F) {
	f.Add(int64(1), int64(2), int64(3))
	f.Add(int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64))
	f.Add(int64(math.MaxInt64), int64(3), int64(-2))
	f.Fuzz(func(t *testing.T, a, b, c int64) {
		for _, mode := range []rounding{floor, ceil, halfEven} {
			got, err := mulDiv(a, b, c, mode)
			if c == 0 {
				if !errors.Is(err, ErrZero) {
					t.Fatal("zero divisor accepted")
				}
				continue
			}
			want := reference(a, b, c, mode)
			inRange := want.IsInt64() && want.Int64() != math.MinInt64
			if (err == nil) != inRange || err == nil && got != want.Int64() {
				t.Fatalf("mulDiv(%d,%d,%d,%d) = %d, %v; want %s", a, b, c, mode, got, err, want)
			}
		}
		ab, bc := new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), new(big.Int).Mul(big.NewInt(b), big.NewInt(c))
		if got := CmpProducts(USD(a), USD(b), Qty(b), Ratio(c)); got != ab.Cmp(bc) {
			t.Fatalf("CmpProducts(%d·%d, %d·%d) = %d", a, b, b, c, got)
		}
	})
}

// reference computes the same quotient with math/big, by definition of the mode.
func reference(a, b, c int64, mode rounding) *big.Int {
	n, d := new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), big.NewInt(c)
	if d.Sign() < 0 {
		n.Neg(n)
		d.Neg(d)
	}
	low, rest := new(big.Int).DivMod(n, d, new(big.Int)) // Euclidean with d > 0 is floor
	twice := new(big.Int).Lsh(rest, 1).Cmp(d)
	up := mode == ceil && rest.Sign() > 0 || mode == halfEven && (twice > 0 || twice == 0 && low.Bit(0) == 1)
	if up {
		low.Add(low, big.NewInt(1))
	}
	return low
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-1.5", "1e9", "92233720368.54775807", "-0", "00.1", "1.", "٣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParsePrice(s)
		if err != nil {
			return
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok || r.Cmp(big.NewRat(int64(v), PriceScale)) != 0 {
			t.Fatalf("%q parsed as %d", s, v)
		}
		if w, err := ParsePrice(v.String()); err != nil || w != v {
			t.Fatalf("%d printed as %q", v, v)
		}
	})
}

func TestAllocationsAreZero(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		v, _ := ValueHalfEven(123456, 789*PriceScale, 1)
		_, _ = ChargeUp(v, 1_000_000)
		_, _ = ParseUSD("123.45")
		_, _ = ConvertHalfEven(v, PriceScale, 150*PriceScale)
		_, _ = WorsePrice(789*PriceScale, 200_000, true)
		_, _ = QtyOfUSDDown(v, PriceScale, 150*PriceScale, 789*PriceScale, 100_000)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestConvert(t *testing.T) {
	rows := []struct {
		rule     string
		v        USD
		num, den Price
		want     USD
		err      error
	}{
		{"a yen is 1/150 USD", 150 * USDScale, PriceScale, 150 * PriceScale, USDScale, nil},
		{"a pound is 1.3 USD", 2 * USDScale, 13 * PriceScale / 10, PriceScale, 26 * USDScale / 10, nil},
		{"USD is itself, exactly", math.MaxInt64, PriceScale, PriceScale, math.MaxInt64, nil},
		{"half a unit goes to the even one", 1, 1, 2, 0, nil}, {"and so do three halves", 3, 1, 2, 2, nil},
		{"below zero too", -1, 1, 2, 0, nil}, {"and there", -3, 1, 2, -2, nil}, {"a third is nearer to none", 1, 1, 3, 0, nil},
		{"a rate that is not known is not 1", 5, 0, 0, 0, ErrZero}, {"nor infinite", 5, 1, 0, 0, ErrZero},
		{"beyond the range", math.MaxInt64, 2, 1, 0, ErrOverflow},
	}
	for _, r := range rows {
		if got, err := ConvertHalfEven(r.v, r.num, r.den); got != r.want || !errors.Is(err, r.err) {
			t.Errorf("%s: %d·%d/%d = %d, %v", r.rule, r.v, r.num, r.den, got, err)
		}
	}
}

// TestWorsePrice: up for who buys, down for who sells, and not at all without slippage.
func TestWorsePrice(t *testing.T) {
	rows := []struct {
		rule     string
		price    Price
		slippage Ratio
		buy      bool
		want     Price
		err      error
	}{
		{"2 bp on 1.1, bought", 11 * PriceScale / 10, 200_000, true, 11_002_200_000, nil},
		{"2 bp on 1.1, sold", 11 * PriceScale / 10, 200_000, false, 10_997_800_000, nil},
		{"none", 60_000 * PriceScale, 0, true, 60_000 * PriceScale, nil}, {"none, sold", 60_000 * PriceScale, 0, false, 60_000 * PriceScale, nil},
		{"less than a unit is a unit for a buyer", 7, 1, true, 8, nil}, {"and for a seller", 7, 1, false, 6, nil},
		{"the smallest price, sold", 1, RatioScale * 3 / 100, false, 0, nil},
		{"beyond the range", math.MaxInt64, 1, true, 0, ErrOverflow},
	}
	for _, r := range rows {
		if got, err := WorsePrice(r.price, r.slippage, r.buy); got != r.want || !errors.Is(err, r.err) {
			t.Errorf("%s: %d, %v, want %d", r.rule, got, err, r.want)
		}
	}
}

func TestQtyOfUSD(t *testing.T) {
	rows := []struct {
		rule        string
		usd         USD
		num, den, p Price
		lot         int64
		want        Qty
		err         error
	}{
		{"20,000 USD of a coin of 60,000", 20_000 * USDScale, PriceScale, PriceScale, 60_000 * PriceScale, 1, 33_333_333, nil},
		{"100,000 USD are a lot of USDCAD, whatever its price", 100_000 * USDScale, PriceScale, 14 * PriceScale / 10, 14 * PriceScale / 10, 100_000, QtyScale, nil},
		{"15,000 USD of EURJPY at 165, 150 yen for a dollar", 15_000 * USDScale, PriceScale, 150 * PriceScale, 165 * PriceScale, 100_000, 13_636_363, nil},
		{"no rate", USDScale, 0, PriceScale, PriceScale, 1, 0, ErrZero}, {"none at all", USDScale, 0, 0, PriceScale, 1, 0, ErrZero},
		{"no price", USDScale, PriceScale, PriceScale, 0, 1, 0, ErrZero}, {"beyond the range", math.MaxInt64, 1, PriceScale, PriceScale, 1, 0, ErrOverflow},
	}
	for _, r := range rows {
		if got, err := QtyOfUSDDown(r.usd, r.num, r.den, r.p, r.lot); got != r.want || !errors.Is(err, r.err) {
			t.Errorf("%s: %d, %v, want %d", r.rule, got, err, r.want)
		}
	}
}

// FuzzConversions compares the conversions with what math/big makes of their definitions.
func FuzzConversions(f *testing.F) {
	f.Add(int64(20_000*USDScale), int64(PriceScale), int64(150*PriceScale), int64(165*PriceScale), int64(100_000), int64(200_000))
	f.Add(int64(math.MaxInt64), int64(3), int64(2), int64(1), int64(1), int64(RatioScale/2))
	f.Add(int64(1), int64(7), int64(7), int64(PriceScale), int64(1), int64(0))
	f.Fuzz(func(t *testing.T, v, num, den, price, lot, slippage int64) {
		v, num, den, price = v&math.MaxInt64, num&math.MaxInt64, den&math.MaxInt64, price&math.MaxInt64
		lot, slippage = lot&(1<<20-1)+1, slippage&math.MaxInt64%RatioScale
		if num == 0 || den == 0 || price == 0 {
			return
		}
		same := func(what string, got int64, err error, want *big.Int) {
			t.Helper()
			inRange := want.IsInt64() && want.Int64() != math.MinInt64
			if (err == nil) != inRange || err == nil && got != want.Int64() {
				t.Fatalf("%s of %d, %d/%d, %d, %d, %d: %d, %v; want %s", what, v, num, den, price, lot, slippage, got, err, want)
			}
		}
		for _, signed := range []int64{v, -v} {
			got, err := ConvertHalfEven(USD(signed), Price(num), Price(den))
			same("conversion", int64(got), err, reference(signed, num, den, halfEven))
		}
		up, err := WorsePrice(Price(price), Ratio(slippage), true)
		same("dearer price", int64(up), err, reference(price, RatioScale+slippage, RatioScale, ceil))
		down, err := WorsePrice(Price(price), Ratio(slippage), false)
		same("cheaper price", int64(down), err, reference(price, RatioScale-slippage, RatioScale, floor))

		quoted := reference(v, den, num, halfEven)
		q, err := QtyOfUSDDown(USD(v), Price(num), Price(den), Price(price), lot)
		per := new(big.Int).Mul(big.NewInt(price), big.NewInt(lot))
		want := new(big.Int).Div(new(big.Int).Mul(quoted, big.NewInt(PriceScale)), per)
		if err != nil { // a step on the way may be out of range where its end is not
			return
		}
		same("quantity", int64(q), nil, want)
		// Rounding on the way moves it by at most one unit where a lot is worth at least one.
		exact := new(big.Int).Mul(big.NewInt(v), big.NewInt(den))
		exact.Mul(exact, big.NewInt(PriceScale)).Div(exact, per.Mul(per, big.NewInt(num)))
		if off := exact.Sub(exact, want); new(big.Int).Mul(big.NewInt(price), big.NewInt(lot)).Cmp(big.NewInt(PriceScale)) >= 0 && off.CmpAbs(big.NewInt(1)) > 0 {
			t.Fatalf("%d USD units at %d/%d, price %d, lot %d: %s, off by %s", v, num, den, price, lot, want, off)
		}
	})
}
