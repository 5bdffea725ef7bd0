package tasks

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/referee"
)

// partOf writes a run of the suite starter with these episodes done, or all that it asks for if there are none.
func partOf(t *testing.T, dir string, change func(*RunInfo), done ...uint64) string {
	t.Helper()
	suite, err := LoadSuite("starter")
	require.NoError(t, err)
	info := RunInfo{Suite: suite.Name, SuiteHash: suite.Hash, Robot: "g1", Referee: referee.Info{Name: "oracle"}, Started: time.Unix(1e9, 0).UTC()}
	change(&info)
	j, err := CreateJournal(dir, info, suite.text)
	require.NoError(t, err)
	defer j.Close()
	if done == nil {
		done = info.Seeds()
	}
	for _, seed := range done {
		require.NoError(t, j.Append(testRecord(seed)))
	}
	return dir
}

func from(seed uint64, episodes int) func(*RunInfo) {
	return func(r *RunInfo) { r.Seed, r.Episodes = seed, episodes }
}

// Runs of different seeds are one run when they are merged, in whatever order, with or without seeds between them that none asked for; what they
// say of themselves is what they would say if they had been one.
func TestMergeSeeds(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	a, b := partOf(t, at("a"), from(100, 3)), partOf(t, at("b"), from(103, 2))
	far := partOf(t, at("far"), from(200, 2))
	half := partOf(t, at("half"), from(300, 4), 300, 301) // cut short …
	rest := partOf(t, at("rest"), from(302, 2))           // … and the rest played by itself
	s1 := partOf(t, at("s1"), func(r *RunInfo) { r.Seed, r.Episodes, r.Shard = 105, 3, &Shard{1, 2} })
	s2 := partOf(t, at("s2"), func(r *RunInfo) { r.Seed, r.Episodes, r.Shard = 105, 3, &Shard{2, 2} })
	partOf(t, ControlDir(a, "random-pixel"), from(100, 3))
	partOf(t, ControlDir(b, "random-pixel"), from(103, 2))
	partOf(t, ControlDir(a, "oracle"), from(100, 3)) // b has none
	for _, tt := range []struct {
		name     string
		parts    []string
		seeds    []uint64
		spans    []Span
		says     string
		controls []string
	}{
		{"end to end", []string{b, a}, []uint64{100, 101, 102, 103, 104}, nil, "5 from seed 100 on", []string{"random-pixel"}},
		{"apart", []string{far, b}, []uint64{103, 104, 200, 201}, []Span{{103, 2}, {200, 2}}, "2 from seed 103 on, 2 from seed 200 on", nil},
		{"shards beside", []string{s1, b, s2}, []uint64{103, 104, 105, 106, 107}, nil, "5 from seed 103 on", nil},
		{"half and the rest", []string{half, rest}, []uint64{300, 301, 302, 303}, nil, "4 from seed 300 on", nil},
		{"merged runs again", []string{at("apart"), a}, []uint64{100, 101, 102, 103, 104, 200, 201}, []Span{{100, 5}, {200, 2}}, "5 from seed 100 on, 2 from seed 200 on", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := at(tt.name)
			n, err := Merge(out, tt.parts)
			require.NoError(t, err)
			require.Equal(t, len(tt.seeds), n)
			info, err := ReadRunInfo(out)
			require.NoError(t, err)
			require.Equal(t, tt.seeds, info.Seeds())
			require.Equal(t, tt.seeds[0], info.Seed)
			require.Equal(t, len(tt.seeds), info.Episodes)
			require.Equal(t, tt.spans, info.Spans)
			require.Equal(t, tt.says, info.Span())
			records, err := ReadRecords(out)
			require.NoError(t, err)
			require.True(t, slices.EqualFunc(tt.seeds, records, func(seed uint64, r *Record) bool { return r.Seed == seed }))
			var controls []string
			for _, c := range ControlRuns(out) {
				controls = append(controls, filepath.Base(c))
				cInfo, err := ReadRunInfo(c)
				require.NoError(t, err)
				require.Equal(t, tt.seeds, cInfo.Seeds())
			}
			require.Equal(t, tt.controls, controls)
			c, err := Compare(out, tt.parts[0], CompareOptions{})
			require.NoError(t, err)
			done, err := ReadRecords(tt.parts[0])
			require.NoError(t, err)
			require.Equal(t, len(tt.seeds)-len(done), c.Unpaired)
		})
	}
}

// What are no parts of one run is refused in one line that names two of them, and leaves nothing.
func TestMergeRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	a, over := partOf(t, at("a"), from(100, 10)), partOf(t, at("over"), from(103, 12))
	ur5 := partOf(t, at("ur5"), func(r *RunInfo) { r.Seed, r.Episodes, r.Robot = 200, 2, "ur5" })
	model := partOf(t, at("model"), func(r *RunInfo) { r.Seed, r.Episodes, r.Referee.Name = 200, 2, "embedded" })
	version := partOf(t, at("version"), func(r *RunInfo) { r.Seed, r.Episodes, r.Versions.MuJoCo = 200, 2, "3.9.9" })
	noise := partOf(t, at("noise"), func(r *RunInfo) { r.Seed, r.Episodes, r.Camera.DepthNoise = 200, 2, "d435" })
	suite := partOf(t, at("suite"), func(r *RunInfo) { r.Seed, r.Episodes, r.SuiteHash = 200, 2, "00" })
	half := partOf(t, at("half"), from(110, 9), 110, 111)
	s1 := partOf(t, at("s1"), func(r *RunInfo) { r.Seed, r.Episodes, r.Shard = 200, 4, &Shard{1, 2} })
	for _, tt := range []struct {
		name  string
		parts []string
		want  []string
	}{
		{"seeds twice", []string{a, over}, []string{a, over, "seeds 103, 104, 105, 106, 107, and 2 more are in"}},
		{"another robot", []string{a, ur5}, []string{a, ur5, `robot "g1" and "ur5"`}},
		{"another referee", []string{a, model}, []string{a, model, `referee.name "oracle" and "embedded"`}},
		{"another version", []string{a, version}, []string{a, version, `versions.mujoco`, "3.9.9"}},
		{"another option", []string{a, noise}, []string{a, noise, `camera.depth_noise nothing and "d435"`}},
		{"another suite", []string{a, suite}, []string{a, suite, "suite_sha256"}},
		{"one that was cut short", []string{a, half}, []string{"7 of 19 episodes", "seeds 112, 113, 114, 115, 116, and 2 more", half + " asks for", "--resume"}},
		{"a shard alone", []string{s1}, []string{"2 of 4 episodes", "seeds 201, 203", "shards"}},
		{"no run", []string{a, at("none")}, []string{"no run in " + at("none")}},
		{"nothing", nil, []string{"no runs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Merge(at("out"), tt.parts)
			require.Error(t, err)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, strings.TrimSpace(err.Error()), "\n")
			require.NoDirExists(t, at("out"))
		})
	}
}
