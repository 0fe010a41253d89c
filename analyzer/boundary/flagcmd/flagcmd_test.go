package flagcmd_test

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/flagcmd"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const goMod = `
-- go.mod --
module example.com/harbor

go 1.24
`

const work = `
-- harbor/work.go --
package main

func load()   {}
func unload() {}
func tow()    {}
func help()   {}
func serve()  {}
func setup()  {}
`

func TestFind(t *testing.T) {
	tests := []struct {
		name, source, commands, branches string
	}{
		{"no words", `
-- harbor/main.go --
package main

func main() { serve() }
`, `- main.main => main.main`, ``},
		{"a switch on os.Args, names of one case, a flag", `
-- harbor/main.go --
package main

import "os"

func main() {
	if len(os.Args) < 2 {
		help()
		os.Exit(2)
	}
	setup()
	switch os.Args[1] {
	case "load", "fill":
		load()
	case "unload":
		unload()
		return
	case "--help":
		help()
	default:
		serve()
	}
	tow()
}
`, `
- main.main => main.main
load (fill) main.main => main.main
unload main.main => main.main
`, `
main.main "load": main.setup main.load main.tow
main.main "fill": main.setup main.load main.tow
main.main "unload": main.setup main.unload
main.main "--help": main.setup main.help main.tow
main.main "": main.help main.setup main.serve main.tow
`},
		{"flag.Arg in a package variable, as in a containerd shim", `
-- harbor/main.go --
package main

import (
	"flag"
	"fmt"
	"os"
)

var action string

func parse() {
	flag.Parse()
	action = flag.Arg(0)
}

func main() {
	if err := run(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run() error {
	parse()
	switch action {
	case "delete":
		unload()
		return nil
	case "start":
		load()
		return nil
	}
	serve()
	return nil
}
`, `
- main.main => main.main
delete main.main => main.main
start main.main => main.main
`, `
main.run "delete": main.parse main.unload
main.run "start": main.parse main.load
main.run "": main.parse main.serve
`},
		{"passed on, in a field, by a result, with a default, negated", `
-- harbor/main.go --
package main

import (
	"flag"
	"os"
	"strings"
)

type options struct{ verb string }

func main() {
	flag.Parse()
	o := options{verb: verb(flag.Args())}
	do(&o)
	if mode() == "fast" {
		tow()
	}
}

func verb(args []string) string {
	if len(args) == 0 {
		return "serve"
	}
	return strings.ToLower(args[0])
}

func do(o *options) {
	if o.verb != "load" {
		help()
	} else {
		load()
	}
	isServe := o.verb == "serve"
	if isServe && len(os.Args) > 0 {
		serve()
	}
}

func mode() string { return os.Getenv("MODE") }
`, `
- main.main => main.main
load main.main => main.main
serve main.main => main.main
`, `
main.do "load": main.load
main.do "serve": main.help main.serve
main.do "": main.help main.serve
`},
		{"words behind words", `
-- harbor/main.go --
package main

import (
	"flag"
	"os"
)

func main() {
	switch os.Args[1] {
	case "ship":
		ship(os.Args[2:])
	case "crane":
		fs := flag.NewFlagSet("crane", flag.ExitOnError)
		_ = fs.Parse(os.Args[2:])
		if fs.Arg(0) == "turn" {
			tow()
		}
	}
}

func ship(args []string) {
	if len(args) == 0 {
		help()
		return
	}
	if args[0] == "load" {
		load()
	} else if args[0] == "unload" {
		unload()
	}
}
`, `
- main.main => main.main
crane main.main => main.main
crane turn main.main => main.main
ship main.main => main.main
ship load main.main => main.main
ship unload main.main => main.main
`, `
main.main "turn": main.tow
main.main "ship": main.ship
main.main "crane": main.tow
main.main "":
main.ship "load": main.load
main.ship "unload": main.unload
main.ship "": main.help
`},
		{"not an argument", `
-- harbor/main.go --
package main

import (
	"fmt"
	"os"
)

func main() {
	if os.Getenv("X") == "load" || os.Args[0] == "tow" {
		load()
	}
	eq("a")
	eq(os.Args[1])
	fmt.Println(len(os.Args))
}

func eq(s string) {
	if s == "unload" {
		unload()
	}
}

func notReached(args []string) {
	if os.Args[1] == "fill" {
		load()
	}
}
`, `
- main.main => main.main
unload main.main => main.main
`, `
main.eq "unload": main.unload
main.eq "":
`},
		{"a map of functions", `
-- harbor/main.go --
package main

import "os"

var verbs = map[string]func(){"load": load, "unload": func() { unload() }}

func main() {
	if f, ok := verbs[os.Args[1]]; ok {
		f()
	}
}
`, `
- main.main => main.main
load main.main => main.main
unload main.main => main.main
`, ``},
		{"a list of structs and one of interfaces", `
-- harbor/main.go --
package main

import (
	"flag"
	"os"
)

type verb struct {
	name string
	run  func()
}

type tool interface {
	Name() string
	Use(args []string)
}

type crane struct{}

func (*crane) Name() string      { return "crane" }
func (*crane) Use(args []string) {}

type rope struct{}

func (*rope) Name() string      { return "rope" }
func (*rope) Use(args []string) {}

func main() {
	flag.Parse()
	for _, v := range []verb{{"load", load}, {"unload", unload}} {
		if v.name == os.Args[1] {
			v.run()
			return
		}
	}
	if t := find(flag.Arg(0)); t != nil {
		t.Use(flag.Args()[1:])
	}
}

func find(name string) tool {
	for _, t := range []tool{&crane{}, &rope{}} {
		if t.Name() == name {
			return t
		}
	}
	return nil
}
`, `
- main.main => main.main
crane main.main => main.main
load main.main => main.main
rope main.main => main.main
unload main.main => main.main
`, ``},
		{"an init function that takes over, one that only prepares", `
-- harbor/main.go --
package main

import (
	"os"
	"runtime"
)

func init() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		serve()
		os.Exit(0)
	}
}

func init() {
	if len(os.Args) > 1 && os.Args[1] == "prepared" {
		runtime.LockOSThread()
	}
}

func main() { load() }
`, `
- main.main => main.main
child main.init => main.init
`, `
main.init "child": main.serve
main.init "":
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := unit.Load(t, goMod+test.source+work, "harbor")
			var out boundary.Findings
			flagcmd.Finder.Find(t.Context(), u, &out)
			unit.Compare(t, "commands", unit.Commands(u, out.Commands), test.commands)
			unit.Compare(t, "branches", unit.Branches(u, out.Branches), test.branches)
			for _, c := range out.Commands {
				if !c.Pos.IsValid() || c.Rule == "" || c.Kind == "" {
					t.Errorf("%v: kind %s, position %v, rule %q", c.Words, c.Kind, c.Pos, c.Rule)
				}
			}
		})
	}
}
