package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/cmd/refarena/internal/chromium"
	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// madeUp writes a run of n episodes that nobody has played: some fail, some are errors, the last did not end.
func madeUp(t *testing.T, n int) string {
	t.Helper()
	draw := rand.New(rand.NewPCG(9, 1))
	dir := filepath.Join(t.TempDir(), "it's a run")
	suite := []byte("name: pick\ntasks: [{goals: [{steps: 1}]}]\n")
	info := tasks.RunInfo{Suite: "pick", Robot: "ur5", Referee: referee.Info{Name: "oracle", Model: "oracle"}, Seed: 100, Episodes: n, Camera: tasks.CameraInfo{Width: 640, Height: 480}}
	j, err := tasks.CreateJournal(dir, info, suite)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, tasks.FramesDir), 0o777))
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 48))))
	causes := []tasks.Cause{tasks.CauseMiss, "exec.slip", "plan.no_path"}
	for k := range n - 1 {
		r := &tasks.Record{Seed: uint64(100 + k), Task: fmt.Sprintf("pick/steps-%d", 1+k%3), Robot: "ur5", Referee: "oracle", Outcome: tasks.Success, Planned: 2, Trace: "9f",
			SimSeconds: 10 + draw.Float64(), WallSeconds: draw.Float64(), Steps: []tasks.StepRecord{}}
		r.Scene.Objects = []tasks.ObjectRecord{{Phrase: "red mug"}, {Phrase: "tray"}}
		r.Scene.Difficulty = scenes.Difficulty{Objects: 3 + draw.IntN(10), Density: 0.2 * draw.Float64(), Each: []scenes.ObjectDifficulty{{Occlusion: draw.Float64(), Clearance: 0.1 * draw.Float64()}, {}}}
		for i, skill := range []string{"pick", "place"} {
			s := tasks.StepRecord{Skill: skill, Goal: 1, Attempt: 1, Query: "q", Region: 9, Referent: "red mug", Answer: "[(0.5, 0.5)]", Point: &sim.NormPoint{X: 0.5, Y: 0.5}, Hit: true,
				Instruction: "Pick up the mug that is left of the tray.", ReasoningSteps: 1 + k%3, Relations: []string{[]string{"left", "far", "between"}[draw.IntN(3)]}, Outcome: tasks.Success}
			if skill == "place" {
				s.Referent = "tray"
			}
			if draw.IntN(6) == 0 {
				s.Outcome, s.Cause, s.Reason = tasks.Failure, causes[draw.IntN(3)], "it is not as it should be"
				s.Hit = s.Cause != tasks.CauseMiss
				r.Outcome = tasks.Failure
				require.NoError(t, os.WriteFile(filepath.Join(dir, tasks.FramesDir, tasks.FrameName(r.Seed, i, skill)), picture.Bytes(), 0o666))
			}
			r.Steps = append(r.Steps, s)
			if r.Outcome == tasks.Failure {
				break
			}
			r.Progress += 0.5
		}
		if draw.IntN(40) == 0 {
			r.Outcome, r.Error, r.Steps = tasks.Error, "referee: connection refused", []tasks.StepRecord{}
		}
		require.NoError(t, j.Append(r))
	}
	require.NoError(t, j.Close())
	return dir
}

