package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Session is where commands run.
type Session struct {
	options Options
	log     *os.File // what scripts print
	calls   chan func()
	others  []int // processes that were children before
}

// variables is the file in $CALLROUTE_DIR to which a script writes NAME=VALUE
// lines for what runs later.
const variables = "env"

// Open begins a session.
func Open(o Options) (*Session, error) {
	flags, err := namespaces(o.Unshare)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(o.Dir, "log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	there, err := children()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	s := &Session{options: o, log: log, calls: make(chan func()), others: there[os.Getpid()]}
	ready := make(chan error)
	go s.thread(flags, ready)
	if err := <-ready; err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return s, nil
}

func namespaces(names []string) (flags int, err error) {
	known := map[string]int{"network": unix.CLONE_NEWNET, "mount": unix.CLONE_NEWNS | unix.CLONE_FS}
	for _, name := range names {
		if known[name] == 0 {
			return 0, fmt.Errorf("no namespace %q; there are network and mount", name)
		}
		flags |= known[name]
	}
	if flags != 0 && os.Geteuid() != 0 {
		return 0, fmt.Errorf("namespaces (%s) need root; start callroute with sudo", strings.Join(names, ", "))
	}
	return flags, nil
}

// thread starts processes from one thread, whose namespaces they have. The thread
// ends with the session: nobody else may get it.
func (s *Session) thread(flags int, ready chan<- error) {
	runtime.LockOSThread()
	if err := enter(flags); err != nil {
		ready <- err
		return
	}
	ready <- nil
	for call := range s.calls {
		call()
	}
}

// enter puts the thread into namespaces of its own.
func enter(flags int) error {
	if flags == 0 {
		return nil
	}
	if err := unix.Unshare(flags); err != nil {
		return fmt.Errorf("no namespaces: %w", err)
	}
	if flags&unix.CLONE_NEWNS != 0 {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("no mounts of its own: %w", err)
		}
	}
	if flags&unix.CLONE_NEWNET != 0 {
		return loopback()
	}
	return nil
}

// loopback switches on the one device of a new network.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	device, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	device.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, device)
}

// Environ is the environment of a command: the instrumented programs are found
// first, and what scripts said is set.
func (s *Session) Environ() ([]string, error) {
	env := append(os.Environ(),
		"CALLROUTE_SRC="+s.options.Source, "CALLROUTE_DIR="+s.options.Dir, "CALLROUTE_BIN="+s.options.Path, "CALLROUTE_ENV="+filepath.Join(s.options.Dir, variables),
		"PATH="+s.options.Path+string(filepath.ListSeparator)+os.Getenv("PATH"))
	data, err := os.ReadFile(filepath.Join(s.options.Dir, variables))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); strings.Contains(line, "=") {
			env = append(env, line)
		}
	}
	return env, nil
}

// Run runs a command to its end and returns its exit status.
func (s *Session) Run(ctx context.Context, c Command) (int, error) {
	env, err := s.Environ()
	if err != nil {
		return 0, err
	}
	path := c.Args[0]
	if own := filepath.Join(s.options.Path, path); !strings.Contains(path, "/") && exists(own) {
		path = own
	}
	cmd := exec.CommandContext(ctx, path, c.Args[1:]...)
	cmd.Args[0] = c.Args[0]
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, c.Stdin, c.Stdout, c.Stderr
	cmd.WaitDelay = time.Second // daemons may keep its output open
	if err := s.start(cmd); err != nil {
		return 0, err
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case cmd.ProcessState == nil:
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func (s *Session) start(cmd *exec.Cmd) error {
	done := make(chan error)
	s.calls <- func() { done <- cmd.Start() }
	return <-done
}

// Script runs a text as a shell script. What it starts in the background goes on.
// An error has the end of what it printed.
func (s *Session) Script(ctx context.Context, text string) error {
	from, err := s.log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	exit, err := s.Run(ctx, Command{Args: []string{"sh", "-eu", "-c", text}, Stdout: s.log, Stderr: s.log})
	if err == nil && exit == 0 {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("exit status %d", exit)
	}
	return fmt.Errorf("%w%s", err, s.lastLine(from))
}

// lastLine is the last that was printed since the log had a size, with a colon.
func (s *Session) lastLine(from int64) string {
	data, err := io.ReadAll(io.NewSectionReader(s.log, from, 1<<20))
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	if last := string(bytes.TrimSpace(lines[len(lines)-1])); last != "" {
		return ": " + last
	}
	return ""
}

// Close ends every process of the session. Its error names what is left.
func (s *Session) Close() error {
	close(s.calls)
	defer s.log.Close()
	left, err := s.end(syscall.SIGTERM, time.Second)
	if err == nil && len(left) > 0 {
		left, err = s.end(syscall.SIGKILL, 3*time.Second)
	}
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("processes %v do not end", left)
	}
	return errors.Join(err, s.unmount())
}

// end sends a signal to every process of the session until none is left, or for
// so long. It returns those that are.
func (s *Session) end(signal syscall.Signal, most time.Duration) ([]int, error) {
	told := map[int]bool{}
	for deadline := time.Now().Add(most); ; time.Sleep(5 * time.Millisecond) {
		left, err := s.processes()
		if err != nil || len(left) == 0 || time.Now().After(deadline) {
			return left, err
		}
		for _, pid := range left {
			if !told[pid] {
				_ = syscall.Kill(pid, signal) // it may have ended by itself
				told[pid] = true
			}
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
	}
}

// processes are those of the session that have not ended.
func (s *Session) processes() ([]int, error) {
	parents, err := children()
	if err != nil {
		return nil, err
	}
	var all []int
	for queue := parents[os.Getpid()]; len(queue) > 0; queue = queue[1:] {
		if pid := queue[0]; !slices.Contains(s.others, pid) {
			all = append(all, pid)
			queue = append(queue, parents[pid]...)
		}
	}
	return all, nil
}

// children are the processes that each process has started or inherited.
func children() (map[int][]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := map[int][]int{}
	for _, name := range stats {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// The name of the program stands in brackets and may have any letters.
		rest := data[bytes.LastIndexByte(data, ')')+1:]
		var pid, parent int
		var state string
		if _, err := fmt.Sscan(string(data), &pid); err != nil {
			continue
		}
		if _, err := fmt.Sscan(string(rest), &state, &parent); err == nil {
			all[parent] = append(all[parent], pid)
		}
	}
	return all, nil
}

// unmount removes the mounts below the session's folder, where they are not gone
// with its namespace.
func (s *Session) unmount() error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], s.options.Dir+"/") {
			points = append(points, fields[4])
		}
	}
	var all error
	for _, point := range slices.Backward(points) {
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
			all = errors.Join(all, fmt.Errorf("the mount %s is left: %w", point, err))
		}
	}
	return all
}
