// Package serve answers over HTTP in the protocol of RoboRefer's official server (API/api.py), on any referee: the same routes and the same fields, so that
// its clients need no change. Where the official server fails with a page of HTML this one says in JSON, with a fitting status, what was wrong; it
// bounds what it reads, holds and waits for, and stops in good order.
//
//	GET  /         Hello, World!
//	POST /query    {"image_url": ["<base64>"], "depth_url": ["<base64>"], "enable_depth": 1, "text": "…"}  →  {"answer":"…","result":1}
//	GET  /healthz  200 while it takes queries, 503 while it stops
//	GET  /metrics  Prometheus
//
// An error is {"error":{"code":"…","message":"…"},"result":0}. Other than the official server it answers about one picture at a time, and it estimates no
// depth: enable_depth 1 without depth_url is refused, or answered from colour alone if so told.
package serve

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/photo"
)

// Options tunes a Server. The zero value is ready to use. It holds at most (Queue + Parallel) × MaxBody of requests and unpacks at most Parallel pictures
// of MaxPixels at once, about 16 bytes a pixel.
type Options struct {
	Parallel  int           // queries that the referee is asked at once; 0 means 4
	Queue     int           // queries that may wait; 0 means 32, -1 none. One more is refused with 503
	MaxBody   int64         // longest request [bytes]; 0 means 16 MiB
	MaxPixels int           // largest picture [px]; 0 means 16,777,216, which is 4096 × 4096
	Timeout   time.Duration // longest wall time of a query, waiting included, once it has been read; 0 means 60 s
	ReadLimit time.Duration // longest wall time that a client may take to send a request; 0 means 30 s
	Grace     time.Duration // how long queries that are being answered may go on when the server stops; 0 means 10 s
	Token     string        // "" means that anyone may ask; else a request needs "Authorization: Bearer TOKEN"
	// ColorOnly answers enable_depth 1 without depth_url from colour alone; the official server would estimate depth.
	ColorOnly bool
	Stored    bool         // pictures as they are stored, whatever EXIF says: the official server turns depth but not colour
	Log       *slog.Logger // nil means none
}

func (o Options) withDefaults() Options {
	o.Parallel = cmp.Or(o.Parallel, 4)
	o.Queue = cmp.Or(o.Queue, 32)
	o.MaxBody = cmp.Or(o.MaxBody, 16<<20)
	o.MaxPixels = cmp.Or(o.MaxPixels, 4096*4096)
	o.Timeout = cmp.Or(o.Timeout, 60*time.Second)
	o.ReadLimit = cmp.Or(o.ReadLimit, 30*time.Second)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	o.Queue = max(o.Queue, 0)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Server answers queries. Its methods may be called from any goroutine.
type Server struct {
	r        referee.Referee
	opt      Options
	info     referee.Info
	admitted chan struct{} // a token for each query that has been let in
	working  chan struct{} // … and for each that the referee has
	stopping atomic.Bool
	handler  http.Handler

	requests *prometheus.CounterVec
	answers  *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// New is a server that asks r, which it does not close. The error is for options that make no sense and for a Control, which nobody could tell the answer.
func New(r referee.Referee, opt Options) (*Server, error) {
	if opt.Parallel < 0 || opt.Queue < -1 || opt.MaxBody < 0 || opt.MaxPixels < 0 || opt.Timeout < 0 || opt.ReadLimit < 0 || opt.Grace < 0 {
		return nil, fmt.Errorf("serve: parallel %d, queue %d, body %d, pixels %d, time-outs %v, %v, %v (want none negative)",
			opt.Parallel, opt.Queue, opt.MaxBody, opt.MaxPixels, opt.Timeout, opt.ReadLimit, opt.Grace)
	}
	info := r.Info()
	if _, ok := r.(referee.Control); ok {
		return nil, fmt.Errorf("serve: %s is a control, which has to be told the answer", info.Name)
	}
	opt = opt.withDefaults()
	s := &Server{
		r: r, opt: opt, info: info, admitted: make(chan struct{}, opt.Parallel+opt.Queue), working: make(chan struct{}, opt.Parallel),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "refarena_requests_total", Help: "Requests to /query by status and code of the error."}, []string{"status", "code"}),
		answers:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "refarena_answers_total", Help: "Answers of the model by problem; points if there is none."}, []string{"problem"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "refarena_query_seconds", Help: "Wall time of a query: waiting for its turn, and in the model.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, []string{"part"}),
	}
	gauge := func(name, help string, ch chan struct{}) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(len(ch)) })
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.requests, s.answers, s.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("refarena_admitted", "Queries that are being read, wait or are answered.", s.admitted), gauge("refarena_working", "Queries that the model has.", s.working))
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", get(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "Hello, World!") }))
	mux.HandleFunc("/healthz", get(s.health))
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/query", s.query)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, &failure{http.StatusNotFound, "not_found", fmt.Sprintf("no %.60s here (have /, /query, /healthz, /metrics)", r.URL.Path)})
	})
	s.handler = mux
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers on l until ctx ends, then takes no more queries, gives those that it has Grace to end, and returns nil. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: min(10*time.Second, s.opt.ReadLimit), ReadTimeout: s.opt.ReadLimit, WriteTimeout: s.opt.ReadLimit + s.opt.Timeout + 10*time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(s.opt.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.stopping.Store(true)
		grace, cancel := context.WithTimeout(context.Background(), s.opt.Grace)
		defer cancel()
		err := srv.Shutdown(grace)
		if err != nil {
			err = errors.Join(fmt.Errorf("serve: queries were cut off after %v", s.opt.Grace), srv.Close())
		}
		stopped <- err
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}

