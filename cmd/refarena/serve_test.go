package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/refereetest"
)

// startServe runs refarena serve as a process of its own and says where it listens.
func startServe(t *testing.T, args ...string) (cmd *exec.Cmd, url string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "REFARENA_AS_COMMAND=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewReader(stderr)
	line, err := lines.ReadString('\n')
	m := regexp.MustCompile(`(http://\S+)/query`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("refarena serve says %q, error %v", line, err)
	}
	go io.Copy(io.Discard, lines)
	return cmd, m[1]
}

// The program answers, its own client reads it, and an interrupt ends it in good order.
func TestServe(t *testing.T) {
	cmd, url := startServe(t, "--referee", "random-pixel")
	status, stdout, stderr := command(t, "point", writePNG(t, "x.png", refereetestPicture(64, 48)), "the mug", "--referee", url)
	if status != exitOK || !strings.Contains(stdout, "of 64×48") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

func TestServeBad(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv(referee.TokenVariable, "")
	for _, tt := range []struct {
		args   string
		status int
		want   string
	}{
		{"serve --referee oracle", exitBadUsage, "is a control"},
		{"serve --referee random-pixel --addr 0.0.0.0:0", exitBadUsage, "set a token in $REFARENA_TOKEN, or say --anyone"},
		{"serve --referee random-pixel --addr here", exitBadUsage, "want HOST:PORT"},
		{"serve --referee random-pixel --parallel 0", exitBadUsage, "parallel 0"},
		{"serve --referee random-pixel --addr " + l.Addr().String(), exitUndone, "address already in use"},
	} {
		status, stdout, stderr := command(t, strings.Fields(tt.args)...)
		if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("refarena %s = %d, %q; want %d and %q", tt.args, status, stderr, tt.status, tt.want)
		}
	}
}

// TestServeLoad puts REFARENA_LOAD (10m) of 32 clients on the program: 5 % of the requests are malformed, and some clients hang up. Every request is
// answered or refused with a reason, and memory and open files stay flat.
func TestServeLoad(t *testing.T) {
	if os.Getenv("REFARENA_LONG") == "" {
		t.Skip("long: make test-long")
	}
	long, err := time.ParseDuration(cmp.Or(os.Getenv("REFARENA_LOAD"), "10m"))
	if err != nil {
		t.Fatal(err)
	}
	cmd, url := startServe(t, "--referee", "random-pixel", "--queue", "16")
	ctx, stop := context.WithTimeout(t.Context(), long)
	defer stop()
	var bodies [][]byte
	for _, size := range [][2]int{{448, 448}, {640, 480}, {224, 224}, {960, 540}, {31, 7}} {
		q := refereetest.Query(size[0], size[1], true, 1)
		rgb, err := referee.EncodeRGB(q)
		if err != nil {
			t.Fatal(err)
		}
		depth, err := referee.EncodeDisparity(q)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(map[string]any{"image_url": [][]byte{rgb}, "depth_url": [][]byte{depth}, "enable_depth": 1, "text": "the mug" + referee.RoboReferSuffix})
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	malform := func(rng *rand.Rand, body []byte) []byte {
		switch rng.IntN(6) {
		case 0:
			return body[:rng.IntN(len(body))]
		case 1:
			return []byte(`{"image_url":["` + base64.StdEncoding.EncodeToString([]byte("no picture")) + `"]}`)
		case 2:
			return []byte(`[]`)
		case 3:
			return bytes.Replace(body, []byte(`"enable_depth":1`), []byte(`"enable_depth":1,"depth_url":5`), 1)
		case 4:
			return bytes.Repeat([]byte("x"), 17<<20)
		}
		b := bytes.Clone(body)
		for range 20 {
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		return b
	}
	var statuses sync.Map // status → *atomic.Int64
	count := func(key string) {
		n, _ := statuses.LoadOrStore(key, &atomic.Int64{})
		n.(*atomic.Int64).Add(1)
	}
	var wg sync.WaitGroup
	for c := range 32 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(c), 7))
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: c%2 == 0}}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				body, good := bodies[rng.IntN(len(bodies))], true
				once, cancel := context.WithCancel(ctx)
				switch k := rng.IntN(100); {
				case k < 5:
					body, good = malform(rng, body), false
				case k < 9:
					time.AfterFunc(time.Duration(rng.IntN(20))*time.Millisecond, cancel)
				}
				req, err := http.NewRequestWithContext(once, "POST", url+"/query", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
				}
				req.Header.Set("Content-Type", "application/json")
				resp, err := client.Do(req)
				switch {
				case err == nil:
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					var msg struct {
						Answer string
						Error  struct{ Code, Message string }
					}
					if err == nil && (json.Unmarshal(got, &msg) != nil || resp.StatusCode == 200 && msg.Answer == "" || resp.StatusCode != 200 && (msg.Error.Code == "" || msg.Error.Message == "")) {
						t.Errorf("status %d, %.200q", resp.StatusCode, got)
					}
					if good && err == nil && resp.StatusCode != 200 && msg.Error.Code != "busy" || resp.StatusCode == 500 {
						t.Errorf("a good request: status %d, %.200q", resp.StatusCode, got)
					}
					count(strconv.Itoa(resp.StatusCode))
				case once.Err() != nil:
					count("hung up")
				case !good:
					count("connection closed on a request that is too long")
				default:
					t.Errorf("no answer: %v", err)
				}
				cancel()
				select {
				case <-time.After(time.Duration(rng.IntN(1000)) * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	var memory, files []float64
	tick := time.NewTicker(max(long/60, time.Second))
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			mb, n := processSize(t, cmd.Process.Pid)
			memory, files = append(memory, mb), append(files, n)
		case <-ctx.Done():
		}
	}
	wg.Wait()
	var report []string
	statuses.Range(func(k, v any) bool {
		report = append(report, fmt.Sprintf("%v: %d", k, v.(*atomic.Int64).Load()))
		return true
	})
	t.Logf("%v; %s; memory [MB] %.0f; open files %.0f", long, strings.Join(report, ", "), memory, files)
	if n := len(memory); n >= 6 {
		early, late := peak(memory[n/3:2*n/3]), peak(memory[2*n/3:])
		if late > 1.1*early+8 {
			t.Errorf("memory grows: %.0f MB in the second third, %.0f MB in the last", early, late)
		}
		if last := peak(files[2*n/3:]); last > peak(files[n/3:2*n/3])+20 {
			t.Errorf("open files grow: %.0f", files)
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func peak(v []float64) float64 {
	m := v[0]
	for _, x := range v {
		m = max(m, x)
	}
	return m
}

// processSize is the resident memory [MB] and the number of open files of a process.
func processSize(t *testing.T, pid int) (mb, files float64) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatalf("the server has gone: %v", err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(data)
	if m == nil {
		t.Fatal("the server has gone")
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return kb / 1024, float64(len(entries))
}
