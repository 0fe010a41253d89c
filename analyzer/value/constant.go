package value

import (
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

// parameter is a parameter of a function.
type parameter struct {
	fn summary.ID
	at int
}

// constants looks for constants that end in fields, in one program.
type constants struct {
	exe   *summary.Executable
	asked map[parameter]bool
	found []flow.ValueSource
}

// stores visits the stores to the fields.
func (c *constants) stores(fields map[Field]bool) {
	for id := range summary.ID(c.exe.NumFuncs()) {
		b := c.exe.Body(id)
		if b == nil || c.exe.Base(id) != id {
			continue
		}
		for i := range b.Steps {
			s := &b.Steps[i]
			if s.Op != dataflow.Store || s.Args[0] < 0 {
				continue
			}
			d := definition(b, s.Args[0])
			if d == nil || d.Op != dataflow.Field || !fields[Field{d.Type, d.Name}] {
				continue
			}
			if s.Args[1] == dataflow.None {
				c.constant(id, int(s.Line), s.Name)
			} else {
				c.ask(id, b, s.Args[1])
			}
		}
	}
}

func (c *constants) constant(id summary.ID, line int, text string) {
	if f := c.exe.Func(id); text != "" && !f.Library {
		c.found = append(c.found, flow.ValueSource{Kind: flow.ConstantSource, Program: c.exe.Program.String(), Name: text, Hop: -1, Site: flow.Site{File: f.File, Line: line}, Func: f.Name})
	}
}

// ask notes that a register is asked for, which may be a constant in its place or a
// parameter.
func (c *constants) ask(id summary.ID, b *dataflow.Body, r dataflow.Reg) {
	seen := map[dataflow.Reg]bool{}
	for work := []dataflow.Reg{r}; len(work) > 0; {
		r, work = work[0], work[1:]
		if r < 0 || seen[r] {
			continue
		}
		seen[r] = true
		if int(r) < b.Params() {
			c.asked[parameter{c.exe.Base(id), int(r)}] = true
			continue
		}
		switch d := definition(b, r); {
		case d == nil:
		case d.Op == dataflow.Copy, d.Op == dataflow.Convert:
			c.constant(id, int(d.Line), d.Else)
			work = append(work, d.Args...)
		}
	}
}

// calls visits the calls of functions whose parameters are asked for, until no more are.
func (c *constants) calls() {
	for n := 0; n < len(c.asked); {
		n = len(c.asked)
		found := len(c.found)
		for id := range summary.ID(c.exe.NumFuncs()) {
			if b := c.exe.Body(id); b != nil && c.exe.Base(id) == id {
				c.arguments(id, b)
			}
		}
		if len(c.asked) > n {
			c.found = c.found[:found] // they are found again
		}
	}
}

// arguments visits what a function gives for parameters that are asked for.
func (c *constants) arguments(id summary.ID, b *dataflow.Body) {
	to := map[int][]summary.ID{}
	for _, s := range c.exe.Func(id).Sites {
		to[s.Pos] = append(to[s.Pos], s.To...)
	}
	for i := range b.Steps {
		s := &b.Steps[i]
		if s.Op != dataflow.Call {
			continue
		}
		for _, callee := range to[s.Pos] {
			body := c.exe.Body(callee)
			if body == nil {
				continue
			}
			shift := body.Params() - len(s.Args)
			for k, a := range s.Args {
				switch {
				case shift < 0 || !c.asked[parameter{c.exe.Base(callee), k + shift}]:
				case a == dataflow.None:
					c.constant(id, int(s.Line), s.Texts[k])
				default:
					c.ask(id, b, a)
				}
			}
		}
	}
}

// definition is the step that makes a register, nil for none.
func definition(b *dataflow.Body, r dataflow.Reg) *dataflow.Step {
	for i := range b.Steps {
		if b.Steps[i].To == r {
			return &b.Steps[i]
		}
	}
	return nil
}
