package commandfields_test

import (
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/commandfields"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const gardenMod = `
-- go.mod --
module example.com/garden

go 1.24
`

func TestAttached(t *testing.T) {
	tests := []struct {
		name, source, want string
	}{
		{"every way to say what runs", `
-- garden/main.go --
package main

import "github.com/spf13/cobra"

type app struct{ beds int }

func (a *app) dig(cmd *cobra.Command, args []string) error { return nil }

func sow(cmd *cobra.Command, args []string) {}

func requires(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error { return run(cmd, args) }
}

func reap(cmd *cobra.Command, args []string) error { return nil }

func main() {
	a := &app{}
	root := &cobra.Command{Use: "garden [OPTIONS] COMMAND", PersistentPreRunE: a.dig}
	water := &cobra.Command{Use: "water BED", Short: "give water"}
	water.RunE = func(cmd *cobra.Command, args []string) error { return nil }
	prepare(water)
	root.AddCommand(
		&cobra.Command{Use: "dig", RunE: a.dig},
		&cobra.Command{Use: "sow", Run: sow, PreRun: sow},
		&cobra.Command{Use: "reap", RunE: requires(reap), Run: sow},
		water,
		&cobra.Command{Use: "group-without-run"},
	)
	_ = &cobra.Command{Use: "never-attached", Run: sow}
	_ = root.Execute()
}

func prepare(cmd *cobra.Command) {
	cmd.Aliases = []string{"drench", "soak"}
	cmd.Hidden = true
}
`, `
dig [main.(*app).dig] main.main => main.(*app).dig
reap [main.(*app).dig] main.main => main.requires.func1
sow [main.(*app).dig main.sow] main.main => main.sow
water (drench soak) hidden [main.(*app).dig] main.main => main.main.func1
`},
		{"twins keep their routes", `
-- garden/main.go --
package main

import "github.com/spf13/cobra"

func main() { _ = newRoot().Execute() }

func newRoot() *cobra.Command {
	root := &cobra.Command{Use: "garden"}
	addAll(root)
	return root
}

func addAll(parent *cobra.Command) { parent.AddCommand(newTree(), newBed(), newList()) }

func newTree() *cobra.Command {
	cmd := &cobra.Command{Use: "tree"}
	cmd.AddCommand(newList(), newLeaf())
	return cmd
}

func newBed() *cobra.Command {
	cmd := &cobra.Command{Use: "bed"}
	list := *newList()
	list.Use = "list --all"
	list.Aliases = []string{"ls"}
	cmd.AddCommand(&list)
	return cmd
}

func newList() *cobra.Command { return &cobra.Command{Use: "ls", Run: func(*cobra.Command, []string) {}} }
func newLeaf() *cobra.Command { return &cobra.Command{Use: "leaf"} }
`, `
bed list (ls) main.main > main.newRoot > main.addAll > main.newBed > main.newList => main.newList.func1
ls main.main > main.newRoot > main.addAll > main.newList => main.newList.func1
tree ls main.main > main.newRoot > main.addAll > main.newTree > main.newList => main.newList.func1
`},
		{"one constructor for every group", `
-- garden/main.go --
package main

import "github.com/spf13/cobra"

func main() {
	root := &cobra.Command{Use: "garden"}
	root.AddCommand(group("shed", newOpen(), newShut("lock")), group("gate", newShut("bar")))
	_ = root.Execute()
}

func group(name string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name + " COMMAND"}
	cmd.AddCommand(below...)
	return cmd
}

func newOpen() *cobra.Command { return &cobra.Command{Use: "open", Run: open} }
func newShut(with string) *cobra.Command { return &cobra.Command{Use: with, Run: shut} }

func open(*cobra.Command, []string) {}
func shut(*cobra.Command, []string) {}
`, `
gate bar main.main > main.newShut => main.shut
shed lock main.main > main.newShut => main.shut
shed open main.main > main.newOpen => main.open
`},
		{"variables, init functions, a root of another program", `
-- garden/main.go --
package main

import "example.com/garden/cmd"

func main() { cmd.Execute() }
-- cmd/cmd.go --
package cmd

import "github.com/spf13/cobra"

var rootCmd = &cobra.Command{Use: "garden", Run: func(*cobra.Command, []string) {}}

