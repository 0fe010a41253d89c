// Package kingpin is a stand-in for tests of alecthomas/kingpin: real names and
// signatures.
package kingpin

type (
	Action       func(*ParseContext) error
	ParseContext struct{ SelectedCommand *CmdClause }
)

type Application struct {
	Name, Help string
	commands   []*CmdClause
	actions    []Action
}

type CmdClause struct {
	app     *Application
	name    string
	parent  *CmdClause
	actions []Action
}

var CommandLine = New("program", "")

func New(name, help string) *Application { return &Application{Name: name, Help: help} }

func Command(name, help string) *CmdClause { return CommandLine.Command(name, help) }

func Parse() string { return MustParse(CommandLine.Parse(nil)) }

func MustParse(command string, err error) string { return command }

func (a *Application) Command(name, help string) *CmdClause {
	c := &CmdClause{app: a, name: name}
	a.commands = append(a.commands, c)
	return c
}

func (a *Application) Version(version string) *Application { return a }
func (a *Application) Action(action Action) *Application {
	a.actions = append(a.actions, action)
	return a
}
func (a *Application) PreAction(action Action) *Application {
	a.actions = append(a.actions, action)
	return a
}
func (a *Application) Flag(name, help string) *FlagClause { return &FlagClause{} }
func (a *Application) Parse(args []string) (string, error) {
	for _, c := range a.commands {
		for _, act := range append(a.actions, c.actions...) {
			if err := act(&ParseContext{SelectedCommand: c}); err != nil {
				return "", err
			}
		}
	}
	return "", nil
}

func (c *CmdClause) Command(name, help string) *CmdClause {
	sub := &CmdClause{app: c.app, name: name, parent: c}
	c.app.commands = append(c.app.commands, sub)
	return sub
}

func (c *CmdClause) FullCommand() string {
	if c.parent == nil {
		return c.name
	}
	return c.parent.FullCommand() + " " + c.name
}

func (c *CmdClause) Alias(name string) *CmdClause    { return c }
func (c *CmdClause) Default() *CmdClause             { return c }
func (c *CmdClause) Hidden() *CmdClause              { return c }
func (c *CmdClause) Action(action Action) *CmdClause { c.actions = append(c.actions, action); return c }
func (c *CmdClause) PreAction(action Action) *CmdClause {
	c.actions = append(c.actions, action)
	return c
}
func (c *CmdClause) Flag(name, help string) *FlagClause { return &FlagClause{} }
func (c *CmdClause) Arg(name, help string) *ArgClause   { return &ArgClause{} }

type (
	FlagClause struct{ value string }
	ArgClause  struct{ value string }
)

func (f *FlagClause) Short(name rune) *FlagClause { return f }
func (f *FlagClause) String() *string             { return &f.value }
func (a *ArgClause) String() *string              { return &a.value }
