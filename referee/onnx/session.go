package onnx

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	ort "github.com/yalue/onnxruntime_go"
)

// A Model is a graph to make a session of: the path of an .onnx file, whose external weights lie beside it, or the file's bytes.
type Model struct {
	Name  string // for messages
	Path  string // "" if Bytes are given
	Bytes []byte // only read while the session is made
	// Inputs and Outputs are the names of what Run takes and gives, in Run's order.
	Inputs, Outputs []string
}

// SessionOptions tunes NewSession. The zero value is ready to use.
type SessionOptions struct {
	Device  Device // the zero value is the CPU
	Threads int    // of the CPU for one Run; 0 means one for each core
	// Spin lets the threads of a Run wait for its next node with open eyes, for a tenth of a millisecond. They sleep when the Run ends.
	Spin bool
}

// A Session runs one graph. It is safe for concurrent use, as long as no two Runs share memory that one of them writes.
type Session struct {
	name string
	s    *ort.DynamicAdvancedSession
}

// NewSession loads a graph. Open, or OpenCUDA for a session on a GPU, must have succeeded before.
func NewSession(m Model, o SessionOptions) (*Session, error) {
	opt, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", m.Name, err)
	}
	defer opt.Destroy()
	err = errors.Join(
		opt.SetIntraOpNumThreads(o.Threads),
		opt.SetInterOpNumThreads(1),
		opt.SetMemPattern(false), // shapes change from run to run
	)
	// A thread that waits for work sleeps: other workers want its core.
	if entries := map[bool][][2]string{
		false: {{"session.intra_op.allow_spinning", "0"}},
		true:  {{"session.intra_op.allow_spinning", "1"}, {"session.intra_op.spin_duration_us", "100"}, {"session.force_spinning_stop", "1"}},
	}[o.Spin]; err == nil {
		for _, e := range entries {
			err = errors.Join(err, opt.AddSessionConfigEntry(e[0], e[1]))
		}
	}
	if err == nil && o.Device.cuda {
		err = appendCUDA(opt, o.Device.id)
	}
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", m.Name, err)
	}
	s := &Session{name: m.Name}
	if m.Path != "" {
		s.s, err = ort.NewDynamicAdvancedSession(m.Path, m.Inputs, m.Outputs, opt)
	} else {
		s.s, err = ort.NewDynamicAdvancedSessionWithONNXData(m.Bytes, m.Inputs, m.Outputs, opt)
	}
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", m.Name, err)
	}
	return s, nil
}

func appendCUDA(opt *ort.SessionOptions, id int) error {
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer cuda.Destroy()
	err = cuda.Update(map[string]string{
		"device_id":              strconv.Itoa(id),
		"arena_extend_strategy":  "kSameAsRequested", // memory grows by what is needed, not by doubling
		"cudnn_conv_algo_search": "HEURISTIC",
	})
	if err != nil {
		return err
	}
	return opt.AppendExecutionProviderCUDA(cuda)
}

// Run computes outputs from inputs, both in the order of the model's names. Outputs are written into their memory; an output may lie in
// the same memory as an input where the graph allows it. When ctx ends, Run stops soon, between two nodes of the graph, with its error:
// outputs are then undefined.
func (s *Session) Run(ctx context.Context, inputs, outputs []*Tensor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, out := make([]ort.Value, len(inputs)), make([]ort.Value, len(outputs))
	for i, t := range inputs {
		in[i] = &t.value
	}
	for i, t := range outputs {
		out[i] = &t.value
	}
	var opt *ort.RunOptions
	if ctx.Done() != nil {
		var err error
		if opt, err = ort.NewRunOptions(); err != nil {
			return fmt.Errorf("onnx: %s: %w", s.name, err)
		}
		stopped := make(chan struct{})
		cancel := context.AfterFunc(ctx, func() {
			_ = opt.Terminate() // its only error is that opt is nil
			close(stopped)
		})
		defer func() {
			if !cancel() {
				<-stopped
			}
			_ = opt.Destroy()
		}()
	}
	if err := s.s.RunWithOptions(in, out, opt); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("onnx: %s: %w", s.name, err)
	}
	return nil
}

// Close frees the session. It works twice.
func (s *Session) Close() error {
	if s == nil || s.s == nil {
		return nil
	}
	err := s.s.Destroy()
	s.s = nil
	return err
}
