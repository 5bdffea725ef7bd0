package view

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
)

//go:embed web
var webFiles embed.FS

// Web serves a Viewer to browsers: a page, and over a WebSocket pictures and what the panels show; orders come back.
type Web struct {
	v     *Viewer
	token string
	l     net.Listener
	s     http.Server

	mu     sync.Mutex
	ending bool           // no socket is opened any more
	wg     sync.WaitGroup // of those that are open
}

// NewWeb listens at an address, such as 127.0.0.1:0. Nothing is served to who does not know the token that URL ends in.
func NewWeb(v *Viewer, address string) (*Web, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	var token [16]byte
	rand.Read(token[:])
	w := &Web{v: v, token: hex.EncodeToString(token[:]), l: l}
	files, err := fs.Sub(webFiles, "web")
	if err != nil {
		panic(err) // it is compiled in
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{token}/", w.guard(http.StripPrefix("/"+w.token+"/", http.FileServerFS(files))))
	mux.Handle("GET /{token}/socket", w.guard(http.HandlerFunc(w.socket)))
	w.s = http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return w, nil
}

// URL is where the page is.
func (w *Web) URL() string { return fmt.Sprintf("http://%s/%s/", w.l.Addr(), w.token) }

// guard lets those in who know the token, and no page of another site: browsers send Origin with WebSockets, and Host tells rebound names.
func (w *Web) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.PathValue("token")), []byte(w.token)) != 1 {
			http.NotFound(rw, r)
			return
		}
		if o := r.Header.Get("Origin"); o != "" {
			if u, err := url.Parse(o); err != nil || u.Host != r.Host {
				http.Error(rw, "from another site", http.StatusForbidden)
				return
			}
		}
		h := rw.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(rw, r)
	})
}

// Serve answers until ctx or the Viewer ends.
func (w *Web) Serve(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.s.BaseContext = func(net.Listener) context.Context { return ctx }
	go func() {
		select {
		case <-ctx.Done():
		case <-w.v.Done():
		}
		w.s.Close()
		select { // browsers are told that it was the end, if they listen
		case <-ctx.Done():
		case <-time.After(goodbye):
			stop()
		}
	}()
	err := w.s.Serve(w.l)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
	}
	w.mu.Lock()
	w.ending = true
	w.mu.Unlock()
	w.wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// goodbye is for how long a browser may be busy with something else when the viewer ends.
const goodbye = 10 * time.Second

// enter counts a socket in, which calls wg.Done at its end; false when there are to be no more.
func (w *Web) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ending {
		w.wg.Add(1)
	}
	return !w.ending
}

// A webOrder is what a browser sends: an order, or what it wants pictures of.
type webOrder struct {
	Do    string `json:"do"`
	Scene [2]int `json:"scene"` // sizes of the two pictures on its screen [px]
	Eye   [2]int `json:"eye"`
	Ack   uint64 `json:"ack"` // the picture that it has shown
}

// The kinds of binary messages: their first byte.
const (
	webScene = 1
	webEye   = 2
)

func (w *Web) socket(rw http.ResponseWriter, r *http.Request) {
	if !w.enter() {
		return
	}
	defer w.wg.Done()
	c, err := websocket.Accept(rw, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it was answered
	}
	defer c.CloseNow()
	c.SetReadLimit(16 << 10)
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	b := &browser{c: c, v: w.v, change: make(chan struct{}, 1), scene: [2]int{640, 400}, eye: [2]int{320, 240}}
	w.wg.Go(func() {
		defer stop()
		b.listen(ctx)
	})
	if err := b.show(ctx); err == nil {
		c.Close(websocket.StatusNormalClosure, viewerEnded)
	}
}

// viewerEnded is what browsers are told at the end, and what the page says then.
const viewerEnded = "the viewer has ended"

// A browser is one that is connected.
type browser struct {
	c      *websocket.Conn
	v      *Viewer
	change chan struct{} // it wants something else, or has shown a picture

	mu         sync.Mutex
	scene, eye [2]int
	sent, seen uint64 // pictures
}

func (b *browser) listen(ctx context.Context) {
	for {
		kind, data, err := b.c.Read(ctx)
		if err != nil || kind != websocket.MessageText {
			return
		}
		var o webOrder
		if json.Unmarshal(data, &o) != nil {
			return
		}
		if o.Do != "" {
			b.v.Tell(o.Do)
			continue
		}
		b.mu.Lock()
		if o.Ack > 0 {
			b.seen = max(b.seen, min(o.Ack, b.sent))
		}
		for _, s := range []struct {
			to   *[2]int
			from [2]int
		}{{&b.scene, o.Scene}, {&b.eye, o.Eye}} {
			if min(s.from[0], s.from[1]) >= 16 && max(s.from[0], s.from[1]) <= 2560 {
				*s.to = s.from
			}
		}
		if o.Scene[0] > 0 {
			b.v.SetSceneShape(o.Scene[0], o.Scene[1])
		}
		b.mu.Unlock()
		select {
		case b.change <- struct{}{}:
		default:
		}
	}
}

