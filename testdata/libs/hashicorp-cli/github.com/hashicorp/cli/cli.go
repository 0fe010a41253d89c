// Package cli is a stand-in for tests of hashicorp/cli: real names and
// signatures.
package cli

type Command interface {
	Help() string
	Run(args []string) int
	Synopsis() string
}

type CommandFactory func() (Command, error)

type CLI struct {
	Args           []string
	Commands       map[string]CommandFactory
	HiddenCommands []string
	Name           string
	Version        string
}

func (c *CLI) Run() (int, error) {
	for _, factory := range c.Commands {
		cmd, err := factory()
		if err != nil {
			return 1, err
		}
		return cmd.Run(c.Args), nil
	}
	return 127, nil
}
