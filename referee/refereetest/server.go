package refereetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A ServerQuery is what RoboRefer's server understood of one request.
type ServerQuery struct {
	Images, Depths []image.Image // decoded; a depth image has three channels of 8 bits, as the official server needs
	EnableDepth    bool
	Text           string
}

// A RoboReferServer speaks the protocol of RoboRefer's official HTTP server (API/api.py) on the loopback interface: GET /, POST /query,
// its status codes, its HTML pages on failure. It is as picky as the original: what makes that one fail makes this one fail. It reads
// PNG only.
type RoboReferServer struct {
	URL string // http://127.0.0.1:PORT

	mu      sync.Mutex
	queries []ServerQuery
}

// NewRoboReferServer starts a server that answers with what answer returns; nil for a fixed point. It stops when the test ends. answer
// may be called by several goroutines at once.
func NewRoboReferServer(t testing.TB, answer func(q ServerQuery) string) *RoboReferServer {
	t.Helper()
	if answer == nil {
		answer = func(ServerQuery) string { return "[(0.341, 0.510)]" }
	}
	s := &RoboReferServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			htmlError(w, http.StatusMethodNotAllowed)
			return
		}
		io.WriteString(w, "Hello, World!")
	})
	mux.HandleFunc("/query", func(w http.ResponseWriter, r *http.Request) {
		q, status := readQuery(r)
		if status != http.StatusOK {
			htmlError(w, status)
			return
		}
		s.mu.Lock()
		s.queries = append(s.queries, q)
		s.mu.Unlock()
		body, err := json.Marshal(map[string]any{"answer": answer(q), "result": 1})
		if err != nil {
			htmlError(w, http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(append(body, '\n'))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { htmlError(w, http.StatusNotFound) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// Queries is what the server has answered so far. The caller owns the slice.
func (s *RoboReferServer) Queries() []ServerQuery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ServerQuery(nil), s.queries...)
}

// readQuery understands a request as the official server does; the status is 200, or what that one fails with.
func readQuery(r *http.Request) (ServerQuery, int) {
	if r.Method != http.MethodPost {
		return ServerQuery{}, http.StatusMethodNotAllowed
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || t != "application/json" && !(strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")) {
		return ServerQuery{}, http.StatusUnsupportedMediaType
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !json.Valid(body) {
		return ServerQuery{}, http.StatusBadRequest
	}
	var msg struct {
		ImageURL    []string        `json:"image_url"`
		DepthURL    json.RawMessage `json:"depth_url"`
		EnableDepth any             `json:"enable_depth"`
		Text        *string         `json:"text"`
	}
	if err := json.Unmarshal(body, &msg); err != nil {
		return ServerQuery{}, http.StatusInternalServerError
	}
	q := ServerQuery{EnableDepth: msg.EnableDepth == 1.0 || msg.EnableDepth == true}
	if msg.Text != nil {
		q.Text = *msg.Text
	}
	var depths []string
	if q.EnableDepth && msg.DepthURL != nil {
		if err := json.Unmarshal(msg.DepthURL, &depths); err != nil || string(msg.DepthURL) == "null" {
			return ServerQuery{}, http.StatusInternalServerError
		}
	}
	if len(depths) > 0 && len(depths) != len(msg.ImageURL) {
		return ServerQuery{}, http.StatusInternalServerError
	}
	for i, s := range slices.Concat(msg.ImageURL, depths) {
		img, err := decodeImage(s)
		if err != nil {
			return ServerQuery{}, http.StatusInternalServerError
		}
		if i < len(msg.ImageURL) {
			q.Images = append(q.Images, img)
			continue
		}
		if _, ok := img.(*image.RGBA); !ok { // what Go makes of three channels of 8 bits
			return ServerQuery{}, http.StatusInternalServerError
		}
		q.Depths = append(q.Depths, img)
	}
	return q, http.StatusOK
}

func decodeImage(s string) (image.Image, error) {
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(data))
}

// htmlError answers like Flask.
func htmlError(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	name := http.StatusText(status)
	io.WriteString(w, "<!doctype html>\n<html lang=en>\n<title>"+name+"</title>\n<h1>"+name+"</h1>\n")
}
