package roborefer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/refarena/refarena/referee/onnx"
)

// A job is one query on its way through an engine.
type job struct {
	ctx    context.Context
	pixels [2][]picture // tiles of the colour and depth pictures
	shapes [2]shape     // of their grids
	frames [2][32]byte  // hashes of what the tiles are made of
	ids    []int        // of the whole prompt, one for each placeholder
	limit  int          // tokens of the answer at most

	begun  atomic.Bool   // an engine, or one who gives up waiting, has taken it
	done   chan struct{} // closed when what follows is set
	answer []int         // without the stop token
	capped bool          // ended by limit, not by a stop token
	err    error

	// While it runs:
	row    int
	length int // positions in the row
	next   int // token to feed
}

// Stats counts what a model did. Prefixes that were found again and frames that were encoded say how much of the work caching saved.
type Stats struct {
	Queries, Tokens, Capped      int // Capped: answers that were ended by the cap on tokens
	FramesEncoded, FramesReused  int
	PrefixesBuilt, PrefixesFound int
	DecodeSteps                  int // runs of the decoder behind a prompt; with drafts or batching fewer than Tokens
}

// An engine decodes answers: one goroutine, which alone uses the engine's memory. Queries that arrive while it works wait in its queue; rows of
// its cache that are free take them in between two tokens.
type engine struct {
	m     *model
	batch int // rows that decode together
	rows  int // rows of the cache; with batch 1 there are more, which keep prefixes
	limit int // positions a row holds
	kept  int // positions whose logits fit into memory
	chunk int // positions of a prompt that go through the decoder at once

	queue   chan *job
	quit    chan struct{} // closed to end it
	stopped chan struct{} // closed when it has ended
	inspect chan func()   // for tests: run by the engine's goroutine while it has no query
	wait    time.Duration

	mu    sync.Mutex
	stats Stats

	// The Referee's, under its lock: jobs in the queue or running, and the picture of the last one.
	load int
	last [32]byte

	cache  *onnx.Memory // [layer, key or value, row, kv head, position, head dim]
	prompt *onnx.Memory // f32 [limit, hidden], device
	step   *onnx.Memory // f32 [rows, hidden], device
	ints   *onnx.Memory // i64, host: ids, mask, positions
	tiles  *onnx.Memory // f32 [atOnce, 3, side, side], host: what a tower is given
	plane  []float32    // one of them
	logits *onnx.Memory // f32 [rows, vocab] or, with batch 1, [1 + drafts, vocab], host
	views  map[viewKey][]*onnx.Tensor

	state  []rowState
	clock  int
	frames []frame // most recently used last
	scores []float32

	settled bool // has answered, and its memory is on huge pages
}

// A rowState is what lies in one row of the cache.
type rowState struct {
	job    *job
	key    [32]byte // of the prefix
	prefix int      // its length; 0 for none
	header []int    // ids of the text that the prefix begins with; nil for none
	room   int      // positions of a head, which lie one behind the other; 0 before its first use
	used   int      // clock of its last use
}

// A viewKey is n rows of the cache from lo on, of so many positions a head.
type viewKey struct{ lo, n, room int }

// A frame is the encoded features of one picture.
type frame struct {
	key    [32]byte
	kind   kind
	mem    *onnx.Memory // f32 [blocks, tokens, hidden], device
	blocks int
	tokens int
}

// maxFrames is how many pictures' features an engine keeps.
const maxFrames = 8

