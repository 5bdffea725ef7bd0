package view

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// A chromium is a headless browser with one page, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol.
type chromium struct {
	t       testing.TB
	c       *websocket.Conn
	session string
	mu      sync.Mutex
	next    int
	answers map[int]chan json.RawMessage
	said    []string // to the console: errors only
}

// openChromium skips the test where there is no Chromium.
func openChromium(t testing.TB, w, h int) *chromium {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Skip("no chromium here (apt-get install chromium)")
	}
	profile, err := os.MkdirTemp("", "refarena-chromium")
	require.NoError(t, err)
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-dev-shm-usage",
		"--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows", "--disable-background-timer-throttling",
		"--remote-debugging-port=0", fmt.Sprintf("--window-size=%d,%d", w, h),
		"--user-data-dir="+profile, "about:blank")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(profile) // its children may still be writing: what they leave is no failure
	})
	address := make(chan string, 1)
	go func() {
		for in := bufio.NewScanner(stderr); in.Scan(); {
			if _, a, ok := strings.Cut(in.Text(), "DevTools listening on "); ok {
				address <- a
			}
		}
	}()
	b := &chromium{t: t, answers: map[int]chan json.RawMessage{}}
	select {
	case a := <-address:
		b.c, _, err = websocket.Dial(context.Background(), a, nil)
		require.NoError(t, err)
	case <-time.After(60 * time.Second):
		t.Fatal("chromium does not say where it listens")
	}
	t.Cleanup(func() { b.c.CloseNow() })
	b.c.SetReadLimit(64 << 20)
	go b.listen()
	page := ""
	for deadline := time.Now().Add(time.Minute); page == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var all struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		b.call("Target.getTargets", nil, &all)
		for _, x := range all.TargetInfos {
			if x.Type == "page" {
				page = x.TargetID
			}
		}
	}
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": page, "flatten": true}, &attached)
	require.NotEmpty(t, attached.SessionID, "chromium has no page")
	b.session = attached.SessionID
	b.call("Runtime.enable", nil, nil)
	b.call("Log.enable", nil, nil)
	b.call("Page.enable", nil, nil)
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": w, "height": h, "deviceScaleFactor": 1, "mobile": false}, nil)
	return b
}

func (b *chromium) listen() {
	for {
		_, data, err := b.c.Read(context.Background())
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Method string
			Result json.RawMessage
			Error  json.RawMessage
			Params json.RawMessage
		}
		if json.Unmarshal(data, &m) != nil {
			continue
		}
		b.mu.Lock()
		switch {
		case m.ID > 0:
			if m.Error != nil {
				m.Result = m.Error
			}
			b.answers[m.ID] <- m.Result
		case m.Method == "Runtime.exceptionThrown", m.Method == "Log.entryAdded" && strings.Contains(string(m.Params), `"level":"error"`),
			m.Method == "Runtime.consoleAPICalled" && strings.Contains(string(m.Params), `"type":"error"`):
			b.said = append(b.said, string(m.Params))
		}
		b.mu.Unlock()
	}
}

func (b *chromium) call(method string, params, result any) {
	b.t.Helper()
	b.mu.Lock()
	b.next++
	id, answer := b.next, make(chan json.RawMessage, 1)
	b.answers[id] = answer
	b.mu.Unlock()
	m := map[string]any{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	text, err := json.Marshal(m)
	require.NoError(b.t, err)
	require.NoError(b.t, b.c.Write(context.Background(), websocket.MessageText, text))
	select {
	case r := <-answer:
		if result != nil {
			require.NoError(b.t, json.Unmarshal(r, result), string(r))
		}
	case <-time.After(60 * time.Second):
		b.t.Fatalf("chromium does not answer %s", method)
	}
}

// eval is a JavaScript expression's value.
func (b *chromium) eval(js string, to any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": js, "returnByValue": true, "awaitPromise": true}, &r)
	require.Empty(b.t, string(r.ExceptionDetails), js)
	if to != nil {
		require.NoError(b.t, json.Unmarshal(r.Result.Value, to), js)
	}
}

// until waits for a JavaScript expression to be true.
func (b *chromium) until(js string) {
	b.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var r struct{ Result struct{ Value bool } } // nothing while the page is being loaded
		b.call("Runtime.evaluate", map[string]any{"expression": "Boolean(" + js + ")", "returnByValue": true}, &r)
		if r.Result.Value {
			return
		}
	}
	var state string
	b.eval("JSON.stringify(state)", &state)
	b.t.Fatalf("%s does not come about: %s", js, state)
}

// click clicks the middle of an element, or the place at (x, y), 0…1, of it.
func (b *chromium) click(selector string, x, y float64) {
	b.t.Helper()
	var r struct{ X, Y, W, H float64 }
	b.eval(fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height}; })()`, selector), &r)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": r.X + x*r.W, "y": r.Y + y*r.H, "button": "left", "clickCount": 1}, nil)
	}
}

// key presses a key.
func (b *chromium) key(key, text string) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "text": text}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
}

func (b *chromium) screenshot(file string) {
	b.t.Helper()
	var r struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &r)
	png, err := base64.StdEncoding.DecodeString(r.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(file, png, 0o666))
}

func (b *chromium) errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.said...)
}
