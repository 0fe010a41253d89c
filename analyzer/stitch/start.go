package stitch

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary/execprogram"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// start joins the start of a program.
func (s *Stitcher) start(ctx context.Context, from *summary.Executable, d *summary.Departure) ([]Join, *Gap, error) {
	if d.Key.Name == execprogram.Self {
		j, gap := s.entry(from, d)
		return j, gap, nil
	}
	var joins []Join
	for _, p := range s.named(from, d.Key.Name) {
		exe, err := s.Programs.Get(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		j, gap := s.entry(exe, d)
		if gap != nil {
			return nil, gap, nil
		}
		joins = append(joins, j...)
	}
	if len(joins) > 0 {
		return s.label(from, joins), nil, nil
	}
	if slices.Contains(s.System.Outside, path.Base(d.Key.Name)) {
		return nil, nil, nil
	}
	reason := fmt.Sprintf("exec of %s: no program under study has this name", d.Key.Name)
	hint := fmt.Sprintf("aliases: {%[1]s: PROGRAM}, or outside: [%[1]s]", path.Base(d.Key.Name))
	if d.Reason != "" {
		reason = "exec of a name that is not a constant of the program: no program chosen"
		hint = fmt.Sprintf("choices: {%s: {exec: PROGRAM}}", from.Program.Name)
	}
	return nil, &Gap{Reason: reason, Hint: hint}, nil
}

// named is the programs that a name pattern can mean. The program's own source
// comes before others.
func (s *Stitcher) named(from *summary.Executable, pattern string) []*system.Program {
	if to, ok := s.System.Aliases[path.Base(pattern)]; ok {
		pattern = to
	}
	if pattern == "*" {
		pattern = s.System.Choices[from.Program.Name]["exec"]
	}
	var out []*system.Program
	for _, p := range s.Programs.All() {
		if execprogram.Match(pattern, p.Name) {
			out = append(out, p)
		}
	}
	if main := slices.DeleteFunc(slices.Clone(out), (*system.Program).Auxiliary); len(main) > 0 {
		out = main
	}
	if own := slices.DeleteFunc(slices.Clone(out), func(p *system.Program) bool { return p.Source != from.Program.Source }); len(own) > 0 && !strings.Contains(pattern, "*") {
		return own
	}
	return out
}

// entry is where a started program goes for the arguments of d.
func (s *Stitcher) entry(exe *summary.Executable, d *summary.Departure) ([]Join, *Gap) {
	j := Join{Exe: exe, Func: summary.None, Detail: strings.TrimSpace(d.Key.String()), ArgvKnown: true}
	for _, a := range d.Key.Argv {
		if a.Rest {
			j.ArgvKnown = false
		} else {
			j.Argv = append(j.Argv, a.Text)
		}
	}
	if c, gap := byArgv0(exe, d); c != nil || gap != nil {
		j.Command = c
		if gap != nil {
			return nil, gap
		}
		return []Join{j}, nil
	}
	words, certain := execprogram.Split(d.Key.Argv, commandWords(exe))
	plain := len(exe.Commands) == 1 && len(exe.Commands[0].Words) == 0
	if !certain && !plain && (len(exe.Commands) > 1 || len(j.Argv) == 0) {
		return nil, &Gap{
			Reason: fmt.Sprintf("exec of %s: its arguments, which choose what it does, are not constants of the program", exe.Program.Name),
		}
	}
	if len(words) == 0 && execprogram.Open(d.Key.Argv) {
		j.ArgvKnown = false
	}
	for i := range exe.Commands {
		c := &exe.Commands[i]
		if c.Called(words) {
			j.Command = c
			return []Join{j}, nil
		}
	}
	return []Join{j}, nil
}

// byArgv0 is the command that a program started under another name runs.
func byArgv0(exe *summary.Executable, d *summary.Departure) (*summary.Command, *Gap) {
	if d.Key.Argv0 == "" || d.Key.Name != execprogram.Self {
		return nil, nil
	}
	table := false
	for i := range exe.Commands {
		c := &exe.Commands[i]
		table = table || c.Argv0
		if c.Argv0 && c.Words[0] == d.Key.Argv0 {
			return c, nil
		}
	}
	switch {
	case d.Key.Argv0 == execprogram.Self || len(d.Key.Argv) > 0:
		return nil, nil
	case strings.Contains(d.Key.Argv0, "*"):
		if !table {
			return nil, nil
		}
		return nil, &Gap{Reason: fmt.Sprintf("%s starts itself under a name that is not a constant of the program", exe.Program.Name)}
	case path.Base(d.Key.Argv0) == exe.Program.Name:
		return nil, nil
	}
	return nil, &Gap{Reason: fmt.Sprintf("%s starts itself as %s, and nothing in it looks that name up", exe.Program.Name, d.Key.Argv0)}
}

// commandWords is the words of every command, under each of its names.
func commandWords(exe *summary.Executable) [][]string {
	var out [][]string
	for _, c := range exe.Commands {
		if len(c.Words) == 0 || c.Argv0 {
			continue
		}
		ways := [][]string{{}}
		for i, w := range c.Words {
			names := []string{w}
			if i == len(c.Words)-1 {
				names = append(names, c.Aliases...)
			} else if i < len(c.Groups) {
				names = append(names, c.Groups[i]...)
			}
			var next [][]string
			for _, way := range ways {
				for _, n := range names {
					next = append(next, append(slices.Clone(way), n))
				}
			}
			ways = next
		}
		out = append(out, ways...)
	}
	return out
}

// starts reports whether one program starts another by its name.
func starts(one, other *summary.Executable) bool {
	return one != other && startsNamed(one, other.Program)
}

func startsNamed(one *summary.Executable, p *system.Program) bool {
	return slices.ContainsFunc(one.Departures, func(d summary.Departure) bool {
		return d.Kind == flow.Exec && execprogram.Match(d.Key.Name, p.Name)
	})
}
