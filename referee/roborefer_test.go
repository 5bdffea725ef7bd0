package referee_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/refereetest"
	"github.com/refarena/refarena/sim"
)

// quick makes a client give up fast. No result depends on how long anything takes.
var quick = referee.RoboReferOptions{Backoff: time.Millisecond}

// What the server sees is the query: its pixels, its depth near-bright in three channels, its instruction with the official suffix.
func TestRoboReferRequest(t *testing.T) {
	for _, tt := range []struct {
		name        string
		source      referee.DepthSource
		depth       bool
		depths      int
		enableDepth bool
	}{
		{"RGB-D", "", true, 1, true},
		{"RGB", "", false, 0, false},
		{"RGB-D as RGB", referee.DepthFromNobody, true, 0, false},
		{"depth by the server", referee.DepthFromServer, true, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := refereetest.NewRoboReferServer(t, nil)
			q := refereetest.Query(20, 10, tt.depth, 1)
			q.Instruction = `the <red> mug & "the bowl"`
			a, err := newClient(t, srv.URL, referee.RoboReferOptions{Depth: tt.source}).Point(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := sim.NormPoint{X: 0.341, Y: 0.510}
			if len(a.Points) != 1 || a.Points[0] != want || a.Problem != "" || a.Text != "[(0.341, 0.510)]" || a.Attempts != 1 {
				t.Errorf("Point() = %+v, want the point (0.341, 0.510) in one attempt", a)
			}
			if len(srv.Queries()) != 1 {
				t.Fatalf("the server got %d queries, want 1", len(srv.Queries()))
			}
			got := srv.Queries()[0]
			if want := q.Instruction + referee.RoboReferSuffix; got.Text != want || a.Prompt != want {
				t.Errorf("the server was asked %q, the record says %q, want %q", got.Text, a.Prompt, want)
			}
			if got.EnableDepth != tt.enableDepth || len(got.Depths) != tt.depths || len(got.Images) != 1 {
				t.Fatalf("the server got %d images, %d depths, enable_depth %t, want 1, %d, %t",
					len(got.Images), len(got.Depths), got.EnableDepth, tt.depths, tt.enableDepth)
			}
			rgb := got.Images[0].(*image.RGBA)
			grey := referee.DisparityMinMaxU8(q.Depth)
			for i := range 20 * 10 {
				if c := rgb.RGBAAt(i%20, i/20); c.R != q.RGB[3*i] || c.G != q.RGB[3*i+1] || c.B != q.RGB[3*i+2] {
					t.Fatalf("pixel %d: the server sees %v, want %v", i, c, q.RGB[3*i:3*i+3])
				}
				if tt.depths == 0 {
					continue
				}
				if c := got.Depths[0].(*image.RGBA).RGBAAt(i%20, i/20); c.R != grey[i] || c.G != grey[i] || c.B != grey[i] {
					t.Fatalf("depth pixel %d: the server sees %v, want three times %d", i, c, grey[i])
				}
			}
		})
	}
}

// The suffix is the official client's, letter for letter; see RoboRefer, API/use_api.py.
func TestRoboReferSuffix(t *testing.T) {
	s := referee.RoboReferSuffix
	if !strings.HasPrefix(s, "Your answer should be formatted as a list of tuples, i.e. [(x1, y1)],  where each tuple") ||
		!strings.HasSuffix(s, "normalized pixel locations of the points in the image.") || strings.Count(s, "  ") != 1 || len(s) != 277 {
		t.Errorf("the suffix has changed (%d bytes): %q", len(s), s)
	}
}

