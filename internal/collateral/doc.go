// Package collateral is the port to where prop firms deposit theta, and its in-process twin.
//
// A Vault reads deposits and carries out effects: lock what a subaccount needs, slash what an
// eliminated one had locked. The Twin keeps its book in one append-only file, synced before it
// answers, so that it remembers across restarts what a contract on a chain would. Both sides of
// the port pass the suite in twin_test.go.
//
// Watch brings deposits into the node as observations: staleness and sufficiency are rules of the
// engine, not of this package.
package collateral