func newEngine(m *model, o Options) (*engine, error) {
	c, d := &m.cfg, m.cfg.Decoder
	e := &engine{m: m, batch: o.Batch, rows: o.Batch, chunk: 512, wait: o.MaxWait, quit: make(chan struct{}), stopped: make(chan struct{}), inspect: make(chan func()), queue: make(chan *job, 1024), views: map[viewKey][]*onnx.Tensor{}}
	if m.device.IsCUDA() {
		e.chunk = 4096
	}
	if e.batch == 1 {
		e.rows = 4
	}
	e.limit = c.MaxContext
	if need := 2*c.maxPositions() + textPositions + o.MaxNewTokens; need < e.limit {
		e.limit = need
	}
	var err error
	if err := e.fits(o.Engines); err != nil {
		return nil, err
	}
	e.kept = max(e.rows, 1+len(m.draft.form))
	e.state = make([]rowState, e.rows)
	e.scores = make([]float32, d.Vocab)
	alloc := func(dev onnx.Device, bytes int) *onnx.Memory {
		if err != nil {
			return nil
		}
		var mem *onnx.Memory
		mem, err = onnx.Alloc(dev, bytes)
		return mem
	}
	e.cache = alloc(m.device, d.Layers*2*e.rows*e.rowBytes())
	e.prompt = alloc(m.device, e.limit*d.Hidden*4)
	e.step = alloc(m.device, e.kept*d.Hidden*4)
	e.ints = alloc(onnx.CPU, 8*(e.limit+e.rows*e.limit+max(e.chunk, e.kept)+1))
	e.logits = alloc(onnx.CPU, e.kept*d.Vocab*4)
	e.plane = make([]float32, 3*c.TileSize*c.TileSize)
	e.tiles = alloc(onnx.CPU, e.atOnce()*len(e.plane)*4)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("roborefer: key-value cache of %d rows of %d positions: %w", e.rows, e.limit, err), e.free())
	}
	return e, nil
}

// memory is the most bytes that the engine takes, beside the weights and what ONNX Runtime needs while it runs a graph.
func (e *engine) memory() int64 {
	c, d := &e.m.cfg, e.m.cfg.Decoder
	rows, limit := int64(e.rows), int64(e.limit)
	cache := int64(d.Layers) * 2 * rows * int64(e.rowBytes())
	features := int64(maxFrames) * int64(c.maxPositions()) * int64(d.Hidden) * 4
	features += int64(e.atOnce()+1) * 3 * int64(c.TileSize) * int64(c.TileSize) * 4 // the tiles that a tower is given
	kept := max(rows, 1+int64(len(e.m.draft.form)))
	return cache + features + (limit+kept)*int64(d.Hidden)*4 + rows*limit*8 + kept*int64(d.Vocab)*4
}

// fits compares what engines of this kind and the weights take with the machine's memory. On a GPU its own allocator does.
func (e *engine) fits(engines int) error {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil || e.m.device.IsCUDA() {
		return nil
	}
	need, have := e.m.weights+int64(engines)*e.memory(), int64(info.Totalram)*int64(info.Unit)
	if need < 0 || need > have {
		return fmt.Errorf("roborefer: the model takes up to %.1f GB, %.1f of them for %d × %d rows of %d positions in the key-value cache, and this machine has %.1f GB (want a smaller batch or model)",
			float64(need)/1e9, float64(need-e.m.weights)/1e9, engines, e.rows, e.limit, float64(have)/1e9)
	}
	return nil
}

// textPositions is what a prompt may hold beside its pictures.
const textPositions = 1024

// rowBytes is the size of one row of one layer's keys.
func (e *engine) rowBytes() int {
	d := e.m.cfg.Decoder
	return d.KVHeads * e.limit * d.HeadDim * e.m.kv.Size()
}

func (e *engine) free() error {
	for _, v := range e.views {
		for _, t := range v {
			t.Close()
		}
	}
	var errs []error
	for _, m := range []*onnx.Memory{e.cache, e.prompt, e.step, e.ints, e.tiles, e.logits} {
		errs = append(errs, m.Close())
	}
	for _, f := range e.frames {
		errs = append(errs, f.mem.Close())
	}
	return errors.Join(errs...)
}

// run serves the queue until quit is closed. Queries that are then left end with errClosed.
func (e *engine) run() {
	for {
		select {
		case <-e.quit:
			e.abandon()
			return
		default:
		}
		active := e.active()
		if !e.settled && active == 0 && e.stats.Queries > 0 { // only this goroutine writes stats
			e.settled = true // the memory that a query takes is there
			onnx.CollapsePages()
		}
		var j *job
		switch {
		case active == 0:
			select {
			case j = <-e.queue:
			case f := <-e.inspect:
				f()
				continue
			case <-e.quit:
				continue
			}
		case active < e.batch:
			select {
			case j = <-e.queue:
			default:
			}
		}
		if j != nil {
			e.admit(j)
			if active == 0 && e.wait > 0 && e.batch > 1 {
				e.gather()
			}
			continue // others may wait, too
		}
		e.decode()
	}
}

