package procfs

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the time that the processes have used, user and system, in
// nanoseconds: the CPU clock of each (clock_getcpuclockid(3)). It is the sum of
// /proc/PID/task/*/schedstat, with the threads that have ended; the ticks of
// /proc/PID/stat are 10 ms.
func CPU(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		var used unix.Timespec
		if err := unix.ClockGettime(clockOf(pid), &used); err != nil {
			return 0, fmt.Errorf("cpu clock of process %d: %w", pid, err)
		}
		sum += time.Duration(used.Nano())
	}
	return sum, nil
}

// clockOf is the id that the kernel gives the scheduler's clock of a process.
func clockOf(pid int) int32 { return int32(^pid<<3 | 2) }

// PSS returns the memory that the processes hold, in bytes; what they share is
// counted once.
func PSS(pids []int) (int64, error) {
	var sum int64
	for _, pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, err
		}
		n, err := parsePSS(b)
		if err != nil {
			return 0, fmt.Errorf("process %d: %w", pid, err)
		}
		sum += n
	}
	return sum, nil
}

func parsePSS(b []byte) (int64, error) {
	for line := range bytes.Lines(b) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "Pss:" {
			n, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no Pss in %q", b)
}
