// Package cli is a stand-in for tests of urfave/cli v3: real names and signatures.
package cli

import "context"

type (
	ActionFunc func(context.Context, *Command) error
	BeforeFunc func(context.Context, *Command) (context.Context, error)
	AfterFunc  func(context.Context, *Command) error
)

type Args interface {
	Get(n int) string
	First() string
	Len() int
	Present() bool
	Slice() []string
}

type stringSliceArgs struct{ v []string }

func (a *stringSliceArgs) Get(n int) string {
	if len(a.v) > n {
		return a.v[n]
	}
	return ""
}
func (a *stringSliceArgs) First() string   { return a.Get(0) }
func (a *stringSliceArgs) Len() int        { return len(a.v) }
func (a *stringSliceArgs) Present() bool   { return a.Len() != 0 }
func (a *stringSliceArgs) Slice() []string { return a.v }

type Flag interface {
	Names() []string
}

type StringFlag struct {
	Name    string
	Aliases []string
	Usage   string
	Value   string
}

func (f *StringFlag) Names() []string { return append([]string{f.Name}, f.Aliases...) }

type Command struct {
	Name           string
	Aliases        []string
	Usage          string
	ArgsUsage      string
	Version        string
	Description    string
	DefaultCommand string
	Category       string
	Commands       []*Command
	Flags          []Flag
	Before         BeforeFunc
	After          AfterFunc
	Action         ActionFunc
	Hidden         bool
	Metadata       map[string]any

	parent     *Command
	parsedArgs Args
}

func (cmd *Command) Args() Args                { return cmd.parsedArgs }
func (cmd *Command) String(name string) string { return "" }
func (cmd *Command) Bool(name string) bool     { return false }
func (cmd *Command) Root() *Command {
	if cmd.parent == nil {
		return cmd
	}
	return cmd.parent.Root()
}

func (cmd *Command) Command(name string) *Command {
	for _, c := range cmd.Commands {
		if c.Name == name {
			return c
		}
		for _, a := range c.Aliases {
			if a == name {
				return c
			}
		}
	}
	return nil
}

func (cmd *Command) Run(ctx context.Context, osArgs []string) (deferErr error) {
	_, deferErr = cmd.run(ctx, osArgs)
	return deferErr
}

func (cmd *Command) run(ctx context.Context, osArgs []string) (_ context.Context, deferErr error) {
	cmd.parsedArgs = &stringSliceArgs{v: osArgs[1:]}
	if cmd.After != nil {
		defer func() { deferErr = cmd.After(ctx, cmd) }()
	}
	if cmd.parsedArgs.Present() {
		if subCmd := cmd.Command(cmd.parsedArgs.First()); subCmd != nil {
			subCmd.parent = cmd
			return subCmd.run(ctx, cmd.Args().Slice())
		}
	}
	if cmd.Before != nil {
		bctx, err := cmd.Before(ctx, cmd)
		if err != nil {
			return ctx, err
		}
		ctx = bctx
	}
	return ctx, cmd.Action(ctx, cmd)
}
