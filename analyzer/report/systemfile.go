package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// SystemFile writes a callroute.yaml for the endpoints of a system: its sources,
// as folders, and what nobody but its owner knows. What is certain stands in it,
// what is a guess behind a #.
func SystemFile(w io.Writer, e *flow.Endpoints, dirs []string) error {
	f := &systemFile{e: e}
	f.line("# What callroute studies together. docs/CONFIG.md tells what can stand here.")
	f.sources(dirs)
	f.started()
	f.libraries()
	_, err := io.WriteString(w, f.out.String())
	return err
}

type systemFile struct {
	e   *flow.Endpoints
	out strings.Builder
}

func (f *systemFile) line(format string, args ...any) { fmt.Fprintf(&f.out, format+"\n", args...) }

func (f *systemFile) sources(dirs []string) {
	f.line("\nsources:")
	for _, dir := range dirs {
		f.line("  - {dir: %s}", quoted(dir))
	}
	f.line("\n# The programs in them, by the names that people type, and their packages:")
	for _, p := range f.e.Programs {
		f.line("#   %-20s %s", p.Name, p.Package)
	}
}

// started is the programs that are started and whose source is not there.
func (f *systemFile) started() {
	names := map[string][]flow.Endpoint{} // started → where
	var unknown []flow.Endpoint
	for _, d := range f.e.Departures {
		if d.Kind != flow.Exec || len(d.Peers) > 0 || d.Hint == "" {
			continue
		}
		name, _, _ := strings.Cut(d.Key, " ")
		name = name[strings.LastIndexByte(name, '/')+1:]
		switch {
		case strings.Contains(d.Hint, "outside:") && name != "" && !strings.ContainsAny(name, "*="):
			names[name] = append(names[name], d)
		case strings.HasPrefix(d.Hint, "choices:"):
			unknown = append(unknown, d)
		}
	}
	sorted := slices.Sorted(maps.Keys(names))
	aliases := map[string]string{}
	for _, name := range sorted {
		if p := f.resembles(name); p != "" {
			aliases[name] = p
		}
	}
	if len(aliases) > 0 {
		f.line("\n# Programs above may be started under these names. Where that is so, take the #\n# away.")
		f.line("#aliases:")
		for _, name := range slices.Sorted(maps.Keys(aliases)) {
			f.line("#  %s: %s", quoted(name), quoted(aliases[name]))
		}
	}
	sorted = slices.DeleteFunc(sorted, func(name string) bool { return aliases[name] != "" })
	if len(sorted) > 0 {
		f.line("\n# Started, and not among the sources: their starts end the route. Where you have\n# the source of one, put its folder above instead.")
		f.line("outside:")
		for _, name := range sorted {
			f.line("  - %-20s # %s", quoted(name), places(names[name]))
		}
	}
	if len(unknown) > 0 {
		f.line("\n# Which program is started here, only a configuration knows.")
		f.line("#choices:")
		for _, d := range unknown {
			f.line("#  %s  # %s", strings.TrimSuffix(strings.TrimPrefix(d.Hint, "choices: {"), "}"), standing(d))
		}
	}
}

// resembles is the program that a name may stand for: docker-runc for runc.
func (f *systemFile) resembles(name string) string {
	for _, p := range f.e.Programs {
		if strings.HasSuffix(name, "-"+p.Name) || strings.HasPrefix(name, p.Name+"-") {
			return p.Name
		}
	}
	return ""
}

// libraries is those that no model describes, each with one to fill in.
func (f *systemFile) libraries() {
	var models []string
	add := func(why, model string) {
		if entry := fmt.Sprintf("# %s\n#  - %s", why, model); !slices.ContainsFunc(models, func(m string) bool { return strings.HasSuffix(m, "#  - "+model) }) {
			models = append(models, entry)
		}
	}
	for _, p := range f.e.Programs {
		if library := f.e.Readers[p.Name]; library != "" {
			add(library+" reads the command line of "+p.Name+".", fmt.Sprintf("{library: %s, kind: command line, commands: []}", library))
		}
	}
	for _, d := range slices.Concat(f.e.Departures, f.e.Idle) {
		if model, ok := strings.CutPrefix(d.Hint, "models: ["); ok {
			add(standing(d)+": "+d.Reason+".", strings.TrimSuffix(model, "]"))
		}
	}
	if len(models) == 0 {
		return
	}
	f.line("\n# Libraries that no model describes. `callroute models LIBRARY` writes one to fill\n# in, docs/MODELS.md tells how; then take the # away.")
	f.line("#models:")
	for _, m := range models {
		f.line("%s", m)
	}
}

func standing(d flow.Endpoint) string {
	return fmt.Sprintf("%s, %s:%d", d.Program, d.Site.File, d.Site.Line)
}

// places is the first of some places, and how many there are.
func places(all []flow.Endpoint) string {
	slices.SortStableFunc(all, func(a, b flow.Endpoint) int {
		return cmp.Or(strings.Compare(a.Program, b.Program), strings.Compare(a.Site.File, b.Site.File), cmp.Compare(a.Site.Line, b.Site.Line))
	})
	if len(all) > 1 {
		return fmt.Sprintf("%s and %d more", standing(all[0]), len(all)-1)
	}
	return standing(all[0])
}

// quoted is a text as YAML takes it.
func quoted(s string) string {
	if strings.ContainsAny(s, ":#{}[],&*!|>'\"%@` ") || s == "" || s[0] == '-' || s[0] == '?' {
		return fmt.Sprintf("%q", s)
	}
	return s
}
