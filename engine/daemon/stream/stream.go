// Package stream is the daemon's side of one process's stdio: the fifos that
// the shim opens at the other end, the log that takes every byte, and the
// clients that come and go.
//
// # Words
//
// Streams is the stdio of one run of one process: a container that starts
// again gets new Streams. A Client is one attached connection. The log is a
// pair of writers that the daemon gives.
//
// # Phases
//
//	New     before the process exists; clients can join from here on
//	Open    makes the fifos and reads them into the log and to the clients;
//	        comes before the process is created, so no byte is lost
//	Created after the process was: stdin is opened
//	Reopen  in place of Open for a process that outlived the daemon
//	Drain   after the process ended: what is still in the pipes is read
//	Close   ends what is left and removes the fifos; Release leaves them
//
// # Slow clients
//
// A client that does not read has a queue of QueueLimit bytes. When that is
// full the process waits for it, as the end of a pipeline waits for its
// reader, and so do the other clients: nobody loses a byte. A client that
// takes nothing at all for StallLimit is cut off, so that a forgotten one does
// not hold the process for ever; the log has what it missed. Once the process
// has ended nobody waits: the rest is kept in memory for the slow.
//
// # What it cannot see
//
// A client that is gone and neither sends nor is written to. The caller ends
// the context of Copy when it knows.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

const (
	// QueueLimit is how many bytes wait for a client before the process does.
	QueueLimit = 1 << 20
	// StallLimit is how long a client may take nothing while the process
	// waits for it.
	StallLimit = 10 * time.Minute

	readSize = 32 << 10
)

// ErrDetached says that the person at the terminal typed the detach keys. Its
// text is the one that docker's clients know.
var ErrDetached = errors.New("read escape sequence")

// ErrStalled says that a client was cut off because it took no output.
var ErrStalled = errors.New("the client has read no output for too long and was cut off")

// errClosed says that the streams were closed before what was asked.
var errClosed = errors.New("the streams of the process are closed")

// Config says which process the streams belong to.
type Config struct {
	Dir    string // folder for the fifos of all processes, under the exec root
	ID     string // the container
	ExecID string // empty is the container's first process

	Stdin    bool // the process has a stdin that clients can write to
	Terminal bool // one stream, no stderr

	// StdinOnce closes the process's stdin when the stdin of a client ends:
	// for docker's Config.StdinOnce, and for every exec.
	StdinOnce bool
	// StdinClosed is called once, after the daemon's end of stdin is closed
	// while the process may still run. The shim holds another end, which it
	// lets go when it is told so; nil is nothing to tell.
	StdinClosed func()
}

// Fifos are the paths that the create request names. An empty one is
// /dev/null.
type Fifos struct {
	Stdin, Stdout, Stderr string
	Terminal              bool
}

// Log takes every byte of the process. A nil writer takes nothing. An error
// of a writer is its own business: the process goes on.
type Log struct {
	Stdout, Stderr io.Writer
}

// Streams is the stdio of one run of a process.
type Streams struct {
	config Config
	fifos  Fifos
	input  *input
	stall  time.Duration // StallLimit, but in tests

	mu      sync.Mutex
	room    *sync.Cond // a queue got shorter, or nobody needs to wait any more
	clients []*Client
	outputs []io.Closer
	writers []io.Closer // ours, until the shim has its own
	reading int         // outputs that have not ended
	readers sync.WaitGroup
	ended   chan struct{} // closed when output has ended or never will come
	drain   bool          // the process has ended: nobody waits for clients
	closed  bool
}

// New makes the streams of a process that is still to be created.
func New(config Config) *Streams {
	prefix := filepath.Join(config.Dir, config.ID, processName(config))
	s := &Streams{
		config: config,
		fifos:  Fifos{Stdout: prefix + "-stdout", Terminal: config.Terminal},
		input:  newInput(),
		stall:  StallLimit,
		ended:  make(chan struct{}),
	}
	if config.Stdin {
		s.fifos.Stdin = prefix + "-stdin"
	}
	if !config.Terminal {
		s.fifos.Stderr = prefix + "-stderr"
	}
	s.room = sync.NewCond(&s.mu)
	return s
}

func processName(config Config) string {
	if config.ExecID == "" {
		return "init"
	}
	return config.ExecID
}

// Fifos are the paths, also before Open makes them.
func (s *Streams) Fifos() Fifos { return s.fifos }

// Open makes the fifos and begins to read them. Until Started they have a writer
// of ours: one without any is at its end.
func (s *Streams) Open(log Log) (Fifos, error) {
	for _, name := range []string{s.config.ID, processName(s.config)} {
		if name == "" || name == "." || name == ".." || filepath.Base(name) != name {
			return Fifos{}, errdefs.Invalid("%q cannot name a process", name)
		}
	}
	if err := os.MkdirAll(filepath.Join(s.config.Dir, s.config.ID), 0o700); err != nil {
		return Fifos{}, err
	}
	for _, path := range s.paths() {
		// One that a former run left may still have a writer.
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return Fifos{}, err
		}
		if err := unix.Mkfifo(path, 0o600); err != nil {
			return Fifos{}, fmt.Errorf("make fifo %s: %w", path, err)
		}
	}
	err := s.connect(log, func(path string) (io.ReadCloser, error) {
		// Both ends now, and not when the shim comes: what it writes and closes
		// before anybody reads is lost.
		from, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		writer, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil, errors.Join(err, from.Close())
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.writers = append(s.writers, writer)
		return from, nil
	})
	if err != nil {
		return s.fifos, errors.Join(err, s.Started())
	}
	return s.fifos, nil
}

