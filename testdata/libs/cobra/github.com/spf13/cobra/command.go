// Package cobra is a stand-in for tests: real names and signatures, and the one
// place where a command's functions are called through its fields.
package cobra

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

type PositionalArgs func(cmd *Command, args []string) error

type Group struct {
	ID    string
	Title string
}

type Command struct {
	Use        string
	Aliases    []string
	SuggestFor []string
	Short      string
	GroupID    string
	Long       string
	Example    string
	ValidArgs  []string

	ValidArgsFunction func(cmd *Command, args []string, toComplete string) ([]string, int)

	Args        PositionalArgs
	ArgAliases  []string
	Deprecated  string
	Annotations map[string]string
	Version     string

	PersistentPreRun   func(cmd *Command, args []string)
	PersistentPreRunE  func(cmd *Command, args []string) error
	PreRun             func(cmd *Command, args []string)
	PreRunE            func(cmd *Command, args []string) error
	Run                func(cmd *Command, args []string)
	RunE               func(cmd *Command, args []string) error
	PostRun            func(cmd *Command, args []string)
	PostRunE           func(cmd *Command, args []string) error
	PersistentPostRun  func(cmd *Command, args []string)
	PersistentPostRunE func(cmd *Command, args []string) error

	args     []string
	flags    *pflag.FlagSet
	pflags   *pflag.FlagSet
	ctx      context.Context
	commands []*Command
	parent   *Command

	TraverseChildren   bool
	Hidden             bool
	SilenceErrors      bool
	SilenceUsage       bool
	DisableFlagParsing bool
}

func (c *Command) Context() context.Context       { return c.ctx }
func (c *Command) SetContext(ctx context.Context) { c.ctx = ctx }
func (c *Command) SetArgs(a []string)             { c.args = a }
func (c *Command) SetOut(newOut io.Writer)        {}
func (c *Command) SetHelpFunc(f func(*Command, []string)) {
}
func (c *Command) OutOrStdout() io.Writer { return os.Stdout }
func (c *Command) Parent() *Command       { return c.parent }
func (c *Command) Commands() []*Command   { return c.commands }
func (c *Command) Help() error            { return nil }
func (c *Command) Usage() error           { return nil }
func (c *Command) AddGroup(groups ...*Group) {
}

func (c *Command) Root() *Command {
	for c.parent != nil {
		c = c.parent
	}
	return c
}

func (c *Command) Name() string {
	name, _, _ := strings.Cut(c.Use, " ")
	return name
}

func (c *Command) Flags() *pflag.FlagSet {
	if c.flags == nil {
		c.flags = pflag.NewFlagSet(c.Name(), 0)
	}
	return c.flags
}

func (c *Command) PersistentFlags() *pflag.FlagSet {
	if c.pflags == nil {
		c.pflags = pflag.NewFlagSet(c.Name(), 0)
	}
	return c.pflags
}

func (c *Command) AddCommand(cmds ...*Command) {
	for _, x := range cmds {
		x.parent = c
		c.commands = append(c.commands, x)
	}
}

func (c *Command) Find(args []string) (*Command, []string, error) {
	for len(args) > 0 {
		next := c.findNext(args[0])
		if next == nil {
			break
		}
		c, args = next, args[1:]
	}
	return c, args, nil
}

func (c *Command) findNext(name string) *Command {
	for _, cmd := range c.commands {
		if cmd.Name() == name {
			return cmd
		}
		for _, a := range cmd.Aliases {
			if a == name {
				return cmd
			}
		}
	}
	return nil
}

func (c *Command) Execute() error {
	_, err := c.ExecuteC()
	return err
}

func (c *Command) ExecuteContext(ctx context.Context) error {
	c.ctx = ctx
	return c.Execute()
}

func (c *Command) ExecuteC() (cmd *Command, err error) {
	args := c.args
	if args == nil {
		args = os.Args[1:]
	}
	cmd, flags, err := c.Find(args)
	if err != nil {
		return c, err
	}
	cmd.ctx = c.ctx
	return cmd, cmd.execute(flags)
}

func (c *Command) execute(a []string) (err error) {
	if c.RunE == nil && c.Run == nil {
		return errors.New("help requested")
	}
	if err := c.Flags().Parse(a); err != nil {
		return err
	}
	argWoFlags := c.Flags().Args()
	if c.Args != nil {
		if err := c.Args(c, argWoFlags); err != nil {
			return err
		}
	}
	for p := c; p != nil; p = p.Parent() {
		if p.PersistentPreRunE != nil {
			if err := p.PersistentPreRunE(c, argWoFlags); err != nil {
				return err
			}
			break
		} else if p.PersistentPreRun != nil {
			p.PersistentPreRun(c, argWoFlags)
			break
		}
	}
	if c.PreRunE != nil {
		if err := c.PreRunE(c, argWoFlags); err != nil {
			return err
		}
	} else if c.PreRun != nil {
		c.PreRun(c, argWoFlags)
	}
	if c.RunE != nil {
		if err := c.RunE(c, argWoFlags); err != nil {
			return err
		}
	} else {
		c.Run(c, argWoFlags)
	}
	if c.PostRunE != nil {
		if err := c.PostRunE(c, argWoFlags); err != nil {
			return err
		}
	} else if c.PostRun != nil {
		c.PostRun(c, argWoFlags)
	}
	for p := c; p != nil; p = p.Parent() {
		if p.PersistentPostRunE != nil {
			if err := p.PersistentPostRunE(c, argWoFlags); err != nil {
				return err
			}
			break
		} else if p.PersistentPostRun != nil {
			p.PersistentPostRun(c, argWoFlags)
			break
		}
	}
	return nil
}

func NoArgs(cmd *Command, args []string) error        { return nil }
func ArbitraryArgs(cmd *Command, args []string) error { return nil }

func ExactArgs(n int) PositionalArgs {
	return func(cmd *Command, args []string) error {
		if len(args) != n {
			return errors.New("wrong number of arguments")
		}
		return nil
	}
}

func MinimumNArgs(n int) PositionalArgs {
	return func(cmd *Command, args []string) error {
		if len(args) < n {
			return errors.New("too few arguments")
		}
		return nil
	}
}
