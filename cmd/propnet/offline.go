package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/audit"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/request"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/wire"
	"github.com/propnet/propnet/prop"
)

type receiptCmd struct {
	Get    receiptGet    `cmd:"" help:"Fetch a command's receipt as JSON."`
	Verify receiptVerify `cmd:"" help:"Prove a receipt offline."`
}

type receiptGet struct {
	remote
	ID string `arg:""`
}

func (c *receiptGet) Run(a *app) error {
	id, err := prop.ParseCommandID(c.ID)
	if err != nil {
		return err
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	out, err := cl.Command(a.ctx, id)
	if err != nil {
		return err
	}
	return json.NewEncoder(a.out).Encode(out.Receipt)
}

type receiptVerify struct {
	File    string `arg:"" help:"Receipt, or a command's whole answer; - reads standard input."`
	Network string `required:"" help:"Network that you mean."`
	Origin  string `required:"" help:"Address of the node that you trust to have signed."`
}

// maxReceipt bounds what is read: a record is at most a block's share.
const maxReceipt = 4 << 20

func (c *receiptVerify) Run(a *app) error {
	origin, err := prop.ParseHotkey(c.Origin)
	if err != nil {
		return err
	}
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxReceipt))
	if err != nil {
		return err
	}
	whole := api.Command{}
	if json.Unmarshal(body, &whole) != nil || len(whole.Receipt.Header) == 0 {
		if err := json.Unmarshal(body, &whole.Receipt); err != nil {
			return fmt.Errorf("%w: not a receipt: %w", errIntegrity, err)
		}
	}
	record, err := client.VerifyReceipt(whole.Receipt, c.Network, origin)
	if err != nil {
		return fmt.Errorf("%w: %w", errIntegrity, err)
	}
	kinds := []string{}
	for _, e := range record.Events {
		kinds = append(kinds, view.Kind(e))
	}
	out := map[string]any{"proven": true, "seq": record.Seq, "at": record.At, "events": kinds}
	if e := record.Envelope; e != nil {
		out["id"], out["signer"], out["path"], out["body"] = e.ID, e.Signer, e.Path, string(e.Body)
	}
	return a.print(out)
}

type journalCmd struct {
	Verify journalVerify `cmd:"" help:"Check every byte in use: checksums, format, chain, signatures."`
	Cat    journalCat    `cmd:"" help:"Print what happened, a record a line, as JSON."`
	Replay journalReplay `cmd:"" help:"Replay the events and compare every recorded root."`
}

// offline are the flags of verbs that read a data directory.
type offline struct {
	Data string `required:"" help:"Data directory." type:"existingdir"`
}

func (o offline) open() (*journal.Journal, error) { return journal.OpenReadOnly(o.Data) }

type journalVerify struct{ offline }

func (c *journalVerify) Run(a *app) error {
	var genesis *prop.Genesis
	report, err := journal.Verify(c.Data, func(b *wire.Block) error {
		if genesis == nil {
			r, err := wire.DecodeRecord(b.Records[0])
			if err != nil {
				return err
			}
			start, ok := r.Command.(*prop.Start)
			if !ok {
				return errors.New("the first record is not a genesis")
			}
			genesis = &start.Genesis
		}
		if !b.Verify(genesis.Network, genesis.Origin) {
			return errors.New("the block's signature is not the origin's")
		}
		for _, raw := range b.Records {
			r, err := wire.DecodeRecord(raw)
			if err != nil {
				return err
			}
			if e := r.Envelope; e != nil {
				if err := request.Verify(e, genesis.Network, genesis.Origin, e.Time, 0); err != nil {
					return fmt.Errorf("record %d: %w", r.Seq, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if genesis == nil {
		return fmt.Errorf("%w: the journal has no record, not even a genesis", errIntegrity)
	}
	out := map[string]any{"ok": true, "segments": report.Segments, "blocks": report.Blocks, "records": report.Records, "bytes": report.Bytes,
		"seq": report.Head.LastSeq, "head": report.Head.Hash.String(), "network": genesis.Network, "origin": genesis.Origin.String()}
	return a.print(out)
}

type journalCat struct {
	offline
	From uint64 `help:"First record to print." default:"1"`
}

// Run evolves a view on the way, which knows the names of what records refer to.
func (c *journalCat) Run(a *app) error {
	j, err := c.open()
	if err != nil {
		return err
	}
	defer j.Close()
	names, out := view.New(), bufio.NewWriter(a.out)
	err = j.Read(1, func(b *wire.Block) error {
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
		records := make([]prop.Record, len(b.Records))
		for i, raw := range b.Records {
			if records[i], err = request.Record(raw); err != nil {
				return err
			}
		}
		names.Publish(b, records)
		for i := range records {
			if records[i].Seq < c.From {
				continue
			}
			if _, err := out.Write(append(names.Render(&records[i]), '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, out.Flush())
}

type journalReplay struct {
	offline
	Decide bool `help:"Decide every command again and compare."`
}

func (c *journalReplay) Run(a *app) error {
	j, err := c.open()
	if err != nil {
		return err
	}
	defer j.Close()
	r, err := audit.Replay(j, c.Decide)
	if err != nil {
		return fmt.Errorf("%w: %w", errIntegrity, err)
	}
	out := map[string]any{"seq": r.Seq, "at": r.At, "blocks": r.Blocks, "records": r.Records, "events": r.Events, "roots_equal": r.Roots,
		"registry": r.Registry, "trading": r.Trading}
	if c.Decide {
		out["decided"], out["differences"] = r.Decided, r.Differences
	}
	if r.First != nil {
		out["first"] = r.First
		if err := a.print(out); err != nil {
			return err
		}
		if r.OtherVersion {
			return fmt.Errorf("%w: record %d was decided by engine version %d: unverified by this one", errIntegrity, r.First.Seq, r.First.Version)
		}
		return fmt.Errorf("%w: this engine decides record %d otherwise", errIntegrity, r.First.Seq)
	}
	return a.print(out)
}

type stateCmd struct {
	Root stateRoot `cmd:"" help:"The roots at the end of the journal, beside the last recorded ones."`
}

type stateRoot struct{ offline }

func (c *stateRoot) Run(a *app) error {
	j, err := c.open()
	if err != nil {
		return err
	}
	defer j.Close()
	r, err := audit.Replay(j, false)
	if err != nil {
		return fmt.Errorf("%w: %w", errIntegrity, err)
	}
	return a.print(map[string]any{
		"seq": r.Seq, "registry": r.Registry, "trading": r.Trading,
		"recorded": rootsJSON{r.RecordedAt, r.Recorded[0], r.Recorded[1]}, "all_recorded_equal": true, "recorded_roots": r.Roots,
	})
}
