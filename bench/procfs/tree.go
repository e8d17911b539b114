// Package procfs reads what a program with all its children has used.
package procfs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Tree returns a process and all that descend from it.
func Tree(root int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := make(map[int][]int)
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended since
		}
		if pid, parent, err := parseStat(b); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all, nil
}

// parseStat reads the id and the parent of a process from /proc/PID/stat. The name
// between them may hold spaces and parentheses.
func parseStat(b []byte) (pid, parent int, err error) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return 0, 0, fmt.Errorf("stat without a name: %q", b)
	}
	fields := bytes.Fields(b[end+1:])
	if len(fields) < 2 {
		return 0, 0, fmt.Errorf("stat without a parent: %q", b)
	}
	if pid, err = strconv.Atoi(string(bytes.TrimSpace(b[:open]))); err != nil {
		return 0, 0, fmt.Errorf("stat: %w", err)
	}
	if parent, err = strconv.Atoi(string(fields[1])); err != nil {
		return 0, 0, fmt.Errorf("stat: %w", err)
	}
	return pid, parent, nil
}
