package compare

import (
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// matching knows which function of one outline is which of another.
type matching struct {
	old, new *Outline
	ids      map[string]string // of functions of the new one that have another name: the key in the old one
}

// match finds the functions of the one before in the one after.
func match(before, after *Outline) *matching {
	m := &matching{before, after, map[string]string{}}
	taken := map[string]bool{} // keys of old ones
	for _, name := range []func(*Outline, string) string{shortName, bareName} {
		lost := only(before, name, func(key string) bool { _, there := after.functions[key]; return !there && !taken[key] })
		won := only(after, name, func(key string) bool {
			_, there := before.functions[key]
			return !there && m.ids[key] == ""
		})
		for n, key := range won {
			if was, ok := lost[n]; ok {
				m.ids[key] = was
				taken[was] = true
			}
		}
	}
	return m
}

// only is the functions that are asked for and alone have their names, by these.
func only(o *Outline, name func(*Outline, string) string, asked func(string) bool) map[string]string {
	out := map[string]string{}
	twice := map[string]bool{}
	for key := range o.functions {
		if !asked(key) {
			continue
		}
		n := name(o, key)
		if _, there := out[n]; there {
			twice[n] = true
		}
		out[n] = key
	}
	for n := range twice {
		delete(out, n)
	}
	return out
}

// shortName is a name with the last element of its package's path alone.
func shortName(o *Outline, key string) string {
	program, fn, _ := strings.Cut(key, separator)
	return program + separator + flow.ShortIn(o.packages[program], fn)
}

// bareName is a name without its package. Literals have none of their own: that of
// the function around them may be any.
func bareName(o *Outline, key string) string {
	program, short, _ := strings.Cut(shortName(o, key), separator)
	_, name, _ := strings.Cut(short, ".")
	return program + separator + name
}

// idOld and idNew name a function as the old side does.
func (m *matching) idOld(key string) string { return key }

func (m *matching) idNew(key string) string {
	if was := m.ids[key]; was != "" {
		return was
	}
	return key
}
