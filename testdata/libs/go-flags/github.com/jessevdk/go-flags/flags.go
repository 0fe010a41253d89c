// Package flags is a stand-in for tests of jessevdk/go-flags: real names and
// signatures.
package flags

type Options uint

const (
	None    Options = 0
	Default Options = 7
)

type Commander interface{ Execute(args []string) error }

type Group struct{ data any }

type Command struct {
	*Group

	Name    string
	Active  *Command
	Aliases []string
	Hidden  bool

	commands []*Command
}

type Parser struct {
	*Command

	Usage   string
	Options Options
}

func NewParser(data any, options Options) *Parser {
	return &Parser{Command: &Command{Group: &Group{data}}, Options: options}
}

func Parse(data any) ([]string, error) { return NewParser(data, Default).Parse() }

func (c *Command) AddCommand(command string, shortDescription string, longDescription string, data any) (*Command, error) {
	sub := &Command{Name: command, Group: &Group{data}}
	c.commands = append(c.commands, sub)
	return sub, nil
}

func (p *Parser) Parse() ([]string, error) { return p.ParseArgs(nil) }

func (p *Parser) ParseArgs(args []string) ([]string, error) {
	for _, c := range p.commands {
		if cmd, ok := c.data.(Commander); ok {
			return args, cmd.Execute(args)
		}
	}
	return args, nil
}
