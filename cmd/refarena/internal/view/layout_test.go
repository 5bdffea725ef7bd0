package view

import (
	"math"
	"testing"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// What stands still is drawn in full size, once.
func TestStillPictureIsDrawnOnce(t *testing.T) {
	a, b := sceneShown{key: "a", size: [2]int{640, 400}}, sceneShown{key: "b", size: [2]int{640, 400}}
	fine := a
	fine.fine = true
	smaller := a
	smaller.size[0] = 320
	for _, tt := range []struct {
		name       string
		last, now  sceneShown
		playing    bool
		draw, fine bool
	}{
		{"the first", sceneShown{}, a, false, true, false},
		{"it stands still", a, a, false, true, true},
		{"it still does", fine, a, false, false, true},
		{"playing, nothing new", a, a, true, false, false},
		{"another moment", fine, b, false, true, false},
		{"another window", fine, smaller, false, true, false},
	} {
		if draw, fine := tt.last.then(tt.now, tt.playing); draw != tt.draw || tt.draw && fine != tt.fine {
			t.Errorf("%s: drawn %v, in full size %v; want %v, %v", tt.name, draw, fine, tt.draw, tt.fine)
		}
	}
}

// The referee's picture keeps its shape on every screen, and leaves its side room for more.
func TestEyeKeepsItsShape(t *testing.T) {
	for _, ratio := range []float64{480.0 / 640, 360.0 / 640, 1, 2} {
		for _, size := range [][2]float64{{640, 400}, {1280, 720}, {1280, 800}, {2560, 1440}} {
			l := newLayout(size[0], size[1], ratio)
			if got := l.eye.h / l.eye.w; math.Abs(got-ratio) > 1e-9 || l.eye.w > l.side.w || l.eye.h > l.side.h/2 {
				t.Errorf("newLayout(%g, %g, %g): the picture is %v of %v", size[0], size[1], ratio, l.eye, l.side)
			}
		}
	}
}

// What is followed is the hand that is away from home; if both are there, the one that is closed, and right before left.
func TestToolIsTheHandThatActs(t *testing.T) {
	r, err := robots.Open("g1")
	if err != nil {
		t.Fatal(err)
	}
	s := static{robot: r}
	joints := r.Joints()
	list := make([]JointState, len(joints))
	home := make([]float64, len(joints))
	for i, j := range joints {
		list[i].Name = j.Name
		for _, side := range r.Arms() {
			arm := &side.Arm
			for k, a := range arm.Joints {
				if a.Name == j.Name {
					home[i] = arm.Home[k]
				}
			}
		}
	}
	if got, want := column(list), 10; got != want {
		t.Errorf("column(G1) = %d, want %d: waist and right arm", got, want)
	}
	if got := column(list[:3]); got != 2 {
		t.Errorf("column of three joints of one arm = %d, want 2", got)
	}
	for _, tt := range []struct {
		name         string
		moves        string // joint
		right, left  float64
		wantLeftHand bool
	}{
		{"at home", "", 0.1, 0.1, false},
		{"at home, the left hand holds something", "", 0.1, 0.05, true},
		{"the right arm acts", "right_elbow_joint", 0.1, 0.05, false},
		{"the left arm acts", "left_elbow_joint", 0.05, 0.1, true},
	} {
		m := tasks.Moment{Poses: []sim.Pose{sim.Identity()}, Joints: append([]float64{}, home...), Hands: []float64{tt.right, tt.left}}
		for i, j := range joints {
			if j.Name == tt.moves {
				m.Joints[i] += 0.3
			}
		}
		if y := s.tool(&m)[1]; (y > 0) != tt.wantLeftHand {
			t.Errorf("%s: the tool is at y = %.3f m, want the left hand's: %v", tt.name, y, tt.wantLeftHand)
		}
	}
}
