// Package rules is policy: pure functions that a non-programmer could almost read. No function
// knows more than its arguments; whoever is refused gets a prop.Error with its reason.
//
// A limit is compared exactly, by cross-multiplication on integers. Whether touching it breaches
// is the rule set's to say (prop.Op).
//
// Source: reference/entity.md §3.8 to §3.9 and §10.3; docs/differences.md lists what differs from
// the public node.
package rules
