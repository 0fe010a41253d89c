package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Target is a field of a type, or a package variable.
type Target struct {
	Type string // with its import path; empty for a variable
	Name string // of the field, or of the variable with its import path
}

// String is the target as people write it: "container.State.Running".
func (t Target) String() string {
	if t.Type == "" {
		return shortName(t.Name)
	}
	return shortName(t.Type) + "." + t.Name
}

// Targets is the fields and variables that a text names in the sources under study: as
// they are written, or the last words of that, so that stateCtr is daemon.stateCtr
// and State.Running is container.State.Running. A full import path may stand in
// front.
func Targets(exes []*summary.Executable, text string) ([]Target, error) {
	all := map[Target]bool{}
	for _, exe := range exes {
		for id := range summary.ID(exe.NumFuncs()) {
			b := exe.Body(id)
			if b == nil || exe.Base(id) != id || exe.Func(id).Library {
				continue
			}
			for i := range b.Steps {
				switch st := &b.Steps[i]; st.Op {
				case dataflow.Field:
					if st.Type != "" {
						all[Target{st.Type, st.Name}] = true
					}
				case dataflow.Global:
					all[Target{"", st.Name}] = true
				}
			}
		}
	}
	var found []Target
	names := map[string]bool{}
	for t := range all {
		full := t.Name
		if t.Type != "" {
			full = t.Type + "." + t.Name
		}
		if full == text || t.String() == text || strings.HasSuffix(t.String(), "."+text) {
			found = append(found, t)
		}
		parts := strings.Split(t.String(), ".")
		names[strings.Join(parts[max(len(parts)-1-strings.Count(text, "."), 0):], ".")] = true
	}
	if len(found) == 0 {
		near := system.Nearest(text, slices.Sorted(maps.Keys(names)))
		if len(near) > 0 {
			return nil, fmt.Errorf("no field or package variable %q; did you mean %s?", text, strings.Join(near, " or "))
		}
		return nil, fmt.Errorf("no field or package variable %q is used in the sources under study; write it as pkg.variable or pkg.Type.Field", text)
	}
	slices.SortFunc(found, func(a, b Target) int { return strings.Compare(a.Type+a.Name, b.Type+b.Name) })
	return found, nil
}
