package tasks

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"sort"
	"sync"

	"github.com/refarena/refarena/sim"
)

// A tape is what an episode's physics was told: the controls of each call of Data.Step, what pushed at bodies, and snapshots in between. Since
// a state and controls determine what follows, every state of the episode can be reached again from it, to the bit, without the robot or the
// referee. One goroutine writes, others read.
type tape struct {
	mu      sync.Mutex
	model   *sim.Model
	begun   int // physics step at which it begins
	head    int // … that has been reached
	calls   []call
	ctrl    []float64 // NU numbers for each call
	pushes  []push    // changes of what pushes at bodies, by call
	snaps   []mark    // by call, the first at 0
	spacing int       // physics steps between snapshots
	sum     hash.Hash
}

// A call is one call of Data.Step.
type call struct {
	at, n int    // from physics step at on, n of them
	state uint64 // checksum of the state at its beginning
}

type push struct {
	call   int
	wrench []float64 // 6 × NBody
}

// A mark is a snapshot of the state at the beginning of a call.
type mark struct {
	call, at int
	jump     bool // the state was changed here by hand: it does not follow from the call before
	snap     *sim.Snapshot
}

const (
	firstSpacing = 125 // physics steps between snapshots at first: a quarter of a second
	maxSnaps     = 256 // then every second one is given up
)

func newTape(d *sim.Data) *tape {
	return &tape{model: d.Model(), begun: d.Steps(), head: d.Steps(), spacing: firstSpacing, sum: sha256.New()}
}

// checksum is of the bits that a trace is made of.
func (t *tape) checksum(h hash.Hash, d *sim.Data) uint64 {
	h.Reset()
	d.Hash(h)
	var buf [sha256.Size]byte
	return binary.LittleEndian.Uint64(h.Sum(buf[:0]))
}

// record takes down that d is about to make n steps. jump says that d was changed by hand since the last call.
func (t *tape) record(d *sim.Data, n int, jump bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := d.Steps()
	if len(t.snaps) == 0 || jump || at >= t.snaps[len(t.snaps)-1].at+t.spacing {
		if err := t.keep(d, jump); err != nil {
			return err
		}
	}
	if w := d.Wrench(); len(t.pushes) == 0 || !slices.Equal(t.pushes[len(t.pushes)-1].wrench, w) {
		t.pushes = append(t.pushes, push{len(t.calls), slices.Clone(w)})
	}
	t.calls = append(t.calls, call{at, n, t.checksum(t.sum, d)})
	t.ctrl = append(t.ctrl, d.Ctrl()...)
	t.head = at
	return nil
}

// keep takes a snapshot of d at the next call. mu is held.
func (t *tape) keep(d *sim.Data, jump bool) error {
	if len(t.snaps) > 0 && t.snaps[len(t.snaps)-1].call == len(t.calls) { // changed by hand twice at one place
		last := &t.snaps[len(t.snaps)-1]
		last.jump = last.jump || jump
		return d.Save(last.snap)
	}
	s, err := sim.NewSnapshot(t.model)
	if err == nil {
		err = d.Save(s)
	}
	if err != nil {
		return fmt.Errorf("tasks: snapshot: %w", err)
	}
	t.snaps = append(t.snaps, mark{len(t.calls), d.Steps(), jump, s})
	if len(t.snaps) > maxSnaps {
		t.spacing *= 2
		kept := t.snaps[:0]
		for i, m := range t.snaps {
			if i%2 == 0 || m.jump || i == len(t.snaps)-1 {
				kept = append(kept, m)
			} else {
				m.snap.Close()
			}
		}
		t.snaps = kept
	}
	return nil
}

// reached takes down that d has got to where it is now.
func (t *tape) reached(d *sim.Data) {
	t.mu.Lock()
	t.head = d.Steps()
	t.mu.Unlock()
}

// changed takes down a state that was changed by hand, and is to be seen before the next call.
func (t *tape) changed(d *sim.Data) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keep(d, true)
}

// end takes down where d has got to.
func (t *tape) end(d *sim.Data) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = d.Steps()
	t.calls = append(t.calls, call{d.Steps(), 0, t.checksum(t.sum, d)})
	t.ctrl = append(t.ctrl, d.Ctrl()...)
}

func (t *tape) close() {
	for _, m := range t.snaps {
		m.snap.Close()
	}
	t.snaps = nil
}

// A player is a simulation that is put into the states of a tape. It is for one goroutine.
type player struct {
	tape *tape
	data *sim.Data
	call int // in which data stands
	set  bool
	sum  hash.Hash
}

func newPlayer(t *tape) (*player, error) {
	d, err := sim.NewData(t.model)
	if err != nil {
		return nil, err
	}
	return &player{tape: t, data: d, sum: sha256.New()}, nil
}

// seek brings data to a physics step, or to the nearest that the tape has. Every state on the way at which a call began is compared with
// the one that was recorded; the error says that they differ.
func (p *player) seek(step int) error {
	t := p.tape
	t.mu.Lock()
	calls, ctrl, pushes := t.calls, t.ctrl, t.pushes // only ever appended to
	step = min(max(step, t.begun), t.head)
	k := sort.Search(len(t.snaps), func(i int) bool { return t.snaps[i].at > step }) - 1
	if k < 0 {
		t.mu.Unlock()
		return nil // nothing happened yet
	}
	nearest := t.snaps[k]
	var err error
	if !p.set || p.data.Steps() > step || p.data.Steps() < nearest.at || nearest.jump && p.call <= nearest.call {
		err = p.data.Restore(nearest.snap)
		p.call, p.set = nearest.call, true
	}
	t.mu.Unlock()
	nu := t.model.NU()
	for err == nil && p.call < len(calls) {
		c := calls[p.call]
		if p.data.Steps() == c.at {
			if got := t.checksum(p.sum, p.data); got != c.state {
				p.set = false
				return fmt.Errorf("tasks: at step %d the state is not the one that was simulated (%016x, want %016x)", c.at, got, c.state)
			}
			copy(p.data.Ctrl(), ctrl[nu*p.call:nu*(p.call+1)])
			if i := sort.Search(len(pushes), func(i int) bool { return pushes[i].call > p.call }); i > 0 {
				copy(p.data.Wrench(), pushes[i-1].wrench)
			}
		}
		if p.data.Steps() >= step {
			break
		}
		if err = p.data.Step(min(c.at+c.n, step) - p.data.Steps()); err == nil && p.data.Steps() == c.at+c.n {
			p.call++
			err = p.jump(p.call)
		}
	}
	if err != nil {
		p.set = false
	}
	return err
}

// jump takes over what was changed by hand at the beginning of a call.
func (p *player) jump(call int) error {
	t := p.tape
	t.mu.Lock()
	defer t.mu.Unlock()
	i := sort.Search(len(t.snaps), func(i int) bool { return t.snaps[i].call >= call })
	if i < len(t.snaps) && t.snaps[i].call == call && t.snaps[i].jump {
		return p.data.Restore(t.snaps[i].snap)
	}
	return nil
}

func (p *player) close() { p.data.Close() }
