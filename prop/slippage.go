package prop

import "github.com/propnet/propnet/fixed"

// Slippage says by how much of the price a fill is worse than the quote. It is data, so that a rule
// set can hold it by value. Equities and indices have no table.
//
// Rounding: an estimate is rounded half-even to 1e-9 when it is put into the table; what is made of
// it here is exact. Source: reference/trading.md §4.4.
type Slippage struct {
	Free   fixed.USD      `cbor:"1,keyasint" toml:"free"` // a trade of up to this value does not slip
	Cap    fixed.Ratio    `cbor:"2,keyasint" toml:"cap"`  // no trade slips more
	Crypto CryptoSlippage `cbor:"3,keyasint" toml:"crypto"`
	Forex  ForexSlippage  `cbor:"4,keyasint" toml:"forex"`
}

// CryptoSlippage goes by pair, side and value.
type CryptoSlippage struct {
	Multiplier int64          `cbor:"1,keyasint" toml:"multiplier"` // of the estimates, to be careful
	Default    fixed.Ratio    `cbor:"2,keyasint" toml:"default"`    // of a pair that is not listed; not multiplied
	Pairs      []PairSlippage `cbor:"3,keyasint" toml:"pairs"`
}

// PairSlippage are the estimates of a pair, by value ascending.
type PairSlippage struct {
	Pair string         `cbor:"1,keyasint" toml:"pair"`
	Buy  []SlippageStep `cbor:"2,keyasint" toml:"buy"`
	Sell []SlippageStep `cbor:"3,keyasint" toml:"sell"`
}

// SlippageStep is the estimate for values below a bound and not below that of the step before. The
// last step is for all above it too.
type SlippageStep struct {
	Below    fixed.USD   `cbor:"1,keyasint" toml:"below"`
	Estimate fixed.Ratio `cbor:"2,keyasint" toml:"estimate"`
}

// ForexSlippage goes by the hour in New York: around 17:00, when the day rolls over, books are thin.
type ForexSlippage struct {
	Usual fixed.Ratio    `cbor:"1,keyasint" toml:"usual"`
	Hours []HourSlippage `cbor:"2,keyasint" toml:"hours"`
}

// HourSlippage is what another rate holds for: from :00 to :59 of the hour.
type HourSlippage struct {
	Hour int64       `cbor:"1,keyasint" toml:"hour"`
	Rate fixed.Ratio `cbor:"2,keyasint" toml:"rate"`
}
