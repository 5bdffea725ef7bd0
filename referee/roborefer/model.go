package roborefer

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/refarena/refarena/referee/onnx"
)

// The files of a model folder. Weights of more than half a gigabyte lie beside their graph, in *.onnx.data.
const (
	configFile    = "roborefer.json"
	tokenizerName = "tokenizer.json"
	embedGraph    = "embed_tokens.onnx"
	decoderGraph  = "decoder_model_merged.onnx"
	maxSmallFile  = 64 << 20 // roborefer.json and tokenizer.json [bytes]
)

// A kind is one of the two pictures of a query.
type kind int

const (
	colour kind = iota
	depth
)

// name is what graphs and ports are called by.
func (k kind) name() (graph, port string) {
	if k == depth {
		return "depth", "depth_features"
	}
	return "vision", "image_features"
}

// A model is the graphs of a folder as sessions. It is read-only and safe for concurrent use.
type model struct {
	cfg     Config
	tok     *Tokenizer
	hash    string // of all files
	device  onnx.Device
	runtime *onnx.Runtime
	threads int
	weights int64 // bytes of all graphs
	small   bool  // its graphs take milliseconds
	kv      onnx.ElementType

	tower     [2]*onnx.Session // tiles: tower and projector
	projector [2]*onnx.Session // dynamic_s2 only
	embed     *onnx.Session
	decoder   *onnx.Session
	table     []float32 // [vocab, hidden], small models: what embed gives for each id, without running a graph
	draft     drafter

	// For tests: they see the scores before each token, and that the first n positions of e.prompt are written.
	onLogits func([]float32)
	onPrompt func(n int)
}

