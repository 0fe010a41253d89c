package summary

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flags"
	"github.com/callroute/callroute/analyzer/flow"
)

// Flag is flags.Flag with the function that defines it as an ID.
type Flag struct {
	Name, Short string
	Switch      bool
	Default     string
	Known       bool
	In          ID // None where a package is initialized: of every command
}

// Asks is eval.Condition as plain data.
type Asks struct {
	Input string
	Flag  Flag   // of a flag
	Zero  string // what it is where it is not given
	Cases []eval.Case
	Not   bool // it holds where the condition does not
}

// Sent is eval.Sent as plain data.
type Sent struct {
	Input string
	From  string
	Flag  Flag
	Zero  string
	Cases []eval.SentCase
}

// Gives is what a function gives with one of the departures that it decides.
type Gives struct {
	Departure int // place in Executable.Departures
	Inputs    []Sent
}

// Condition is what a command line or a request decides of a function: some of it runs
// only where one of several conditions holds.
type Condition struct {
	Any   []Asks
	Then  []int // positions of the calls that it decides
	Opens bool  // they stand under one open condition less once it is decided
}

// flags adds the flags of the program, and the conditions that they and requests decide.
func (b *builder) flags() {
	for _, f := range b.u.Eval.Flags().Defined() {
		b.exe.Flags = append(b.exe.Flags, b.flag(f))
	}
	for _, c := range b.cloner.All() {
		if id, ok := b.clones[c]; ok && len(c.Asks) > 0 {
			b.exe.funcs[id].Conditions = b.conditions(c)
		}
	}
}

// gives adds what a clone gives with a departure that it decides, on the whole way on
// which that leaves.
func (b *builder) gives(id ID, i int, d *boundary.Departure, fr *eval.Frame) {
	if !d.Kind.Process() || d.Kind == flow.Exec { // what a program is started with are its arguments
		return
	}
	out := Gives{Departure: i}
	decide := b.u.Eval.Brief().Decide()
	for _, call := range b.way(d) {
		if call.Parent() != fr.Fn {
			break
		}
		for _, s := range decide.Sent(call, fr) {
			if at := slices.IndexFunc(out.Inputs, func(x Sent) bool { return x.Input == string(s.Input) }); at < 0 {
				out.Inputs = append(out.Inputs, Sent{Input: string(s.Input), From: string(s.From), Flag: b.flag(s.Flag), Zero: s.Zero, Cases: s.Cases})
			}
		}
		if fn := call.Common().StaticCallee(); fn != nil {
			fr = b.u.Eval.Below(fr, call, fn)
		}
	}
	if len(out.Inputs) > 0 {
		b.exe.funcs[id].Gives = append(b.exe.funcs[id].Gives, out)
	}
}

// Given is what a function gives with a departure that it decides.
func (e *Executable) Given(id ID, d *Departure) []Sent {
	for _, g := range e.Func(id).Gives {
		if &e.Departures[g.Departure] == d {
			return g.Inputs
		}
	}
	return nil
}

// inputs lists what requests give on which something depends.
func (b *builder) inputs() {
	found := map[string]bool{}
	for i := range b.exe.funcs {
		f := &b.exe.funcs[i]
		for _, c := range f.Conditions {
			for _, a := range c.Any {
				found[a.Input] = true
			}
		}
		for _, g := range f.Gives {
			for _, s := range g.Inputs {
				found[s.From] = true
			}
		}
	}
	b.exe.Inputs = slices.Sorted(maps.Keys(found))
}

func (b *builder) flag(f flags.Flag) Flag {
	out := Flag{Name: f.Name, Short: f.Short, Switch: f.Switch, Default: f.Default, Known: f.Known, In: None}
	if f.In != nil && f.In.Synthetic != packageInit && !strings.HasPrefix(f.In.Name(), "init#") {
		out.In = b.id(f.In)
	}
	return out
}

// conditions is what the branches of a clone decide that ask for an input: each block
// to which all ways are such branches, with what it dominates.
func (b *builder) conditions(in *clone.Clone) []Condition {
	terms := b.course(in, in.Fn).Terms
	var out []Condition
	for _, block := range in.Fn.Blocks {
		c := Condition{}
		for _, p := range block.Preds {
			asked := in.Asks[p]
			if asked == nil || p.Succs[0] == p.Succs[1] {
				c.Any = nil
				break
			}
			c.Any = append(c.Any, Asks{Input: string(asked.Input), Flag: b.flag(asked.Flag), Zero: asked.Zero, Cases: asked.Cases, Not: p.Succs[1] == block})
		}
		if len(c.Any) == 0 {
			continue
		}
		for _, d := range in.Fn.Blocks {
			if !block.Dominates(d) {
				continue
			}
			for _, instr := range d.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok {
					c.Then = append(c.Then, int(siteAt(call)))
				}
			}
		}
		c.Opens = block.Idom() != nil && terms[block].Open > terms[block.Idom()].Open
		if len(c.Then) > 0 {
			out = append(out, c)
		}
	}
	return out
}
