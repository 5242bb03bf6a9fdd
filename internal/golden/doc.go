// Package golden holds the node against figures that it has not made itself: the vectors of the
// public node in testdata/golden, and the slow evaluator of package oracle. It has tests only, and
// what they judge is what runs: engine.Apply on a real state, from the genesis on, with the ticks
// that are due.
//
// The rule set is called golden: no fees, no cooldown, no limits on rates, an account that dies only
// when nothing is left, and today's bounds of leverage, unless a case needs others. What a case needs
// is data with its reason, in testdata/golden.json and in oracle's testdata/bounds.json. What differs
// on purpose is data too, in testdata/golden/differences.json of the repository: each entry states our
// own figure, and one that excuses nothing fails.
//
// Start reading in world_test.go, then positions_test.go; the million random sequences are in
// random_test.go (`go test ./internal/golden -run Random -golden.n 1000000`).
package golden
