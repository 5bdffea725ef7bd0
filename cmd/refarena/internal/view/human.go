package view

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// A Human is the referee in front of the screen: what a model is asked, they are asked. The right answer is hidden from them until they have answered.
type Human struct {
	mu      sync.Mutex
	answers chan referee.Answer // of the question that waits; nil if none does
	since   time.Time
	gone    chan struct{} // closed when nobody will answer any more
}

// NewHuman is somebody who can be asked.
func NewHuman() *Human { return &Human{gone: make(chan struct{})} }

var errNobody = errors.New("view: nobody is there to answer")

// Point implements referee.Referee. It waits for Answer or Pass.
func (h *Human) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	h.mu.Lock()
	if h.answers != nil {
		h.mu.Unlock()
		return referee.Answer{}, errors.New("view: one person is asked one question at a time")
	}
	answers := make(chan referee.Answer, 1)
	h.answers, h.since = answers, time.Now()
	gone := h.gone
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.answers = nil
		h.mu.Unlock()
	}()
	select {
	case a := <-answers:
		return a, nil
	case <-gone:
		return referee.Answer{}, errNobody
	case <-ctx.Done():
		return referee.Answer{}, ctx.Err()
	}
}

// Info implements referee.Referee.
func (h *Human) Info() referee.Info {
	return referee.Info{Name: "human", Model: "human", Settings: map[string]string{"sees": "rgb, depth, instruction, and a view of the scene that can be turned"}}
}

// waiting is for how long a question has been waiting; false if none is.
func (h *Human) waiting() (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answers == nil {
		return 0, false
	}
	return time.Since(h.since), true
}

// answer gives an answer to the question that waits.
func (h *Human) answer(a referee.Answer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answers == nil {
		return errors.New("nothing is being asked now")
	}
	a.Attempts, a.Latency = 1, time.Since(h.since)
	select {
	case h.answers <- a:
	default: // a double click
	}
	return nil
}

func (h *Human) point(p sim.NormPoint) error {
	return h.answer(referee.Answer{Text: fmt.Sprintf("[(%.4f, %.4f)]", p.X, p.Y), Points: []sim.NormPoint{p}})
}

func (h *Human) pass() error {
	return h.answer(referee.Answer{Text: "pass", Problem: referee.ProblemEmpty, Reason: "passed"})
}

// abandon ends the question that waits; the next one may be answered again.
func (h *Human) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.gone)
	h.gone = make(chan struct{})
}
