// Package subcommands is a stand-in for tests of google/subcommands: real names
// and signatures.
package subcommands

import (
	"context"
	"flag"
)

type ExitStatus int

const (
	ExitSuccess ExitStatus = iota
	ExitFailure
	ExitUsageError
)

type Command interface {
	Name() string
	Synopsis() string
	Usage() string
	SetFlags(*flag.FlagSet)
	Execute(ctx context.Context, f *flag.FlagSet, args ...interface{}) ExitStatus
}

type Commander struct{ commands []Command }

var DefaultCommander = &Commander{}

func NewCommander(topLevelFlags *flag.FlagSet, name string) *Commander { return &Commander{} }

func Register(cmd Command, group string) { DefaultCommander.Register(cmd, group) }

func Execute(ctx context.Context, args ...interface{}) ExitStatus {
	return DefaultCommander.Execute(ctx, args...)
}

func (cdr *Commander) Register(cmd Command, group string) { cdr.commands = append(cdr.commands, cmd) }

func (cdr *Commander) Execute(ctx context.Context, args ...interface{}) ExitStatus {
	for _, c := range cdr.commands {
		return c.Execute(ctx, nil, args...)
	}
	return ExitUsageError
}
