// Package archtest holds the architecture of the project as a table and a
// handful of source checks, run as an ordinary test.
//
// What is checked, by kind (see the Kind constants):
//
//   - import: a package imports only the project packages in its row, and every
//     package has a row
//   - std: words and core stay pure: a short list of standard packages, no
//     third-party code in core, a fixed list of it in words
//   - concurrency: core has no goroutine, channel or select
//   - float: words and core have no floating point, except score
//   - clock: wall time is read in one file
//   - size: files, functions and interfaces stay small enough to read
//   - init: no init functions, no grab-bag packages, no mutable globals in core
//   - doc: every package says what it is for
//   - table30: the "find it in 30 seconds" table of CONTRIBUTING.md is true
//   - testbranch: production code does not know that it is being tested
//   - maprange: core never iterates in map order
//
// The limits apply to production files. Test files answer only for what holds
// anywhere: file size, interface size, the clock, init and package names.
//
// To add a package, add its row to the table in table.go. To excuse a map range
// whose order cannot matter, write `//archtest:ordered reason` on its line or
// the line above. To read the clock in another file, add the file and the
// reason to clockFiles.
//
// It must never ask the go command for the package list: the test cache knows
// only the files that the test itself opens, so a check by proxy would answer
// "(cached) ok" over a tree that has since been broken.
//
// Start reading at Check.
package archtest
