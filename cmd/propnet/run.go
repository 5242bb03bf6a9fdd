package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/internal/collateral"
	"github.com/propnet/propnet/internal/httpapi"
	"github.com/propnet/propnet/internal/journal"
	"github.com/propnet/propnet/internal/node"
	"github.com/propnet/propnet/internal/view"
	"github.com/propnet/propnet/internal/webui"
	"github.com/propnet/propnet/prop"
)

// running is a node with everything around it, wired. Close undoes what was opened.
type running struct {
	node    *node.Node
	view    *view.View
	journal *journal.Journal
	twin    *collateral.Twin
	watcher *collateral.Watcher
	server  *http.Server
	url     string
	listen  net.Listener
	log     *slog.Logger
}

// open is the order of a node's life: lock and recover the journal, replay, and only then listen.
func open(dir string, c config, clock node.Clock, key *client.Key, log *slog.Logger) (_ *running, err error) {
	r := &running{view: view.New(), log: log}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	var repaired *journal.Repair
	if r.journal, repaired, err = journal.Open(dir); err != nil {
		return nil, err
	}
	if repaired != nil {
		log.Warn("a torn tail was cut off; nothing of it had been acknowledged", "segment", repaired.Segment, "offset", repaired.Offset, "why", repaired.Why)
	}
	if r.twin, err = collateral.OpenTwin(dir, c.TwinDeposit); err != nil {
		return nil, err
	}
	r.watcher = collateral.NewWatcher(r.twin, log)
	metrics := httpapi.NewMetrics()
	if r.node, err = node.Open(node.Config{
		Key: key, Clock: clock, Journal: r.journal, Reader: r.view, Performer: r.twin, Log: log, Observe: func(s node.Stats) { r.observe(metrics, s) },
	}); err != nil {
		return nil, err
	}
	page, err := webui.Status(r.view, r.node.Genesis().Network, version, r.node.Now)
	if err != nil {
		return nil, err
	}
	r.server = httpapi.New(httpapi.Config{
		Node: r.node, View: r.view, Metrics: metrics, Page: page, Tokens: c.TokenHashes, Version: version, Log: log,
	})
	return r, nil
}

// observe feeds what a block says to whoever waits for it.
func (r *running) observe(m *httpapi.Metrics, s node.Stats) {
	m.Block(s.Records, func(e prop.Event) string { return view.Kind(e) }, s.Commit.Seconds(), s.Queue)
	for _, record := range s.Records {
		for _, e := range record.Events {
			if e, ok := e.(*prop.EntityRegistered); ok {
				r.watcher.Registered(e.Hotkey)
			}
		}
	}
}

// start runs the loop, the collateral watcher and the server until ctx ends, then stops them in
// reverse order. ready is called once calls are taken.
func (r *running) start(ctx context.Context, dir string, c config, ready func(ctx context.Context) error) error {
	loop, stopLoop := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLoop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var done sync.WaitGroup
	loopErr := make(chan error, 1)
	go func() {
		loopErr <- r.node.Run(loop)
		cancel() // without the loop nothing else makes sense
	}()
	if err := r.node.AwaitReady(ctx); err != nil {
		stopLoop()
		return errors.Join(err, <-loopErr)
	}
	done.Go(func() { r.watcher.Run(ctx, r.node, hotkeys(r.view)) })
	serveErr := make(chan error, 1)
	err := r.serve(dir, c, serveErr)
	if err == nil {
		err = ready(ctx)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-serveErr:
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, errEnd) {
		err = nil
	}
	cancel()
	drain, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	if r.listen != nil {
		_ = r.server.Shutdown(drain) // what has not ended by then is cut off
	}
	done.Wait()
	stopLoop()
	return errors.Join(err, <-loopErr)
}

func (r *running) serve(dir string, c config, failed chan<- error) error {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	r.listen, r.url = l, "http://"+l.Addr().String()
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(inside(dir, c.TLSCert), inside(dir, c.TLSKey))
		if err != nil {
			return errors.Join(err, l.Close())
		}
		l, r.url = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}}), "https://"+l.Addr().String()
	}
	go func() {
		if err := r.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return nil
}

func (r *running) close() {
	for _, c := range []io.Closer{closer(r.twin), closer(r.journal)} {
		if c != nil {
			if err := c.Close(); err != nil {
				r.log.Warn("close", "error", err)
			}
		}
	}
}

// closer keeps a nil pointer from becoming a non-nil interface.
func closer[T any, P interface {
	*T
	io.Closer
}](p P) io.Closer {
	if p == nil {
		return nil
	}
	return p
}

func hotkeys(v *view.View) (keys []prop.Hotkey) {
	entities, _ := v.Entities()
	for _, e := range entities {
		keys = append(keys, e.Hotkey)
	}
	return keys
}

func logLevel(s string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(s)); err != nil {
		return l, fmt.Errorf("log_level: %q is not debug, info, warn or error", s)
	}
	return l, nil
}
