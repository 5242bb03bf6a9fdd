package prop

import "strings"

// Code is a stable number for a refusal. Ranges: 100 form, 200 authentication and authority,
// 300 entities and accounts, 400 orders and prices, 500 the node. Append-only.
type Code uint16

const (
	InvalidJSON       Code = 101
	InvalidHotkey     Code = 102
	InvalidAccount    Code = 103
	InvalidID         Code = 104
	InvalidSize       Code = 105
	InvalidField      Code = 106
	BodyTooLarge      Code = 107
	NotFound          Code = 108
	Unsigned          Code = 201
	BadSignature      Code = 202
	TimestampExpired  Code = 203
	TimestampFuture   Code = 204
	WrongNetwork      Code = 205
	WrongAudience     Code = 206
	IDExpired         Code = 207
	IDConflict        Code = 208
	SignAgain         Code = 209
	NotOwner          Code = 210
	TokenRequired     Code = 211
	EntityExists      Code = 301
	EntityLimit       Code = 302
	EntityNotFound    Code = 303
	AccountNotFound   Code = 304
	AccountLimit      Code = 305
	AccountNotActive  Code = 306
	CollateralShort   Code = 307
	CollateralUnknown Code = 308
	EffectNotFound    Code = 309
	EffectOutOfOrder  Code = 310
	PairUnknown       Code = 401
	NoPrice           Code = 402
	PriceStale        Code = 403
	InvalidPrice      Code = 404
	LeverageBounds    Code = 405
	TooManyPending    Code = 406
	NothingOpen       Code = 407
	MarketClosed      Code = 408
	CalendarUnknown   Code = 409
	PairNotTradable   Code = 410
	ClassMismatch     Code = 411
	NoRate            Code = 412
	Cooldown          Code = 413
	OrderRateLimited  Code = 414
	OrdersPerPosition Code = 415
	PortfolioBounds   Code = 416
	InvalidPrices     Code = 417
	OrderNotFound     Code = 418
	TradingHalted     Code = 419
	Busy              Code = 501
	NotReady          Code = 502
	ClockUnsure       Code = 503
	Internal          Code = 504
	NoRoom            Code = 505
)

// CodeInfo describes a code: its name, its HTTP status, when it arises and what to do next.
type CodeInfo struct {
	Code   Code
	Name   string
	Status int
	When   string
	Next   string
}