var weedCmd = cobra.Command{Use: "weed", PersistentPreRun: gloves, Run: func(*cobra.Command, []string) {}}

var otherRoot = &cobra.Command{Use: "orchard"}

var pickCmd = &cobra.Command{Use: "pick", Run: gloves}

func gloves(*cobra.Command, []string) {}

func Execute() { _ = rootCmd.Execute() }

func init() {
	rootCmd.AddCommand(&weedCmd)
	otherRoot.AddCommand(pickCmd)
}
`, `
- main.main > cmd.Execute > cmd.rootCmd => cmd.rootCmd.func1
weed [cmd.gloves] main.main > cmd.Execute > cmd.rootCmd > cmd.init > cmd.weedCmd => cmd.weedCmd.func1
`},
		{"hidden by a condition, hidden always, a loop", `
-- garden/main.go --
package main

import (
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "garden"}
	for _, c := range []*cobra.Command{hide(newCommand("rake", rake)), hide(newCommand("hoe", hoe))} {
		root.AddCommand(c)
	}
	secret := newCommand("compost", rake)
	secret.Hidden = true
	root.AddCommand(secret)
	_ = root.Execute()
}

func newCommand(name string, run func(*cobra.Command, []string)) *cobra.Command {
	return &cobra.Command{Use: name, Aliases: []string{name + "s"}, Run: run}
}

func hide(cmd *cobra.Command) *cobra.Command {
	if os.Getenv("OLD") != "" {
		return cmd
	}
	c := *cmd
	c.Hidden = true
	c.Aliases = nil
	return &c
}

func rake(*cobra.Command, []string) {}
func hoe(*cobra.Command, []string)  {}
`, `
compost (composts) hidden main.main > main.newCommand => main.rake
hoe (hoes) main.main > main.newCommand => main.hoe
rake (rakes) main.main > main.newCommand => main.rake
`},
		{"the root comes through a field, an interface and a tuple", `
-- garden/main.go --
package main

import (
	"context"

	"github.com/spf13/cobra"
)

type runner interface{ Run(context.Context) error }

type daemon struct{ *cobra.Command }

func (d daemon) Run(ctx context.Context) error { return d.ExecuteContext(ctx) }

func newRunner() (runner, error) {
	cmd, err := newRoot()
	if err != nil {
		return nil, err
	}
	return daemon{cmd}, nil
}

func newRoot() (*cobra.Command, error) {
	return &cobra.Command{Use: "garden", RunE: func(*cobra.Command, []string) error { return nil }}, nil
}

func main() {
	r, err := newRunner()
	if err != nil {
		return
	}
	_ = r.Run(context.Background())
}
`, `
- main.main > main.newRunner > main.newRoot => main.newRoot.func1
`},
		{"nearest hook, hooks of groups", `
-- garden/main.go --
package main

import "github.com/spf13/cobra"

func main() {
	root := &cobra.Command{Use: "garden", PersistentPreRun: outer}
	pond := &cobra.Command{Use: "pond", PersistentPreRunE: inner}
	pond.AddCommand(&cobra.Command{Use: "fill", Run: fill})
	root.AddCommand(pond, &cobra.Command{Use: "fill", Run: fill})
	_ = root.Execute()
}

func outer(*cobra.Command, []string)       {}
func inner(*cobra.Command, []string) error { return nil }
func fill(*cobra.Command, []string)        {}
`, `
fill [main.outer] main.main => main.fill
pond fill [main.inner] main.main => main.fill
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := unit.Load(t, gardenMod+test.source, "garden", "cobra")
			var out boundary.Findings
			commandfields.Finder.Find(t.Context(), u, &out)
			unit.Compare(t, "commands", unit.Commands(u, out.Commands), test.want)
			for _, c := range out.Commands {
				if says := map[string]string{"water": "give water"}[strings.Join(c.Words, " ")]; c.Says != says {
					t.Errorf("%v says %q, not %q", c.Words, c.Says, says)
				}
				if c.Kind != flow.Closure || !c.Pos.IsValid() || c.Rule == "" {
					t.Errorf("%v: kind %s, position %v, rule %q", c.Words, c.Kind, c.Pos, c.Rule)
				}
			}
		})
	}
}
