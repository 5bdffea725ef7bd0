package tasks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestShippedSuitesLoad(t *testing.T) {
	for _, name := range SuiteNames() {
		s, err := LoadSuite(name)
		if err != nil {
			t.Errorf("LoadSuite(%q) = %v", name, err)
		} else if s.Name != name || s.About == "" || len(s.Hash) != 64 {
			t.Errorf("suite %q has name %q, about %q, hash %q", name, s.Name, s.About, s.Hash)
		}
	}
}

func TestLoadSuiteErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		f, err := os.CreateTemp(dir, "*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		return f.Name()
	}
	for _, tt := range []struct{ name, arg, want string }{
		{"unknown name", "startr", `no suite "startr" (have `},
		{"a tag for a list", file("name: x\ntasks: !!seq\n"), ""},
		{"no file", filepath.Join(dir, "none.yaml"), "no such file"},
		{"empty", file(""), "the file is empty"},
		{"not YAML", file("name: [x\n"), "[1:7]"},
		{"binary", file("\x00\x01\x02\xff"), ""},
		{"unknown key", file("name: x\ntask: []\n"), `[2:1] unknown field "task" (have name, about, scene, tasks, budget, replay, clock)`},
		{"unknown key inside", file("name: x\ntasks:\n  - goals: [{steps: 1}]\n    goal: []\n"), `[4:5] unknown field "goal" (have name, level, things, goals, order`},
		{"no name", file("tasks: [{goals: [{}]}]\n"), "name"},
		{"no tasks", file("name: x\n"), "no tasks"},
		{"0 goals (want 1 to", file("name: x\ntasks: [{name: a}]\n"), "0 goals (want 1 to"},
		{"task twice", file("name: x\ntasks: [{name: a, goals: [{}]}, {name: a, goals: [{}]}]\n"), `"a" twice`},
		{"unknown kind", file("name: x\ntasks: [{goals: [{move: {kind: unicorn}}]}]\n"), "no unicorn in the catalogue (have the kinds mug"},
		{"unknown colour", file("name: x\ntasks: [{goals: [{to: {kind: plate, color: plaid}}]}]\n"), `no colour "plaid" in the catalogue`},
		{"many objects", file("name: x\nscene: {min_objects: 99}\ntasks: [{goals: [{}]}]\n"), "99 to 99 objects"},
		{"negative attempts", file("name: x\nbudget: {attempts: -1}\ntasks: [{goals: [{}]}]\n"), "-1 attempts"},
		{"no number", file("name: x\nbudget: {attempts: many}\ntasks: [{goals: [{}]}]\n"), "[2:20]"},
		{"infinite time", file("name: x\nbudget: {sim_seconds: .inf}\ntasks: [{goals: [{}]}]\n"), "sim_seconds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadSuite(tt.arg)
			if err == nil {
				t.Fatal("LoadSuite succeeds")
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("LoadSuite = %q, want one line with %q", err, tt.want)
			}
		})
	}
}

// What is wrong with a suite is said with its place in the file.
func TestSuiteErrorsHavePlaces(t *testing.T) {
	const head = "name: x\ntasks:\n  - name: a\n    things:\n      - name: mug\n        kind: mug\n    goals:\n"
	for _, tt := range []struct{ suite, want string }{
		{head + "      - move: {kind: unicorn}\n", "[8:"},
		{head + "      - move: mug\n        at:\n          - {relation: left, of: [mug]}\n          - {relation: beside, of: [mug]}\n", "[11:"},
		{head + "      - {}\n      - after: [9]\n", "[9:"},
		{head + "      - {}\n    finally:\n      - on: [mug]\n", "[10:"},
		{head + "      - {}\n    need: 7\n", "[9:"},
		{"budget:\n  queries: 1\n" + head + "      - {}\n", "[2:"},
		{"scene:\n  level: awful\n" + head + "      - {}\n", "[2:"},
		{"budget: {attempts: 1}\ntasks: [{goals: [{}]}]\n", "[1:1] name"},
	} {
		if _, err := ParseSuite([]byte(tt.suite)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("ParseSuite(%q) = %v, want an error that begins with %q", tt.suite, err, tt.want)
		}
	}
}

func FuzzParseSuite(f *testing.F) {
	f.Add([]byte("name: x\ntasks: [{goals: [{move: {kind: mug}}]}]\n"))
	f.Add([]byte("name: x\nscene: {min_objects: 3}\nbudget: {attempts: 2, sim_seconds: 9}\ntasks: [{name: a, goals: [{}, {}]}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSuite(text)
		if err == nil && (s.Name == "" || s.Task(7) == nil || s.budgetSeconds(s.Task(7)) < 0) {
			t.Errorf("ParseSuite(%q) accepts %+v", text, s)
		}
	})
}

