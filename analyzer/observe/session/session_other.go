//go:build !linux

package session

import (
	"context"
	"errors"
)

// errSystem is for systems without what keeps a session apart.
var errSystem = errors.New("commands can be observed on Linux only")

// Session is where commands run.
type Session struct{}

// Open begins a session.
func Open(Options) (*Session, error) { return nil, errSystem }

// Environ is the environment of a command.
func (*Session) Environ() ([]string, error) { return nil, errSystem }

// Run runs a command to its end and returns its exit status.
func (*Session) Run(context.Context, Command) (int, error) { return 0, errSystem }

// Script runs a text as a shell script.
func (*Session) Script(context.Context, string) error { return errSystem }

// Close ends every process of the session.
func (*Session) Close() error { return nil }
