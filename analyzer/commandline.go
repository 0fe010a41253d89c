package analyzer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
	"github.com/callroute/callroute/analyzer/walk"
)

// readLine reads the flags among what was typed beside a command. A word with a dash
// that is no flag of the command is an error before the first argument; behind it, it
// may be meant for what the command runs.
func readLine(exe *summary.Executable, c *summary.Command, args []string) (walk.Line, error) {
	l := walk.Line{Typed: len(args) > 0}
	defined := flagsOf(exe, c)
	arguments := false
	for i := 0; i < len(args); i++ {
		word := args[i]
		if word == "--" {
			break
		}
		if !strings.HasPrefix(word, "-") || word == "-" {
			arguments = true
			continue
		}
		given, takes := splitFlag(defined, word)
		if given == nil {
			if !arguments && len(defined) > 0 {
				return l, unknownFlag(exe, c, word, defined)
			}
			continue
		}
		if takes && i+1 < len(args) {
			i++
			given[len(given)-1].Value = args[i]
		}
		l.Given = append(l.Given, given...)
	}
	return l, nil
}

// splitFlag is the flags that a word sets, nil where it names one that is not
// defined, and whether the value of the last one is the next word.
func splitFlag(defined []summary.Flag, word string) (given []flow.Flag, takesNext bool) {
	name, value, set := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if f := named(defined, name); f != nil && (strings.HasPrefix(word, "--") || len(name) > 1) {
		if !set && f.Switch {
			value = "true"
		}
		return []flow.Flag{{Name: f.Name, Value: value}}, !set && !f.Switch
	}
	if strings.HasPrefix(word, "--") {
		return nil, false
	}
	for i, letter := range name {
		at := slices.IndexFunc(defined, func(f summary.Flag) bool { return f.Short == string(letter) || f.Name == string(letter) })
		if at < 0 {
			return nil, false
		}
		f := &defined[at]
		if f.Switch {
			given = append(given, flow.Flag{Name: f.Name, Value: "true"})
			continue
		}
		rest := strings.TrimPrefix(word, "-")[i+len(string(letter)):]
		return append(given, flow.Flag{Name: f.Name, Value: strings.TrimPrefix(rest, "=")}), rest == ""
	}
	return given, false
}

func named(defined []summary.Flag, name string) *summary.Flag {
	if i := slices.IndexFunc(defined, func(f summary.Flag) bool { return f.Name == name }); i >= 0 {
		return &defined[i]
	}
	return nil
}

// unknownFlag says what a command has instead.
func unknownFlag(exe *summary.Executable, c *summary.Command, word string, defined []summary.Flag) error {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	var names []string
	for _, f := range defined {
		names = append(names, f.Name)
	}
	what := strings.Join(append([]string{exe.Program.String()}, c.Words...), " ")
	if near := system.Nearest(name, names); len(near) > 0 {
		return fmt.Errorf("%s has no flag %q; did you mean --%s?", what, word, strings.Join(near, ", --"))
	}
	slices.Sort(names)
	return fmt.Errorf("%s has no flag %q; there are --%s", what, word, strings.Join(slices.Compact(names), ", --"))
}

// flagsOf is the flags of a command: those that what makes it and what runs it
// define, with the functions they call, those that the commands above define
// themselves, and those of packages. Empty where it is not known that they are all.
func flagsOf(exe *summary.Executable, c *summary.Command) []summary.Flag {
	var work []summary.ID
	in := map[summary.ID]bool{}
	for i, id := range c.Route {
		if in[exe.Base(id)] = true; i == len(c.Route)-1 {
			work = append(work, id)
		}
	}
	for _, h := range slices.Concat(c.Run, c.Before) {
		work = append(work, h.Func)
	}
	seen := map[summary.ID]bool{}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		if id == summary.None || seen[id] {
			continue
		}
		seen[id], in[exe.Base(id)] = true, true
		for _, s := range exe.Func(id).Sites {
			for _, to := range s.To {
				if !exe.Func(to).Library && s.Kind != flow.Registration {
					work = append(work, to)
				}
			}
		}
	}
	own := map[string]bool{}
	var out []summary.Flag
	for _, f := range exe.Flags {
		if (f.In == summary.None || in[exe.Base(f.In)]) && !own[f.Name] {
			own[f.Name] = true
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil
	}
	// What the libraries define by themselves.
	for _, f := range []summary.Flag{{Name: "help", Short: "h", Switch: true}, {Name: "version", Short: "v", Switch: true}} {
		if !own[f.Name] && !slices.ContainsFunc(out, func(x summary.Flag) bool { return x.Short == f.Short }) {
			out = append(out, f)
		}
	}
	return out
}
