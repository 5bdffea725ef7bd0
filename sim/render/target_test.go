package render

import "testing"

// dropAlpha drops every fourth byte, whatever the length.
func TestDropAlpha(t *testing.T) {
	for n := range 40 {
		rgba, rgb := make([]byte, 4*n), make([]byte, 3*n)
		for i := range rgba {
			rgba[i] = byte(7*i + 1)
		}
		dropAlpha(rgb, rgba)
		for i, got := range rgb {
			if want := rgba[i/3*4+i%3]; got != want {
				t.Fatalf("%d pixels: byte %d = %d, want %d", n, i, got, want)
			}
		}
	}
}
