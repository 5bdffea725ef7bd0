package mj

import (
	"strings"
	"testing"
)

func load(t *testing.T) {
	t.Helper()
	if err := Load(); err != nil {
		t.Fatal(err)
	}
}

func TestFatalErrorComesBack(t *testing.T) {
	load(t)
	for range 3 { // the trap is set anew each time
		err := Raise()
		if err == nil || !strings.Contains(err.Error(), "raised on purpose, code 7") {
			t.Fatalf("Raise() = %v, want the message of mju_error", err)
		}
	}
}

func TestVersion(t *testing.T) {
	load(t)
	if Version() != "4.0.0" || !strings.HasSuffix(Path(), "libmujoco.so.4.0.0") {
		t.Errorf("version %q from %q, want 4.0.0 from libmujoco.so.4.0.0", Version(), Path())
	}
}

// Out of stack in the middle of a step is fatal in MuJoCo, and an error here.
func TestTooLittleMemory(t *testing.T) {
	load(t)
	s, err := ParseXML(`<mujoco><worldbody><geom type="plane" size="1 1 1"/></worldbody></mujoco>`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Delete()
	s.SetOptions(0.002, 1, 16<<10)
	w, _ := s.FindBody("world")
	for i := range 12 {
		b := w.AddBody(string(rune('a'+i)), [3]float64{0.05 * float64(i), 0, 0.02}, [4]float64{1})
		b.AddFreeJoint(string(rune('a' + i)))
		b.AddGeom(Geom{Type: Box, Size: [3]float64{0.03, 0.03, 0.03}})
	}
	m, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Delete()
	d, err := MakeData(m)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Delete()
	if _, err := d.Step(100); err == nil || !strings.Contains(err.Error(), "memory") && !strings.Contains(err.Error(), "full") {
		t.Errorf("Step with 16 kB of memory = %v, want an error about memory", err)
	}
}
