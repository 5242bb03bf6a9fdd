// Package demo is the demo firm and its traders, through the client alone: they can do nothing
// that any other firm could not.
//
// A trader is a pure function of the seed, his number, the market so far and what the node says of
// his account, so that one seed gives one history. Temperaments are in traders.go.
package demo
