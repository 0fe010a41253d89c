package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The logs of criu, in its working folder.
const (
	dumpLog    = "dump.log"
	restoreLog = "restore.log"
)

// criuWorkDir is where criu keeps its log and what it needs for a while.
func criuWorkDir(bundle, chosen string) string {
	if chosen == "" {
		chosen = bundle
	}
	return filepath.Join(chosen, "criu-work")
}

// criuLog is a log of criu's, and where it is kept if criu fails: beside the
// folder with the images.
type criuLog struct{ from, keep string }

func newCriuLog(work, name, images string) criuLog {
	return criuLog{from: filepath.Join(work, name), keep: images + "." + name}
}

// explain puts criu's own words behind an error, and keeps its log. Of a success
// none is kept.
func (l criuLog) explain(err error) error {
	if err == nil {
		_ = os.Remove(l.keep) // of a failure before
		return nil
	}
	text, readErr := os.ReadFile(l.from)
	if errors.Is(readErr, fs.ErrNotExist) {
		return err // criu was not started
	}
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if writeErr := os.WriteFile(l.keep, text, 0o600); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if why := criuErrors(string(text)); why != "" {
		return fmt.Errorf("%w: %s; criu's log is %s", err, why, l.keep)
	}
	return fmt.Errorf("%w; criu's log is %s", err, l.keep)
}

// criuErrors is the last errors in a log of criu's: the ones before may be of
// something that it can do without. A line of it is
// "(00.012345) 77: Error (criu/file.c:1): why".
func criuErrors(log string) string {
	const most = 4
	var found []string
	lines := bufio.NewScanner(strings.NewReader(log))
	for lines.Scan() {
		_, text, ok := strings.Cut(lines.Text(), "Error (")
		if !ok {
			continue
		}
		if _, why, ok := strings.Cut(text, "): "); ok {
			text = why
		}
		found = append(found, strings.TrimSpace(text))
	}
	return strings.Join(found[max(0, len(found)-most):], ", ")
}

// stallLimit is how long criu may write nothing at all, neither images nor log,
// before it is ended. A dump takes as long as there is memory to be written, but
// one that writes nothing waits for something that will not come.
const stallLimit = 30 * time.Second

// errStalled is why criu was ended.
var errStalled = fmt.Errorf("criu has written nothing for %v and was ended", stallLimit)

// watched calls f, which runs criu, and ends what f runs when criu stalls or ctx
// ends. The folders are those that criu writes to.
func watched(ctx context.Context, stall time.Duration, dirs []string, f func(context.Context) error) error {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		for last, since := written(dirs), time.Now(); limited.Err() == nil; {
			select {
			case <-time.After(stall / 30):
			case <-limited.Done():
				return
			}
			if now := written(dirs); now != last {
				last, since = now, time.Now()
			} else if time.Since(since) >= stall {
				cancel(errStalled)
			}
		}
	}()
	err := f(limited)
	if limited.Err() == nil || err == nil {
		return err
	}
	// Its runtime is gone, and has left it to this process.
	killCriu()
	return fmt.Errorf("%w: %w", context.Cause(limited), err)
}

// written is how much is in some folders.
func written(dirs []string) (size int64) {
	for _, dir := range dirs {
		entries, _ := os.ReadDir(dir) // it may not be there yet
		for _, e := range entries {
			if info, err := e.Info(); err == nil {
				size += info.Size() + 1
			}
		}
	}
	return size
}

// killCriu kills each criu that is a child of this process: one works for
// nobody any more. It is known by its command, "criu swrk FD".
func killCriu() {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range processes {
		// A process may end while it is looked at.
		words, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil && slices.Contains(strings.Split(string(words), "\x00"), "swrk") && parent(string(stat)) == os.Getpid() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
}

// parent reads the parent from a process's stat: "PID (NAME) STATE PARENT ...",
// where the name may have anything in it.
func parent(stat string) int {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(fields[1])
	return pid
}