// abandon ends all that runs or waits.
func (e *engine) abandon() {
	for i := range e.state {
		if j := e.state[i].job; j != nil {
			e.finish(j, errClosed)
		}
	}
	for {
		select {
		case j := <-e.queue:
			if j.begun.CompareAndSwap(false, true) {
				j.row = -1
				e.finish(j, errClosed)
			}
		default:
			return
		}
	}
}

// gather waits for more queries to decode together with the first, at most for e.wait.
func (e *engine) gather() {
	timer := time.NewTimer(e.wait)
	defer timer.Stop()
	for e.active() < e.batch {
		select {
		case j := <-e.queue:
			e.admit(j)
		case <-timer.C:
			return
		}
	}
}

var errClosed = errors.New("roborefer: the model is closed")

func (e *engine) active() int {
	n := 0
	for i := range e.state {
		if e.state[i].job != nil {
			n++
		}
	}
	return n
}

// finish ends j, which may be in no row yet (row -1).
func (e *engine) finish(j *job, err error) {
	if j.row >= 0 {
		e.state[j.row].job = nil
	}
	j.err = err
	e.mu.Lock()
	e.stats.Queries++
	e.stats.Tokens += len(j.answer)
	if j.capped {
		e.stats.Capped++
	}
	e.mu.Unlock()
	close(j.done)
}

func (e *engine) count(f func(*Stats)) {
	e.mu.Lock()
	f(&e.stats)
	e.mu.Unlock()
}

// admit fills a row of the cache with j's prompt, so that decode goes on with its first token.
func (e *engine) admit(j *job) {
	if !j.begun.CompareAndSwap(false, true) {
		return // whoever asked has gone
	}
	j.row = -1
	if err := j.ctx.Err(); err != nil {
		e.finish(j, err)
		return
	}
	if err := e.prefill(j); err != nil {
		if j.row >= 0 {
			e.state[j.row].prefix, e.state[j.row].header = 0, nil // what is in the row is not known
		}
		e.finish(j, err)
	}
}

// A span is a stretch of a prompt: ids of text, or one block of features with the newline that follows it.
type span struct {
	ids  []int
	kind kind
	at   int // first block
}

// spans cuts the prompt at its placeholders. prefix is how many spans come before the text of the question.
func (e *engine) spans(ids []int) (all []span, prefix int) {
	t := e.m.cfg.Tokens
	start, seen := 0, [2]int{}
	text := func(end int) {
		if end > start {
			all = append(all, span{ids: ids[start:end]})
		}
		start = end + 1
	}
	for i, id := range ids {
		if id != t.Image && id != t.Depth {
			continue
		}
		k := colour
		if id == t.Depth {
			k = depth
		}
		text(i)
		all = append(all, span{kind: k, at: seen[k]})
		seen[k]++
		prefix = len(all)
	}
	text(len(ids))
	return all, prefix
}

func (s span) isText() bool { return s.ids != nil }

