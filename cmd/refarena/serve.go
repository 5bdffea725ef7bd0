package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/serve"
)

type serveCommand struct {
	refereeFlags
	Addr       string        `default:"127.0.0.1:25547" help:"Where to listen. Beyond this machine a token is wanted in $$REFARENA_TOKEN."`
	Anyone     bool          `help:"Listen beyond this machine without a token."`
	Parallel   int           `default:"4" help:"Queries that the model is asked at once; roborefer: answers them in one batch."`
	Queue      int           `default:"32" help:"Queries that may wait; one more is refused with status 503."`
	MaxBody    int           `default:"16" help:"Longest request [MiB]."`
	MaxPixels  int           `default:"16777216" help:"Largest picture [px]."`
	Grace      time.Duration `default:"10s" help:"How long running queries may go on after an interrupt."`
	ColorOnly  bool          `aliases:"colour-only" help:"Answer enable_depth 1 without depth_url from colour alone; the official server would estimate depth, this one does not."`
	IgnoreEXIF bool          `name:"ignore-exif" help:"Take pictures as they are stored, not upright."`
}

// Run serves until it is interrupted.
func (c *serveCommand) Run(ctx context.Context, io console) (err error) {
	token := os.Getenv(referee.TokenVariable)
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return usageError{fmt.Errorf("address %q: %w (want HOST:PORT, such as 127.0.0.1:25547)", c.Addr, err)}
	}
	if ip := net.ParseIP(host); token == "" && !c.Anyone && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError{fmt.Errorf("anyone who can reach %s could ask: set a token in $%s, or say --anyone", c.Addr, referee.TokenVariable)}
	}
	if c.Parallel < 1 || c.Queue < 0 || c.MaxBody < 1 || c.MaxPixels < 1 || c.Grace <= 0 {
		return usageError{fmt.Errorf("parallel %d, queue %d, max-body %d, max-pixels %d, grace %v (want 1 or more, and a queue of 0 or more)", c.Parallel, c.Queue, c.MaxBody, c.MaxPixels, c.Grace)}
	}
	r, done, err := c.open(io)
	if err != nil {
		return err
	}
	defer done(&err)
	queue := c.Queue
	if queue == 0 {
		queue = -1 // 0 is the default there
	}
	s, err := serve.New(r, serve.Options{
		Parallel: c.Parallel, Queue: queue, MaxBody: int64(c.MaxBody) << 20, MaxPixels: c.MaxPixels, Timeout: c.Timeout, Grace: c.Grace, Token: token,
		ColorOnly: c.ColorOnly, Stored: c.IgnoreEXIF, Log: slog.New(slog.NewTextHandler(io.err, nil)),
	})
	if err != nil {
		return usageError{err}
	}
	if err := referee.Check(ctx, r); err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	info := r.Info()
	fmt.Fprintf(io.err, "refarena: %s %s answers at http://%s/query until it is interrupted\n", info.Name, info.Version, l.Addr())
	err = s.Serve(ctx, l)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
