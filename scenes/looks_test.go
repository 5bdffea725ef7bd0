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