// prefill brings j's prompt into a row: all of it, or only the question's text if a row has header and pictures already. The kernels compute a
// position without regard to how many others it is among, so that the answer does not depend, not even in its last bit, on what was asked before;
// TestCachesChangeNothing holds them to it.
func (e *engine) prefill(j *job) error {
	spans, cut := e.spans(j.ids)
	blocks := [2]int{}
	for _, s := range spans {
		if !s.isText() {
			blocks[s.kind]++
		}
	}
	c := &e.m.cfg
	width := [2]int{c.tokensPerTile(), c.tokensPerTile()}
	for k := range width {
		if c.Variant == DynamicS2 {
			width[k] *= j.shapes[k].cols * j.shapes[k].rows
		}
	}
	length := func(spans []span) (n int) {
		for _, s := range spans {
			if s.isText() {
				n += len(s.ids)
			} else {
				n += width[s.kind] + 1
			}
		}
		return n
	}
	total := length(spans)
	if total+1 > e.limit {
		return fmt.Errorf("roborefer: a prompt of %d positions (want fewer than %d: a shorter instruction or a smaller picture)", total, e.limit)
	}
	j.limit = min(j.limit, e.limit-total)
	key := e.prefixKey(j, spans[:cut])
	n := length(spans[:cut])
	room := e.room(total + j.limit)
	row, from := e.chooseRow(key, room)
	j.row = row
	st := &e.state[row]
	if from >= 0 {
		room = e.state[from].room
	}
	if st.room != room {
		st.prefix, st.header, st.room = 0, nil, room
	}
	e.clock++
	st.job, st.used = j, e.clock
	var features [2]*frame
	begin, past := cut, n // the first span to feed, and the positions that are there
	switch {
	case from == row:
		e.count(func(s *Stats) { s.PrefixesFound++ })
	case from >= 0:
		e.count(func(s *Stats) { s.PrefixesFound++ })
		st.prefix = 0
		if err := e.copyPrefix(row, from, n); err != nil {
			return err
		}
	default:
		st.prefix = 0
		e.count(func(s *Stats) { s.PrefixesBuilt++ })
		for k := range features {
			if blocks[k] == 0 {
				continue
			}
			f, err := e.features(j, kind(k))
			if err != nil {
				return err
			}
			if want := e.blocksOf(j, kind(k)); f.blocks != want || blocks[k] != want {
				return fmt.Errorf("roborefer: %d blocks of features for %d placeholders (want %d)", f.blocks, blocks[k], want)
			}
			features[k] = f
		}
		begin, past = 0, 0
		if h := spans[0].ids; h != nil && slices.Equal(h, st.header) { // the same system prompt as ever
			begin, past = 1, len(h)
		}
	}
	draft := e.draft(j, total)
	if len(draft) > 0 {
		spans = append(spans, span{ids: draft})
	}
	if err := e.forward(j, spans[begin:], features, past, 1+len(draft)); err != nil {
		return err
	}
	st.key, st.prefix, st.header = key, n, spans[0].ids
	j.length = total
	return e.accept(j, draft)
}

// draft guesses j's next tokens, which will be at position `at` and behind. Rows that decode together go on by one token each.
func (e *engine) draft(j *job, at int) []int {
	if e.batch > 1 {
		return nil
	}
	return e.m.draft.next(j.answer, min(j.limit-len(j.answer)-1, e.limit-at-1))
}

// accept takes the tokens that the last run of the decoder, alone in it, gives j: one, and as many more as draft, which was fed behind it, has right.
func (e *engine) accept(j *job, draft []int) error {
	for k := range len(draft) + 1 {
		if k > 0 {
			if e.state[j.row].job == nil || j.next != draft[k-1] {
				return nil
			}
			j.length++ // it is in the cache already
		}
		if err := e.take(j, k); err != nil {
			return err
		}
	}
	return nil
}

// blocksOf is the number of placeholders that a picture has: its tiles, or one for all of them.
func (e *engine) blocksOf(j *job, k kind) int {
	if e.m.cfg.Variant == DynamicS2 {
		return 1
	}
	return len(j.pixels[k])
}

func (e *engine) prefixKey(j *job, spans []span) [32]byte {
	h := sha256.New()
	var b []byte
	for _, s := range spans {
		if s.isText() {
			for _, id := range s.ids {
				b = binary.LittleEndian.AppendUint64(b, uint64(id))
			}
			continue
		}
		b = binary.LittleEndian.AppendUint64(b, ^uint64(s.kind))
		b = append(b, j.frames[s.kind][:]...)
	}
	h.Write(b)
	return [32]byte(h.Sum(nil))
}

