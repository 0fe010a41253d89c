package stats

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is what /proc says of one, as far as ps -ef shows it.
type process struct {
	pid, parent string
	uid         string
	tty         uint64        // device number; 0 is none
	used        time.Duration // of a processor
	started     time.Duration // after boot
	command     string
}

// Fields of /proc/PID/stat after the name in parentheses, which may hold
// spaces and parentheses itself.
const (
	statParent = 1
	statTTY    = 4
	statUser   = 11
	statSystem = 12
	statStart  = 19
)

func readProcess(proc string, pid int) (process, error) {
	dir := filepath.Join(proc, strconv.Itoa(pid))
	data, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return process{}, err
	}
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < open {
		return process{}, fmt.Errorf("%s/stat cannot be read", dir)
	}
	fields := strings.Fields(string(data[end+1:]))
	if len(fields) <= statStart {
		return process{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	number := func(field int) uint64 {
		n, parseErr := strconv.ParseUint(fields[field], 10, 64)
		err = errors.Join(err, parseErr)
		return n
	}
	ticks := func(n uint64) time.Duration { return time.Duration(n) * time.Second / ticksPerSecond }
	p := process{
		pid:     strconv.Itoa(pid),
		parent:  fields[statParent],
		tty:     number(statTTY),
		used:    ticks(number(statUser) + number(statSystem)),
		started: ticks(number(statStart)),
		command: "[" + string(data[open+1:end]) + "]", // as ps shows one without arguments
	}
	if err != nil {
		return process{}, err
	}
	if args, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil && len(args) > 0 {
		p.command = string(bytes.ReplaceAll(bytes.TrimRight(args, "\x00"), []byte{0}, []byte(" ")))
	}
	info, err := os.Stat(dir)
	if err != nil {
		return process{}, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		p.uid = strconv.Itoa(int(stat.Uid))
	}
	return p, nil
}

// row is the process's line of ps -ef.
func (p process) row(boot time.Time) []string {
	owner := p.uid
	if u, err := user.LookupId(p.uid); err == nil {
		owner = u.Username
	}
	started := boot.Add(p.started)
	age := max(time.Since(started), time.Second)
	when := started.Format("15:04")
	if age > 24*time.Hour {
		when = started.Format("Jan02")
	}
	terminal := "?"
	if p.tty != 0 {
		terminal = terminalName(p.tty)
	}
	seconds := int(p.used.Seconds())
	return []string{
		owner, p.pid, p.parent,
		strconv.Itoa(int(100 * p.used / age)),
		when, terminal,
		fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60),
		p.command,
	}
}

// terminalName knows the kinds of terminal that containers and people have.
func terminalName(device uint64) string {
	const firstPts, lastPts, tty = 136, 143, 4
	major, minor := unix.Major(device), unix.Minor(device)
	switch {
	case major >= firstPts && major <= lastPts:
		return fmt.Sprintf("pts/%d", (major-firstPts)<<20+minor)
	case major == tty:
		return fmt.Sprintf("tty%d", minor)
	}
	return fmt.Sprintf("%d:%d", major, minor)
}

// bootTime is when the machine started.
func bootTime(proc string) (time.Time, error) {
	data, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return time.Time{}, err
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "btime "); ok {
			seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			return time.Unix(seconds, 0), err
		}
	}
	return time.Time{}, errors.New("no time of boot")
}
