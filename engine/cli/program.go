// Package cli is the engine's command line: docker's commands, flags, output
// and exit codes, over package client.
//
// A command is a file: newX makes the cobra command, its flags fill an options
// struct, and runX does the work, most often one call of the client. Beside
// the commands stand what several of them need: flag values that are read as
// docker reads them (memory sizes, ports, mounts), output formats (templates
// and tables), sessions (a terminal or pipes joined to a process), progress
// bars and completion.
//
// Program is one run of the command line. It holds the three streams and the
// client; nothing is read from or written to elsewhere. Execute returns the
// exit code: docker's 125 where run, create or a wrong flag fails, 126 and 127
// where a process cannot be started, the process's own where there was one,
// else 1.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/client"
	"github.com/callroute/callroute/engine/errdefs"
)

// Streams are what a program reads from and writes to. Those that are files
// are looked at: a terminal is treated as one.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Config is what a program is made of.
type Config struct {
	Streams
	// Host is the daemon's address; empty is client.DefaultHost. The flag
	// --host goes before it.
	Host string
	// Version is the program's own.
	Version string
}

// Program is one run of the command line.
type Program struct {
	Streams
	*client.Client // set before a command runs

	version string
	host    string
	debug   bool
}

// Execute runs one command line and returns its exit code. Ctx ends when the
// person wants the command to end.
func Execute(ctx context.Context, config Config, args []string) int {
	cli := &Program{Streams: config.Streams, version: config.Version, host: config.Host}
	if cli.host == "" {
		cli.host = client.DefaultHost
	}
	root := newRoot(cli)
	root.SetArgs(args)
	root.SetIn(cli.In)
	root.SetOut(cli.Out)
	root.SetErr(cli.Err)
	err := root.ExecuteContext(ctx)
	if cli.Client != nil {
		cli.Client.Close()
	}
	return cli.report(ctx, err)
}

// WithSignals is a context for Execute that ends when the person interrupts the
// program. Whoever asks twice means it: the second signal ends the process.
func WithSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		select {
		case <-ctx.Done():
		case s := <-signals:
			number, _ := s.(syscall.Signal)
			cancel(interruption{number})
		}
	}()
	return ctx, func() { cancel(nil) }
}

// interruption is why a command's context ended.
type interruption struct{ signal syscall.Signal }

func (i interruption) Error() string { return i.signal.String() }

// report writes an error that nobody has written yet and returns its exit
// code.
func (cli *Program) report(ctx context.Context, err error) int {
	var exit *exitError
	var interrupt interruption
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.message != "" {
			fmt.Fprintln(cli.Err, exit.message)
		}
		return exit.code
	case errors.As(context.Cause(ctx), &interrupt):
		return exitSignal + int(interrupt.signal)
	}
	fmt.Fprintln(cli.Err, err)
	return 1
}

const (
	exitDaemon    = 125 // the daemon refused, or the command line is wrong
	exitCannotRun = 126 // the container's command is there and no program
	exitNotFound  = 127 // the container's command is not there
	exitSignal    = 128 // and the signal's number: the person ended the command
)

// exitError ends the program with a code of its own.
type exitError struct {
	code    int
	message string // empty when all is said
}

func (e *exitError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.message
}

// connect makes the client. It asks nothing of the daemon yet.
func (cli *Program) connect() error {
	var opts []client.Option
	if cli.debug {
		opts = append(opts, client.WithTrace(cli.trace))
	}
	c, err := client.New(cli.host, opts...)
	if err != nil {
		return err
	}
	cli.Client = c
	return nil
}

// trace tells of a request to the daemon, for --debug.
func (cli *Program) trace(r *http.Request, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = err.Error()
	}
	fmt.Fprintf(cli.Err, "debug: %s %s: %s (%s)\n", r.Method, r.URL.RequestURI(), result, took.Round(time.Microsecond))
}

// each does one thing to every name at once, and writes each name of which it
// is done, in order. The errors come together at the end.
func (cli *Program) each(ctx context.Context, names []string, do func(ctx context.Context, name string) error) error {
	const atOnce = 50
	slots := make(chan struct{}, atOnce)
	results := make([]chan error, len(names))
	for i, name := range names {
		results[i] = make(chan error, 1)
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] <- do(ctx, name)
		}()
	}
	var failed []error
	for i, name := range names {
		if err := <-results[i]; err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintln(cli.Out, name)
	}
	return errors.Join(failed...)
}

// confirm asks the person whether to go on. Only y and yes are a yes.
func (cli *Program) confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(cli.Out, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // a read cannot be called off; the program ends with it
		line, _ := readLine(cli.In)
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(cli.Out)
		return false, ctx.Err()
	case line := <-answer:
		return strings.EqualFold(strings.TrimSpace(line), "y"), nil
	}
}

// readLine reads up to a newline and no byte further.
func readLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return string(line), err
		}
	}
}

// openInput opens a file to read from; "-" or an empty name is the input.
func (cli *Program) openInput(name string) (io.ReadCloser, error) {
	if name == "" || name == "-" {
		return io.NopCloser(cli.In), nil
	}
	return os.Open(name)
}

// isNotFound reports whether the daemon does not know what was named.
func isNotFound(err error) bool { return errdefs.ToHTTP(err) == http.StatusNotFound }

// withTerminalArgs makes flags after the first argument part of the command
// that a container runs.
func withTerminalArgs(cmd *cobra.Command) { cmd.Flags().SetInterspersed(false) }