// room is how many positions of a head a row is laid out for that is to hold so many. Small models look at a whole row's room for each head and
// token, so a short one is worth while. Rows that decode together have the same.
func (e *engine) room(positions int) int {
	if short := e.limit / 2; e.m.small && e.batch == 1 && positions <= short {
		return short
	}
	return e.limit
}

// chooseRow is a free row for a prefix and the row that has it already, with room enough (-1: none): that row itself if it is free, else an empty one,
// else the one that was used longest ago.
func (e *engine) chooseRow(key [32]byte, room int) (row, from int) {
	row, from = -1, -1
	for i := range e.state {
		s := &e.state[i]
		if s.prefix > 0 && s.room >= room && s.key == key && (from < 0 || s.job == nil) {
			from = i
		}
		if s.job == nil && (row < 0 || s.used < e.state[row].used) {
			row = i
		}
	}
	if from >= 0 && e.state[from].job == nil {
		return from, from
	}
	return row, from
}

// copyPrefix copies the first n positions of each head from one row to another.
func (e *engine) copyPrefix(to, from, n int) error {
	d := e.m.cfg.Decoder
	pitch, width := e.state[from].room*d.HeadDim*e.m.kv.Size(), n*d.HeadDim*e.m.kv.Size()
	for t := range d.Layers * 2 {
		at := t * e.rows * e.rowBytes()
		if err := e.cache.CopyRows(at+to*e.rowBytes(), e.cache, at+from*e.rowBytes(), pitch, width, d.KVHeads); err != nil {
			return err
		}
	}
	return nil
}

// kvViews is the cache's rows lo to lo+n as inputs, which are outputs too: nothing is copied for a token.
func (e *engine) kvViews(lo, n int) ([]*onnx.Tensor, error) {
	key := viewKey{lo, n, cmp.Or(e.state[lo].room, e.limit)}
	if v, ok := e.views[key]; ok {
		return v, nil
	}
	d := e.m.cfg.Decoder
	v := make([]*onnx.Tensor, 0, d.Layers*2)
	for t := range d.Layers * 2 {
		view, err := e.cache.Tensor((t*e.rows+lo)*e.rowBytes(), e.m.kv, n, d.KVHeads, key.room, d.HeadDim)
		if err != nil {
			return nil, err
		}
		v = append(v, view)
	}
	e.views[key] = v
	return v, nil
}

// forward embeds spans into e.prompt and runs them through the decoder behind the first `past` positions of j's row, in chunks. The logits of the last
// keep positions are then in e.logits; the last chunk has at least so many.
func (e *engine) forward(j *job, spans []span, features [2]*frame, past, keep int) error {
	c, width := &e.m.cfg, e.m.cfg.Decoder.Hidden*4
	n := 0
	for _, s := range spans {
		if s.isText() {
			if err := e.embedIDs(j.ctx, e.prompt, n*width, s.ids, 1, len(s.ids)); err != nil {
				return err
			}
			n += len(s.ids)
			continue
		}
		f := features[s.kind]
		bytes := f.tokens * width
		if err := e.prompt.CopyRows(n*width, f.mem, s.at*bytes, bytes, bytes, 1); err != nil {
			return err
		}
		n += f.tokens
		if err := e.embedIDs(j.ctx, e.prompt, n*width, []int{c.Tokens.Newline}, 1, 1); err != nil {
			return err
		}
		n++
	}
	if e.m.onPrompt != nil {
		e.m.onPrompt(n - (keep - 1)) // without drafts
	}
	for at, size := 0, 0; at < n; at += size {
		size = min(e.chunk, n-at)
		if rest := n - at - size; rest > 0 && rest < keep {
			size -= keep - rest
		}
		positions := make([]int64, size)
		for i := range positions {
			positions[i] = int64(past + at + i)
		}
		mask := make([]int64, past+at+size)
		for i := range mask {
			mask[i] = 1
		}
		if err := e.decoderRun(j.ctx, e.prompt, at*width, j.row, 1, size, min(keep, size), mask, positions); err != nil {
			return err
		}
	}
	return nil
}

