package refereetest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// InMemory is a way to a server of h that is not on a network, whatever the address. Client and server are goroutines of the caller's alone, so that in a
// bubble of testing/synctest time passes only while all of them wait: a test of what is late does not depend on how fast the machine is. It ends with
// the test, when handlers have returned: one that waits must wait for time, or for the end of its request's context.
func InMemory(t testing.TB, h http.Handler) *http.Transport {
	t.Helper()
	l := &memoryListener{conns: make(chan net.Conn), done: make(chan struct{})}
	var running sync.WaitGroup // Serve, and what is done on each connection
	s := &http.Server{Handler: h, ConnState: func(_ net.Conn, now http.ConnState) {
		switch now {
		case http.StateNew: // called by Serve
			running.Add(1)
		case http.StateClosed, http.StateHijacked:
			running.Done()
		}
	}}
	running.Go(func() { s.Serve(l) })
	c := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case l.conns <- theirs:
			return ours, nil
		case <-l.done:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() { s.Close(); running.Wait() })
	return c
}

// A memoryListener accepts what is put into conns.
type memoryListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }
