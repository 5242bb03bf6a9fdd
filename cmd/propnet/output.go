package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/propnet/propnet/client/api"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/prop"
)

// Exit codes, stable.
const (
	exitInternal    = 1
	exitUsage       = 2
	exitAuth        = 3
	exitNotFound    = 4
	exitConflict    = 5
	exitRefused     = 6
	exitUnavailable = 7
	exitIntegrity   = 8
)

// errIntegrity marks damage: a journal, a receipt or a root that does not hold.
var errIntegrity = errors.New("integrity failure")

func exitCode(err error) int {
	var p *api.Problem
	var fault *journal.Fault
	switch {
	case errors.Is(err, errIntegrity) || errors.As(err, &fault):
		return exitIntegrity
	case errors.Is(err, journal.ErrLocked):
		return exitUnavailable
	case errors.Is(err, fs.ErrNotExist):
		return exitNotFound
	case !errors.As(err, &p):
		return exitInternal
	}
	switch {
	case p.Status == 401 || p.Status == 403:
		return exitAuth
	case p.Status == 404:
		return exitNotFound
	case p.Code == int(prop.IDConflict) || p.Code == int(prop.EntityExists):
		return exitConflict
	case p.Status == 503:
		return exitUnavailable
	case p.Status == 400 || p.Status == 413:
		return exitUsage
	}
	return exitRefused
}

// describe is an error as a person reads it: what went wrong, which ids, what to do next.
func describe(err error) string {
	var p *api.Problem
	if !errors.As(err, &p) {
		return err.Error()
	}
	s := fmt.Sprintf("%s (%d): %s", p.Title, p.Code, p.Detail)
	for k, v := range p.Context {
		s += fmt.Sprintf("\n  %s %s", k, v)
	}
	return s + "\n  next: " + p.Next
}

// print writes a value: JSON with --json, else the same fields line by line, indented.
func (a *app) print(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if a.json {
		_, err = fmt.Fprintf(a.out, "%s\n", raw)
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var b strings.Builder
	if err := plain(&b, d, "", ""); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, strings.TrimLeft(b.String(), "\n"))
	return err
}

// plain prints the next JSON value: a member a line, lists by a dash, in the order they come in.
func plain(b *strings.Builder, d *json.Decoder, indent, name string) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	line := "\n" + indent + name
	delim, compound := t.(json.Delim)
	if !compound {
		if t == nil {
			t = "-"
		}
		fmt.Fprintf(b, "%s %v", line, t)
		return nil
	}
	if name != "" {
		b.WriteString(line)
		indent += "  "
	}
	for d.More() {
		key := "-"
		if delim == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			key = fmt.Sprint(k)
		}
		if err := plain(b, d, indent, key); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func trim(b []byte) string { return strings.TrimSpace(string(b)) }
