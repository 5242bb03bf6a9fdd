// Package wire is the one canonical byte form of what leaves the engine: records, blocks and
// receipts, with the hash and the signature over them. It is pure apart from the randomness of
// signing.
//
// # Encoding
//
// CBOR, core deterministic (RFC 8949 §4.2.1): integer keys, shortest forms, no indefinite
// lengths. Decoding refuses duplicate and unknown keys, tags, floats' NaN and Inf, invalid UTF-8
// and anything after the value; records and blocks are also refused in any other form than the
// one that encoding gives. Unknown command and event kinds are errors, never skipped.
//
//	record = [seq, at, envelope | null, [kind, command] | null, [[kind, event]…]]
//
// A record has an envelope or a command, never both: from a signed call the command is decoded
// again (package request), so that there is one form that counts, the one that was signed.
//
// # Block
//
//	header = {1: first_seq, 2: last_seq, 3: at, 4: engine_version, 5: prev_hash, 6: records_root}
//	block  = [header bytes, signature, [record bytes…]]
//
// records_root is the Merkle root (RFC 6962: leaf = SHA-256(0x00‖record), node =
// SHA-256(0x01‖left‖right)) of the records. The block's hash is SHA-256("propnet/block/1"‖0x00‖
// header); prev_hash is the hash of the block before, zero for the first. The signature is
// sr25519, context "substrate", by the origin over "propnet/block/1\n" + network + "\n" + hash.
//
// # Receipt
//
// A receipt proves one record: header, signature, index, sibling hashes from the record up, and
// the record itself. Receipt.Verify needs nothing but the network's name and the origin's key.
package wire
