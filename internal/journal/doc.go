// Package journal keeps blocks: durable, in order, each chained to the one before. It does not
// know what a command is; it stores the bytes of package wire and proves their order. It reads no
// clock and logs nothing: what it repaired it returns as a value. Linux only.
//
// Start reading in journal.go (Open, Append, Read), then scan.go (what is torn, what is damaged).
// Memory is the same thing without a disk; both pass the tests in conformance_test.go.
//
// # Files
//
// A data directory holds LOCK, which the one writer keeps flocked, and journal/ with the segments.
// A segment is named by the first sequence number in it, 20 decimal digits and ".seg". It is
// preallocated (64 MiB), reads as zeros where nothing was written, and holds, little-endian:
//
//	segment header, 64 bytes
//	  0  magic "PNSEG\x00\x00" and the format's version, 0x01
//	  8  first_seq, uint64: as in the file's name
//	 16  prev_hash, 32 bytes: hash of the last block of the segment before, zero in the first
//	 48  zeros
//	 60  CRC-32C of the 60 bytes before, uint32
//	frames, each at a multiple of 16
//	  0  magic 0xFF 'P' 'N' 0x01
//	  4  length of the payload, uint32, at most 2 MiB
//	  8  CRC-32C of the payload, uint32
//	 12  CRC-32C of the 12 bytes before, uint32
//	 16  payload: the bytes of the block (see package wire), then the end byte 0xFF
//	     zeros up to a multiple of 16
//
// The segment ends at a header of zeros, after which everything is zero, or where no header fits. A
// frame never spans segments: the next segment begins when a frame does not fit. The records of a
// block are at most prop.MaxBatchBytes; a payload may have twice that, which leaves ample room for
// what the block adds (at most 5 bytes a record and some 300 in all).
//
// # What a disk does to a write
//
// The reasoning below takes from the disk only this: a sector of 512 bytes is written whole or not
// at all, also where it is written again; sectors of one write reach the disk in any order, or not;
// what was synced stays. (A disk with sectors of 4 KiB gives more.)
//
// A frame header has 16 bytes at a multiple of 16. So it never straddles two sectors, and it is on
// the disk whole or not at all. The segment header lies in the first sector. The last sector of a
// frame holds the end byte, so it is never all zeros if it was written; nor is any other sector,
// unless a record holds 512 zeros.
//
// One frame is written at a time, and the next only after fdatasync. So at most one frame is
// unfinished, it is the last one of the last segment, and nothing follows it.
//
// # Torn or damaged
//
// Open and Verify read every used byte. Up to the end of the last segment each frame must be right:
// both checksums, zero padding, a block that decodes and whose sequence and prev_hash follow. At
// the first place X where that is not so:
//
//	there                       what follows                          verdict
//	no header, all zeros        zeros to the end                      end of the journal
//	no header, all zeros        a whole frame with a later block      damaged
//	no header, all zeros        bytes further than one frame reaches  damaged
//	no header, all zeros        other bytes                           torn: its first sector was lost
//	a header that is not right  zeros to the end                      torn: a file cut short
//	a header that is not right  other bytes                           damaged: headers are whole or absent
//	a header, bad payload       bytes after the frame                 damaged: it had been synced
//	a header, bad payload       end byte zero, or the file ends       torn: its end is missing
//	a header, bad payload       a later sector of it is all zeros     torn: that sector was lost
//	a header, bad payload       none of these                         damaged
//	a right frame               a block that is not the next one      damaged
//	the file's end              inside a header                       torn
//
// In any other segment every fault is damage. So are a missing segment, a first one that does not
// start at 1, and a segment header that is not right, save one case: a last segment without a right
// header and without anything behind it is left from a crash while it was made, and is removed.
//
// Torn is what an unfinished append leaves, also in a copy of a file that ends at any byte. (Where
// only zeros follow a part of a header, no whole frame was: its end byte would be there.) Nobody was told of that block, so Open drops it, by
// writing zeros over it and syncing (stale bytes must never come back under a shorter frame), and
// says so in a Repair. Damage is everything else. It is a *Fault with segment and offset, and it is
// refused: the blocks after it may have been promised, so nothing is skipped and nothing invented;
// they have to come back from a replica or a backup.
//
// Two things no single disk can tell, which is why a Repair deserves an alarm: a disk that lied
// about a sync and lost the last, promised block (a replica's longer chain shows it), and a flipped
// bit in a last block that holds 512 aligned zeros (it looks torn). And whoever chooses the bytes
// of a record could plant a frame in it that, should just that append lose its first sector, makes
// Open refuse. Text cannot do it: 0xFF is not UTF-8.
//
// # After an error
//
// When a write or a sync fails, what the file holds is unknown: the kernel may have dropped the
// pages and call the next sync a success. So the journal is broken from then on, every later Append
// returns the first error, and only a new Open tells what is there: it syncs the last segment and
// drops it from the page cache before it reads it, so that what it finds is on the disk. A block
// whose Append failed may be there.
//
// Room is the one thing that may run out without breaking anything: making a segment reserves its
// space, so a full disk shows before a block is written. Reserve lets the caller ask ahead. (Where
// the file system cannot reserve, the segment is sparse and a full disk breaks the journal. On a
// copy-on-write file system reserved room is no promise either.)
package journal
