package refspatial

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeFolder makes a benchmark folder of n samples of 8 × 6 pixels, of which the left half is right.
func writeFolder(t *testing.T, dir string, n int, edit func(i int, q map[string]any)) {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 8, 6))
	mask, depth := image.NewGray(picture.Rect), image.NewGray16(picture.Rect)
	for i := range 48 {
		picture.Set(i%8, i/8, color.RGBA{byte(5 * i), 90, 30, 255})
		depth.SetGray16(i%8, i/8, color.Gray16{1000})
		if i%8 < 4 {
			mask.SetGray(i%8, i/8, color.Gray{1})
		}
	}
	var questions []map[string]any
	for i := range n {
		name := string(rune('a'+i)) + ".png"
		for folder, img := range map[string]image.Image{"image": picture, "mask": mask, "depth": depth} {
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, folder, name), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		q := map[string]any{"id": i, "object": "the mug", "prompt": "Please point out the mug.", "suffix": "As a list.", "rgb_path": "image/" + name,
			"mask_path": "mask/" + name, "category": "location", "step": 1 + i%3, "note": "unknown fields are left alone"}
		if edit != nil {
			edit(i, q)
		}
		questions = append(questions, q)
	}
	data, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "question.json"), data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, filepath.Join(dir, "Unseen"), 1, nil)
	writeFolder(t, filepath.Join(dir, "Location"), 3, func(i int, q map[string]any) { q["depth_path"] = q["rgb_path"] })
	writeFolder(t, filepath.Join(dir, "Placement"), 2, nil)
	for _, tt := range []struct{ path, want string }{
		{dir, "location 3, placement 2, unseen 1"},
		{filepath.Join(dir, "Placement"), "placement 2"},
		{"testdata", "location 3"},
		{"testdata/location-00000-of-00001.parquet", "location 3"},
	} {
		splits, err := Load(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range splits {
			got = append(got, s.Name+" "+string(rune('0'+len(s.Samples))))
			for _, sample := range s.Samples {
				p, err := sample.Picture()
				if err != nil || p.Width != 8 || p.Height != 6 {
					t.Errorf("%s: picture %+v, error %v", tt.path, p, err)
				}
				m, err := sample.Mask()
				if err != nil || m.Width != 8 || m.Height != 6 || m.Count() != 24 || !m.Mask[0] || m.Mask[7] {
					t.Errorf("%s: mask %+v, error %v", tt.path, m, err)
				}
				if d, err := sample.Depth(); err != nil || (d != nil) != sample.HasDepth() || sample.HasDepth() != (s.Name == "location" && strings.HasPrefix(tt.path, dir)) {
					t.Errorf("%s: depth %+v, error %v", tt.path, d, err)
				}
				if sample.Step < 1 || sample.Object == "" || sample.Prompt == "" || sample.Suffix == "" || sample.ID == "" {
					t.Errorf("%s: sample %+v", tt.path, sample)
				}
			}
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("Load(%s) = %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestLoadBad(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, dir string)
		want string
	}{
		{"nothing", func(*testing.T, string) {}, "want RefSpatial-Bench"},
		{"no image", func(t *testing.T, dir string) {
			writeFolder(t, dir, 2, func(i int, q map[string]any) { q["rgb_path"] = "image/none.png" })
		}, "entry 0: rgb_path"},
		{"outside", func(t *testing.T, dir string) {
			writeFolder(t, dir, 2, func(i int, q map[string]any) { q["mask_path"] = "../../etc/passwd" })
		}, "want a file in the folder"},
		{"twice", func(t *testing.T, dir string) {
			writeFolder(t, dir, 2, func(i int, q map[string]any) { q["id"] = 7 })
		}, `entry 1: id "7"`},
		{"no prompt", func(t *testing.T, dir string) {
			writeFolder(t, dir, 1, func(i int, q map[string]any) { delete(q, "prompt") })
		}, "no prompt"},
		{"no list", func(t *testing.T, dir string) {
			os.WriteFile(filepath.Join(dir, "question.json"), []byte(`{"a": 1}`), 0o666)
		}, "want a list of questions"},
		{"cut mask", func(t *testing.T, dir string) {
			writeFolder(t, dir, 1, nil)
			os.WriteFile(filepath.Join(dir, "mask", "a.png"), []byte("\x89PNG"), 0o666)
		}, "mask_path mask/a.png"},
		{"bad parquet", func(t *testing.T, dir string) {
			os.WriteFile(filepath.Join(dir, "location.parquet"), []byte("PAR1xxxxxxxxxxxxxxxxPAR1"), 0o666)
		}, "location.parquet: not a parquet file, or one that is cut off"},
		{"parquet of nothing", func(t *testing.T, dir string) {
			os.WriteFile(filepath.Join(dir, "location.parquet"), nil, 0o666)
		}, "not a parquet file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.make(t, dir)
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load() error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := Load("testdata/none"); err == nil {
		t.Error("Load of nothing has no error")
	}
}

// No file can bring the reader down.
func FuzzParquet(f *testing.F) {
	data, err := os.ReadFile("testdata/location-00000-of-00001.parquet")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "location.parquet")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		splits, err := Load(path)
		if err != nil {
			return
		}
		for _, s := range splits[0].Samples {
			s.Picture()
			s.Mask()
		}
	})
}