func TestImpossibleSuitesAreRefused(t *testing.T) {
	for _, tt := range []struct{ suite, want string }{
		{"name: x\ntasks: [{goals: [{move: {kind: plate}, to: {kind: mug}}]}]\n", "no plate in the catalogue can be picked up and put on or in a mug"},
		{"name: x\nscene: {min_objects: 2, max_objects: 2}\ntasks: [{goals: [{}, {}]}]\n", "do not make 2 to 2 objects"},
		{"name: x\ntasks: [{goals: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}]}]\n", "11 goals (want 1 to 10"},
		{"name: x\ntasks: [{goals: [{move: apple}]}]\n", `no thing "apple" (have none)`},
		{"name: x\ntasks: [{things: [{name: a, kind: apple}], goals: [{move: b}]}]\n", `no thing "b" (have a)`},
		{"name: x\ntasks: [{things: [{name: a, kind: apple}, {name: a}], goals: [{move: a}]}]\n", `thing "a" twice`},
		{"name: x\ntasks: [{things: [{kind: apple}], goals: [{}]}]\n", "a thing without a name"},
		{"name: x\ntasks: [{things: [{name: a, kind: apple, table: 3}], goals: [{move: a}]}]\n", "a on table 3 (want 1 or 2)"},
		{"name: x\ntasks: [{goals: [{name: a, after: [b]}, {name: b, after: [a]}]}]\n", "wait for each other: a after b after a"},
		{"name: x\ntasks: [{goals: [{after: [z]}]}]\n", `no goal "z" (have 1)`},
		{"name: x\ntasks: [{order: any, goals: [{}]}]\n", `order "any" (want strict or free)`},
		{"name: x\ntasks: [{need: 2, goals: [{}]}]\n", "need 2 (want 1 to 1"},
		{"name: x\ntasks: [{goals: [{steps: 6}]}]\n", "6 steps (want 1 to 5"},
		{"name: x\ntasks: [{goals: [{split: unseen}]}]\n", "of a goal with steps"},
		{"name: x\nbudget: {queries: 1}\ntasks: [{goals: [{}]}]\n", "1 queries (want 2 at least"},
		{"name: x\nbudget: {sim_seconds: 2}\ntasks: [{goals: [{}, {}]}]\n", "a budget of 2 s of simulated time (want more than 2: each of 2 goals has to hold for 1 s"},
		{"name: x\nclock: {latency_s: 40}\ntasks: [{goals: [{}]}]\n", "a budget of 60 s of simulated time (want more than 81"},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{at: [{relation: beside, of: [a]}]}]}]\n", `relation`},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{at: [{relation: between, of: [a]}]}]}]\n", "between of 1 things (want 2)"},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{at: [{relation: edge, of: [a], way: top}]}]}]\n", `way "top" of relation edge (have far, left, near, right)`},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{to: {}, at: [{relation: left, of: [a]}]}]}]\n", "to and at (want one"},
		{"name: x\ntasks: [{goals: [{}], finally: [{floating: [a]}]}]\n", `no condition "floating" (have on, supported by`},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{}], finally: [{on: [a]}]}]\n", "on of 1 things (want 2)"},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{}], finally: [{upright: a}]}]\n", "under keep"},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{}], finally: [{edge: [a, up]}]}]\n", "a way after the things"},
		{"name: x\nscene: {min_objects: 16}\ntasks: [{goals: [{}]}]\n", "16 to 16 objects"},
		{"name: x\ntasks: [{things: [{name: a, kind: apple, like: true}], goals: [{move: a}]}]\n", "which a is meant"},
		{"name: x\ntasks: [{things: [{name: a, kind: apple}], goals: [{move: a, which: {relation: nearest, of: [a]}}]}]\n", `relation "nearest" (have close, far`},
		{"name: x\ntasks: [{things: [{name: a, kind: apple}], goals: [{move: a, which: {relation: close, of: [b]}}]}]\n", `no thing "b"`},
		{"name: x\ntasks: [{goals: [{which: {relation: close, of: [a]}}]}]\n", "moves one of the things"},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{at: [{relation: center, of: [a]}]}]}]\n", "center of 1 things (want 2 to 5)"},
		{"name: x\ntasks: [{things: [{name: a}, {name: b}], goals: [{}], finally: [{open6dor left: [a, b]}]}]\n", "want it under also"},
		{"name: x\nclock: {rate_hz: 100}\ntasks: [{goals: [{}]}]\n", "rate_hz 100"},
		{"name: x\ntasks: [{goals: [{}], events: [{move: a, during: pick, by_m: 0.1}]}]\n", `event 1: no thing "a"`},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{}], events: [{move: a, during: lunch, by_m: 0.1}]}]\n", `during "lunch" (want pick or place)`},
		{"name: x\ntasks: [{things: [{name: a}], goals: [{}], events: [{move: a, during: pick, by_m: 3}]}]\n", "by_m 3"},
		{"name: x\ntasks: [{max_objects: 1, goals: [{}]}]\n", "max_objects 1"},
		{"name: x\nscene: {level: awful}\ntasks: [{goals: [{}]}]\n", `no level "awful"`},
	} {
		if _, err := ParseSuite([]byte(tt.suite)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseSuite(%q) = %v, want an error with %q", tt.suite, err, tt.want)
		}
	}
}
