package state

import (
	"encoding/binary"

	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

// Roots commit to the whole state but its sequence number and instant. Registry: genesis,
// entities, accounts' identity and life, effects. Trading: accounts' money and positions, quotes and
// pairs' states, waiting and resting orders, rates of orders, remembered command ids. Each is an RFC 6962 tree over leaves in order of the
// references, so that one account can be proven against it.
func (s *State) Roots() (registry, trading prop.Hash) {
	var b leaf
	genesis, err := wire.Encode(s.genesis)
	if err != nil {
		panic(err) // plain values always encode
	}
	reg := []prop.Hash{wire.LeafHash(genesis)}
	trd := make([]prop.Hash, 0, len(s.entities)+len(s.accounts.status)+len(s.quotes)+len(s.orderByID)+len(s.frozen)+len(s.ids.live())+1)
	for _, e := range s.entities {
		reg = append(reg, b.of(e.appendTo))
		trd = append(trd, b.of(func(l leaf) leaf { return append(l, 'R').window(e.OrderRate) }))
	}
	for r := range s.accounts.status {
		reg = append(reg, b.of(func(l leaf) leaf { return s.appendRegistry(l, r) }))
		trd = append(trd, b.of(func(l leaf) leaf { return s.appendMoney(l, prop.AccountRef(r)) }))
	}
	for _, f := range s.effects {
		reg = append(reg, b.of(f.appendTo))
	}
	for p, q := range s.quotes {
		trd = append(trd, b.of(func(l leaf) leaf { return q.appendTo(l).u64(uint64(s.pairs[p])) }))
	}
	for _, list := range s.orders {
		for _, o := range list {
			trd = append(trd, b.of(o.appendTo))
		}
	}
	trd = append(trd, b.of(func(l leaf) leaf { return append(l, 'H').flag(s.halted).u64(s.accepted) }))
	for _, z := range s.sizings {
		reg = append(reg, b.of(func(l leaf) leaf { return append(l, 'S').i64(int64(z.At)).u64(uint64(z.Account)).i64(int64(z.Size)) }))
	}
	for _, f := range s.frozen {
		trd = append(trd, b.of(func(l leaf) leaf { return append(l, 'Z').u64(uint64(f.Account)).u64(uint64(f.Reason)).u64(f.QuotesSeq) }))
	}
	for _, e := range s.ids.live() {
		trd = append(trd, b.of(func(l leaf) leaf { return append(l, 'I').bytes(e.id[:]).u64(e.seq).i64(int64(e.at)).bytes(e.hash[:]) }))
	}
	return wire.MerkleRoot(reg), wire.MerkleRoot(trd)
}

// leaf is a buffer of big-endian fixed-width fields; slices are preceded by their length, so that
// no two states share a byte form.
type leaf []byte

func (l *leaf) of(fill func(leaf) leaf) prop.Hash {
	*l = fill((*l)[:0])
	return wire.LeafHash(*l)
}

func (l leaf) u64(v uint64) leaf { return binary.BigEndian.AppendUint64(l, v) }
func (l leaf) i64(v int64) leaf  { return l.u64(uint64(v)) }
func (l leaf) flag(v bool) leaf {
	if v {
		return l.u64(1)
	}
	return l.u64(0)
}
func (l leaf) window(w prop.Window) leaf { return l.i64(int64(w.Start)).i64(w.Count) }
func (l leaf) bytes(v []byte) leaf       { return append(l.u64(uint64(len(v))), v...) }

func (e Entity) appendTo(l leaf) leaf {
	l = append(l, 'E')
	return l.bytes(e.Hotkey[:]).bytes(e.Coldkey[:]).flag(e.Miner).flag(e.Known).flag(e.Halted).i64(int64(e.Deposited)).i64(int64(e.Locked)).
		i64(int64(e.Slashed)).i64(e.Live).u64(uint64(len(e.Accounts)))
}

func (s *State) appendRegistry(l leaf, r int) leaf {
	a := &s.accounts
	l = append(l, 'A')
	return l.u64(uint64(a.entity[r])).u64(uint64(a.id[r])).bytes([]byte(a.class[r])).flag(a.halted[r]).u64(uint64(a.rules[r])).u64(uint64(a.status[r])).
		u64(uint64(a.phase[r])).i64(int64(a.size[r])).i64(int64(a.lock[r])).u64(a.startSeq[r]).i64(int64(a.deadline[r]))
}

func (s *State) appendMoney(l leaf, r prop.AccountRef) leaf {
	a := &s.accounts
	l = append(l, 'M')
	l = l.i64(int64(a.balance[r])).i64(int64(a.unrealised[r])).i64(int64(a.peak[r])).u64(a.peakSeq[r]).u64(uint64(len(a.held[r])))
	for _, p := range a.held[r] {
		pos := s.Position(r, p)
		l = l.u64(uint64(p)).i64(int64(pos.Quantity)).i64(int64(pos.Cost)).i64(int64(pos.Unrealised)).i64(pos.Orders)
	}
	l = l.window(a.orderRate[r]).u64(uint64(len(a.cooldown[r])))
	for _, c := range a.cooldown[r] {
		l = l.u64(uint64(c.pair)).i64(int64(c.until))
	}
	return l
}

func (f Effect) appendTo(l leaf) leaf {
	l = append(l, 'F')
	return l.u64(uint64(f.Effect)).u64(uint64(f.Kind)).u64(uint64(f.Entity)).u64(uint64(f.Account)).i64(int64(f.Amount)).
		u64(uint64(f.Status)).bytes(f.TxHash[:])
}

func (q Quote) appendTo(l leaf) leaf {
	l = append(l, 'Q')
	return l.i64(int64(q.Bid)).i64(int64(q.Ask)).i64(int64(q.Mark)).i64(int64(q.Observed)).i64(int64(q.Seen)).u64(q.Batches).u64(q.Seq).i64(int64(q.Num)).i64(int64(q.Den))
}

func (o *Order) appendTo(l leaf) leaf {
	l = append(l, 'O')
	return l.bytes(o.Order[:]).u64(uint64(o.Account)).u64(uint64(o.Pair)).u64(uint64(o.Side)).u64(uint64(o.SizeKind)).
		i64(int64(o.Leverage)).i64(int64(o.Value)).i64(int64(o.Quantity)).u64(o.FillAfter).u64(o.Seq).i64(int64(o.At)).
		u64(o.Number).u64(uint64(o.Type)).i64(int64(o.LimitPrice)).i64(int64(o.StopLoss)).i64(int64(o.TakeProfit)).bytes(o.Parent[:]).
		i64(int64(o.CoolUntil)).window(o.AccountRate).window(o.EntityRate)
}
