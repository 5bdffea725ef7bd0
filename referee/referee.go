// Package referee asks "where?" and gets points in an image: an instruction and what a camera sees go in, image points come out.
//
// A model under test is a Referee: RoboRefer's own HTTP server (RoboReferClient), a model on ONNX Runtime, any other. Three baselines
// bound it from both sides: "oracle" points at the middle of the true region, "random-in-mask" anywhere in it, "random-pixel" anywhere.
// The first two have to be told the answer, so they are Controls, and Ask is the one place where ground truth meets a referee:
//
//	r, err := referee.Open("oracle", referee.Options{})
//	err = referee.Check(ctx, r)                                  // before the first episode: is it there?
//	answer, err := referee.Ask(ctx, r, query, truth)             // truth goes to Controls only
//	point, ok := referee.FirstPoint.Of(answer.Points)
//
// A model's reply is untrusted text: it is parsed strictly (ParsePoints) and never evaluated. A bad reply is an outcome, Answer.Problem;
// the error is for a query that could not be asked. refereetest.Run holds every Referee to this contract.
package referee

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/refarena/refarena/sim"
)

// A Referee answers "where?" with points in an image. It is safe for concurrent use: all workers of a run share one. A Referee that
// holds memory, files or connections also implements io.Closer, and whoever opened it closes it after the last answer.
type Referee interface {
	// Point answers one query. It reads the query's slices until it returns, and neither changes nor keeps them.
	//
	// Whatever the model says is an Answer, also when it is unreadable, empty or too late (Answer.Problem). The error is for a query
	// that could not be asked: one that Query.Validate refuses, a server that cannot be reached or refuses the query, or a ctx that
	// ended first (errors.Is finds its context.Canceled or context.DeadlineExceeded). Point returns soon after ctx ends.
	Point(ctx context.Context, q Query) (Answer, error)
	// Info names the model, its version and its settings for the result record. It is the same at every call, and the caller owns it.
	Info() Info
}

// A Control is a Referee that is told the answer, to bound what a model could have reached in the same scenes. Its Point is an error;
// ask it through PointKnowing or Ask. No model under test is a Control.
type Control interface {
	Referee
	// PointKnowing is Point for a referee that is also told which pixels are right. truth has the size of the query's image; it is only
	// read until PointKnowing returns. A truth without a single true pixel gives an Answer with ProblemEmpty.
	PointKnowing(ctx context.Context, q Query, truth sim.Region) (Answer, error)
}

// A Checker is a Referee that can say before the first query whether it will be able to answer.
type Checker interface {
	// Check returns nil if queries can be asked now; it asks the model nothing.
	Check(ctx context.Context) error
}

// Ask puts q to r. A Control is told truth; any other referee never sees it.
func Ask(ctx context.Context, r Referee, q Query, truth sim.Region) (Answer, error) {
	if c, ok := r.(Control); ok {
		return c.PointKnowing(ctx, q, truth)
	}
	return r.Point(ctx, q)
}

// Check says whether queries can be put to r now: the result of its own Check if it is a Checker, else nil.
func Check(ctx context.Context, r Referee) error {
	if c, ok := r.(Checker); ok {
		return c.Check(ctx)
	}
	return nil
}

// A Query is one question: what the camera sees and what to point at. It is all that a model may know.
type Query struct {
	Width, Height int       // size of the image [px], 1 to sim.MaxImageSide
	RGB           []byte    // Height × Width × 3, row-major from the top left, sRGB
	Depth         []float32 // Height × Width, along cam z [m]; 0, negative or not finite means no return. nil: none
	// Disparity is depth in the form that RoboRefer sees, for a query whose metric depth nobody knows: Height × Width, near is bright (see
	// DisparityMinMaxU8). nil: none. A query has Depth, Disparity or neither, never both; without either it is RGB only.
	Disparity   []byte
	Instruction string // "point at the red mug"; UTF-8, may be empty
	// Verbatim says that Instruction is the whole text for the model, which the referee neither adds to nor changes: a benchmark and a server
	// are given prompts that are complete. False: the referee asks in the words that its model is used to.
	Verbatim bool
	Seed     uint64 // for referees that draw random numbers: a function of the episode's seed, the step and the attempt
}

// NewQuery asks about a camera's frame. The query shares the frame's slices, so the frame must not be drawn into before the answer.
// A frame without depth gives an RGB-only query.
func NewQuery(f *sim.Frame, instruction string, seed uint64) Query {
	q := Query{Width: f.Camera.Width, Height: f.Camera.Height, RGB: f.RGB, Depth: f.Depth, Instruction: instruction, Seed: seed}
	if len(q.Depth) == 0 {
		q.Depth = nil
	}
	return q
}

// Validate says why the query cannot be asked of any referee, if so.
func (q Query) Validate() error {
	n := q.Width * q.Height
	switch {
	case q.Width < 1 || q.Height < 1 || q.Width > sim.MaxImageSide || q.Height > sim.MaxImageSide:
		return fmt.Errorf("referee: query: image size %d×%d (want 1×1 to %d×%d)", q.Width, q.Height, sim.MaxImageSide, sim.MaxImageSide)
	case len(q.RGB) != 3*n:
		return fmt.Errorf("referee: query: %d bytes of RGB for an image of %d×%d (want %d)", len(q.RGB), q.Width, q.Height, 3*n)
	case q.Depth != nil && q.Disparity != nil:
		return errors.New("referee: query: both depth and disparity (want one at most)")
	case q.Depth != nil && len(q.Depth) != n:
		return fmt.Errorf("referee: query: %d depths for an image of %d×%d (want %d, or nil for RGB only)", len(q.Depth), q.Width, q.Height, n)
	case q.Disparity != nil && len(q.Disparity) != n:
		return fmt.Errorf("referee: query: %d disparities for an image of %d×%d (want %d, or nil for RGB only)", len(q.Disparity), q.Width, q.Height, n)
	case !utf8.ValidString(q.Instruction):
		return fmt.Errorf("referee: query: instruction %.60q is not valid UTF-8", q.Instruction)
	}
	return nil
}