func get(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeError(w, &failure{http.StatusMethodNotAllowed, "method", fmt.Sprintf("method %.20s (want GET)", r.Method)})
			return
		}
		h(w, r)
	}
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if s.stopping.Load() {
		writeError(w, &failure{http.StatusServiceUnavailable, "stopping", "the server is stopping"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "model": s.info.Model, "version": s.info.Version, "waiting": max(0, len(s.admitted)-len(s.working)), "working": len(s.working)})
}

// A failure is why a query has no answer.
type failure struct {
	status  int
	code    string
	message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

// statusGone is what is counted for a client that has hung up; nobody is left to send it to.
const statusGone = 499

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	status, code := http.StatusOK, ""
	defer func() {
		if e := recover(); e != nil {
			s.opt.Log.Error("panic", "value", fmt.Sprint(e), "stack", string(debug.Stack()))
			status, code = http.StatusInternalServerError, "internal"
			writeError(w, &failure{status, code, "the server made a mistake, which is in its log"})
		}
		s.requests.WithLabelValues(strconv.Itoa(status), code).Inc()
	}()
	answer, err := s.answer(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, map[string]any{"answer": answer, "result": 1})
		return
	}
	f := (*failure)(nil)
	if !errors.As(err, &f) {
		f = &failure{http.StatusInternalServerError, "internal", err.Error()}
	}
	if r.Context().Err() != nil && f.code != "timeout" {
		f = &failure{statusGone, "gone", "the client has hung up"}
	}
	status, code = f.status, f.code
	if status >= 500 && code != "busy" {
		s.opt.Log.Warn("query failed", "status", status, "code", code, "message", f.message)
	}
	if status != statusGone {
		writeError(w, f)
	}
}

// errLate ends a query that has taken longer than Options.Timeout; one whose client has gone ends otherwise.
var errLate = errors.New("serve: the time is over")

