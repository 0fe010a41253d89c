package commandfields_test

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/commandfields"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const goMod = `
-- go.mod --
module example.com/bakery

go 1.24
`

func TestFind(t *testing.T) {
	tests := []struct {
		name, lib    string
		kind         flow.Kind
		source, want string
	}{
		{"version 1: values, variables, append, assignment", "urfave-v1", flow.Reflection, `
-- bakery/main.go --
package main

import (
	"os"

	"github.com/urfave/cli"
)

func main() {
	app := cli.NewApp()
	app.Name = "bakery"
	app.Before = func(c *cli.Context) error { return nil }
	app.Commands = []cli.Command{kneadCommand, ovenCommand}
	app.Commands = append(app.Commands, sweets()...)
	app.Action = func(c *cli.Context) {}
	if len(os.Args) > 9 {
		app.Action = serve
	}
	_ = app.Run(os.Args)
}

func serve(c *cli.Context) error { return nil }

func sweets() []cli.Command {
	return []cli.Command{{Name: "glaze", ShortName: "g", Hidden: true, Action: glaze}}
}

func glaze(c *cli.Context) error { return nil }
-- bakery/knead.go --
package main

import "github.com/urfave/cli"

var kneadCommand = cli.Command{
	Name:    "knead",
	Aliases: []string{"k"},
	Before:  func(c *cli.Context) error { return nil },
	Action:  func(c *cli.Context) error { return nil },
}

var notListed = cli.Command{Name: "burn", Action: glaze}

var ovenCommand = cli.Command{
	Name:   "oven",
	Before: gloves,
	Subcommands: []cli.Command{
		{Name: "heat", Action: func(c *cli.Context) {}},
		coolCommand,
	},
}

var coolCommand = cli.Command{Name: "cool", Action: cli.ActionFunc(glaze)}

func gloves(c *cli.Context) error { return nil }
`, `
- [main.main.func1] main.main => main.main.func2 main.serve
glaze (g) hidden [main.main.func1] main.main > main.sweets => main.glaze
knead (k) [main.main.func1 main.kneadCommand.func1] main.main > main.kneadCommand => main.kneadCommand.func2
oven cool [main.main.func1 main.gloves] main.main > main.ovenCommand > main.coolCommand => main.glaze
oven heat [main.main.func1 main.gloves] main.main > main.ovenCommand => main.ovenCommand.func1
`},
		{"version 2: pointers, an app of another package, a list over variables", "urfave-v2", flow.Closure, `
-- bakery/main.go --
package main

import (
	"os"

	"example.com/bakery/command"
)

func main() {
	app := command.App()
	_ = app.Run(os.Args)
}
-- command/command.go --
package command

import (
	"github.com/urfave/cli/v2"

	"example.com/bakery/command/cake"
)

var extra = []*cli.Command{}

func init() { extra = append(extra, cake.Command) }

func App() *cli.App {
	app := cli.NewApp()
	app.Commands = append([]*cli.Command{
		breadCommand,
		{Name: "roll", Aliases: []string{"bun", "r"}, Action: bake},
	}, extra...)
	app.Action = func(c *cli.Context) error { return nil }
	return app
}

var breadCommand = &cli.Command{Name: "bread", Action: bake}

func bake(c *cli.Context) error { return nil }
-- command/cake/cake.go --
package cake

import "github.com/urfave/cli/v2"

var Command = &cli.Command{
	Name:        "cake",
	Subcommands: []*cli.Command{layerCommand, sub("ice", ice)},
}

var layerCommand = &cli.Command{Name: "layer", Action: ice}

func sub(name string, action cli.ActionFunc) *cli.Command {
	return &cli.Command{Name: name, Action: action}
}

func ice(c *cli.Context) error { return nil }
`, `
- main.main > command.App => command.App.func1
bread main.main > command.App > command.breadCommand => command.bake
cake ice main.main > command.App > command.init > cake.Command > cake.sub => cake.ice
cake layer main.main > command.App > command.init > cake.Command > cake.layerCommand => cake.ice
roll (bun r) main.main > command.App => command.bake
`},
		{"version 3: a tree of commands, a method, one name under two parents", "urfave-v3", flow.Closure, `
-- bakery/main.go --
package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v3"
)

type shop struct{ loaves int }

func main() {
	s := &shop{}
	root := &cli.Command{}
	root.Name = "bakery"
	root.Action = s.open
	for _, c := range s.commands() {
		root.Commands = append(root.Commands, c)
	}
	root.Before = func(ctx context.Context, c *cli.Command) (context.Context, error) { return ctx, nil }
	_ = root.Run(context.Background(), os.Args)
}

func (s *shop) commands() []*cli.Command {
	return []*cli.Command{
		{Name: "bread", Commands: []*cli.Command{{Name: "count", Action: s.count}}},
		{Name: "customer", Commands: []*cli.Command{{Name: "count", Action: customers}}},
	}
}

func (s *shop) open(ctx context.Context, c *cli.Command) error  { return nil }
func (s *shop) count(ctx context.Context, c *cli.Command) error { return nil }

func customers(ctx context.Context, c *cli.Command) error { return nil }

var other = &cli.Command{Name: "other", Action: customers}
`, `
- [main.main.func1] main.main => main.(*shop).open
bread count [main.main.func1] main.main > main.(*shop).commands => main.(*shop).count
customer count [main.main.func1] main.main > main.(*shop).commands => main.customers
`},
		{"before the type switch", "urfave-v1-reflect", flow.Reflection, `
-- bakery/main.go --
package main

import (
	"os"

	"github.com/urfave/cli"
)

func main() {
	app := cli.NewApp()
	app.Commands = []cli.Command{sellCommand}
	app.Run(os.Args)
}

var sellCommand = cli.Command{Name: "sell", Action: func(c *cli.Context) error { return nil }}
`, `
sell main.main > main.sellCommand => main.sellCommand.func1
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := unit.Load(t, goMod+test.source, "bakery", test.lib)
			var out boundary.Findings
			commandfields.Finder.Find(t.Context(), u, &out)
			unit.Compare(t, "commands", unit.Commands(u, out.Commands), test.want)
			for _, c := range out.Commands {
				if c.Kind != test.kind || !c.Pos.IsValid() || c.Rule == "" {
					t.Errorf("%v: kind %s, position %v, rule %q", c.Words, c.Kind, c.Pos, c.Rule)
				}
			}
		})
	}
}
