package stats

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"golang.org/x/sys/unix"
)

// machine is where the figures of the whole machine come from.
type machine struct {
	proc   string // /proc, but in tests
	memory uint64 // bytes
}

func newMachine() machine {
	m := machine{proc: "/proc"}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err == nil {
		m.memory = info.Totalram * uint64(info.Unit)
	}
	return m
}

// ticksPerSecond is USER_HZ, which Linux shows to programs as 100 on every
// architecture that Go runs on.
const ticksPerSecond = 100

// processorTime is the time all processors together have spent since boot,
// idle or not, in nanoseconds, and how many there are.
func (m machine) processorTime() (total uint64, online uint32, err error) {
	file, err := os.Open(filepath.Join(m.proc, "stat"))
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	found := false
	for lines.Scan() && strings.HasPrefix(lines.Text(), "cpu") {
		fields := strings.Fields(lines.Text())
		if fields[0] != "cpu" {
			online++
			continue
		}
		// user nice system idle iowait irq softirq; guest time is in user.
		const counted = 7
		if len(fields) < 1+counted {
			return 0, 0, fmt.Errorf("%s: too few fields in %q", file.Name(), lines.Text())
		}
		for _, field := range fields[1 : 1+counted] {
			ticks, err := strconv.ParseUint(field, 10, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("%s: %w", file.Name(), err)
			}
			total += ticks * uint64(time.Second/ticksPerSecond)
		}
		found = true
	}
	if err := lines.Err(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file.Name(), err)
	}
	if !found {
		return 0, 0, errors.New(file.Name() + ": no line of all processors")
	}
	return total, online, nil
}

// interfaces are the counters of a process's network devices but lo, nil if
// it has no other.
func interfaces(pid int) (map[string]container.NetworkStats, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/net/dev", pid))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var counters map[string]container.NetworkStats
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, text, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		fields := strings.Fields(text)
		if !ok || name == "lo" || len(fields) < 12 {
			continue
		}
		n := make([]uint64, len(fields))
		for i, field := range fields {
			if n[i], err = strconv.ParseUint(field, 10, 64); err != nil {
				return nil, err
			}
		}
		if counters == nil {
			counters = map[string]container.NetworkStats{}
		}
		counters[name] = container.NetworkStats{
			RxBytes: n[0], RxPackets: n[1], RxErrors: n[2], RxDropped: n[3],
			TxBytes: n[8], TxPackets: n[9], TxErrors: n[10], TxDropped: n[11],
		}
	}
	return counters, nil
}
