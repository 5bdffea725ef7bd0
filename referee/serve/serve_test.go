package serve_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/refereetest"
	"github.com/refarena/refarena/referee/serve"
)

// A model answers with what say makes of its query.
type model func(ctx context.Context, q referee.Query) (referee.Answer, error)

func (model) Info() referee.Info { return referee.Info{Name: "test", Model: "tëst", Version: "1"} }

func (m model) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	return m(ctx, q)
}

func says(text string) model {
	return func(context.Context, referee.Query) (referee.Answer, error) { return referee.ReadAnswer(text), nil }
}

func start(t testing.TB, r referee.Referee, opt serve.Options) string {
	t.Helper()
	s, err := serve.New(r, opt)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL
}

func picture(t testing.TB, img image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// Our own client, with a server of the official protocol on the other side, passes the conformance suite.
func TestConformance(t *testing.T) {
	for name, text := range map[string]string{"points": "[(0.341, 0.510)]", "talk": "over “there” 🍎", "silence": ""} {
		t.Run(name, func(t *testing.T) {
			c, err := referee.NewRoboReferClient(start(t, says(text), serve.Options{}), referee.RoboReferOptions{Parallel: 3})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			refereetest.Run(t, c)
		})
	}
}

// The referee is asked what the client was asked: the same pixels, disparity, instruction.
func TestSameQuery(t *testing.T) {
	var got referee.Query
	c, err := referee.NewRoboReferClient(start(t, model(func(_ context.Context, q referee.Query) (referee.Answer, error) {
		got = q
		return referee.ReadAnswer("[]"), nil
	}), serve.Options{}), referee.RoboReferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, verbatim := range []bool{false, true} {
		q := refereetest.Query(64, 48, true, 0)
		q.Verbatim = verbatim
		if _, err := c.Point(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		q.Disparity, q.Depth = q.DisparityU8(), nil
		if got.Hash() != q.Hash() {
			t.Errorf("verbatim %t: the referee was asked %+.80v", verbatim, got)
		}
	}
}

// Every request of the official protocol is answered byte for byte, and every bad one is refused with a reason.
func TestProtocol(t *testing.T) {
	good := picture(t, image.NewRGBA(image.Rect(0, 0, 8, 6)))
	deep := picture(t, image.NewGray16(image.Rect(0, 0, 8, 6)))
	alpha := picture(t, image.NewNRGBA(image.Rect(0, 0, 8, 6)))
	url := start(t, says("[(0.341, 0.510)] “ok” 🍎"), serve.Options{MaxBody: 20_000, MaxPixels: 1000})
	const answer = `{"answer":"[(0.341, 0.510)] \u201cok\u201d \ud83c\udf4e","result":1}` + "\n"
	for _, tt := range []struct {
		name, method, path, contentType, body string
		status                                int
		want                                  string
	}{
		{"hello", "GET", "/", "", "", 200, "Hello, World!"},
		{"health", "GET", "/healthz", "", "", 200, `"status":"ok"`},
		{"metrics", "GET", "/metrics", "", "", 200, "refarena_working 0"},
		{"colour", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"enable_depth":0,"text":"x"}`, 200, answer},
		{"depth", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":["` + good + `"],"enable_depth":1,"text":"x"}`, 200, answer},
		{"depth of 16 bits", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":["` + deep + `"],"enable_depth":1.0,"text":"x"}`, 200, answer},
		{"depth with alpha", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":["` + alpha + `"],"enable_depth":true,"text":"x"}`, 200, answer},
		{"depth ignored", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":["@@@"],"enable_depth":2,"text":"x"}`, 200, answer},
		{"no text", "POST", "/query", "application/json; charset=utf-8", `{"image_url":["` + good + `"],"enable_depth":0,"text":null,"more":[1]}`, 200, answer},
		{"line breaks", "POST", "/query", "application/problem+json", `{"image_url":["` + good[:40] + `\n` + good[40:] + `"]}`, 200, answer},

		{"no route", "GET", "/quer", "", "", 404, `"code":"not_found"`},
		{"slash", "POST", "/query/", "application/json", "{}", 404, "have /, /query"},
		{"get", "GET", "/query", "", "", 405, "want POST"},
		{"post to /", "POST", "/", "", "", 405, "want GET"},
		{"form", "POST", "/query", "application/x-www-form-urlencoded", "a=b", 415, "want application/json"},
		{"no type", "POST", "/query", "", "{}", 415, "want application/json"},
		{"empty", "POST", "/query", "application/json", "", 400, "no JSON object"},
		{"null", "POST", "/query", "application/json", "null", 400, "no JSON object"},
		{"list", "POST", "/query", "application/json", "[1]", 400, "no JSON object"},
		{"cut", "POST", "/query", "application/json", `{"image_url":["`, 400, "no JSON object"},
		{"not UTF-8", "POST", "/query", "application/json", "{\"text\":\"\xff\"}", 400, "not UTF-8"},
		{"text that is a number", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"text":5}`, 400, "want a text"},
		{"images that are a text", "POST", "/query", "application/json", `{"image_url":"` + good + `"}`, 400, "want a list of base64 texts"},
		{"no image", "POST", "/query", "application/json", `{"text":"x"}`, 422, "0 images (want 1)"},
		{"two images", "POST", "/query", "application/json", `{"image_url":["` + good + `","` + good + `"]}`, 422, "2 images (want 1)"},
		{"two depths", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":["a","b"],"enable_depth":1}`, 422, "2 depth images"},
		{"depth wanted", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":null,"enable_depth":1}`, 422, "estimates no depth"},
		{"data URI", "POST", "/query", "application/json", `{"image_url":["data:image/png;base64,` + good + `"]}`, 422, "no data: prefix"},
		{"no picture", "POST", "/query", "application/json", `{"image_url":["aGVsbG8="]}`, 422, "want PNG, JPEG or GIF"},
		{"depth of another shape", "POST", "/query", "application/json", `{"image_url":["` + good + `"],"depth_url":["` + picture(t, image.NewGray(image.Rect(0, 0, 9, 9))) + `"],"enable_depth":1}`, 422, "same shape"},
		{"too many pixels", "POST", "/query", "application/json", `{"image_url":["` + picture(t, image.NewGray(image.Rect(0, 0, 100, 100))) + `"]}`, 422, "want 1 to 1000 in all"},
		{"too long", "POST", "/query", "application/json", `{"text":"` + strings.Repeat("x", 30_000) + `"}`, 413, "longer than 20000 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest(tt.method, url+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.contentType != "" {
				req.Header.Set("Content-Type", tt.contentType)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
				t.Errorf("status %d, %.300q, error %v; want %d and %q", resp.StatusCode, body, err, tt.status, tt.want)
			}
			if tt.want == answer && string(body) != answer {
				t.Errorf("%q, want exactly %q", body, answer)
			}
			if tt.status >= 400 {
				checkRefusal(t, resp, body)
			}
		})
	}
}

// checkRefusal wants a JSON error with a reason.
func checkRefusal(t testing.TB, resp *http.Response, body []byte) {
	t.Helper()
	var msg struct {
		Error  struct{ Code, Message string }
		Result int
	}
	if err := json.Unmarshal(body, &msg); err != nil || msg.Error.Code == "" || msg.Error.Message == "" || msg.Result != 0 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("status %d: %s %.200q, error %v, want a JSON error", resp.StatusCode, resp.Header.Get("Content-Type"), body, err)
	}
}

func TestToken(t *testing.T) {
	url := start(t, says("[(0.341, 0.510)]"), serve.Options{Token: "secret"})
	for token, want := range map[string]string{"secret": "", "": "status 401", "other": "status 401"} {
		c, err := referee.NewRoboReferClient(url, referee.RoboReferOptions{Token: token, Tries: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Point(t.Context(), refereetest.Query(8, 6, false, 1))
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("token %q: error %v, want %q", token, err, want)
		}
		if strings.Contains(fmt.Sprint(c.Info()), "secret") {
			t.Error("the token is in the record")
		}
	}
}

// A model that is late, that fails, that panics or whose server is away: each has its own status, and the server goes on.
func TestFailures(t *testing.T) {
	var mode atomic.Value
	m := model(func(ctx context.Context, q referee.Query) (referee.Answer, error) {
		switch mode.Load() {
		case "late":
			<-ctx.Done()
			return referee.Answer{}, fmt.Errorf("given up: %w", ctx.Err())
		case "late too":
			return referee.Answer{Problem: referee.ProblemTimeout, Reason: "x", Attempts: 1}, nil
		case "panic":
			panic("oh")
		case "away":
			return referee.Answer{}, fmt.Errorf("x: %w", referee.ErrUnreachable)
		case "fails":
			return referee.Answer{}, errors.New("out of memory")
		}
		return referee.ReadAnswer("[(0.1, 0.2)]"), nil
	})
	url, impatient := start(t, m, serve.Options{}), start(t, m, serve.Options{Timeout: 100 * time.Millisecond}) // the latter for what never ends
	body := `{"image_url":["` + picture(t, image.NewRGBA(image.Rect(0, 0, 8, 6))) + `"]}`
	c, err := referee.NewRoboReferClient(impatient, referee.RoboReferOptions{Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mode   string
		status int
		want   string
	}{
		{"late", 504, `"code":"timeout"`}, {"late too", 504, "in time"}, {"panic", 500, "in its log"}, {"away", 502, "unreachable"}, {"fails", 500, "out of memory"}, {"", 200, "0.1"},
	} {
		mode.Store(tt.mode)
		to := url
		if tt.mode == "late" {
			to = impatient
		}
		resp, err := http.Post(to+"/query", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || !strings.Contains(string(got), tt.want) {
			t.Errorf("%s: status %d, %q, want %d and %q", tt.mode, resp.StatusCode, got, tt.status, tt.want)
		}
		if tt.mode == "late" {
			if a, err := c.Point(t.Context(), refereetest.Query(8, 6, false, 1)); err != nil || a.Problem != referee.ProblemTimeout {
				t.Errorf("our client: %+v, error %v, want %s", a, err, referee.ProblemTimeout)
			}
		}
	}
}

// What does not fit into the queue is refused at once, and clients that hang up leave their place to others.
func TestQueue(t *testing.T) {
	entered, release := make(chan struct{}, 10), make(chan struct{})
	var gone atomic.Int32
	url := start(t, model(func(ctx context.Context, q referee.Query) (referee.Answer, error) {
		entered <- struct{}{}
		select {
		case <-release:
			return referee.ReadAnswer("[(0.1, 0.2)]"), nil
		case <-ctx.Done():
			gone.Add(1)
			return referee.Answer{}, ctx.Err()
		}
	}), serve.Options{Parallel: 1, Queue: 1})
	body := `{"image_url":["` + picture(t, image.NewRGBA(image.Rect(0, 0, 8, 6))) + `"]}`
	ctx, hangUp := context.WithCancel(t.Context())
	post := func(ctx context.Context) int {
		req, err := http.NewRequestWithContext(ctx, "POST", url+"/query", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return -1
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	results := make(chan int, 2)
	go func() { results <- post(ctx) }()
	<-entered
	go func() { results <- post(t.Context()) }()
	waits := false
	for range 3000 { // until the second one waits
		if resp, err := http.Get(url + "/healthz"); err == nil {
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if waits = strings.Contains(string(got), `"waiting":1`); waits {
				break
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !waits {
		t.Fatal("the second question does not wait")
	}
	if got := post(t.Context()); got != 503 {
		t.Errorf("the third: status %d, want 503", got)
	}
	hangUp()
	if got := <-results; got != -1 {
		t.Errorf("the first: status %d, want none", got)
	}
	<-entered // the second takes its place
	close(release)
	if got := <-results; got != 200 || gone.Load() != 1 {
		t.Errorf("the second: status %d; %d given up", got, gone.Load())
	}
	const want = `refarena_requests_total{code="gone",status="499"} 1`
	counted := ""
	for range 3000 { // until the first one's end is counted: nobody is told of it
		if resp, err := http.Get(url + "/metrics"); err == nil {
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if counted = string(got); strings.Count(counted, "refarena_requests_total{") == 3 {
				break
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.Contains(counted, want) {
		t.Errorf("a client that has hung up is not counted as one: want %s in\n%s", want, counted)
	}
}

// The server stops when it is told to: what it is answering is answered, then nothing more is.
func TestShutdown(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s, err := serve.New(model(func(context.Context, referee.Query) (referee.Answer, error) {
		entered <- struct{}{}
		<-release
		return referee.ReadAnswer("[(0.1, 0.2)]"), nil
	}), serve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	status := make(chan int, 1)
	go func() {
		resp, err := http.Post("http://"+l.Addr().String()+"/query", "application/json", strings.NewReader(`{"image_url":["`+picture(t, image.NewRGBA(image.Rect(0, 0, 8, 6)))+`"]}`))
		if err != nil {
			status <- -1
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-entered
	stop()
	close(release)
	if got := <-status; got != 200 {
		t.Errorf("the query that was under way: %d, want 200", got)
	}
	if err := <-done; err != nil {
		t.Errorf("Serve() = %v", err)
	}
	if _, err := http.Get("http://" + l.Addr().String() + "/"); err == nil {
		t.Error("it still answers")
	}
}

func TestNewBad(t *testing.T) {
	if _, err := serve.New(referee.Oracle(), serve.Options{}); err == nil || !strings.Contains(err.Error(), "control") {
		t.Errorf("New(oracle): error %v", err)
	}
	if _, err := serve.New(referee.RandomPixel(), serve.Options{Parallel: -1}); err == nil {
		t.Error("parallel -1 is no error")
	}
}

// Many clients at once, some malformed, some that hang up: every request is answered or refused with a reason. The long test of cmd/refarena does the same
// to the program for ten minutes.
func TestMany(t *testing.T) {
	url := start(t, referee.RandomPixel(), serve.Options{Parallel: 2, Queue: 4})
	var wg sync.WaitGroup
	var counts [600]atomic.Int64
	good := `{"image_url":["` + picture(t, image.NewRGBA(image.Rect(0, 0, 64, 48))) + `"],"text":"x"}`
	for c := range 12 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(c), 1))
			for range 25 {
				ctx, cancel := context.WithCancel(t.Context())
				body := good
				switch rng.IntN(10) {
				case 0:
					body = good[:rng.IntN(len(good))]
				case 1:
					go cancel()
				}
				req, err := http.NewRequestWithContext(ctx, "POST", url+"/query", strings.NewReader(body))
				if err != nil {
					t.Error(err)
				}
				req.Header.Set("Content-Type", "application/json")
				resp, err := http.DefaultClient.Do(req)
				if err == nil {
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					counts[resp.StatusCode].Add(1)
					if err == nil && resp.StatusCode != 200 {
						checkRefusal(t, resp, got)
					}
				} else if ctx.Err() == nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if counts[200].Load() == 0 || counts[400].Load() == 0 || counts[500].Load() > 0 {
		t.Errorf("200: %d, 400: %d, 500: %d", counts[200].Load(), counts[400].Load(), counts[500].Load())
	}
}

func FuzzQuery(f *testing.F) {
	good := picture(f, image.NewRGBA(image.Rect(0, 0, 8, 6)))
	for _, s := range []string{`{"image_url":["` + good + `"],"enable_depth":0,"text":"x"}`, `{"image_url":["` + good + `"],"depth_url":["` + good + `"],"enable_depth":1}`, `{"text":5}`, "null", "", `{"image_url":["aGVsbG8="]}`} {
		f.Add([]byte(s))
	}
	s, err := serve.New(says("[(0.1, 0.2)]"), serve.Options{MaxPixels: 1 << 16, MaxBody: 1 << 16})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", "/query", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Fatalf("status 500: %s", w.Body)
		}
		if w.Code != 200 {
			checkRefusal(t, w.Result(), w.Body.Bytes())
		}
	})
}