// What a server may do to a query, and what becomes of it.
func TestRoboReferReplies(t *testing.T) {
	jsonReply := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, body)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(code)
			io.WriteString(w, "<!doctype html><title>"+http.StatusText(code)+"</title>")
		}
	}
	hangUp := func(reply string) http.HandlerFunc { // after so many bytes of the reply
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			io.WriteString(conn, reply)
			conn.Close()
		}
	}
	const unparsable, empty = referee.ProblemUnparsable, referee.ProblemEmpty
	for _, tt := range []struct {
		name    string
		serve   http.HandlerFunc
		problem referee.Problem // of the answer
		reason  string          // substring
		wantErr string          // substring; "" means an answer
		tries   int             // requests that the server gets; 0 means 1
	}{
		{name: "point", serve: jsonReply(`{"answer":"[(0.5, 0.5)]","result":1}` + "\n")},
		{name: "other fields, result 1.0", serve: jsonReply(`{"tokens":14,"answer":"[(0.5, 0.5)]","result":1.0}`)},
		{name: "charset", serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "Application/JSON; charset=utf-8")
			io.WriteString(w, `{"answer":" [(0.5, 0.5)]\n","result":1}`)
		}},
		{name: "escaped", serve: jsonReply(`{"answer":"\u005b(0.5, 0.5)]","result":1}`)},
		{name: "no points", serve: jsonReply(`{"answer":"[]","result":1}`), problem: empty, reason: "no points"},
		{name: "blank", serve: jsonReply(`{"answer":"","result":1}`), problem: empty, reason: "blank"},
		{name: "words", serve: jsonReply(`{"answer":"It is here.","result":1}`), problem: unparsable, reason: `got "It is here."`},
		{name: "off image", serve: jsonReply(`{"answer":"[(1.5, 0.5)]","result":1}`), problem: unparsable, reason: "outside [0,1]"},

		{name: "result 0", serve: jsonReply(`{"answer":"[(0.5, 0.5)]","result":0}`), problem: unparsable, reason: "result is 0 (want 1)"},
		{name: "result true", serve: jsonReply(`{"answer":"[(0.5, 0.5)]","result":true}`), problem: unparsable, reason: "result is true (want 1)"},
		{name: "no result", serve: jsonReply(`{"answer":"[(0.5, 0.5)]"}`), problem: unparsable, reason: "result is missing"},
		{name: "no answer", serve: jsonReply(`{"result":1}`), problem: unparsable, reason: "answer is missing (want a text)"},
		{name: "null answer", serve: jsonReply(`{"answer":null,"result":1}`), problem: unparsable, reason: "answer is null (want a text)"},
		{name: "answer as a list", serve: jsonReply(`{"answer":[[0.5,0.5]],"result":1}`), problem: unparsable, reason: "answer is [[0.5,0.5]] (want"},
		{name: "truncated JSON", serve: jsonReply(`{"answer":"[(0.5, 0.`), problem: unparsable, reason: "not a JSON object"},
		{name: "two objects", serve: jsonReply(`{"answer":"[(0.5, 0.5)]","result":1}{}`), problem: unparsable, reason: "not a JSON object"},
		{name: "JSON list", serve: jsonReply(`[]`), problem: unparsable, reason: "not a JSON object"},
		{name: "JSON null", serve: jsonReply(`null`), problem: unparsable, reason: "result is missing"},
		{name: "nothing", serve: jsonReply(``), problem: unparsable, reason: "not a JSON object"},
		{name: "endless", serve: jsonReply(`{"answer":"` + strings.Repeat("x", 2<<20)), problem: unparsable, reason: "longer than 1048576 bytes"},
		{
			name: "long text", serve: jsonReply(`{"answer":"` + strings.Repeat("x", 1<<19) + `","result":1}`),
			problem: unparsable, reason: "reply of 524288 bytes",
		},
		{name: "HTML", serve: status(200), problem: unparsable, reason: `content type is "text/html; charset=utf-8"`},
		{name: "no content type", serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, `{"answer":"[(0.5, 0.5)]","result":1}`)
		}, problem: unparsable, reason: `content type is ""`},
		{name: "HTML 500", serve: status(500), problem: unparsable, reason: "status 500 Internal Server Error"},

		{name: "400", serve: status(400), wantErr: "status 400 Bad Request"},
		{name: "401", serve: status(401), wantErr: "status 401"},
		{name: "404", serve: status(404), wantErr: "status 404 Not Found"},
		{name: "413", serve: status(413), wantErr: "status 413"},
		{name: "415", serve: status(415), wantErr: "is this RoboRefer's server?"},
		{name: "429", serve: status(429), wantErr: "status 429"},
		{name: "204", serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, wantErr: "status 204"},
		{name: "redirect", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, wantErr: "status 307"},
		{name: "502", serve: status(502), wantErr: "tried 3 ×, at last: status 502 Bad Gateway", tries: 3},
		{name: "503", serve: status(503), wantErr: "server unreachable", tries: 3},
		{name: "504", serve: status(504), wantErr: "server unreachable", tries: 3},
		{name: "hang-up", serve: hangUp(""), wantErr: "at last: EOF", tries: 3},
		{name: "half a header", serve: hangUp("HTTP/1.1 200 OK\r\n"), wantErr: "broken: unexpected EOF", tries: 3},
		{
			name: "half a body", serve: hangUp("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"answer\":"),
			wantErr: "at last: unexpected EOF", tries: 3,
		},
		{name: "no HTTP", serve: hangUp("SSH-2.0-OpenSSH_9.2\r\n"), wantErr: "malformed HTTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				io.Copy(io.Discard, r.Body)
				tt.serve(w, r)
			}))
			defer srv.Close()
			a, err := newClient(t, srv.URL, quick).Point(t.Context(), refereetest.Query(16, 12, true, 1))
			if got, want := requests.Load(), int32(max(tt.tries, 1)); got != want {
				t.Errorf("the server got %d requests, want %d", got, want)
			}
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) || !strings.HasPrefix(err.Error(), "referee: ") {
					t.Errorf("Point() = %+v, error %v, want an error with %q", a, err, tt.wantErr)
				}
				if errors.Is(err, referee.ErrUnreachable) != (tt.tries > 1) {
					t.Errorf("Point(): error %v, ErrUnreachable %t, want %t", err, errors.Is(err, referee.ErrUnreachable), tt.tries > 1)
				}
				return
			}
			if err != nil {
				t.Fatalf("Point() failed: %v, want an answer", err)
			}
			if err := refereetest.CheckAnswer(a); err != nil {
				t.Error(err)
			}
			if a.Problem != tt.problem || !strings.Contains(a.Reason, tt.reason) {
				t.Errorf("Point(): problem %q, reason %q, want %q, …%s…", a.Problem, a.Reason, tt.problem, tt.reason)
			}
			if len(a.Reason) > 200 || strings.Contains(a.Reason, "\n") {
				t.Errorf("Point(): reason %q, want one short line", a.Reason)
			}
		})
	}
}

