// Package feed is where prices come from: sources of ObservePrices batches, and the loop that
// hands them to a node.
//
// A Source yields groups. A Group is what belongs into one block: the node makes it durable as a
// whole or not at all, so whoever resumes after a stop never meets half a bar. There are two
// sources, and each is a real one:
//
//   - Replay reads a CSV file of price bars and tells each bar as four moments: open, the two
//     extremes, close. A hole in the file becomes batches without quotes: data time passes, and
//     prices grow stale as they would with a silent publisher.
//   - Sim is an endless seeded random walk.
//
// Both are integers throughout: the same file or the same seed gives the same batches on every
// machine, and so the same journal. Both can Skip to where a stopped run ended, and then continue
// exactly as if it had not stopped.
//
// Nothing here reads a clock. Batches carry the time of the data, and Run paces them by timers on
// the differences between groups. Nothing here decides what a price means either: whether it is
// stale or a jump too far is for the rules.
//
// Start reading in feed.go, then replay.go (order of time) and bars.go (what a file must be).
package feed
