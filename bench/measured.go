package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redirectd/redirectd/bench/procfs"
)

// measured is a process whose costs are read.
type measured struct {
	*process

	admin string // of our programs
}

// reading is what a process has used so far.
type reading struct {
	cpu       time.Duration
	mallocs   float64
	collector time.Duration
}

// read reads the costs; nil has none. What a program of ours says of itself it is
// asked for outside of the time that is measured: before the first reading of its
// CPU, and after the last.
func (m *measured) read(ctx context.Context, first bool) (r reading, err error) {
	if m == nil {
		return r, nil
	}
	if first {
		err = m.readGo(ctx, &r)
	}
	if err == nil {
		r.cpu, err = m.cpu()
	}
	if err == nil && !first {
		err = m.readGo(ctx, &r)
	}
	return r, err
}

func (m *measured) cpu() (time.Duration, error) {
	pids, err := procfs.Tree(m.pid())
	if err != nil {
		return 0, err
	}
	return procfs.CPU(pids)
}

// pss is the memory of a process with its children; nil has none.
func (m *measured) pss() (float64, error) {
	if m == nil {
		return 0, nil
	}
	pids, err := procfs.Tree(m.pid())
	if err != nil {
		return 0, err
	}
	n, err := procfs.PSS(pids)
	return float64(n), err
}

// readGo reads what Go says, if the process is ours.
func (m *measured) readGo(ctx context.Context, r *reading) error {
	if m.admin == "" {
		return nil
	}
	log, err := os.Open(m.log)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // was only read
	if r.collector, err = procfs.CollectorCPU(log); err != nil {
		return err
	}
	r.mallocs, err = metric(ctx, m.admin, "go_memstats_mallocs_total")
	return err
}

// metric reads one value of a program's metrics.
func metric(ctx context.Context, admin, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }() // was only read
	return parseMetric(response.Body, name)
}

func parseMetric(r io.Reader, name string) (float64, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no metric %s: %w", name, lines.Err())
}