// A server that fails for a while is asked again, and the answer says how often.
func TestRoboReferRetry(t *testing.T) {
	for _, tt := range []struct {
		name string
		fail http.HandlerFunc
	}{
		{"503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }},
		{"hang-up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if requests.Add(1) < 3 {
					tt.fail(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"answer":"[(0.5, 0.5)]","result":1}`)
			}))
			defer srv.Close()
			a, err := newClient(t, srv.URL, quick).Point(t.Context(), refereetest.Query(16, 12, true, 1))
			if err != nil || a.Attempts != 3 || len(a.Points) != 1 {
				t.Errorf("Point() = %+v, error %v, want a point in 3 attempts", a, err)
			}
		})
	}
}

// A model that never answers is an outcome; a server that nobody hears of is an error.
func TestRoboReferTimeout(t *testing.T) {
	for _, tt := range []struct {
		name, address string
		model         func(w http.ResponseWriter, r *http.Request) // that has read the query
	}{
		{"slow model", "http://memory", func(http.ResponseWriter, *http.Request) {}},
		{"slow body", "http://memory", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"answer":`)
			http.NewResponseController(w).Flush()
		}},
		{"never sent", "https://memory", nil}, // the connection stands, but nobody shakes hands on TLS
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := refereetest.InMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					tt.model(w, r)
					<-r.Context().Done()
				}))
				if tt.model == nil {
					transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
						ours, theirs := net.Pipe()
						t.Cleanup(func() { theirs.Close() })
						return ours, nil
					}
				}
				begun := time.Now()
				a, err := newClient(t, tt.address, referee.RoboReferOptions{Tries: 2, HTTP: transport}).Point(t.Context(), refereetest.Query(16, 12, true, 1))
				if took := time.Since(begun); took != 2*time.Minute+250*time.Millisecond {
					t.Errorf("it took %v, want two time-outs and the wait between them", took)
				}
				if tt.model == nil {
					if !errors.Is(err, referee.ErrUnreachable) || !strings.Contains(err.Error(), "tried 2 ×, at last: no answer in time (1m0s)") {
						t.Errorf("Point() = %+v, error %v, want ErrUnreachable", a, err)
					}
					return
				}
				if err != nil || a.Problem != referee.ProblemTimeout || a.Attempts != 2 || !strings.Contains(a.Reason, "no answer within 1m0s") {
					t.Errorf("Point() = %+v, error %v, want %s after 2 attempts", a, err, referee.ProblemTimeout)
				}
				if err := refereetest.CheckAnswer(a); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestRoboReferUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	l.Close() // now nobody listens there
	c := newClient(t, address, quick)
	_, err = c.Point(t.Context(), refereetest.Query(16, 12, true, 1))
	want := fmt.Sprintf("referee: server unreachable: %s/query: tried 3 ×, at last: dial tcp %s: connect: connection refused", address, l.Addr())
	if !errors.Is(err, referee.ErrUnreachable) || err.Error() != want {
		t.Errorf("Point(): error %v, want %s", err, want)
	}
	if err := referee.Check(t.Context(), c); !errors.Is(err, referee.ErrUnreachable) {
		t.Errorf("Check() = %v, want ErrUnreachable", err)
	}
}

func TestRoboReferCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		ok     bool
	}{{"RoboRefer", 200, true}, {"no page there", 404, true}, {"gateway without a server", 502, false}} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/" {
				t.Errorf("Check() sent %s %s, want GET /", r.Method, r.URL.Path)
			}
			w.WriteHeader(tt.status)
		}))
		if err := referee.Check(t.Context(), newClient(t, srv.URL, quick)); (err == nil) != tt.ok {
			t.Errorf("%s: Check() = %v, want success %t", tt.name, err, tt.ok)
		}
		srv.Close()
	}
	srv := slowServer(t)
	opt := referee.RoboReferOptions{Timeout: 20 * time.Millisecond, Tries: 1}
	if err := referee.Check(t.Context(), newClient(t, srv, opt)); !errors.Is(err, referee.ErrUnreachable) {
		t.Errorf("Check() of a server that does not answer = %v, want ErrUnreachable", err)
	}
}

// A caller that gives up is heard at once: while the model thinks, between two tries, and in the queue.
func TestRoboReferCancel(t *testing.T) {
	q := refereetest.Query(16, 12, true, 1)
	t.Run("model thinks", func(t *testing.T) {
		asked := make(chan struct{}, 1)
		srv := slowServer(t, asked)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-asked
			cancel()
		}()
		if _, err := newClient(t, srv, quick).Point(ctx, q); !errors.Is(err, context.Canceled) {
			t.Errorf("Point(): error %v, want context.Canceled", err)
		}
	})
	t.Run("caller's deadline", func(t *testing.T) {
		srv := slowServer(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if a, err := newClient(t, srv, quick).Point(ctx, q); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Point() = %+v, error %v, want context.DeadlineExceeded", a, err)
		}
	})
	t.Run("between tries", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			time.AfterFunc(20*time.Millisecond, cancel)
		}))
		defer srv.Close()
		c := newClient(t, srv.URL, referee.RoboReferOptions{Backoff: time.Hour})
		if _, err := c.Point(ctx, q); !errors.Is(err, context.Canceled) {
			t.Errorf("Point(): error %v, want context.Canceled", err)
		}
	})
	t.Run("queue", func(t *testing.T) {
		asked := make(chan struct{}, 1)
		c := newClient(t, slowServer(t, asked), referee.RoboReferOptions{})
		first, cancelFirst := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { c.Point(first, q) })
		<-asked // the only place is taken
		second, cancelSecond := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancelSecond)
		if _, err := c.Point(second, q); !errors.Is(err, context.Canceled) {
			t.Errorf("Point() behind another: error %v, want context.Canceled", err)
		}
		cancelFirst()
		wg.Wait()
	})
}

// The official server mixes up queries that overlap, so a client lets one through at a time unless told otherwise.
func TestRoboReferOneAtATime(t *testing.T) {
	for _, parallel := range []int{0, 2} {
		var now, most atomic.Int32
		srv := refereetest.NewRoboReferServer(t, func(refereetest.ServerQuery) string {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(2 * time.Millisecond)
			now.Add(-1)
			return "[(0.5, 0.5)]"
		})
		c := newClient(t, srv.URL, referee.RoboReferOptions{Parallel: parallel})
		var wg sync.WaitGroup
		for k := range 8 {
			wg.Go(func() {
				if _, err := c.Point(t.Context(), refereetest.Query(16, 12, true, uint64(k))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := most.Load(); got > int32(max(parallel, 1)) {
			t.Errorf("Parallel %d: %d queries at once", parallel, got)
		}
	}
}

func TestRoboReferOptions(t *testing.T) {
	for _, opt := range []referee.RoboReferOptions{
		{Timeout: -1}, {Tries: -1}, {Backoff: -1}, {MaxReply: -1}, {Parallel: -1}, {Depth: "lidar"},
	} {
		if _, err := referee.NewRoboReferClient("http://127.0.0.1:1", opt); err == nil {
			t.Errorf("NewRoboReferClient(…, %+v) takes it", opt)
		}
	}
}

// slowServer reads queries and never answers them; it tells asked of each.
func slowServer(t *testing.T, asked ...chan<- struct{}) (address string) {
	t.Helper()
	stop := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for _, c := range asked {
			select {
			case c <- struct{}{}:
			default:
			}
		}
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		close(stop)
		srv.Close()
	})
	return srv.URL
}
