package procfs

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestParseStat: a name may look like the rest of the line.
func TestParseStat(t *testing.T) {
	t.Parallel()
	if pid, parent, err := parseStat([]byte("42 (a) (b 7 c) S 17 42 42 0 -1")); err != nil || pid != 42 || parent != 17 {
		t.Errorf("%d, %d, %v", pid, parent, err)
	}
	for _, wrong := range []string{"", "42", "42 (a", "42 (a) S", "x (a) S 1", "1 (a) S x"} {
		if pid, parent, err := parseStat([]byte(wrong)); err == nil {
			t.Errorf("%q: %d, %d", wrong, pid, parent)
		}
	}
}

func TestParsePSS(t *testing.T) {
	t.Parallel()
	if n, err := parsePSS([]byte("55d-7ff ---p 00 00:00 0 [rollup]\nRss:  90 kB\nPss:   88 kB\nPss_Dirty: 1 kB\n")); err != nil || n != 88*1024 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := parsePSS([]byte("Rss: 90 kB\n")); err == nil {
		t.Errorf("%d", n)
	}
}

// TestSelf: the clock and the memory of this process, and of a child.
func TestSelf(t *testing.T) {
	t.Parallel()
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill() // it sleeps
		_ = child.Wait()
	}()
	pids, err := Tree(os.Getpid())
	if err != nil || !slices.Contains(pids, child.Process.Pid) || pids[0] != os.Getpid() {
		t.Fatalf("%d, %v: no %d", pids, err, child.Process.Pid)
	}
	before, err := CPU(pids)
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < time.Millisecond; {
	}
	if after, err := CPU(pids); err != nil || after <= before {
		t.Errorf("%s, then %s, %v", before, after, err)
	}
	if n, err := PSS(pids[:1]); err != nil || n < 1<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestCollectorCPU(t *testing.T) {
	t.Parallel()
	log := "gc 1 @0.013s 2%: 0.018+1.3+0.076 ms clock, 0.05+0.35/1.25/0.1+0.25 ms cpu, 4->4->2 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n" +
		"time=x level=INFO msg=call\n" +
		"gc 2 @1.0s 2%: 0.1+1+0 ms clock, 1+2/3/4+5 ms cpu, 4->4->2 MB\ngc 3 @1.2s 2%: 0.1"
	if got, err := CollectorCPU(strings.NewReader(log)); err != nil || got != 17*time.Millisecond {
		t.Errorf("%s, %v", got, err)
	}
}