// answer is what the model says to a request, or a *failure. What a client is not there to hear may be any error.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		return "", &failure{http.StatusMethodNotAllowed, "method", fmt.Sprintf("method %.20s (want POST)", r.Method)}
	}
	if s.opt.Token != "" && !authorized(r, s.opt.Token) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="refarena"`)
		return "", &failure{http.StatusUnauthorized, "token", `this server wants "Authorization: Bearer TOKEN", with its own token`}
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" && !(strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")) {
		return "", &failure{http.StatusUnsupportedMediaType, "content_type", fmt.Sprintf("content type %.60q (want application/json)", r.Header.Get("Content-Type"))}
	}
	tooLarge := &failure{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the request is longer than %d bytes", s.opt.MaxBody)}
	if r.ContentLength > s.opt.MaxBody {
		w.Header().Set("Connection", "close")
		return "", tooLarge
	}
	if s.stopping.Load() {
		return "", &failure{http.StatusServiceUnavailable, "stopping", "the server is stopping"}
	}
	select {
	case s.admitted <- struct{}{}:
		defer func() { <-s.admitted }()
	default:
		w.Header().Set("Retry-After", "1")
		return "", &failure{http.StatusServiceUnavailable, "busy", fmt.Sprintf("%d queries are answered and %d wait already", s.opt.Parallel, s.opt.Queue)}
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody), r.ContentLength)
	if err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return "", tooLarge
		}
		return "", &failure{http.StatusBadRequest, "body", fmt.Sprintf("the request broke off: %v", err)}
	}
	msg, err := parse(body)
	if err != nil {
		return "", err
	}
	body = nil
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.opt.Timeout, errLate)
	defer cancel()
	start := time.Now()
	select {
	case s.working <- struct{}{}:
		defer func() { <-s.working }()
	case <-ctx.Done():
		if cause := context.Cause(ctx); cause != errLate {
			return "", cause // the client has gone
		}
		return "", &failure{http.StatusGatewayTimeout, "timeout", fmt.Sprintf("still waiting for its turn after %v", s.opt.Timeout)}
	}
	waited := time.Since(start)
	s.seconds.WithLabelValues("waiting").Observe(waited.Seconds())
	q, err := s.decode(msg)
	if err != nil {
		return "", err
	}
	start = time.Now()
	a, err := s.r.Point(ctx, q)
	took := time.Since(start)
	s.seconds.WithLabelValues("model").Observe(took.Seconds())
	switch {
	case err != nil && context.Cause(ctx) == errLate, err == nil && a.Problem == referee.ProblemTimeout:
		return "", &failure{http.StatusGatewayTimeout, "timeout", "the model has not answered in time"}
	case errors.Is(err, referee.ErrUnreachable):
		return "", &failure{http.StatusBadGateway, "model", err.Error()}
	case err != nil:
		return "", &failure{http.StatusInternalServerError, "model", err.Error()}
	case a.ServerText:
		return "", &failure{http.StatusBadGateway, "model", a.Reason}
	}
	s.answers.WithLabelValues(cmp.Or(string(a.Problem), "points")).Inc()
	h := w.Header()
	h.Set("X-Refarena-Model", headerText(s.info.Model))
	h.Set("X-Refarena-Version", headerText(s.info.Version))
	h.Set("Server-Timing", fmt.Sprintf("waiting;dur=%.1f, model;dur=%.1f", waited.Seconds()*1e3, took.Seconds()*1e3))
	return a.Text, nil
}

// authorized compares in a time that tells nothing of the token.
func authorized(r *http.Request, token string) bool {
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// readAll reads a body whose length is known or -1. What is claimed is not believed: memory grows with what comes.
func readAll(r io.Reader, length int64) ([]byte, error) {
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(min(length, 1<<20)))
	}
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// A message is the body of POST /query. Unknown fields are left alone, as by the official server.
type message struct {
	ImageURL    []string
	DepthURL    []string
	EnableDepth bool
	Text        string
}

func parse(body []byte) (message, error) {
	bad := func(format string, args ...any) (message, error) {
		return message{}, &failure{http.StatusBadRequest, "json", fmt.Sprintf(format, args...)}
	}
	if !utf8.Valid(body) {
		return bad("the body is not UTF-8")
	}
	var raw struct {
		ImageURL    json.RawMessage `json:"image_url"`
		DepthURL    json.RawMessage `json:"depth_url"`
		EnableDepth json.RawMessage `json:"enable_depth"`
		Text        json.RawMessage `json:"text"`
	}
	if err := json.Unmarshal(body, &raw); err != nil || len(bytes.TrimSpace(body)) == 0 || bytes.TrimSpace(body)[0] != '{' {
		if err == nil {
			err = errors.New("not an object")
		}
		return bad("the body is no JSON object: %v", err)
	}
	var m message
	for _, f := range []struct {
		name string
		raw  json.RawMessage
		to   any
		want string
	}{
		{"image_url", raw.ImageURL, &m.ImageURL, "a list of base64 texts"},
		{"depth_url", raw.DepthURL, &m.DepthURL, "a list of base64 texts"},
		{"text", raw.Text, &m.Text, "a text"},
	} {
		if f.raw == nil {
			continue
		}
		if err := json.Unmarshal(f.raw, f.to); err != nil { // null leaves it empty
			return bad("%s: %v (want %s)", f.name, err, f.want)
		}
	}
	// The official server compares with 1, which true and 1.0 equal in Python.
	var v any
	if raw.EnableDepth != nil {
		if err := json.Unmarshal(raw.EnableDepth, &v); err != nil {
			return bad("enable_depth: %v", err)
		}
	}
	m.EnableDepth = v == 1.0 || v == true
	if len(m.Text) > referee.MaxText {
		return bad("text of %d bytes (want at most %d)", len(m.Text), referee.MaxText)
	}
	return m, nil
}

// decode makes the query of a message.
func (s *Server) decode(m message) (referee.Query, error) {
	bad := func(code, format string, args ...any) (referee.Query, error) {
		return referee.Query{}, &failure{http.StatusUnprocessableEntity, code, fmt.Sprintf(format, args...)}
	}
	switch {
	case len(m.ImageURL) != 1:
		return bad("image_count", "%d images (want 1)", len(m.ImageURL))
	case m.EnableDepth && len(m.DepthURL) > 1:
		return bad("image_count", "%d depth images for 1 image (want 1)", len(m.DepthURL))
	case m.EnableDepth && len(m.DepthURL) == 0 && !s.opt.ColorOnly:
		return bad("no_depth", "enable_depth is 1 and there is no depth_url: this server estimates no depth (send it, or enable_depth 0)")
	}
	opt := photo.Options{MaxPixels: s.opt.MaxPixels, Stored: s.opt.Stored}
	data, err := base64.StdEncoding.DecodeString(m.ImageURL[0])
	if err != nil {
		return bad("base64", "image_url: %v (want plain base64 with padding, no data: prefix)", err)
	}
	p, err := photo.Decode(data, opt)
	if err != nil {
		return bad("image", "image_url: %v", err)
	}
	var d *photo.Depth
	if m.EnableDepth && len(m.DepthURL) == 1 {
		if data, err = base64.StdEncoding.DecodeString(m.DepthURL[0]); err != nil {
			return bad("base64", "depth_url: %v (want plain base64 with padding, no data: prefix)", err)
		}
		if d, err = photo.DecodeDepth(data, photo.DepthAuto, opt); err != nil {
			return bad("image", "depth_url: %v", err)
		}
	}
	// A prompt that ends like the official client's is a question; any other is what the model is to read, word for word.
	instruction, asked := strings.CutSuffix(m.Text, referee.RoboReferSuffix)
	q, err := photo.Ask(p, d, instruction, 0)
	if err != nil {
		return bad("image", "%v", err)
	}
	q.Verbatim = !asked
	return q, nil
}

func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, s[:min(len(s), 200)])
}

func writeError(w http.ResponseWriter, f *failure) {
	writeJSON(w, f.status, map[string]any{"error": map[string]string{"code": f.code, "message": strings.ToValidUTF8(f.message, "?")}, "result": 0})
}

// writeJSON writes as Flask does: keys in order, nothing beyond ASCII, a line feed at the end.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // texts and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(ascii(b.Bytes()))
}

// ascii writes what is beyond ASCII in JSON as \uXXXX.
func ascii(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r < utf8.RuneSelf {
			out = append(out, data[0])
		} else {
			for _, u := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
		}
		data = data[n:]
	}
	return out
}
