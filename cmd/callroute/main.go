// Callroute shows what happens from the command a person types to the last
// file written, in every process on the way. `callroute --help` explains it.
//
// There is no analysis here. Each verb has a file of its name, which turns
// flags into one question to the analyzer and hands the answer to a view.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// exitCode is the process's exit status. Only main exits.
type exitCode int

const (
	fine      exitCode = 0
	findings  exitCode = 1 // the question was answered, and the answer asks for attention
	cannotRun exitCode = 2
	killed    exitCode = 128 // and the number of the signal, as shells have it
)

// errFindings makes the exit status 1. What was found has been written.
var errFindings = errors.New("there are findings")

func main() {
	os.Exit(int(start(openAnalyzer)))
}

// start runs the process's command line until it ends or a signal comes.
func start(open openFunc) exitCode {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// A reader that went away is an error from Write, not the end of us.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	a := newApp(os.Stdout, os.Stderr, os.Getenv, open)
	done := make(chan exitCode, 1)
	go func() { done <- a.run(ctx, os.Args[1:]) }()
	select {
	case code := <-done:
		return code
	case s := <-signals:
		signal.Stop(signals) // from now on a second Ctrl-C ends the process at once
		cancel()
		return a.interrupted(s, done)
	}
}

// interrupted gives the running verb a moment to tidy up after its context was
// cancelled.
func (a *app) interrupted(by os.Signal, done <-chan exitCode) exitCode {
	select {
	case code := <-done:
		if code != cannotRun {
			return code
		}
	case <-time.After(time.Duration(a.patience.Load())):
	}
	a.progress.stop()
	fmt.Fprintln(a.stderr, "callroute: interrupted")
	if number, ok := by.(syscall.Signal); ok {
		return killed + exitCode(number)
	}
	return cannotRun
}

// run carries out one command line and writes at most one line of error.
func (a *app) run(ctx context.Context, args []string) (code exitCode) {
	defer func() {
		if r := recover(); r != nil {
			a.progress.stop()
			a.complain("internal error: %v (CALLROUTE_DEBUG=1 shows the stack)", r)
			if a.getenv("CALLROUTE_DEBUG") == "1" {
				fmt.Fprintf(a.stderr, "%s", debug.Stack())
			}
			code = cannotRun
		}
	}()
	root := a.rootCommand()
	args = twoDashes(root, args)
	if verb, _, err := root.Find(args); err == nil && verb.Name() == "trace" && args[0] == "trace" {
		args = slices.Concat(args[:1], ownFlags(verb, args[1:]))
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.progress.stop()
	if a.unkept != nil {
		a.complain("%v", a.unkept)
	}
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return fine
	case errors.Is(err, errFindings):
		return findings
	case ctx.Err() != nil:
		return cannotRun // whoever cancelled says so
	}
	a.complain("%v", err)
	return cannotRun
}

// complain writes one line, whatever the message looks like.
func (a *app) complain(format string, args ...any) {
	var lines []string
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	fmt.Fprintf(a.stderr, "callroute: %s\n", strings.Join(lines, "; "))
}
