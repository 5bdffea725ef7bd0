package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"

	"golang.org/x/sys/cpu"

	"github.com/refarena/refarena/referee/onnx"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

type doctorCommand struct{}

// A finding is one line of the doctor's. What is missing keeps `refarena eval` from running; a warning does not.
type finding struct{ status, what, detail, advice string }

// Run prints the findings and fails if the main job cannot run.
func (doctorCommand) Run(_ context.Context, c console) error {
	findings := examine()
	if err := printFindings(c.out, findings); err != nil {
		return err
	}
	for _, f := range findings {
		if f.status == "missing" {
			return errReported
		}
	}
	return nil
}

func printFindings(out io.Writer, findings []finding) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		line := f.detail
		if f.advice != "" {
			line += " — " + f.advice
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.status, f.what, line)
	}
	return w.Flush()
}

func examine() []finding {
	var found []finding
	add := func(status, what, detail, advice string) {
		found = append(found, finding{status, what, detail, advice})
	}

	v := tasks.CurrentVersions()
	add("ok", "refarena", v.Refarena+", "+v.Go, "")
	if version, path, err := sim.Library(); err != nil {
		add("missing", "libmujoco", err.Error(), "")
	} else {
		add("ok", "libmujoco", version+" at "+path, "")
	}
	if rt, err := onnx.Open(); err != nil {
		add("warning", "ONNX Runtime", err.Error(), "needed only for models that run on this machine")
	} else {
		add("ok", "ONNX Runtime", fmt.Sprintf("%s at %s, execution providers %s", rt.Version, rt.Path, strings.Join(rt.Providers, ", ")), "")
	}

	if r, err := render.New(render.Options{Device: render.Software}); err != nil {
		add("missing", "renderer", err.Error(), "")
	} else {
		add("ok", "renderer", describe(r.Info())+" (--gl software, the reference)", "")
		r.Close()
	}
	if r, err := render.New(render.Options{Device: render.Mesa}); err != nil {
		add("warning", "OpenGL on the CPU", err.Error(), "needed only for the viewer's window where there is no GPU, and for --gl mesa")
	} else {
		add("ok", "OpenGL on the CPU", describe(r.Info())+" (--gl mesa)", "")
		r.Close()
	}
	if r, err := render.New(render.Options{Device: render.GPU}); err != nil {
		add("ok", "GPU", "none used: "+err.Error(), "")
	} else {
		add("ok", "GPU", describe(r.Info())+" (used with --gl gpu)", "")
		r.Close()
	}

	add("ok", "CPU", fmt.Sprintf("%s, %d cores, %s", v.CPU, runtime.NumCPU(), cpuFeatures()), "")
	if total, free, ok := memory(); ok {
		detail := fmt.Sprintf("%.1f GiB free of %.1f", gib(free), gib(total))
		if free < 1<<30 {
			add("warning", "memory", detail, "a worker needs about 200 MB")
		} else {
			add("ok", "memory", detail, "")
		}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(".", &fs); err == nil {
		free := fs.Bavail * uint64(fs.Bsize)
		detail := fmt.Sprintf("%.1f GiB free here", gib(free))
		if free < 1<<30 {
			add("warning", "disk", detail, "a run of 1,000 episodes with all frames needs about 1 GiB")
		} else {
			add("ok", "disk", detail, "")
		}
	}
	return found
}

func describe(i sim.RendererInfo) string {
	return fmt.Sprintf("%s, %s, version %s", i.Vendor, i.Renderer, i.Version)
}

func gib(bytes uint64) float64 { return float64(bytes) / (1 << 30) }

func cpuFeatures() string {
	var have []string
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"AVX", cpu.X86.HasAVX}, {"AVX2", cpu.X86.HasAVX2}, {"FMA", cpu.X86.HasFMA}, {"AVX-512", cpu.X86.HasAVX512F},
		{"AVX-512-VNNI", cpu.X86.HasAVX512VNNI}, {"ASIMD", cpu.ARM64.HasASIMD}, {"ASIMDDP", cpu.ARM64.HasASIMDDP}, {"SVE", cpu.ARM64.HasSVE},
	} {
		if f.on {
			have = append(have, f.name)
		}
	}
	if have == nil {
		return "no vector extensions"
	}
	return strings.Join(have, " ")
}

// memory is the machine's, as /proc/meminfo tells it [bytes].
func memory() (total, free uint64, ok bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, 0, false
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		var kb uint64
		if n, _ := fmt.Sscanf(in.Text(), "MemTotal: %d kB", &kb); n == 1 {
			total = kb << 10
		}
		if n, _ := fmt.Sscanf(in.Text(), "MemAvailable: %d kB", &kb); n == 1 {
			free = kb << 10
		}
	}
	return total, free, total > 0
}