// Codes is the catalogue, in order; docs/errors.md is generated from it.
var codes = [...]CodeInfo{
	{InvalidJSON, "invalid_json", 400, "the body is not strict JSON of the documented shape", "send the documented fields once each, as UTF-8, without unknown ones"},
	{InvalidHotkey, "invalid_hotkey", 400, "a key is not an SS58 address of prefix 42 with a right checksum", "copy the address from the wallet again"},
	{InvalidAccount, "invalid_account", 400, "an account is not written in its one canonical form", "write {entity hotkey}_{number}, the number without sign or leading zero"},
	{InvalidID, "invalid_id", 400, "a command id is not a canonical UUIDv7", "make a new UUIDv7 for every new command"},
	{InvalidSize, "invalid_size", 400, "an order's size is missing, doubled or not positive", "set exactly one of leverage, value, quantity for LONG and SHORT, none for FLAT"},
	{InvalidField, "invalid_field", 400, "a field's value is outside its documented range", "see the field's documentation in /openapi.json"},
	{BodyTooLarge, "body_too_large", 413, "the body is larger than the limit of its route", "send less in one call"},
	{NotFound, "not_found", 404, "nothing is known under that name", "check the id; it may belong to another network"},
	{Unsigned, "unsigned", 401, "a header of the signed envelope is missing or malformed", "sign the call: propnet request sign shows how"},
	{BadSignature, "bad_signature", 401, "the signature does not match the call and its signer", "sign exactly the bytes that are sent, with the signer's key"},
	{TimestampExpired, "timestamp_expired", 401, "the call was signed too long ago", "take the time from /v1/time and sign again"},
	{TimestampFuture, "timestamp_future", 401, "the call is dated after the node's time", "take the time from /v1/time and sign again"},
	{WrongNetwork, "wrong_network", 401, "the call was signed for another network", "sign for the network that /v1/time names"},
	{WrongAudience, "wrong_audience", 401, "the call was signed for another origin", "sign for the origin that /v1/time names"},
	{IDExpired, "id_expired", 401, "the command id is older than the window of accepted calls", "make a new id and sign again"},
	{IDConflict, "id_conflict", 409, "the id was used for another call", "make a new id for a new command"},
	{SignAgain, "sign_again", 401, "the call is dated before the node's restart and its journal does not know it", "sign it again with the same id"},
	{NotOwner, "not_owner", 403, "the signer may not do this", "sign with the entity's hotkey or coldkey, prices with an operator key of the feed role"},
	{TokenRequired, "token_required", 401, "reading needs a token", "send Authorization: Bearer with a read token of this node"},
	{EntityExists, "entity_exists", 409, "the hotkey is registered already", "nothing: it is an entity"},
	{EntityLimit, "entity_limit", 409, "the network has no room for another entity", "ask the operators"},
	{EntityNotFound, "entity_not_found", 404, "the hotkey is not an entity", "register it first"},
	{AccountNotFound, "account_not_found", 404, "the entity has no account of that number", "list the entity's subaccounts"},
	{AccountLimit, "account_limit", 409, "all slots of the entity are taken", "wait until an account ends"},
	{AccountNotActive, "account_not_active", 409, "the account may not trade in its status", "see the account's status; eliminated and failed are final"},
	{CollateralShort, "insufficient_collateral", 409, "the entity's free collateral does not cover the lock", "deposit more collateral"},
	{CollateralUnknown, "collateral_unknown", 503, "the entity's deposit has not been read yet", "retry in some seconds"},
	{EffectNotFound, "effect_not_found", 404, "no effect has that id", "check the id"},
	{EffectOutOfOrder, "effect_out_of_order", 409, "the effect is not in the state that this step needs", "nothing: the step was done before"},
	{PairUnknown, "pair_unknown", 404, "the network has no such pair", "see /v1/prices for the pairs"},
	{NoPrice, "no_price", 409, "the pair has had no price yet", "retry when prices flow"},
	{PriceStale, "price_stale", 409, "the pair's last price is older than the rule set allows", "retry when prices flow"},
	{InvalidPrice, "invalid_price", 400, "a quote is not 0 < bid ≤ ask, is doubled, or is out of order", "push sane quotes in order of time"},
	{LeverageBounds, "leverage_bounds", 409, "the position would leave the pair's leverage bounds", "order less; nothing is resized silently"},
	{TooManyPending, "too_many_pending", 409, "too many orders of the account wait for a price", "retry after the next price batch"},
	{NothingOpen, "nothing_open", 409, "there is no position to close", "nothing: the position is flat"},
	{MarketClosed, "market_closed", 409, "the pair's market is closed", "retry when it opens; a LIMIT rests until then"},
	{CalendarUnknown, "calendar_unknown", 409, "the pair's trading calendar cannot be computed for this instant", "operators: the calendar's rules must be extended"},
	{PairNotTradable, "pair_not_tradable", 409, "the pair may not be traded in its state; closing is allowed where a price exists", "see the pair's state in /v1/prices"},
	{ClassMismatch, "class_mismatch", 409, "the pair is not of the account's asset class", "trade the class that the account was opened for"},
	{NoRate, "no_rate", 409, "there is no fresh rate from the pair's quote currency to USD", "retry when prices of the currency flow"},
	{Cooldown, "cooldown", 429, "the account's last order in the pair was too recent", "retry after the stated time"},
	{OrderRateLimited, "order_rate_limited", 429, "the account or its entity has sent as many orders as the window allows", "retry after the stated time"},
	{OrdersPerPosition, "orders_per_position", 409, "the position has as many orders as it may", "close it, or let it be"},
	{PortfolioBounds, "portfolio_bounds", 409, "the account's leverage over all pairs would exceed its cap", "order less; nothing is resized silently"},
	{InvalidPrices, "invalid_prices", 400, "a limit, stop loss or take profit is missing, not positive or on the wrong side", "for LONG: stop loss < limit < take profit; for SHORT the other way"},
	{OrderNotFound, "order_not_found", 404, "the account has no such resting order", "list the account's orders; it may have filled"},
	{TradingHalted, "trading_halted", 409, "a kill switch forbids new exposure; closing is allowed", "ask the firm or the operators"},
	{Busy, "busy", 503, "the queue is full", "retry after the stated time; the same id is safe"},
	{NotReady, "not_ready", 503, "the node is starting or stopping", "retry when /readyz answers 200"},
	{ClockUnsure, "clock_unsure", 503, "the machine's clock stepped", "operators: set the clock right"},
	{Internal, "internal", 500, "the node failed; details are in its log", "retry with the same id"},
	{NoRoom, "no_room", 507, "the disk has no room for another block; reads go on", "operators: make room; no restart is needed. Callers: retry later with the same id"},
}

// Codes returns the catalogue in order.
func Codes() []CodeInfo { return codes[:] }

// Info describes the code; an unknown code is reported as internal.
func (c Code) Info() CodeInfo {
	for _, i := range codes {
		if i.Code == c {
			return i
		}
	}
	return Internal.Info()
}

// Passing tells whether the same call, with the same id, may be accepted later.
func (c Code) Passing() bool {
	switch c.Info().Status {
	case 429, 503, 507:
		return true
	}
	return false
}

func (c Code) String() string { return c.Info().Name }

// KV names an id that a refusal concerns.
type KV struct{ Key, Value string }

// Error is a refusal: a stable code, what went wrong, and the ids concerned. It never carries
// internals.
type Error struct {
	Code    Code
	Detail  string
	Context []KV
}

// Refuse makes an Error.
func Refuse(code Code, detail string, context ...KV) *Error {
	return &Error{code, detail, context}
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code.String() + ": " + e.Detail)
	for _, kv := range e.Context {
		b.WriteString(" " + kv.Key + "=" + kv.Value)
	}
	return b.String()
}

// RetryAfterKey is the context key of a refusal that will not hold for ever: milliseconds until it
// may be tried again.
const RetryAfterKey = "retry_after_ms"
