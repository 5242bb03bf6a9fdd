// Package request turns a signed call into a command and back, purely: the API decodes with it
// what a client made with it, replay decodes the same bytes from the journal, and a follower
// checks them again.
//
// A call is a POST whose headers carry the envelope and whose body is the command in JSON. The
// signature is sr25519 (context "substrate") over
//
//	propnet/request/1 ⏎ network ⏎ audience ⏎ POST ⏎ path ⏎ id ⏎ time ⏎ signer ⏎ hex(SHA-256(body))
//
// with single line feeds, so no part of the call can be changed, moved to another route, network
// or node, or left out. The id is a UUIDv7: idempotency key, nonce and order id at once.
//
// JSON is strict: UTF-8, exactly the documented keys once each in their case, decimals and ids as
// strings, nothing after the object.
package request