// Where the parts of e.ints begin [bytes].
func (e *engine) idsAt() int       { return 0 }
func (e *engine) maskAt() int      { return 8 * e.limit }
func (e *engine) positionsAt() int { return e.maskAt() + 8*e.rows*e.limit }
func (e *engine) keepAt() int      { return e.positionsAt() + 8*max(e.chunk, e.kept) }

// embedIDs writes the embeddings of ids, rows × cols of them, to byte off of dst.
func (e *engine) embedIDs(ctx context.Context, dst *onnx.Memory, off int, ids []int, rows, cols int) error {
	if t, n := e.m.table, e.m.cfg.Decoder.Hidden; t != nil {
		for i, id := range ids {
			if err := onnx.Write(dst, off+i*n*4, t[id*n:(id+1)*n]); err != nil {
				return err
			}
		}
		return nil
	}
	wide := make([]int64, len(ids))
	for i, id := range ids {
		wide[i] = int64(id)
	}
	if err := onnx.Write(e.ints, e.idsAt(), wide); err != nil {
		return err
	}
	in, err := e.ints.Tensor(e.idsAt(), onnx.Int64, rows, cols)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := dst.Tensor(off, onnx.Float32, rows, cols, e.m.cfg.Decoder.Hidden)
	if err != nil {
		return err
	}
	defer out.Close()
	return e.m.embed.Run(ctx, []*onnx.Tensor{in}, []*onnx.Tensor{out})
}

// decoderRun runs size positions of each of n rows from lo on; their embeddings begin at byte off of x. mask is [n, total], positions [n, size].
// The logits of the last keep positions of each are then in e.logits.
func (e *engine) decoderRun(ctx context.Context, x *onnx.Memory, off, lo, n, size, keep int, mask, positions []int64) error {
	d := e.m.cfg.Decoder
	if err := errors.Join(onnx.Write(e.ints, e.maskAt(), mask), onnx.Write(e.ints, e.positionsAt(), positions), onnx.Write(e.ints, e.keepAt(), []int64{int64(keep)})); err != nil {
		return err
	}
	kv, err := e.kvViews(lo, n)
	if err != nil {
		return err
	}
	var made []*onnx.Tensor
	defer func() {
		for _, t := range made {
			t.Close()
		}
	}()
	view := func(m *onnx.Memory, off int, kind onnx.ElementType, shape ...int) *onnx.Tensor {
		t, terr := m.Tensor(off, kind, shape...)
		if terr != nil {
			err = terr
			return nil
		}
		made = append(made, t)
		return t
	}
	in := append([]*onnx.Tensor{
		view(x, off, onnx.Float32, n, size, d.Hidden),
		view(e.ints, e.maskAt(), onnx.Int64, n, len(mask)/n),
		view(e.ints, e.positionsAt(), onnx.Int64, n, size),
		view(e.ints, e.keepAt(), onnx.Int64, 1),
	}, kv...)
	out := append([]*onnx.Tensor{view(e.logits, 0, onnx.Float32, n, keep, d.Vocab)}, kv...)
	if err != nil {
		return err
	}
	return e.m.decoder.Run(ctx, in, out)
}

// take reads the logits of row i of the last run and sets j's next token, or ends j.
func (e *engine) take(j *job, i int) error {
	v := e.m.cfg.Decoder.Vocab
	scores := e.scores[:v]
	if err := onnx.Read(e.logits, i*v*4, scores); err != nil {
		return err
	}
	if e.m.onLogits != nil {
		e.m.onLogits(scores)
	}
	token, ok := argMax(scores)
	if !ok {
		return fmt.Errorf("roborefer: the model's logits are not numbers (position %d; damaged weights, or float16 out of range)", j.length)
	}
	switch {
	case slices.Contains(e.m.cfg.Tokens.Stop, token):
		e.finish(j, nil)
	case len(j.answer)+1 >= j.limit:
		j.answer = append(j.answer, token)
		j.capped = true
		e.finish(j, nil)
	default:
		j.answer = append(j.answer, token)
		j.next = token
	}
	return nil
}

