package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A scene that is made and kept is one that checks; a broken file, one that does not hold any more and one that cannot be say so by name.
func TestScene(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.yaml")
	status, made, stderr := command(t, "scene", "make", "--level", "easy", "--seed", "7", "--out", good)
	if status != exitOK || !strings.Contains(made, "hash ") {
		t.Fatalf("scene make = %d, %s%s", status, made, stderr)
	}
	if status, stdout, stderr := command(t, "scene", "check", good); status != exitOK || !strings.Contains(stdout, "good.yaml: ok, ") {
		t.Errorf("scene check = %d, %s%s", status, stdout, stderr)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(name, from, to string) string {
		if !strings.Contains(string(text), from) {
			t.Fatalf("the scene file has no %q:\n%s", from, text)
		}
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, []byte(strings.Replace(string(text), from, to, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		return f
	}
	broken := edit("broken.yaml", "design: plate", "design: plato")
	outside := edit("outside.yaml", "zone: ", "zone: [0.48, 0.52, -0.02, 0.02] # ")
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"unknown design", []string{"scene", "check", broken}, exitBadUsage, `no object design "plato" (have mug`},
		{"… with its place", []string{"scene", "check", broken}, exitBadUsage, "broken.yaml: ["},
		{"premise", []string{"scene", "check", outside}, exitUndone, "its premise no longer holds: left zone: the "},
		{"no file", []string{"scene", "check", filepath.Join(dir, "none.yaml")}, exitBadUsage, "none.yaml"},
		{"20 objects on a 0.3 m table", []string{"scene", "make", "--count", "20", "--table", "0.3x0.3"}, exitUndone, "20 objects need 0."},
		{"nothing to pick up", []string{"scene", "make", "--design", "plate,bowl,tray"}, exitBadUsage, "want some to pick up"},
		{"count", []string{"scene", "make", "--count", "many"}, exitBadUsage, "--count many (want a number"},
		{"table", []string{"scene", "make", "--table", "0.3"}, exitBadUsage, "--table 0.3 (want its depth and width"},
		{"tiny table", []string{"scene", "make", "--table", "0.1x0.1"}, exitBadUsage, "want sides of"},
		{"level", []string{"scene", "make", "--level", "huge"}, exitBadUsage, "have easy, medium, hard"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := command(t, tt.args...)
			if status != tt.status || !strings.Contains(stderr, tt.want) {
				t.Errorf("%v = %d, %s%s; want %d and %q", tt.args, status, stdout, stderr, tt.status, tt.want)
			}
		})
	}
}
