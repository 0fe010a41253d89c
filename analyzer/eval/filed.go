package eval

import (
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// lacks reports whether a map has nothing under a key. What it has can be deleted.
func (d *Decisions) lacks(v *ssa.Lookup, fr *Frame) bool {
	e := d.eval()
	return e.lacks(v, fr)
}

// has is what a map has under the words of a command line or a part of the path of
// a request. What is filed by others is there before anybody asks.
func (d *Decisions) has(v *ssa.Lookup, fr *Frame) ([]fact, bool) {
	if !fr.Asked() {
		return nil, false
	}
	e := d.eval()
	keys := e.part(v.Index, fr)
	if !keys.Complete || e.deleted {
		return nil, false
	}
	asked := map[string]bool{}
	for _, k := range keys.Values {
		s, ok := AsText(k).Const()
		if !ok {
			e.askKeys(k, v, fr)
			return nil, false
		}
		asked[s] = false
	}
	var out []fact
	for _, u := range e.updates(v.X, fr, func(key string) bool { _, ok := asked[key]; return ok }) {
		if _, ok := asked[u.key]; !u.known || !ok {
			continue
		}
		facts, ok := known(u.value)
		if !ok {
			return nil, false
		}
		asked[u.key], out = true, append(out, facts...)
	}
	if !e.whole() || e.deleted || slices.Contains(slices.Collect(maps.Values(asked)), false) ||
		slices.ContainsFunc(e.entries(v.X, fr), func(en Entry) bool { return en.At.Parent() == v.Parent() }) {
		return nil, false
	}
	return out, true
}