// Started says that the process runs, and its shim with its end of the fifos
// open: the output ends when that closes it.
func (s *Streams) Started() error {
	s.mu.Lock()
	writers := s.writers
	s.writers = nil
	s.mu.Unlock()
	var errs []error
	for _, w := range writers {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

// Reopen connects to the fifos of a process that still runs. Nothing was lost
// meanwhile but what the clients of the former daemon had in their queues:
// the pipe kept the rest.
func (s *Streams) Reopen(_ context.Context, log Log) (Fifos, error) {
	err := s.connect(log, func(path string) (io.ReadCloser, error) {
		// The shim is the writer already. If it is gone, what it wrote is
		// read and then comes the end, so this does not wait as Open does.
		return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	})
	if errors.Is(err, os.ErrNotExist) {
		return s.fifos, errdefs.NotFound("the streams of the process are gone: %w", err)
	}
	if err != nil {
		return s.fifos, err
	}
	return s.fifos, s.Created()
}

// connect opens the daemon's ends and starts to read.
func (s *Streams) connect(log Log, open func(path string) (io.ReadCloser, error)) (err error) {
	type output struct {
		from io.ReadCloser
		kind kind
		log  io.Writer
	}
	var outputs []output
	defer func() {
		if err != nil {
			for _, o := range outputs {
				_ = o.from.Close()
			}
		}
	}()
	for _, o := range []output{{kind: stdout, log: log.Stdout}, {kind: stderr, log: log.Stderr}} {
		path := s.fifos.Stdout
		if o.kind == stderr {
			path = s.fifos.Stderr
		}
		if path == "" {
			continue
		}
		if o.from, err = open(path); err != nil {
			return err
		}
		outputs = append(outputs, o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.reading = len(outputs)
	for _, o := range outputs {
		s.outputs = append(s.outputs, o.from)
		s.readers.Go(func() { s.read(o.kind, o.from, o.log) })
	}
	return nil
}

// read moves one output into the log and to the clients until it ends.
func (s *Streams) read(kind kind, from io.Reader, log io.Writer) {
	buf := make([]byte, readSize)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if log != nil {
				_, _ = log.Write(buf[:n])
			}
			s.deliver(kind, buf[:n])
		}
		if err != nil {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading--; s.reading == 0 && !s.closed {
		close(s.ended)
	}
}

// deliver queues bytes for every client that wants them, and then waits for
// those whose queue is too long. All have them before any is waited for.
func (s *Streams) deliver(kind kind, p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.push(kind, p)
	}
	for i := 0; i < len(s.clients); {
		c := s.clients[i]
		if c.queued <= QueueLimit || s.drain || s.closed {
			i++
			continue
		}
		left := time.Until(c.took.Add(s.stall))
		if left <= 0 {
			c.leave(ErrStalled)
			continue
		}
		wake := time.AfterFunc(left, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.room.Broadcast()
		})
		s.room.Wait()
		wake.Stop()
		i = 0 // the list may have changed
	}
}

// Created says that the shim has opened its end of the fifos. Only now is stdin
// opened here: what is written to a fifo and closed before the other end is open
// is lost, and so is its end.
func (s *Streams) Created() error {
	if s.fifos.Stdin == "" {
		return nil
	}
	late, err := s.input.open(s.fifos.Stdin)
	if late && s.config.StdinClosed != nil {
		s.config.StdinClosed()
	}
	return err
}

// CloseStdin ends the process's input.
func (s *Streams) CloseStdin() error {
	closed, err := s.input.close()
	if closed && s.config.StdinClosed != nil {
		s.config.StdinClosed()
	}
	return err
}

// Drain says that the process has ended and returns when all its output is in
// the log and on its way to the clients, or with ctx's error when a child it
// left behind holds the pipes open.
func (s *Streams) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.drain = true
	s.room.Broadcast()
	opened := len(s.outputs) > 0
	s.mu.Unlock()
	_, _ = s.input.close()
	if !opened {
		return nil
	}
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the output of %s has not ended: %w", s.config.ID, ctx.Err())
	}
}

// Close ends the streams and removes the fifos. Clients get what is queued
// for them and then the end. The first process's Close removes the
// container's folder with the fifos of every exec. It can be called at any
// time, more than once.
func (s *Streams) Close() error {
	errs := []error{s.Release()}
	if s.config.ExecID == "" {
		errs = append(errs, os.RemoveAll(filepath.Join(s.config.Dir, s.config.ID)))
	}
	for _, path := range s.paths() {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Release is Close for a daemon that goes while the process stays: the fifos
// are left for the next daemon's Reopen.
func (s *Streams) Release() error {
	_, err := s.input.close()
	s.mu.Lock()
	outputs := s.outputs
	if !s.closed {
		s.closed = true
		if s.reading > 0 || len(outputs) == 0 {
			close(s.ended)
		}
	}
	s.outputs = nil
	s.room.Broadcast()
	s.mu.Unlock()
	errs := []error{err, s.Started()}
	for _, o := range outputs {
		errs = append(errs, o.Close())
	}
	s.readers.Wait() // what was read is in the log
	return errors.Join(errs...)
}

func (s *Streams) paths() []string {
	paths := []string{s.fifos.Stdout}
	for _, path := range []string{s.fifos.Stdin, s.fifos.Stderr} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}
