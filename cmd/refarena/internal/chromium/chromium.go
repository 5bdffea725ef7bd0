// Package chromium drives a headless browser in tests of pages.
package chromium

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

// A Page is the one page of a headless Chromium, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol. What goes wrong
// with it ends the test.
type Page struct {
	t       testing.TB
	c       *websocket.Conn
	session string
	mu      sync.Mutex
	next    int
	answers map[int]chan json.RawMessage
	said    []string // to the console: errors only
}

// patience is how long something may take before a test is given up. Nothing depends on it: it is for a machine that has much else to do.
const patience = 5 * time.Minute

// Open starts a Chromium with an empty page of that size [px], until the test ends. It skips the test where there is none.
func Open(t testing.TB, w, h int) *Page {
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
	b := &Page{t: t, answers: map[int]chan json.RawMessage{}}
	select {
	case a := <-address:
		b.c, _, err = websocket.Dial(context.Background(), a, nil)
		require.NoError(t, err)
	case <-time.After(patience):
		t.Fatal("chromium does not say where it listens")
	}
	t.Cleanup(func() { b.c.CloseNow() })
	b.c.SetReadLimit(64 << 20)
	go b.listen()
	page := ""
	for deadline := time.Now().Add(patience); page == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var all struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		b.Call("Target.getTargets", nil, &all)
		for _, x := range all.TargetInfos {
			if x.Type == "page" {
				page = x.TargetID
			}
		}
	}
	var attached struct{ SessionID string }
	b.Call("Target.attachToTarget", map[string]any{"targetId": page, "flatten": true}, &attached)
	require.NotEmpty(t, attached.SessionID, "chromium has no page")
	b.session = attached.SessionID
	b.Call("Runtime.enable", nil, nil)
	b.Call("Log.enable", nil, nil)
	b.Call("Page.enable", nil, nil)
	b.Resize(w, h)
	return b
}

// Resize changes the page's size [px].
func (b *Page) Resize(w, h int) {
	b.t.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": w, "height": h, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// Dark asks the page for dark colours, or for light ones.
func (b *Page) Dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Navigate goes to an address.
func (b *Page) Navigate(url string) {
	b.t.Helper()
	b.Call("Page.navigate", map[string]any{"url": url}, nil)
}

func (b *Page) listen() {
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

// Call calls a method of the protocol and reads what it returns into result, unless that is nil.
func (b *Page) Call(method string, params, result any) {
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
	case <-time.After(patience):
		b.t.Fatalf("chromium does not answer %s", method)
	}
}

// Eval is a JavaScript expression's value.
func (b *Page) Eval(js string, to any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": js, "returnByValue": true, "awaitPromise": true}, &r)
	require.Empty(b.t, string(r.ExceptionDetails), js)
	if to != nil {
		require.NoError(b.t, json.Unmarshal(r.Result.Value, to), js)
	}
}

// Until waits for a JavaScript expression to be true.
func (b *Page) Until(js string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var r struct{ Result struct{ Value bool } } // nothing while the page is being loaded
		b.Call("Runtime.evaluate", map[string]any{"expression": "Boolean(" + js + ")", "returnByValue": true}, &r)
		if r.Result.Value {
			return
		}
	}
	var state string
	b.Eval("typeof state === 'undefined' ? document.body.innerText.slice(0, 500) : JSON.stringify(state)", &state)
	b.t.Fatalf("%s does not come about: %s", js, state)
}

// Click clicks the middle of an element, or the place at (x, y), 0…1, of it.
func (b *Page) Click(selector string, x, y float64) {
	b.t.Helper()
	var r struct{ X, Y, W, H float64 }
	b.Eval(fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height}; })()`, selector), &r)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.Call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": r.X + x*r.W, "y": r.Y + y*r.H, "button": "left", "clickCount": 1}, nil)
	}
}

// Key presses a key.
func (b *Page) Key(key, text string) {
	b.t.Helper()
	b.Call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "text": text}, nil)
	b.Call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
}

// Screenshot writes what is to be seen as PNG.
func (b *Page) Screenshot(file string) {
	b.t.Helper()
	var r struct{ Data string }
	b.Call("Page.captureScreenshot", map[string]any{"format": "png"}, &r)
	png, err := base64.StdEncoding.DecodeString(r.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(file, png, 0o666))
}

// Errors are what the page has complained about on the console so far.
func (b *Page) Errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.said...)
}
