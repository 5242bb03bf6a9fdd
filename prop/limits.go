package prop

// Limits, each with its reason.
const (
	MaxAccountID     = 999_999_999 // nine digits: the canonical form of a synthetic hotkey
	MaxEntities      = 10_000      // bounds the registry; a network has tens
	MaxPairs         = 4_096       // a bitmap of the pairs stays 512 bytes
	MaxCommandBytes  = 4 << 10     // a signed command's body
	MaxPriceBytes    = 256 << 10   // a pushed price batch's body
	MaxBatchCommands = 1_024       // of one block: a receipt's path is at most 10 hashes
	MaxBatchBytes    = 1 << 20     // of one block's records
	MaxQueue         = 4_096       // submissions that wait for the loop; beyond it the caller is told to retry
	MaxFills         = 4_096       // on one price batch; the others wait for the next, so that no record is unbounded
	MaxEliminations  = 256         // per tick, so that no record is unbounded
	MaxDetailBytes   = 200         // free text of an effect's outcome
	AuthSkewMs       = 2_000       // how far a client's clock may be ahead
	RootEveryMs      = 60_000      // of the record's time, between two recorded roots
)
