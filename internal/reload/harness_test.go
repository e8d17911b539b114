package reload

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// mapping is a policy file that answers a 302 with a code.
func mapping(code int) string {
	return fmt.Sprintf("profiles: [{name: default, redirect: disabled, map: {302: %d}}]\n", code)
}

const bad = "profiles:\n- name: a\n  max_attempts: 0\n  redirect: maybe\n"

// subject is a Reloader under test, of a file that is there.
type subject struct {
	*Reloader
	t        *testing.T
	file     string
	log      *lines
	registry *prometheus.Registry
	loads    atomic.Int64
}

// start begins with a policy that is in the file.
func start(t *testing.T, file string) *subject {
	t.Helper()
	cfg, err := policy.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &subject{t: t, file: file, log: &lines{}}
	s.Reloader = New(cfg, Options{
		Program: "redirectd", File: file, Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		Load: func() (*policy.Config, error) {
			s.loads.Add(1)
			return policy.LoadConfig(file)
		},
	})
	s.registry = newRegistry(t, s.Reloader)
	return s
}

func newRegistry(t *testing.T, r *Reloader) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	must(t, r.Register(registry))
	return registry
}

// watching is [start], and files are watched until the test ends.
func watching(t *testing.T, file string) *subject {
	t.Helper()
	s := start(t, file)
	t.Cleanup(s.Watch(t.Context()))
	s.await("a first look", func() bool { return s.loads.Load() > 0 })
	return s
}

// code returns what the policy answers a 302 with.
func (s *subject) code() uint32 {
	s.t.Helper()
	resp, err := s.Live().Decide(s.t.Context(), policytest.Redirected(302, ""))
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetReject().GetStatus()
}

func (s *subject) await(what string, ok func() bool) {
	s.t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-ticker.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within 20 s; the log is\n%s", what, s.log)
		}
	}
}

func (s *subject) awaitCode(code uint32) {
	s.t.Helper()
	s.await(fmt.Sprintf("a decision for %d", code), func() bool { return s.code() == code })
}

func (s *subject) awaitLog(text string) {
	s.t.Helper()
	s.await("the log says "+text, func() bool { return strings.Contains(s.log.String(), text) })
}

// has compares metrics.
func (s *subject) has(names string, want ...string) {
	s.t.Helper()
	var text strings.Builder
	for _, line := range want {
		text.WriteString(line + "\n")
	}
	got := &bytes.Buffer{}
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != names {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				fmt.Fprintf(got, "%s=%s ", l.GetName(), l.GetValue())
			}
			fmt.Fprintln(got, m.GetGauge().GetValue()+m.GetCounter().GetValue())
		}
	}
	if got.String() != text.String() {
		s.t.Errorf("%s is\n%swant\n%s", names, got, text.String())
	}
}

// write writes a file in place, in one step.
func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// replace writes another file and renames it into the place, as many editors do.
func replace(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.Rename(write(t, path+".tmp~", content), path))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mount is a volume of a ConfigMap, as the kubelet makes it.
type mount struct {
	t   *testing.T
	dir string
	n   int
}

func newMount(t *testing.T, content string) *mount {
	t.Helper()
	m := &mount{t: t, dir: t.TempDir()}
	m.update(content)
	must(t, os.Symlink("..data/policy.yaml", m.file()))
	return m
}

func (m *mount) file() string { return filepath.Join(m.dir, "policy.yaml") }

// update does what AtomicWriter.Write of the kubelet does: a new directory, a
// link to it that is renamed over ..data, and the old directory is removed.
func (m *mount) update(content string) {
	m.t.Helper()
	m.n++
	old, _ := os.Readlink(filepath.Join(m.dir, "..data")) // there is none at first
	stamp := fmt.Sprintf("..2026_01_02_03_04_05.%d", m.n)
	must(m.t, os.Mkdir(filepath.Join(m.dir, stamp), 0o700))
	write(m.t, filepath.Join(m.dir, stamp, "policy.yaml"), content)
	must(m.t, os.Symlink(stamp, filepath.Join(m.dir, "..data_tmp")))
	must(m.t, os.Rename(filepath.Join(m.dir, "..data_tmp"), filepath.Join(m.dir, "..data")))
	if old != "" {
		must(m.t, os.RemoveAll(filepath.Join(m.dir, old)))
	}
}

// lines is a log that a test reads while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