// argMax is the first of the largest scores; false if one is not a number.
func argMax(scores []float32) (int, bool) {
	best, at := float32(math.Inf(-1)), -1
	for i, s := range scores {
		if s > best {
			best, at = s, i
		} else if s != s {
			return 0, false
		}
	}
	return at, at >= 0
}

// decode runs one token of every active row, with what is drafted behind it.
func (e *engine) decode() {
	lo, hi := -1, 0
	for i := range e.state {
		j := e.state[i].job
		if j == nil {
			continue
		}
		if err := j.ctx.Err(); err != nil {
			e.finish(j, err)
			continue
		}
		if lo < 0 {
			lo = i
		}
		hi = i + 1
	}
	if lo < 0 {
		return
	}
	if e.batch == 1 {
		e.decodeOne(e.state[lo].job)
		return
	}
	n := hi - lo
	ctx, ids, total := context.Background(), make([]int, n), 0
	positions := make([]int64, n)
	jobs := 0
	for i := range n {
		s := &e.state[lo+i]
		ids[i], positions[i] = e.m.cfg.Tokens.Newline, int64(s.prefix) // a free row computes behind its prefix, which stays as it is
		if s.job != nil {
			ids[i], positions[i] = s.job.next, int64(s.job.length)
			jobs++
			ctx = s.job.ctx
		}
		total = max(total, int(positions[i])+1)
	}
	if jobs > 1 {
		ctx = context.Background() // one that is given up must not stop the others within the token
	}
	mask := make([]int64, n*total)
	for i := range n {
		for k := range int(positions[i]) + 1 {
			mask[i*total+k] = 1
		}
	}
	e.count(func(s *Stats) { s.DecodeSteps++ })
	err := e.embedIDs(ctx, e.step, 0, ids, n, 1)
	if err == nil {
		err = e.decoderRun(ctx, e.step, 0, lo, n, 1, 1, mask, positions)
	}
	for i := range n {
		j := e.state[lo+i].job
		if j == nil {
			continue
		}
		j.length++
		jerr := err
		if jerr == nil {
			jerr = e.take(j, i)
		}
		if jerr != nil {
			e.finish(j, jerr)
		}
	}
}

// decodeOne runs j's next token and its draft, j being the only job.
func (e *engine) decodeOne(j *job) {
	draft := e.draft(j, j.length+1)
	ids := append([]int{j.next}, draft...)
	positions, mask := make([]int64, len(ids)), make([]int64, j.length+len(ids))
	for i := range positions {
		positions[i] = int64(j.length + i)
	}
	for i := range mask {
		mask[i] = 1
	}
	e.count(func(s *Stats) { s.DecodeSteps++ })
	err := e.embedIDs(j.ctx, e.step, 0, ids, 1, len(ids))
	if err == nil {
		err = e.decoderRun(j.ctx, e.step, 0, j.row, 1, len(ids), len(ids), mask, positions)
	}
	if err == nil {
		j.length++
		err = e.accept(j, draft)
	}
	if err != nil {
		e.finish(j, err)
	}
}

// features is the encoded picture of kind k of j, from the cache if it is there.
func (e *engine) features(j *job, k kind) (*frame, error) {
	for i, f := range e.frames {
		if f.key == j.frames[k] && f.kind == k {
			e.frames = append(append(e.frames[:i:i], e.frames[i+1:]...), f)
			e.count(func(s *Stats) { s.FramesReused++ })
			return &e.frames[len(e.frames)-1], nil
		}
	}
	e.count(func(s *Stats) { s.FramesEncoded++ })
	var spare *onnx.Memory
	if len(e.frames) == maxFrames {
		spare, e.frames = e.frames[0].mem, e.frames[1:]
	}
	f, err := e.encode(j, k, spare)
	if err != nil {
		return nil, err
	}
	e.frames = append(e.frames, f)
	return &e.frames[len(e.frames)-1], nil
}

// atOnce is how many tiles go through a tower together.
func (e *engine) atOnce() int {
	if e.m.device.IsCUDA() {
		return 4
	}
	return 1
}

