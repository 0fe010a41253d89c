package rules

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

// System answers what rules ask.
type System interface {
	Commands(ctx context.Context, program string) ([]flow.Command, error)
	Endpoints(ctx context.Context) (*flow.Endpoints, error)
	Programs() []string
	Auxiliary() []string
	// Route follows one command. It fails where it cannot be followed.
	Route(ctx context.Context, program string, words []string) (*flow.Flow, error)
}

// Options says how rules are asked.
type Options struct {
	Today  time.Time // by which suppressions end
	Update bool      // write the frozen crossings anew instead of comparing them
	Say    func(what string)
}

// Check asks the rules of a file.
func (f *File) Check(ctx context.Context, s System, o Options) (*flow.Check, error) {
	c := &checker{file: f, system: s, options: o, programs: map[string]flow.Component{}, found: make([][]flow.Finding, len(f.Rules)), frozen: make([][]crossed, len(f.Rules))}
	if err := c.list(ctx); err != nil {
		return nil, err
	}
	out := &flow.Check{Schema: flow.CheckSchema, File: f.Name, Rules: len(f.Rules), Programs: []flow.Component{}, Findings: []flow.Finding{}, Suppressed: []flow.Finding{}}
	if err := c.known(); err != nil {
		return nil, err
	}
	for _, cmd := range c.commands {
		followed, err := c.route(ctx, cmd)
		if err != nil {
			return nil, err
		}
		if followed {
			out.Routes++
		}
	}
	var found []flow.Finding
	for i, r := range f.Rules {
		if err := c.whole(ctx, i, r); err != nil {
			return nil, err
		}
		slices.SortStableFunc(c.found[i], compareFindings)
		found = append(found, c.found[i]...)
	}
	f.accept(found, o.Today, out)
	c.name(out)
	return out, nil
}

func compareFindings(a, b flow.Finding) int {
	return cmp.Or(strings.Compare(a.Route, b.Route), strings.Compare(a.Program, b.Program), flow.CompareSites(a.Site, b.Site), strings.Compare(a.Message, b.Message))
}

// checker follows each route once, and keeps of it what the rules find.
type checker struct {
	file     *File
	system   System
	options  Options
	commands []flow.Command
	programs map[string]flow.Component
	found    [][]flow.Finding // by rule
	frozen   [][]crossed      // by rule
}

// list is everything that a rule can be about: what can be traced, and the starts
// of programs.
func (c *checker) list(ctx context.Context) error {
	commands, err := c.system.Commands(ctx, "")
	if err != nil {
		return err
	}
	aside := c.system.Auxiliary()
	for _, p := range c.system.Programs() {
		if !slices.Contains(aside, p) && !slices.ContainsFunc(commands, func(x flow.Command) bool { return x.Program == p && x.Kind == flow.Registration }) {
			commands = append(commands, flow.Command{Program: p})
		}
	}
	c.commands = commands
	return nil
}

// known fails on a rule that is about no route: it would hold whatever happens.
func (c *checker) known() error {
	for _, r := range c.file.Rules {
		if r.Joined == "" && !slices.ContainsFunc(c.commands, r.about) {
			return fmt.Errorf("%s:%d: rule %s is about no route%s", c.file.Name, r.line, r.Name, c.near(r))
		}
	}
	return nil
}

// route asks one route what every rule asks that is about it, and reports whether
// one is.
func (c *checker) route(ctx context.Context, cmd flow.Command) (bool, error) {
	var rt *route
	var failed error
	asked := false
	for i, r := range c.file.Rules {
		if r.Joined != "" || !r.about(cmd) {
			continue
		}
		if !asked {
			asked = true
			if rt, failed = c.follow(ctx, cmd); ctx.Err() != nil {
				return false, ctx.Err()
			}
		}
		if failed != nil {
			c.found[i] = append(c.found[i], flow.Finding{Rule: r.Name, Why: r.Why, Route: nameOf(cmd), Message: failed.Error(), Program: cmd.Program, Site: cmd.Site})
			continue
		}
		c.found[i] = append(c.found[i], r.check(rt)...)
		if r.Frozen != "" {
			c.frozen[i] = append(c.frozen[i], r.crossed(rt))
		}
	}
	return asked, nil
}

// whole asks what a rule asks of all routes together.
func (c *checker) whole(ctx context.Context, i int, r *Rule) error {
	switch {
	case r.Joined != "":
		e, err := c.system.Endpoints(ctx)
		if err != nil {
			return err
		}
		for _, p := range e.Programs {
			c.programs[p.Name] = p
		}
		c.found[i] = r.joined(e)
	case r.Frozen != "":
		name := filepath.Join(filepath.Dir(c.file.Name), filepath.FromSlash(r.Frozen))
		if c.options.Update {
			return writeFrozen(name, c.frozen[i])
		}
		changed, err := r.frozen(name, c.frozen[i])
		c.found[i] = append(c.found[i], changed...)
		return err
	}
	return nil
}

// near names routes that a rule about none may mean.
func (c *checker) near(r *Rule) string {
	var names []string
	for _, cmd := range c.commands {
		names = append(names, nameOf(cmd))
	}
	for _, asked := range r.Routes {
		if near := system.Nearest(asked, names); len(near) > 0 {
			return "; did you mean " + strings.Join(near, ", ") + "?"
		}
	}
	return "; callroute commands lists them"
}

func (c *checker) follow(ctx context.Context, cmd flow.Command) (*route, error) {
	name := nameOf(cmd)
	if c.options.Say != nil {
		c.options.Say("following " + name)
	}
	f, err := c.system.Route(ctx, cmd.Program, cmd.Words)
	if err != nil {
		return nil, err
	}
	for _, p := range f.Components {
		c.programs[p.Name] = p
	}
	return routeOf(name, f)
}

// accept divides findings into those that the file accepts today and the others.
// A suppression that has ended, or that accepts nothing, is a finding.
func (f *File) accept(found []flow.Finding, today time.Time, out *flow.Check) {
	used := map[*Suppression]bool{}
	for _, x := range found {
		i := slices.IndexFunc(f.Suppress, func(s *Suppression) bool { return s.accepts(x) })
		if i < 0 {
			out.Findings = append(out.Findings, x)
			continue
		}
		s := f.Suppress[i]
		used[s] = true
		if !today.Before(s.until) {
			x.Message += fmt.Sprintf(" (accepted until %s: %s)", s.Until, s.Reason)
			out.Findings = append(out.Findings, x)
			continue
		}
		x.Reason, x.Until = s.Reason, s.Until
		out.Suppressed = append(out.Suppressed, x)
	}
	for _, s := range f.Suppress {
		if !used[s] {
			out.Findings = append(out.Findings, flow.Finding{
				Rule: s.Rule, Message: "a suppression that nothing needs any more; remove it", Site: flow.Site{File: f.Name, Line: s.line},
			})
		}
	}
}

func (s *Suppression) accepts(f flow.Finding) bool {
	return s.Rule == f.Rule && (s.Route == "" || glob(s.Route, f.Route)) && strings.Contains(f.Message, s.Says)
}

// name adds the programs of the findings.
func (c *checker) name(out *flow.Check) {
	have := map[string]bool{}
	for _, f := range slices.Concat(out.Findings, out.Suppressed) {
		names := []string{f.Program}
		for _, s := range f.Way {
			names = append(names, s.Program)
		}
		for _, n := range names {
			if p, ok := c.programs[n]; ok && !have[n] {
				have[n] = true
				out.Programs = append(out.Programs, p)
			}
		}
	}
	slices.SortFunc(out.Programs, func(a, b flow.Component) int { return strings.Compare(a.Name, b.Name) })
}