// DisparityU8 is the depth of q as RoboRefer sees it, Height × Width: Disparity, else DisparityMinMaxU8 of Depth; nil for a query that is RGB
// only. q must be valid. The result is only read: it may be q's own slice.
func (q Query) DisparityU8() []byte {
	if q.Depth != nil {
		return DisparityMinMaxU8(q.Depth)
	}
	return q.Disparity
}

// HasDepth says whether the query carries depth of any kind.
func (q Query) HasDepth() bool { return q.Depth != nil || q.Disparity != nil }

// Hash identifies what a model is shown, for records: SHA-256 over the size, the pixels' bits, the depths' bits and the instruction, in
// hexadecimal. The seed is left out, since no model sees it.
func (q Query) Hash() string {
	h := sha256.New()
	var buf [4096]byte
	put := func(v int) { h.Write(binary.LittleEndian.AppendUint64(buf[:0], uint64(v))) }
	put(q.Width)
	put(q.Height)
	put(len(q.RGB))
	h.Write(q.RGB)
	put(len(q.Depth))
	for d := q.Depth; len(d) > 0; {
		b := buf[:0]
		for _, z := range d[:min(len(d), len(buf)/4)] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(z))
		}
		h.Write(b)
		d = d[len(b)/4:]
	}
	put(len(q.Instruction))
	h.Write([]byte(q.Instruction))
	if q.Disparity != nil || q.Verbatim { // what came later; the hashes of queries without it stay what they were
		verbatim := 0
		if q.Verbatim {
			verbatim = 1
		}
		put(verbatim)
		put(len(q.Disparity))
		h.Write(q.Disparity)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A Problem is why an answer has no points. Its values are cause codes of a failed step, as they stand in result records.
type Problem string

const (
	ProblemNone       Problem = ""                 // there are points
	ProblemUnparsable Problem = "refer.unparsable" // the reply is not of the form that was asked for
	ProblemEmpty      Problem = "refer.empty"      // the reply is blank, or a list of no points
	ProblemTimeout    Problem = "refer.timeout"    // the model was asked and did not answer in time
)

// An Answer is what came of one query. Either Problem is ProblemNone and there is a point at least, or Problem and Reason say why there
// is none. The caller owns it.
type Answer struct {
	Text    string          // what the model said, untrusted and as it came, cut after MaxText bytes; "" if nothing came
	Points  []sim.NormPoint // in the reply's order, each within [0,1] × [0,1]; see Choice for which one to act on
	Problem Problem
	Reason  string // what was wrong, for people, one line; "" without a problem
	Prompt  string // the text that the model was given; "" for the baselines, which read none
	// ServerText says that Text is not the model's but its server's: an error page, or anything else that is no reply.
	ServerText bool
	Tokens     int // that the model generated; 0: it is not known
	// Attempts is how often the query was sent, 1 or more: the tries before the last failed on the way to the model or back.
	Attempts int
	// Latency is the wall time from the first send to the last reply, waits between tries included. It is not part of what must repeat:
	// leave it out of hashes and comparisons. 0 for the baselines.
	Latency time.Duration
}

// MaxText is the longest reply that is read for points and kept in an Answer [bytes].
const MaxText = 64 << 10

// ReadAnswer is the Answer for a model's reply: its points, or why there are none. Attempts is 1; the caller adds Prompt and Latency.
func ReadAnswer(reply string) Answer {
	a := Answer{Text: cut(reply, MaxText), Attempts: 1}
	points, err := ParsePoints(reply)
	switch {
	case isBlank(reply):
		a.Problem, a.Reason = ProblemEmpty, "the reply is blank"
	case err != nil:
		a.Problem, a.Reason = ProblemUnparsable, err.Error()
	case len(points) == 0:
		a.Problem, a.Reason = ProblemEmpty, "the reply is a list of no points"
	default:
		a.Points = points
	}
	return a
}

// cut is s, or its first n bytes at most if it is longer, without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for k := n; k > max(n-utf8.UTFMax, 0); k-- {
		if utf8.RuneStart(s[k]) {
			return s[:k]
		}
	}
	return s[:n] // not UTF-8 anyway
}

// An Info identifies who answered, for result records.
type Info struct {
	Name    string `json:"name"`    // what Open was given: "oracle", "http://127.0.0.1:25547"
	Model   string `json:"model"`   // the kind of model behind it
	Version string `json:"version"` // hash of the weights, or version of the algorithm; "" if it cannot be known
	// Settings are everything else that may move an answer, by name: prompt, depth encoding, number of tries.
	Settings map[string]string `json:"settings,omitempty"`
	// Repeatable promises the same points for the same query and seed, in any order and number of workers.
	Repeatable bool `json:"repeatable"`
}