func (m *model) close() error {
	var errs []error
	for _, s := range []*onnx.Session{m.tower[colour], m.tower[depth], m.projector[colour], m.projector[depth], m.embed, m.decoder} {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// A source is where a model's files are: a folder, or an fs.FS.
type source struct {
	name string // for messages
	dir  string // "" if files come from fsys
	fsys fs.FS
}

func (s source) errorf(format string, args ...any) error {
	return fmt.Errorf("roborefer: %s: %w", s.name, fmt.Errorf(format, args...))
}

// read is a whole small file.
func (s source) read(name string) ([]byte, error) {
	f, err := s.fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.errorf("no %s in it (want a folder that train/export.py made)", name)
	}
	if err != nil {
		return nil, s.errorf("%w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSmallFile+1))
	if err != nil {
		return nil, s.errorf("%s: %w", name, err)
	}
	if len(b) > maxSmallFile {
		return nil, s.errorf("%s has more than %d MB", name, maxSmallFile>>20)
	}
	return b, nil
}

// port is what a graph must have: its name, type and dimensions, 0 for any.
type port struct {
	name string
	kind onnx.ElementType
	dims []int
}

// graphs is the graphs of a model with their inputs and outputs, in the order of Run.
func (c *Config) graphs(kv onnx.ElementType) map[string][2][]port {
	f32, i64 := onnx.Float32, onnx.Int64
	s, d := c.TileSize, c.Decoder
	g := map[string][2][]port{
		embedGraph: {{{"input_ids", i64, []int{0, 0}}}, {{"inputs_embeds", f32, []int{0, 0, d.Hidden}}}},
	}
	in := []port{{"inputs_embeds", f32, []int{0, 0, d.Hidden}}, {"attention_mask", i64, []int{0, 0}}, {"position_ids", i64, []int{0, 0}}, {"num_logits_to_keep", i64, []int{1}}}
	out := []port{{"logits", f32, []int{0, 0, d.Vocab}}}
	for i := range d.Layers {
		for _, t := range []string{"key", "value"} {
			in = append(in, port{fmt.Sprintf("past_key_values.%d.%s", i, t), kv, []int{0, d.KVHeads, 0, d.HeadDim}})
			out = append(out, port{fmt.Sprintf("present.%d.%s", i, t), kv, []int{0, d.KVHeads, 0, d.HeadDim}})
		}
	}
	g[decoderGraph] = [2][]port{in, out}
	for k, tower := range []TowerConfig{c.Vision, c.Depth} {
		name, features := kind(k).name()
		pixels := []port{{"pixel_values", f32, []int{0, 3, s, s}}}
		projected := []port{{features, f32, []int{0, c.tokensPerTile(), d.Hidden}}}
		if c.Variant == Tiles {
			g[name+"_encoder.onnx"] = [2][]port{pixels, projected}
			continue
		}
		n := c.grid() * c.grid()
		g[name+"_tower.onnx"] = [2][]port{pixels, {{"last_hidden_state", f32, []int{0, n, tower.Hidden}}}}
		g[name+"_projector.onnx"] = [2][]port{{{"features", f32, []int{0, n, tower.Hidden * len(c.S2Scales)}}}, projected}
	}
	return g
}

// open loads the model in s. Everything that can be wrong with the files is an error here, before the first query.
func open(s source, o Options) (*model, error) {
	data, err := s.read(configFile)
	if err != nil {
		return nil, err
	}
	m := &model{kv: onnx.Float32}
	if m.cfg, err = ParseConfig(data); err != nil {
		return nil, s.errorf("%w", err)
	}
	c := &m.cfg
	if c.Export.Activations == "float16" {
		m.kv = onnx.Float16
	}
	if data, err = s.read(tokenizerName); err != nil {
		return nil, err
	}
	if m.tok, err = ParseTokenizer(data); err != nil {
		return nil, s.errorf("%w", err)
	}
	if err := c.matches(m.tok); err != nil {
		return nil, s.errorf("%w", err)
	}
	m.draft = newDrafter(m.tok.Encode)
	graphs := c.graphs(m.kv)
	names := make([]string, 0, len(graphs))
	for name := range graphs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := s.checkPorts(name, graphs[name]); err != nil {
			return nil, err
		}
	}
	if m.hash, m.weights, err = s.checkFiles(c.Export.Files, names); err != nil {
		return nil, err
	}
	if err := m.chooseDevice(o); err != nil {
		return nil, s.errorf("%w", err)
	}
	m.threads = o.Threads
	m.small = m.weights < smallModel && !m.device.IsCUDA()
	if m.threads == 0 && m.small {
		m.threads = min(2, runtime.NumCPU()) // more find nothing to do
	}
	for _, name := range names {
		session, err := s.session(name, graphs[name], onnx.SessionOptions{Device: m.device, Threads: m.threads, Spin: !m.device.IsCUDA()})
		if err != nil {
			return nil, errors.Join(s.errorf("%w", err), m.close())
		}
		switch {
		case name == embedGraph:
			m.embed = session
		case name == decoderGraph:
			m.decoder = session
		default:
			k := colour
			if strings.HasPrefix(name, "depth") {
				k = depth
			}
			if strings.Contains(name, "projector") {
				m.projector[k] = session
			} else {
				m.tower[k] = session
			}
		}
	}
	if m.small {
		if err := m.fillTable(); err != nil {
			return nil, errors.Join(s.errorf("%w", err), m.close())
		}
	}
	if !m.device.IsCUDA() {
		onnx.CollapsePages()
	}
	return m, nil
}

// fillTable runs the embedding of all ids.
func (m *model) fillTable() error {
	d := m.cfg.Decoder
	in, err := onnx.Alloc(onnx.CPU, d.Vocab*8)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := onnx.Alloc(onnx.CPU, d.Vocab*d.Hidden*4)
	if err != nil {
		return err
	}
	defer out.Close()
	ids := make([]int64, d.Vocab)
	for i := range ids {
		ids[i] = int64(i)
	}
	x, err := in.Tensor(0, onnx.Int64, 1, d.Vocab)
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := out.Tensor(0, onnx.Float32, 1, d.Vocab, d.Hidden)
	if err != nil {
		return err
	}
	defer y.Close()
	if err := onnx.Write(in, 0, ids); err != nil {
		return err
	}
	if err := m.embed.Run(context.Background(), []*onnx.Tensor{x}, []*onnx.Tensor{y}); err != nil {
		return err
	}
	m.table = make([]float32, d.Vocab*d.Hidden)
	return onnx.Read(out, 0, m.table)
}

// smallModel is the size of weights below which graphs take milliseconds [bytes].
const smallModel = 128 << 20

// matches holds the ids of roborefer.json to the tokenizer, which is what makes them of text.
func (c *Config) matches(t *Tokenizer) error {
	if t.Size() > c.Decoder.Vocab {
		return fmt.Errorf("%s has ids up to %d and the decoder a vocabulary of %d (are the two of one model?)", tokenizerName, t.Size()-1, c.Decoder.Vocab)
	}
	for _, w := range []struct {
		token string
		id    int
	}{{"<image>", c.Tokens.Image}, {"<depth>", c.Tokens.Depth}, {"\n", c.Tokens.Newline}} {
		if id, ok := t.ID(w.token); !ok || id != w.id {
			return fmt.Errorf("%s has %q as %d (%t) and %s as %d", tokenizerName, w.token, id, ok, configFile, w.id)
		}
	}
	for _, token := range []string{"<|im_start|>", "<|im_end|>"} {
		if ids := t.Encode(token); len(ids) != 1 {
			return fmt.Errorf("%s has no token %q", tokenizerName, token)
		}
	}
	return nil
}

// checkPorts compares a graph's inputs and outputs with what the runtime feeds and reads.
func (s source) checkPorts(name string, want [2][]port) error {
	f, err := s.fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s.errorf("no %s in it (want the graphs that train/export.py makes)", name)
	}
	if err != nil {
		return s.errorf("%w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return s.errorf("%w", err)
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		b, err := io.ReadAll(f)
		if err != nil {
			return s.errorf("%s: %w", name, err)
		}
		r = bytes.NewReader(b)
	}
	in, out, err := onnx.ReadPorts(r, info.Size())
	if err != nil {
		return s.errorf("%s: %w", name, err)
	}
	for i, have := range [][]onnx.Port{in, out} {
		what := [2]string{"input", "output"}[i]
		if len(have) != len(want[i]) {
			return s.errorf("%s has %d %ss (want %d)", name, len(have), what, len(want[i]))
		}
		for _, w := range want[i] {
			k := slices.IndexFunc(have, func(p onnx.Port) bool { return p.Name == w.name })
			if k < 0 {
				return s.errorf("%s has no %s %q (have %v)", name, what, w.name, have)
			}
			p := have[k]
			fits := p.Type == w.kind && len(p.Dims) == len(w.dims)
			for j := 0; fits && j < len(w.dims); j++ {
				fits = w.dims[j] == 0 || p.Dims[j].Name != "" || p.Dims[j].Size == w.dims[j]
			}
			if !fits {
				return s.errorf("%s: %s %v (want %v %v, 0 for any, by %s)", name, what, p, w.kind, w.dims, configFile)
			}
		}
	}
	return nil
}

// checkFiles compares the folder's files with the sizes and hashes that roborefer.json lists, and hashes the list. bytes counts the graphs.
func (s source) checkFiles(files map[string]FileConfig, graphs []string) (hash string, total int64, err error) {
	for _, name := range append([]string{tokenizerName}, graphs...) {
		if _, ok := files[name]; !ok {
			return "", 0, s.errorf("%s does not list %s among its files", configFile, name)
		}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		want := files[name]
		f, err := s.fsys.Open(name)
		if err != nil {
			return "", 0, s.errorf("%w", err)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, f)
		f.Close()
		if err != nil {
			return "", 0, s.errorf("%s: %w", name, err)
		}
		if n != want.Bytes {
			return "", 0, s.errorf("%s has %d bytes and should have %d (an incomplete copy?)", name, n, want.Bytes)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 {
			return "", 0, s.errorf("%s has the hash %.12s… and should have %.12s… (changed or damaged since its export)", name, got, want.SHA256)
		}
		if name != tokenizerName {
			total += n
		}
		fmt.Fprintf(h, "%s %s\n", want.SHA256, name)
	}
	config, err := s.read(configFile) // other numbers, another model
	if err != nil {
		return "", 0, err
	}
	h.Write(config)
	return hex.EncodeToString(h.Sum(nil)), total, nil
}

func (s source) session(name string, ports [2][]port, o onnx.SessionOptions) (*onnx.Session, error) {
	g := onnx.Model{Name: name}
	for _, p := range ports[0] {
		g.Inputs = append(g.Inputs, p.name)
	}
	for _, p := range ports[1] {
		g.Outputs = append(g.Outputs, p.name)
	}
	if s.dir != "" {
		g.Path = filepath.Join(s.dir, name)
	} else {
		var err error
		if g.Bytes, err = fs.ReadFile(s.fsys, name); err != nil {
			return nil, err
		}
	}
	return onnx.NewSession(g, o)
}

// chooseDevice settles where the model runs and loads ONNX Runtime for it.
func (m *model) chooseDevice(o Options) error {
	half := m.kv == onnx.Float16
	want := cmp.Or(o.Device, "auto")
	var id int
	cuda := false
	switch {
	case want == "auto":
		cuda = half && onnx.CUDAThere()
	case want == "cpu":
	case want == "cuda":
		cuda = true
	default:
		if n, err := fmt.Sscanf(want, "cuda:%d", &id); n != 1 || err != nil || id < 0 || want != fmt.Sprintf("cuda:%d", id) {
			return fmt.Errorf("device %q (want auto, cpu or cuda:N)", want)
		}
		cuda = true
	}
	if cuda && !half {
		return fmt.Errorf("device %s for graphs with float32 activations (export with --device cuda)", want)
	}
	var err error
	if !cuda {
		m.device = onnx.CPU
		m.runtime, err = onnx.Open()
		return err
	}
	m.device = onnx.CUDA(id)
	m.runtime, err = onnx.OpenCUDA(id)
	return err
}

// cores is how many cores one query uses.
func (m *model) cores() int {
	if m.threads > 0 {
		return m.threads
	}
	return runtime.NumCPU()
}

func folder(dir string) (source, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return source{}, fmt.Errorf("roborefer: %w", err)
	}
	if !info.IsDir() {
		return source{}, fmt.Errorf("roborefer: %s is a file (want the folder that train/export.py made)", dir)
	}
	return source{name: dir, dir: dir, fsys: os.DirFS(dir)}, nil
}
