package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/redirectd/redirectd/bench/kamailio"
)

// findPrograms says what is missing, and how to get it.
func findPrograms(o *options, withKamailio bool) (*programs, error) {
	p := &programs{}
	var problems []error
	find := func(to *string, name, remedy string) {
		file, err := exec.LookPath(name)
		if err == nil {
			file, err = filepath.Abs(file)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%w: %s", err, remedy))
		}
		*to = file
	}
	var err error
	if p.self, err = os.Executable(); err != nil {
		return nil, err
	}
	find(&p.sipedge, o.sipedge, "make build")
	find(&p.redirectd, o.redirectd, "make build")
	find(&p.sipp, "sipp", "apt-get install sip-tester")
	if withKamailio {
		find(&p.kamailio, daemon("kamailio"), "apt-get install kamailio")
		if p.modules, err = kamailio.Modules(); err != nil {
			problems = append(problems, err)
		}
	}
	return p, errors.Join(problems...)
}

// daemon is where Debian keeps one, which is not on every PATH.
func daemon(name string) string {
	if file := "/usr/sbin/" + name; exists(file) {
		return file
	}
	return name
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// describe is the head of the report.
func describe(ctx context.Context, b *bench, plan string, began time.Time, load string) string {
	var t strings.Builder
	fmt.Fprintf(&t, "# Benchmark, plan %s\n\n", plan)
	fmt.Fprintf(&t, "%s to %s, in %s. %s; load average before: %s, after: %s.\n\n", began.Format(time.DateTime), time.Now().Format(time.TimeOnly),
		time.Since(began).Round(time.Second), machine(), load, loadAverage())
	fmt.Fprintf(&t, "- ours: %s, commit %s, %s\n", firstLine(ctx, b.programs.sipedge, "version"), firstLine(ctx, "git", "describe", "--always", "--dirty"), runtime.Version())
	if b.programs.kamailio != "" {
		fmt.Fprintf(&t, "- peer: %s; 2 workers, -x fm -X fm -m 1024 -M 16\n", firstLine(ctx, b.programs.kamailio, "-v"))
	}
	fmt.Fprintf(&t, "- callers: %s, and a probe of %d calls/s for the latency\n", firstLine(ctx, b.programs.sipp, "-v"), probeRate)
	fmt.Fprintf(&t, "- medians of %s repetitions, all systems in turn in each; CPU: the CPU clock of each process with its children (ns), "+
		"memory: PSS of /proc/PID/smaps_rollup, collector: GODEBUG=gctrace=1, allocations: go_memstats_mallocs_total\n", b.plan.repetitionsText())
	return t.String()
}

// repetitionsText is the fewest and the most.
func (p *plan) repetitionsText() string {
	least, most := 0, 0
	for _, w := range p.rows {
		if least == 0 || w.repetitions < least {
			least = w.repetitions
		}
		most = max(most, w.repetitions)
	}
	if least == most {
		return fmt.Sprint(most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// needsKamailio reports whether the plan has a run of it.
func (p *plan) needsKamailio() bool {
	for _, w := range p.rows {
		for _, system := range w.systems {
			if strings.HasPrefix(system, "kamailio") {
				return true
			}
		}
	}
	return false
}

// machine says on what this runs.
func machine() string {
	name, kernel := runtime.GOARCH, ""
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
			}
		}
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = ", Linux " + strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%d cores of %s%s", runtime.NumCPU(), name, kernel)
}

// loadAverage tells a reader how busy the machine was with other things.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:1], " ")
}

// firstLine is what a program says of its version.
func firstLine(ctx context.Context, program string, args ...string) string {
	out, _ := exec.CommandContext(ctx, program, args...).CombinedOutput() // sipp ends with 99
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(line)
}
