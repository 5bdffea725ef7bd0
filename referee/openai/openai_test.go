package openai_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/openai"
	"github.com/refarena/refarena/referee/refereetest"
)

const key = "sk-the-secret-of-the-test"

// A request is what the endpoint understood.
type request struct {
	Model               string
	Temperature         *float64
	MaxCompletionTokens *int `json:"max_completion_tokens"`
	Messages            []struct {
		Role    string
		Content []struct {
			Type, Text string
			ImageURL   struct{ URL string } `json:"image_url"`
		}
	}
	width, height int
}

// endpoint is an OpenAI-compatible server that answers with what answer returns: a status other than 200 with an error of that text.
func endpoint(t *testing.T, answer func(r request) (status int, text, finish string)) (url string, last *atomic.Pointer[request]) {
	t.Helper()
	last = &atomic.Pointer[request]{}
	srv := httptest.NewServer(handler(last, answer))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1", last
}

// handler is the endpoint's; it keeps the last request.
func handler(last *atomic.Pointer[request], answer func(r request) (status int, text, finish string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fail := func(status int, msg string) {
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": msg, "type": "test"}})
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+key {
			fail(401, "no key")
			return
		}
		if r.Method == "GET" && r.URL.Path == "/v1/models" {
			io.WriteString(w, `{"object":"list","data":[]}`)
			return
		}
		var req request
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.URL.Path != "/v1/chat/completions" {
			fail(404, fmt.Sprint("bad request: ", err))
			return
		}
		data, _ := strings.CutPrefix(req.Messages[0].Content[0].ImageURL.URL, "data:image/png;base64,")
		raw, err := base64.StdEncoding.DecodeString(data)
		if err == nil {
			var cfg, e = png.DecodeConfig(bytes.NewReader(raw))
			req.width, req.height, err = cfg.Width, cfg.Height, e
		}
		if err != nil {
			fail(400, err.Error())
			return
		}
		last.Store(&req)
		status, text, finish := answer(req)
		if status != 200 {
			fail(status, text)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"id": "1", "object": "chat.completion", "model": req.Model,
			"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": map[string]any{"role": "assistant", "content": text}}}})
	})
}

func says(text string) func(request) (int, string, string) {
	return func(request) (int, string, string) { return 200, text, "stop" }
}