// What the report says, on the terminal, as JSON and on its page, is what a count of the lines of episodes.jsonl gives.
func TestReport(t *testing.T) {
	const n = 301
	dir := madeUp(t, n)
	text, err := os.ReadFile(filepath.Join(dir, "episodes.jsonl"))
	require.NoError(t, err)
	var won, lost, errs, questions, hits int
	causes, outcomes := map[string]int{}, map[string]int{}
	for line := range bytes.Lines(text) {
		var e struct {
			Outcome string
			Steps   []struct {
				Cause string
				Hit   bool
			}
		}
		require.NoError(t, json.Unmarshal(line, &e))
		outcomes[e.Outcome]++
		for _, s := range e.Steps {
			questions++
			if s.Hit {
				hits++
			}
			if s.Cause != "" {
				causes[s.Cause]++
			}
		}
	}
	won, lost, errs = outcomes["success"], outcomes["failure"], outcomes["error"]
	require.Equal(t, n-1, won+lost+errs)
	low, high := tasks.Wilson(won, won+lost)

	status, stdout, stderr := command(t, "report", dir)
	require.Equal(t, exitOK, status, stderr)
	require.LessOrEqual(t, strings.Count(stdout, "\n"), 20, "lines of:\n%s", stdout)
	rate := func(k, n int) string { return fmt.Sprintf("%.1f %% of %d", 100*float64(k)/float64(n), n) }
	require.Contains(t, stdout, fmt.Sprintf("%s (%.1f to %.1f)", rate(won, won+lost), 100*low, 100*high))
	require.Contains(t, stdout, fmt.Sprintf("%d errors, 1 abandoned", errs))
	require.Contains(t, stdout, rate(hits, questions))
	for name, k := range causes {
		require.Contains(t, stdout, fmt.Sprintf("%4d × %s\n", k, name))
	}
	status, stdout, _ = command(t, "report", dir, "--json", "--out", t.TempDir())
	require.Equal(t, exitOK, status)
	var a tasks.Analysis
	require.NoError(t, json.Unmarshal([]byte(stdout), &a))
	require.Equal(t, [4]int{won, won + lost, errs, 1}, [4]int{a.Episodes.K, a.Episodes.N, a.Errors, a.Abandoned})
	require.Equal(t, [2]int{hits, questions}, [2]int{a.Hits.K, a.Hits.N})
	for _, by := range a.By {
		sum := 0
		for _, g := range by.Groups {
			sum += g.Hits.N
		}
		if want := questions; by.Title == "question" || by.Title == "reasoning steps" || by.Title == "objects in the scene" {
			require.Equal(t, want, sum, by.Title)
		}
	}

	page := chromium.Open(t, 1280, 900)
	page.Navigate("file://" + strings.ReplaceAll(filepath.Join(dir, "report", "index.html"), " ", "%20"))
	page.Until("document.readyState === 'complete' && document.getElementById('detail').textContent")
	shown := func(js string) (text string) {
		page.Eval("("+js+").replaceAll(/\\s+/g, ' ')", &text)
		return text
	}
	require.Contains(t, shown("document.getElementById('headline').textContent"), fmt.Sprintf("%.1f %%of %d judged episodes succeeded; 95 %% interval %.1f %% … %.1f %%",
		100*float64(won)/float64(won+lost), won+lost, 100*low, 100*high))
	require.Contains(t, shown("document.getElementById('headline').textContent"), "points that hit "+rate(hits, questions))
	var bars []string
	page.Eval("[...document.querySelectorAll('#causes button')].map(b => b.textContent + ' ' + b.nextSibling.nextSibling.textContent)", &bars)
	var want []string
	for name, k := range causes {
		want = append(want, fmt.Sprintf("%s %d", name, k))
	}
	slices.Sort(bars)
	slices.Sort(want)
	require.Equal(t, want, bars)

	// The browser of episodes: filters, keys, the command for the viewer, the picture.
	page.Eval("document.getElementById('f-outcome').value = 'failure', document.getElementById('f-outcome').dispatchEvent(new Event('change'))", nil)
	require.Equal(t, fmt.Sprintf("%d of %d episodes", lost, n-1), shown("document.getElementById('count').textContent"))
	page.Eval("document.getElementById('list').focus()", nil)
	first := shown("document.querySelector('#detail h3').textContent")
	page.Key("ArrowDown", "")
	page.Until("document.querySelector('#detail h3').textContent !== " + fmt.Sprintf("%q", first))
	seed := strings.TrimSuffix(strings.Fields(shown("document.querySelector('#detail h3').textContent"))[1], ":")
	require.Contains(t, shown("document.getElementById('detail').textContent"), fmt.Sprintf(`refarena view '%s' --episode %s --step 1`, strings.ReplaceAll(dir, "'", `'\''`), seed))
	page.Until("document.querySelector('#detail img').naturalWidth === 64")

	page.Resize(390, 844)
	page.Until("innerWidth === 390")
	var wide int
	page.Eval("document.documentElement.scrollWidth", &wide)
	require.LessOrEqual(t, wide, 390, "the page is wider than a phone")
	var light, dark string
	page.Eval("getComputedStyle(document.body).backgroundColor", &light)
	page.Dark(true)
	page.Until("matchMedia('(prefers-color-scheme: dark)').matches")
	page.Eval("getComputedStyle(document.body).backgroundColor", &dark)
	require.NotEqual(t, light, dark)
	require.Empty(t, page.Errors())
}
