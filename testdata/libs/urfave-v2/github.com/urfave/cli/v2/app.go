// Package cli is a stand-in for tests of urfave/cli v2: real names and signatures.
package cli

import (
	"context"
	"os"
	"path/filepath"
)

type (
	ActionFunc func(*Context) error
	BeforeFunc func(*Context) error
	AfterFunc  func(*Context) error
)

type Args interface {
	Get(n int) string
	First() string
	Tail() []string
	Len() int
	Present() bool
	Slice() []string
}

type args []string

func (a *args) Get(n int) string {
	if len(*a) > n {
		return (*a)[n]
	}
	return ""
}
func (a *args) First() string   { return a.Get(0) }
func (a *args) Tail() []string  { return (*a)[1:] }
func (a *args) Len() int        { return len(*a) }
func (a *args) Present() bool   { return a.Len() != 0 }
func (a *args) Slice() []string { return *a }

type Flag interface {
	Names() []string
}

type StringFlag struct {
	Name     string
	Aliases  []string
	Usage    string
	Required bool
	Value    string
}

func (f *StringFlag) Names() []string { return append([]string{f.Name}, f.Aliases...) }

type Context struct {
	context.Context
	App     *App
	Command *Command
	args    args
}

func (cCtx *Context) Args() Args                { return &cCtx.args }
func (cCtx *Context) String(name string) string { return "" }
func (cCtx *Context) Bool(name string) bool     { return false }

type Command struct {
	Name        string
	Aliases     []string
	Usage       string
	UsageText   string
	Description string
	ArgsUsage   string
	Category    string
	Before      BeforeFunc
	After       AfterFunc
	Action      ActionFunc
	Subcommands []*Command
	Flags       []Flag
	Hidden      bool
}

func (c *Command) HasName(name string) bool {
	for _, n := range append([]string{c.Name}, c.Aliases...) {
		if n == name {
			return true
		}
	}
	return false
}

func (c *Command) Run(cCtx *Context, arguments ...string) (err error) {
	ctx := &Context{Context: cCtx.Context, App: cCtx.App, Command: c, args: arguments[1:]}
	if c.Before != nil {
		if err := c.Before(ctx); err != nil {
			return err
		}
	}
	if ctx.args.Present() {
		for _, sub := range c.Subcommands {
			if sub.HasName(ctx.args.First()) {
				return sub.Run(ctx, ctx.args...)
			}
		}
	}
	return c.Action(ctx)
}

type App struct {
	Name     string
	Usage    string
	Version  string
	Commands []*Command
	Flags    []Flag
	Before   BeforeFunc
	After    AfterFunc
	Action   ActionFunc
	Metadata map[string]interface{}
}

func NewApp() *App { return &App{Name: filepath.Base(os.Args[0])} }

func (a *App) Run(arguments []string) (err error) {
	return a.RunContext(context.Background(), arguments)
}

func (a *App) RunContext(ctx context.Context, arguments []string) (err error) {
	root := &Command{Name: a.Name, Before: a.Before, Action: a.Action, Subcommands: a.Commands}
	return root.Run(&Context{Context: ctx, App: a}, arguments...)
}

func Exit(message interface{}, exitCode int) error { return nil }
