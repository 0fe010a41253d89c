package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/record"
)

// The classes of what is missed: at what the route loses it.
const (
	byCall     = "a call that is not told"
	byStart    = "a goroutine that is not told"
	byCallback = "called back by a library"
	byLibrary  = "called by a library on its own"
	byServer   = "called by the standard library on its own"
	byWaiter   = "a goroutine that waited"
	byProcess  = "a process that is not told"
)

// missed is the functions of the system that ran and are not told, in the order
// of their programs and files.
func (c *cover) missed() []flow.Missed {
	out := []flow.Missed{}
	for f, k := range c.ran {
		if !c.fn(f).Own || c.node(f) != 0 || c.settingUpEverywhere(f) {
			continue
		}
		class, at := c.lost(k)
		fn := c.fn(f)
		out = append(out, flow.Missed{
			Component: cmp.Or(c.component[fn.Program], short(fn.Program)), Func: fn.Name, Site: flow.Site{File: fn.File, Line: fn.Line},
			Class: class, At: at, After: k.When == observe.After,
		})
	}
	slices.SortFunc(out, func(a, b flow.Missed) int {
		return cmp.Or(strings.Compare(a.Component, b.Component), flow.CompareSites(a.Site, b.Site), strings.Compare(a.Func, b.Func))
	})
	return out
}

// lost follows the callers of what is not told up to one that is, and says how
// the last that is not is called.
func (c *cover) lost(k called) (class, at string) {
	for range len(c.run.Functions) {
		if k.Caller < 0 {
			return c.root(k)
		}
		if c.node(k.Caller) != 0 {
			break
		}
		up, ok := c.entry(k.process, k.Caller, moment{k.Goroutine, k.At})
		if !ok {
			// The caller was entered before the command.
			return byWaiter, c.describe(k.Caller, k.Line)
		}
		if up.Func == k.Func {
			break
		}
		k = up
	}
	at = c.describe(k.Caller, k.Line)
	switch {
	case !c.fn(k.Func).Own:
		return byCallback, fmt.Sprintf("%s of %s", short(c.fn(k.Func).Name), at)
	case k.How == record.Started:
		return byStart, at
	case k.How == record.Through:
		return byCallback, at
	}
	return byCall, at
}

// root is the class of what nobody with instruments called.
func (c *cover) root(k called) (class, at string) {
	name := short(c.fn(k.Func).Name)
	switch {
	case k.Old:
		return byWaiter, name
	case strings.HasSuffix(name, ".main") || strings.HasSuffix(name, ".init"):
		return byProcess, strings.Join(c.run.Processes[k.process].Args, " ")
	case !c.fn(k.Func).Own:
		return byLibrary, name
	}
	return byServer, name
}

func (c *cover) describe(f, line int) string {
	if f < 0 {
		return ""
	}
	return fmt.Sprintf("%s, line %d", short(c.fn(f).Name), line)
}
