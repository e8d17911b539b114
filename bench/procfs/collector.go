package procfs

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// collection is what GODEBUG=gctrace=1 says of one garbage collection: among
// others the CPU time of its parts, in ms: "0.02+0.5/0.9/0.1+0.03 ms cpu".
var collection = regexp.MustCompile(`^gc \d+ @.* ([0-9.]+)\+([0-9.]+)/([0-9.]+)/([0-9.]+)\+([0-9.]+) ms cpu`)

// CollectorCPU sums the CPU time of the collections in a log of that. Workers on
// otherwise idle processors count too: that time is part of the process's CPU.
func CollectorCPU(log io.Reader) (time.Duration, error) {
	var sum float64
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "gc ") {
			continue
		}
		match := collection.FindStringSubmatch(lines.Text())
		if match == nil {
			continue // cut off where the measuring ended
		}
		for _, part := range match[1:] {
			ms, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return 0, err
			}
			sum += ms
		}
	}
	return time.Duration(sum * float64(time.Millisecond)), lines.Err()
}
