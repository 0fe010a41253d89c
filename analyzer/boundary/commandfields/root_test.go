package commandfields_test

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/commandfields"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

// TestRegistry is the shape of docker/cli: constructors that init functions of
// blank-imported packages put into a list, some of them wrapped.
func TestRegistry(t *testing.T) {
	source := gardenMod + `
-- garden/main.go --
package main

import (
	"github.com/spf13/cobra"

	_ "example.com/garden/prune"
	"example.com/garden/registry"
)

func main() {
	root := &cobra.Command{Use: "garden"}
	for _, c := range registry.Commands() {
		root.AddCommand(c("shears"))
	}
	_ = root.Execute()
}
-- registry/registry.go --
package registry

import (
	"os"

	"github.com/spf13/cobra"
)

var commands []func(string) *cobra.Command

func Register(f func(string) *cobra.Command) { commands = append(commands, f) }

func RegisterLegacy(f func(string) *cobra.Command) {
	commands = append(commands, func(tool string) *cobra.Command {
		if os.Getenv("HIDE") == "" {
			return f(tool)
		}
		cmd := f(tool)
		cmd.Hidden = true
		return cmd
	})
}

func Commands() []func(string) *cobra.Command { return commands }
-- prune/prune.go --
package prune

import (
	"github.com/spf13/cobra"

	"example.com/garden/registry"
)

func init() {
	registry.Register(newPrune)
	registry.Register(newShape)
	registry.RegisterLegacy(newClip)
	registry.RegisterLegacy(newTrim)
}

func newPrune(tool string) *cobra.Command { return &cobra.Command{Use: "prune", Run: run} }
func newShape(tool string) *cobra.Command { return &cobra.Command{Use: "shape", Run: run} }
func newClip(tool string) *cobra.Command  { return &cobra.Command{Use: "clip", Run: run} }
func newTrim(tool string) *cobra.Command  { return &cobra.Command{Use: "trim", Run: run} }

func run(*cobra.Command, []string) {}
-- mow/mow.go --
package mow

import (
	"github.com/spf13/cobra"

	"example.com/garden/registry"
)

func init() {
	registry.Register(func(string) *cobra.Command { return &cobra.Command{Use: "mow"} })
}
`
	u := unit.Load(t, source, "garden", "cobra")
	var out boundary.Findings
	commandfields.Finder.Find(t.Context(), u, &out)
	unit.Compare(t, "commands", unit.Commands(u, out.Commands), `
clip main.main > registry.RegisterLegacy.func1 > prune.newClip => prune.run
prune main.main > prune.newPrune => prune.run
shape main.main > prune.newShape => prune.run
trim main.main > registry.RegisterLegacy.func1 > prune.newTrim => prune.run
`)
}

// TestNoExecute leaves the root to elimination: nothing in the program calls
// Execute.
func TestNoExecute(t *testing.T) {
	u := unit.Load(t, gardenMod+`
-- garden/main.go --
package main

import "github.com/spf13/cobra"

func main() { start(newRoot()) }

func start(cmd *cobra.Command) { _ = cmd.Name() }

func newRoot() *cobra.Command {
	root := &cobra.Command{Use: "garden"}
	root.AddCommand(&cobra.Command{Use: "mulch", Run: mulch})
	return root
}

func unused() {
	other := &cobra.Command{Use: "meadow"}
	other.AddCommand(&cobra.Command{Use: "mow", Run: mulch})
}

func mulch(*cobra.Command, []string) {}
`, "garden", "cobra")
	var out boundary.Findings
	commandfields.Finder.Find(t.Context(), u, &out)
	unit.Compare(t, "commands", unit.Commands(u, out.Commands), `
mulch main.main > main.newRoot => main.mulch
`)
}

func TestNoCobra(t *testing.T) {
	u := unit.Load(t, gardenMod+`
-- garden/main.go --
package main

func main() {}
`, "garden")
	var out boundary.Findings
	commandfields.Finder.Find(t.Context(), u, &out)
	if len(out.Commands) > 0 {
		t.Errorf("%v", unit.Commands(u, out.Commands))
	}
}
