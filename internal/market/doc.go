// Package market is what is known about markets: when they are open, when carry is due, what an order
// slips, and what a currency is worth in USD. Data, and pure functions of it. Which pairs there are
// is data of the genesis.
//
//	civil.go     dates in UTC and New York, in integers: nothing here reads a time zone file
//	holidays.go  the days on which a market is closed or closes early, as rules for any year
//	session.go   open or closed, and when that changes
//	carry.go     the instants at which carry is due, and how many units of it
//	usd.go       currency → USD as an exact fraction
//	slippage.go  how slippage tables, which are data of the rule set, are read
//
// What cannot be computed is not guessed. An unknown class, an instant before the law that the
// calendar knows, a currency without a quote: each comes back as false, and the caller refuses.
// Known separates the first of these from the others, so that a genesis can be checked for it.
//
// It must never decide whether an order is taken: that is policy, and policy is in rules. Nor may
// an event be evolved with it: a calendar that is mended later must not move the past, so events
// carry the units, rates and fractions that were read here.
//
// The calendars know rules, not decrees. A market that shuts for a day of mourning is in a list in
// holidays.go once somebody has put it there; until then stale prices are what refuses its orders.
//
// Source: reference/trading.md §1, §3.2, §4.2 to §4.4 and §5. The vectors are in
// testdata/golden/trading-extra.json; golden_test.go lists where we differ, and why.
//
// Start reading at Session.
package market