// encode runs tower and projector, a few tiles at a time. spare is memory that it may use, or nil; it is encode's from now on.
func (e *engine) encode(j *job, k kind, spare *onnx.Memory) (f frame, err error) {
	c := &e.m.cfg
	tiles, s := j.pixels[k], c.TileSize
	tower := [2]TowerConfig{c.Vision, c.Depth}[k]
	tokens, width, dev := c.tokensPerTile(), c.Decoder.Hidden, e.m.device
	if c.Variant == DynamicS2 {
		tokens, width, dev = c.grid()*c.grid(), tower.Hidden, onnx.CPU // merged on the host
	}
	out := spare
	if size := len(tiles) * tokens * width * 4; spare == nil || spare.Size() != size || spare.Device() != dev {
		if err := spare.Close(); err != nil {
			return frame{}, err
		}
		if out, err = onnx.Alloc(dev, size); err != nil {
			return frame{}, err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Close())
		}
	}()
	at := e.atOnce()
	for i := 0; i < len(tiles); i += at {
		n := min(at, len(tiles)-i)
		for t := range n {
			c.normalise(e.plane, tiles[i+t])
			if err := onnx.Write(e.tiles, t*len(e.plane)*4, e.plane); err != nil {
				return frame{}, err
			}
		}
		if err := runOne(j.ctx, e.m.tower[k], e.tiles, []int{n, 3, s, s}, out, i*tokens*width*4, []int{n, tokens, width}); err != nil {
			return frame{}, err
		}
	}
	f = frame{key: j.frames[k], kind: k, mem: out, blocks: len(tiles), tokens: tokens}
	if c.Variant == DynamicS2 {
		return e.project(j, k, f, width)
	}
	return f, nil
}

// project merges the scales of a picture's features and projects them, block by block (dynamic_s2). It closes towers' memory.
func (e *engine) project(j *job, k kind, towers frame, width int) (frame, error) {
	c := &e.m.cfg
	g, last, scales := c.grid(), j.shapes[k], len(c.S2Scales)
	raw := make([]float32, towers.blocks*towers.tokens*width)
	err := errors.Join(onnx.Read(towers.mem, 0, raw))
	if err != nil {
		return frame{}, err
	}
	merged := mergeScales(raw, g, width, c.scaleShapes(last))
	blocks, tokens, hidden := last.cols*last.rows, c.tokensPerTile(), c.Decoder.Hidden
	in, err := onnx.Alloc(onnx.CPU, len(merged)*4)
	if err != nil {
		return frame{}, err
	}
	defer in.Close()
	if err := onnx.Write(in, 0, merged); err != nil {
		return frame{}, err
	}
	out, err := onnx.Alloc(onnx.CPU, blocks*tokens*hidden*4)
	if err != nil {
		return frame{}, err
	}
	defer out.Close()
	if err := runOne(j.ctx, e.m.projector[k], in, []int{blocks, g * g, width * scales}, out, 0, []int{blocks, tokens, hidden}); err != nil {
		return frame{}, err
	}
	projected := make([]float32, blocks*tokens*hidden)
	if err := onnx.Read(out, 0, projected); err != nil {
		return frame{}, err
	}
	side := c.grid() / folds[c.Projector]
	mem, err := onnx.Alloc(e.m.device, len(projected)*4)
	if err != nil {
		return frame{}, err
	}
	if err := onnx.Write(mem, 0, joinBlocks(projected, last, side, hidden)); err != nil {
		return frame{}, errors.Join(err, mem.Close())
	}
	return frame{key: towers.key, kind: k, mem: mem, blocks: 1, tokens: blocks * tokens}, towers.mem.Close()
}

// runOne runs a session with one input, at the start of in, and one output, at byte off of out.
func runOne(ctx context.Context, s *onnx.Session, in *onnx.Memory, inShape []int, out *onnx.Memory, off int, outShape []int) error {
	x, err := in.Tensor(0, onnx.Float32, inShape...)
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := out.Tensor(off, onnx.Float32, outShape...)
	if err != nil {
		return err
	}
	defer y.Close()
	return s.Run(ctx, []*onnx.Tensor{x}, []*onnx.Tensor{y})
}
