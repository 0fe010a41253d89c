// Package ffcli is a stand-in for tests of peterbourgon/ff: real names and
// signatures.
package ffcli

import (
	"context"
	"flag"
)

type Command struct {
	Name        string
	ShortUsage  string
	ShortHelp   string
	FlagSet     *flag.FlagSet
	Subcommands []*Command
	Exec        func(ctx context.Context, args []string) error

	selected *Command
	args     []string
}

func (c *Command) Parse(args []string) error {
	c.selected = c
	for _, sub := range c.Subcommands {
		if len(args) > 0 && sub.Name == args[0] {
			c.selected = sub
			return sub.Parse(args[1:])
		}
	}
	return nil
}

func (c *Command) Run(ctx context.Context) error {
	if c.selected != c {
		return c.selected.Run(ctx)
	}
	return c.Exec(ctx, c.args)
}

func (c *Command) ParseAndRun(ctx context.Context, args []string) error {
	if err := c.Parse(args); err != nil {
		return err
	}
	return c.Run(ctx)
}
