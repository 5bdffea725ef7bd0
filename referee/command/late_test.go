package command

import (
	"testing"
	"time"

	"github.com/refarena/refarena/referee/refereetest"
)

// An answer that is there when the time is over was in time: it is taken, whatever else can be taken.
func TestAnswerInTime(t *testing.T) {
	for range 50 { // a select that may choose chooses both ways
		c, err := New("unused", Options{Timeout: time.Nanosecond})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{in: make(chan []byte, 1), out: make(chan []byte, 2), dead: make(chan struct{})}
		p.out <- []byte(`{"id": 0, "answer": "of a query that was given up"}`)
		p.out <- []byte(`{"answer": "[(0.5, 0.5)]"}`)
		c.proc = p
		if a, err := c.Point(t.Context(), refereetest.Query(2, 2, false, 1)); err != nil || len(a.Points) != 1 {
			t.Fatalf("answer %+v, error %v", a, err)
		}
	}
}
