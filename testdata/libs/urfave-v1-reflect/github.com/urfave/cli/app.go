// Package cli is a stand-in for tests of urfave/cli v1: real names and signatures.
package cli

import (
	"errors"
	"os"
	"path/filepath"
)

type (
	ActionFunc func(*Context) error
	BeforeFunc func(*Context) error
	AfterFunc  func(*Context) error
)

type Args []string

func (a Args) Get(n int) string {
	if len(a) > n {
		return a[n]
	}
	return ""
}
func (a Args) First() string  { return a.Get(0) }
func (a Args) Tail() []string { return a[1:] }
func (a Args) Present() bool  { return len(a) != 0 }

type Flag interface {
	GetName() string
}

type StringFlag struct {
	Name   string
	Usage  string
	EnvVar string
	Hidden bool
	Value  string
}

func (f StringFlag) GetName() string { return f.Name }

type BoolFlag struct {
	Name  string
	Usage string
}

func (f BoolFlag) GetName() string { return f.Name }

type Context struct {
	App     *App
	Command Command
	args    Args
}

func (c *Context) Args() Args                      { return c.args }
func (c *Context) String(name string) string       { return "" }
func (c *Context) GlobalString(name string) string { return "" }
func (c *Context) Bool(name string) bool           { return false }
func (c *Context) IsSet(name string) bool          { return false }

type Command struct {
	Name            string
	ShortName       string
	Aliases         []string
	Usage           string
	UsageText       string
	Description     string
	ArgsUsage       string
	Category        string
	Before          BeforeFunc
	After           AfterFunc
	Action          interface{}
	Subcommands     Commands
	Flags           []Flag
	SkipFlagParsing bool
	HideHelp        bool
	Hidden          bool
}

type Commands []Command

func (c Command) HasName(name string) bool {
	for _, n := range append([]string{c.Name, c.ShortName}, c.Aliases...) {
		if n == name {
			return true
		}
	}
	return false
}

func (c Command) Run(ctx *Context) (err error) {
	if len(c.Subcommands) > 0 {
		return (&App{Commands: c.Subcommands, Before: c.Before, Action: c.Action}).run(ctx.args.Tail())
	}
	context := &Context{App: ctx.App, Command: c, args: ctx.args.Tail()}
	if c.Before != nil {
		if err := c.Before(context); err != nil {
			return err
		}
	}
	return HandleAction(c.Action, context)
}

type App struct {
	Name     string
	Usage    string
	Version  string
	Commands []Command
	Flags    []Flag
	Before   BeforeFunc
	After    AfterFunc
	Action   interface{}
	Metadata map[string]interface{}
}

func NewApp() *App { return &App{Name: filepath.Base(os.Args[0])} }

func (a *App) Command(name string) *Command {
	for _, c := range a.Commands {
		if c.HasName(name) {
			return &c
		}
	}
	return nil
}

func (a *App) Run(arguments []string) (err error) { return a.run(arguments[1:]) }

func (a *App) run(arguments Args) error {
	context := &Context{App: a, args: arguments}
	if a.Before != nil {
		if err := a.Before(context); err != nil {
			return err
		}
	}
	if arguments.Present() {
		if c := a.Command(arguments.First()); c != nil {
			return c.Run(context)
		}
	}
	return HandleAction(a.Action, context)
}

var errInvalidActionType = errors.New("invalid Action type")