// show sends what changes, no faster than the browser shows it. A picture is drawn while the one before becomes a JPEG and the one before that is
// decoded.
func (b *browser) show(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	drawn := make(chan webPicture)
	var sender sync.WaitGroup
	sender.Go(func() {
		for p := range drawn {
			if err := b.picture(ctx, p); err != nil {
				stop(err) // what is drawn until that is noticed is sent to nobody
			}
		}
	})
	defer sender.Wait()
	defer close(drawn)

	var lastEye, lastState string
	var lastScene sceneShown
	var told time.Time // the panels
	moving, pace := newDetail(), newPace(b.v.o.Rate)
	for {
		sh, changed := b.v.Shown()
		b.mu.Lock()
		scene, eye, behind := b.scene, b.eye, b.sent-b.seen
		b.mu.Unlock()
		if behind < inFlight && pace.wait() == 0 {
			// Numbers that run need not be read more often than this.
			if !sh.Playing || time.Since(told) > time.Second/15 {
				state, err := json.Marshal(&sh.State)
				if err != nil {
					return err
				}
				if string(state) != lastState {
					lastState, told = string(state), time.Now()
					if err := b.write(ctx, websocket.MessageText, state); err != nil {
						return err
					}
				}
			}
			// While things move the picture is coarser; when they stand still it is made once more, as fine as the screen.
			now := sceneShown{sh.serialOf(), scene, false}
			if draw, still := lastScene.then(now, sh.Playing); draw {
				w, h := scene[0], scene[1]
				if !still {
					w, h = moving.size(w, h)
				}
				start := time.Now()
				img, err := b.v.Scene(sh, w, h)
				if err != nil {
					return err
				}
				q := 90
				if !still {
					moving.took(time.Since(start))
					q = 80
				}
				b.mu.Lock()
				b.sent++
				b.mu.Unlock()
				drawn <- webPicture{webScene, img, q}
				pace.drawn()
				lastScene = now
				lastScene.fine = still
			}
			if key := sh.eyeKey(eye); key != lastEye {
				img, err := b.v.Eye(sh, eye[0], eye[1])
				if err != nil {
					return err
				}
				drawn <- webPicture{webEye, img, 88}
				lastEye = key
			}
		}
		wait := time.NewTimer(200 * time.Millisecond)
		if lastScene.fine || behind >= inFlight {
			wait.Reset(2 * time.Second)
		}
		if w := pace.wait(); w > 0 {
			wait.Reset(w)
			changed = nil
		}
		select {
		case <-changed:
		case <-b.change:
		case <-wait.C:
		case <-b.v.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		wait.Stop()
	}
}

// inFlight is how many pictures may be on their way: one that is being drawn or sent, and one that the browser decodes.
const inFlight = 2

// sceneShown is what a scene's picture depends on.
type sceneShown struct {
	key  string
	size [2]int
	fine bool
}

// then says whether a picture is to be drawn after this one, and whether in full size.
func (last sceneShown) then(now sceneShown, playing bool) (draw, fine bool) {
	same := now.key == last.key && now.size == last.size
	fine = same && !playing
	return !same || fine && !last.fine, fine
}

// serialOf names what the 3D view shows.
func (sh *Shown) serialOf() string {
	return fmt.Sprintf("%p %d %v %v %d %p %v", sh.scene, sh.Step, sh.Orbit, sh.UI.Overlays, sh.Selected, sh.Question, len(sh.Way))
}

// eyeKey names what the referee's picture shows. What its camera sees now is drawn five times a second of the episode.
func (sh *Shown) eyeKey(size [2]int) string {
	step := 0
	if sh.UI.Eye == "live" || sh.Question == nil {
		step = sh.Step
		if sh.Playing {
			step = sh.Step / 100
		}
	}
	waiting := sh.Ask != nil && sh.Ask.Waiting
	return fmt.Sprintf("%v %p %p %s %s %v %v %v %d %t", size, sh.scene, sh.Question, sh.Tab, sh.UI.Eye, sh.UI.Overlays[Points], sh.UI.Overlays[Regions], waiting, step, sh.Playing && step != 0)
}

func (b *browser) write(ctx context.Context, kind websocket.MessageType, data []byte) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	return b.c.Write(ctx, kind, data)
}

// A webPicture is one on its way to the browser.
type webPicture struct {
	kind    byte
	img     *image.RGBA
	quality int // of the JPEG
}

func (b *browser) picture(ctx context.Context, p webPicture) error {
	buf := bytes.NewBuffer([]byte{p.kind})
	if err := jpeg.Encode(buf, p.img, &jpeg.Options{Quality: p.quality}); err != nil {
		return err
	}
	return b.write(ctx, websocket.MessageBinary, buf.Bytes())
}

// A detail chooses how fine moving pictures are: as the machine can draw them smoothly.
type detail struct{ share float64 }

func newDetail() *detail { return &detail{0.6} }

const wanted = 0.045 // for a moving picture [s]

func (d *detail) size(w, h int) (int, int) {
	even := func(n int) int { return max(int(float64(n)*d.share)&^1, 16) }
	return even(w), even(h)
}

// took says how long a picture took.
func (d *detail) took(t time.Duration) {
	s := t.Seconds() / wanted
	switch {
	case s > 1.2:
		d.share = max(d.share*0.92, 0.3)
	case s < 0.75:
		d.share = min(d.share*1.04, 1)
	}
}
