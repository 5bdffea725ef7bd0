package scenes

import (
	"slices"
	"testing"
)

// What people see of an object decides what "the red thing" may mean.
func TestMixed(t *testing.T) {
	for _, tt := range []struct {
		design, color string
		want          []string
	}{
		{"mug", "red", nil},
		{"can", "blue", nil},
		{"donut", "blue", nil},
		{"book", "green", nil},
		{"basket", "white", nil},
		{"cactus", "blue", []string{"blue", "green"}},
		{"potted plant", "white", []string{"white", "green"}},
		{"rolling pin", "red", []string{"red", "brown"}},
		{"rolling pin", "brown", nil},
		{"pot", "blue", []string{"blue", "silver"}},
		{"puzzle cube", "black", []string{"black"}},
	} {
		d, err := Find(tt.design)
		if err != nil {
			t.Fatal(err)
		}
		c, err := FindColor(tt.color)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Mixed(c); !slices.Equal(got, tt.want) {
			t.Errorf("Mixed(%s %s) = %v, want %v; it is %v", tt.color, tt.design, got, tt.want, d.Tones(c))
		}
	}
}

// The shares of all that is seen make a whole, and each object has something of its own colour.
func TestTones(t *testing.T) {
	for _, d := range Catalogue() {
		for _, name := range d.Colors {
			c, err := FindColor(name)
			if err != nil {
				t.Fatal(err)
			}
			var sum, own float64
			for _, tone := range d.Tones(c) {
				sum += tone.Share
				if tone.Color == name {
					own = tone.Share
				}
			}
			if sum < 0.999 || sum > 1.001 || own < 0.15 {
				t.Errorf("%s %s: shares add up to %.3f, %.3f of it its own colour; %v", name, d.Name, sum, own, d.Tones(c))
			}
		}
	}
}

// A user's own designs are in the catalogue until undo, once, and change the hash.
func TestExtend(t *testing.T) {
	n := len(Catalogue())
	if h := OwnHash(); h != "" {
		t.Fatalf("OwnHash() = %q without own designs, want none", h)
	}
	mug, err := Find("mug")
	if err != nil {
		t.Fatal(err)
	}
	own := *mug
	own.Name, own.Names = "tankard", []string{"tankard"}
	if _, err := Extend([]*Design{mug}); err == nil {
		t.Error("Extend with a second mug: no error")
	}
	undo, err := Extend([]*Design{&own})
	if err != nil {
		t.Fatal(err)
	}
	first := OwnHash()
	if d, err := Find("tankard"); err != nil || d != &own || len(Catalogue()) != n+1 || len(first) != 64 {
		t.Errorf("Find(tankard) = %v, %v in a catalogue of %d, hash %q", d, err, len(Catalogue()), first)
	}
	if _, err := Extend([]*Design{&own}); err == nil {
		t.Error("Extend twice: no error")
	}
	undo()
	if _, err := Find("tankard"); err == nil || len(Catalogue()) != n || OwnHash() != "" {
		t.Errorf("after undo: Find(tankard) = %v, %d designs, hash %q", err, len(Catalogue()), OwnHash())
	}
	own.Mass *= 2
	if undo, err = Extend([]*Design{&own}); err != nil {
		t.Fatal(err)
	}
	defer undo()
	if OwnHash() == first {
		t.Error("a heavier tankard has the same hash")
	}
}