func newClient(t *testing.T, model, base string, opt openai.Options) *openai.Client {
	t.Helper()
	t.Setenv(openai.KeyVariable, key)
	c, err := openai.New(model, base, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	for model, answer := range map[string]string{
		"Qwen/Qwen3-VL-8B": "```json\n[{\"point_2d\": [500, 250]}]\n```",
		"gemini-2.5-pro":   `[{"point": [438, 330]}]`,
		"Molmo-7B-D":       `<point x="63.5" y="44.5">x</point>`,
		"gpt-5":            "The point is [(0.1, 0.2)].",
		"talkative":        "I cannot see it.",
		"silent":           "",
	} {
		t.Run(model, func(t *testing.T) {
			url, _ := endpoint(t, says(answer))
			c := newClient(t, model, url, openai.Options{})
			if err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			refereetest.Run(t, c)
		})
	}
}

// The prompt, the format and the size of the picture are the family's and the options', and the record says so.
func TestRequest(t *testing.T) {
	url, last := endpoint(t, says(`[{"point_2d": [500, 250]}]`))
	c := newClient(t, "Qwen3-VL-2B", url, openai.Options{MaxSide: 32, MaxTokens: 77})
	a, err := c.Point(t.Context(), refereetest.Query(64, 48, true, 1))
	if err != nil {
		t.Fatal(err)
	}
	r := last.Load()
	if r.Model != "Qwen3-VL-2B" || r.width != 32 || r.height != 24 || *r.Temperature != 0 || *r.MaxCompletionTokens != 77 || r.Messages[0].Content[1].Text != a.Prompt || !strings.Contains(a.Prompt, "point_2d") {
		t.Errorf("request %+v, prompt %q", r, a.Prompt)
	}
	if len(a.Points) != 1 || a.Points[0].X != 0.5 || a.Points[0].Y != 0.25 || a.Attempts != 1 {
		t.Errorf("answer %+v", a)
	}
	s := c.Info().Settings
	if s["family"] != "qwen3" || s["coordinates"] != "0-1000" || s["picture"] != "PNG, at most 32 px a side" || !strings.Contains(s["prompt"], "{instruction}") || s["temperature"] != "0" {
		t.Errorf("settings %v", s)
	}
	c = newClient(t, "gpt-5", url, openai.Options{Temperature: "none", MaxTokens: -1, Family: "qwen3"})
	if _, err := c.Point(t.Context(), refereetest.Query(64, 48, true, 1)); err != nil {
		t.Fatal(err)
	}
	if r := last.Load(); r.Temperature != nil || r.MaxCompletionTokens != nil || r.width != 64 {
		t.Errorf("request %+v, want neither temperature nor limit, and the picture as it is", r)
	}
}

func TestFaults(t *testing.T) {
	q := refereetest.Query(16, 12, false, 1)
	t.Run("refused, with the key in the message", func(t *testing.T) {
		url, _ := endpoint(t, func(request) (int, string, string) { return 400, "temperature is not supported with " + key, "" })
		c := newClient(t, "m", url, openai.Options{})
		_, err := c.Point(t.Context(), q)
		if err == nil || !strings.Contains(err.Error(), "temperature is not supported") || strings.Contains(err.Error(), key) || strings.Contains(fmt.Sprintf("%+v %#v", err.Error(), c.Info()), key) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("busy, then well", func(t *testing.T) {
		var n atomic.Int32
		url, _ := endpoint(t, func(request) (int, string, string) {
			if n.Add(1) < 3 {
				return 503, "busy", ""
			}
			return 200, "(0.5, 0.5)", "stop"
		})
		a, err := newClient(t, "m", url, openai.Options{}).Point(t.Context(), q)
		if err != nil || a.Attempts != 3 || len(a.Points) != 1 {
			t.Errorf("answer %+v, error %v", a, err)
		}
	})
	t.Run("broken for good", func(t *testing.T) {
		url, _ := endpoint(t, func(request) (int, string, string) { return 500, "no", "" })
		_, err := newClient(t, "m", url, openai.Options{Tries: 1}).Point(t.Context(), q)
		if err == nil || !strings.Contains(err.Error(), "tried 1 ×") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := handler(&atomic.Pointer[request]{}, func(request) (int, string, string) { time.Sleep(2 * time.Minute); return 200, "", "" })
			a, err := newClient(t, "m", "http://memory/v1", openai.Options{Tries: 1, HTTP: &http.Client{Transport: refereetest.InMemory(t, h)}}).Point(t.Context(), q)
			if err != nil || a.Problem != referee.ProblemTimeout || a.Reason != "no answer within 1m0s" || refereetest.CheckAnswer(a) != nil {
				t.Errorf("answer %+v, error %v", a, err)
			}
		})
	})
	t.Run("cut off", func(t *testing.T) {
		url, _ := endpoint(t, func(request) (int, string, string) { return 200, "Let me think", "length" })
		a, err := newClient(t, "m", url, openai.Options{}).Point(t.Context(), q)
		if err != nil || a.Problem != referee.ProblemUnparsable || !strings.Contains(a.Reason, "limit of tokens") {
			t.Errorf("answer %+v, error %v", a, err)
		}
	})
	t.Run("away", func(t *testing.T) {
		c := newClient(t, "m", "http://127.0.0.1:1/v1", openai.Options{Tries: 1})
		if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
			t.Errorf("Check: error %v", err)
		}
		if _, err := c.Point(t.Context(), q); err == nil || !strings.Contains(err.Error(), "unreachable") {
			t.Errorf("Point: error %v", err)
		}
	})
	t.Run("another key", func(t *testing.T) {
		url, _ := endpoint(t, says("x"))
		t.Setenv(openai.KeyVariable, "sk-other")
		c, err := openai.New("m", url, openai.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "refuses the key in $OPENAI_API_KEY") {
			t.Errorf("Check: error %v", err)
		}
	})
}

func TestMaker(t *testing.T) {
	t.Setenv(openai.KeyVariable, "")
	t.Setenv(openai.URLVariable, "")
	for _, tt := range []struct{ spec, name, family, wantErr string }{
		{"openai:Qwen/Qwen3-VL@http://127.0.0.1:8000/v1", "openai:Qwen/Qwen3-VL@http://127.0.0.1:8000/v1", "qwen3", ""},
		{"openai:m@http://127.0.0.1:8000/v1?family=molmo&side=512&temperature=none&tokens=9", "openai:m@http://127.0.0.1:8000/v1", "molmo", ""},
		{"openai:gpt-5", "", "", "needs a key in $OPENAI_API_KEY"},
		{"openai:", "", "", "no model"},
		{"openai:m@http://127.0.0.1:8000/v1?famly=molmo", "", "", "have family, side, temperature, tokens"},
		{"openai:m@http://127.0.0.1:8000/v1?side=big", "", "", "want a number"},
		{"openai:m@http://127.0.0.1:8000/v1?family=mol", "", "", "have qwen2.5"},
		{"openai:m@http://127.0.0.1:8000/v1?temperature=7", "", "", "0 to 2"},
		{"openai:m@http://user:pass@host/v1", "", "", "password"},
	} {
		r, err := referee.Open(tt.spec, referee.Options{}, openai.Maker(time.Minute))
		if tt.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) || strings.Contains(err.Error(), "pass@") {
				t.Errorf("Open(%s): error %v, want one with %q", tt.spec, err, tt.wantErr)
			}
			continue
		}
		if err != nil || r.Info().Name != tt.name || r.Info().Settings["family"] != tt.family {
			t.Errorf("Open(%s): error %v", tt.spec, err)
		}
	}
}
