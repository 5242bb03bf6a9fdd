package node

import (
	"errors"

	"github.com/propnet/propnet/prop"
)

// refusals remembers refused calls until they expire, so that a repeated call is refused alike.
type refusals struct {
	byID  map[prop.CommandID]refusal
	queue []refusal
}

type refusal struct {
	id   prop.CommandID
	hash prop.Hash
	at   prop.Instant
	err  error
}

// maxRefusals bounds the memory of refused calls: some 200 bytes each.
const maxRefusals = 100_000

// remember keeps a refusal, unless it is one that the same call may outlive.
func (r *refusals) remember(cmd prop.Signed, at prop.Instant, err error) {
	var refused *prop.Error
	if cmd.Internal() || errors.As(err, &refused) && refused.Code.Passing() {
		return
	}
	if _, known := r.byID[cmd.ID]; known {
		return
	}
	f := refusal{cmd.ID, cmd.BodyHash, at, err}
	r.byID[cmd.ID] = f
	r.queue = append(r.queue, f)
}

// check answers a signed call that was refused before, and refuses one that an earlier run of this
// node may have refused.
func (r *refusals) check(n *Node, it item, at prop.Instant) error {
	if it.envelope == nil {
		return nil
	}
	horizon := at - prop.Instant(n.genesis.AuthWindowMs+prop.AuthSkewMs)
	for len(r.queue) > 0 && (r.queue[0].at < horizon || len(r.queue) > maxRefusals) {
		delete(r.byID, r.queue[0].id)
		r.queue = r.queue[1:]
	}
	if _, _, taken := n.state.Known(it.cmd.ID); taken {
		return nil // the engine answers: the first receipt stands, whatever others try with its id
	}
	if f, known := r.byID[it.cmd.ID]; known {
		if f.hash != it.cmd.BodyHash {
			return prop.Refuse(prop.IDConflict, "the id was used for another call", prop.KV{Key: "id", Value: it.cmd.ID.String()})
		}
		return f.err
	}
	if it.envelope.Time < n.notBefore {
		return prop.Refuse(prop.SignAgain, "the call is dated before the node's restart, and its journal does not know it", prop.KV{Key: "id", Value: it.cmd.ID.String()})
	}
	return nil
}
