// Package trial carries out commands with programs that note what they do, and
// returns what they did.
//
// A plan is a set-up script, steps, and a script that tidies up. A step prepares
// something or is a command that is observed. Before each command there is a
// moment in which nothing is asked; after it the record goes on until nothing
// comes any more.
package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/instrument"
	"github.com/callroute/callroute/analyzer/observe/record"
	"github.com/callroute/callroute/analyzer/observe/session"
	"github.com/callroute/callroute/analyzer/system"
)

// Plan is what to carry out.
type Plan struct {
	Programs []*system.Program
	Tags     string
	Flags    []string // more flags of go build
	Setup    string   // shell script, empty for none
	Teardown string
	Unshare  []string      // namespaces of its own, as package session has them
	Timeout  time.Duration // of a script or a command
	Steps    []Step
	Stdin    io.Reader // of the commands
	Output   io.Writer // what they print
	Progress func(string)
}

// Step prepares something by a shell script, or is a command to observe.
type Step struct {
	Script  string
	Command []string
	Where   string // for errors: file and line, empty on the command line
}

const (
	quiet     = 500 * time.Millisecond // nothing is asked for so long
	settled   = 400 * time.Millisecond // a command has no more consequences if nothing comes for so long
	aftermath = 4 * time.Second        // and they are waited for no longer
)

// Run carries out a plan. What is recorded comes back even if a step fails.
func Run(ctx context.Context, p Plan) (runs []*observe.Run, err error) {
	dir, err := os.MkdirTemp("", "callroute")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { // processes may give up their rights
		return nil, err
	}
	// Links in the way would have other names in the processes.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "record")
	build, err := instrument.Programs(ctx, p.Programs, instrument.Options{Dir: dir, File: name, Tags: p.Tags, Flags: p.Flags, Progress: p.Progress})
	if err != nil {
		return nil, err
	}
	file, err := record.Create(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	t := &trial{plan: p, build: build, file: file, next: setupWindow, quiet: observe.Windows{}}
	recorded, err := t.inSession(ctx, filepath.Join(dir, "run"))
	for _, r := range recorded {
		for window := range t.quiet {
			r.Windows[window] = observe.Quiet
		}
		runs = append(runs, observe.New(r, build, p.Programs))
	}
	return runs, err
}

// setupWindow is where everything is recorded that is no part of a command.
const setupWindow = 1

type trial struct {
	plan    Plan
	build   *instrument.Build
	file    *record.File
	session *session.Session
	next    int             // the last window that is taken
	quiet   observe.Windows // those in which nothing was asked
}

// inSession carries out the plan in a session with a folder of its own.
func (t *trial) inSession(ctx context.Context, dir string) (recorded []observe.Recorded, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	o := session.Options{Dir: dir, Path: t.build.Bin, Unshare: t.plan.Unshare}
	if len(t.plan.Programs) > 0 {
		o.Source = t.plan.Programs[0].Source.Dir
	}
	t.session, err = session.Open(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.session.Close()) }()
	t.file.Open(setupWindow)
	if t.plan.Teardown != "" {
		defer func() {
			// Ctrl-C has ended ctx, and what it interrupted is tidied up all the same.
			err = errors.Join(err, t.script(context.WithoutCancel(ctx), t.plan.Teardown, "the teardown"))
		}()
	}
	if t.plan.Setup != "" {
		say(t.plan, "setting up")
		if err := t.script(ctx, t.plan.Setup, "the setup"); err != nil {
			return nil, err
		}
	}
	failed := t.steps(ctx, &recorded)
	all, err := t.file.Read()
	for i := range recorded {
		recorded[i].Processes = all
	}
	return recorded, errors.Join(failed, err)
}

// steps carries out the steps, and adds what was observed.
func (t *trial) steps(ctx context.Context, recorded *[]observe.Recorded) error {
	for _, step := range t.plan.Steps {
		if step.Command == nil {
			if err := t.script(ctx, step.Script, cmp.Or(step.Where, step.Script)); err != nil {
				return err
			}
			continue
		}
		say(t.plan, "running "+strings.Join(step.Command, " "))
		r, err := t.command(ctx, step)
		if err != nil {
			return err
		}
		*recorded = append(*recorded, r)
	}
	return nil
}

func say(p Plan, what string) {
	if p.Progress != nil {
		p.Progress(what)
	}
}

// script runs a script, which has to end in time.
func (t *trial) script(ctx context.Context, text, what string) error {
	limited, cancel := context.WithTimeout(ctx, t.plan.Timeout)
	defer cancel()
	err := t.session.Script(limited, text)
	switch {
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("%s did not end within %v; --timeout gives it longer", what, t.plan.Timeout)
	}
	return fmt.Errorf("%s failed: %w", what, err)
}

// command runs one command between windows of its own.
func (t *trial) command(ctx context.Context, step Step) (observe.Recorded, error) {
	r := observe.Recorded{Command: step.Command, Windows: observe.Windows{}}
	env, err := t.session.Environ()
	if err != nil {
		return r, err
	}
	var words []string
	for _, word := range step.Command {
		words = append(words, expand(word, env))
	}
	t.quiet[t.open()] = observe.Quiet
	select {
	case <-ctx.Done():
		return r, ctx.Err()
	case <-time.After(quiet):
	}
	limited, cancel := context.WithTimeout(ctx, t.plan.Timeout)
	defer cancel()
	r.Windows[t.open()] = observe.During
	if r.Begin, err = record.Now(); err != nil {
		return r, err
	}
	r.Exit, err = t.session.Run(limited, session.Command{Args: words, Stdin: t.plan.Stdin, Stdout: t.plan.Output, Stderr: t.plan.Output})
	end, failed := record.Now()
	r.End = end
	switch {
	case failed != nil:
		return r, failed
	case err != nil && ctx.Err() != nil:
		return r, ctx.Err()
	case err != nil && limited.Err() != nil:
		return r, fmt.Errorf("%s did not end within %v; --timeout gives it longer", strings.Join(r.Command, " "), t.plan.Timeout)
	case err != nil:
		return r, err
	}
	r.Windows[t.open()] = observe.After
	if err := t.settle(ctx); err != nil {
		return r, err
	}
	t.file.Open(setupWindow)
	return r, nil
}

// open opens a new window.
func (t *trial) open() int {
	t.next++
	t.file.Open(t.next)
	return t.next
}

// settle waits until nothing comes any more.
func (t *trial) settle(ctx context.Context) error {
	size, since := 0, time.Now()
	for end := time.Now().Add(aftermath); time.Now().Before(end) && time.Since(since) < settled; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		now, err := t.file.Size()
		if err != nil {
			return err
		}
		if now != size {
			size, since = now, time.Now()
		}
	}
	return nil
}

// expand puts in the values of $NAME and ${NAME}.
func expand(word string, env []string) string {
	return os.Expand(word, func(name string) string {
		for _, v := range slices.Backward(env) {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return "$" + name
	})
}
