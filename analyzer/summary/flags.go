package summary

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/flags"
)

// Flag is flags.Flag with the function that defines it as an ID.
type Flag struct {
	Name, Short string
	Switch      bool
	Default     string
	Known       bool
	In          ID // None where a package is initialized: of every command
}

// Asks is flags.Condition as plain data.
type Asks struct {
	Flag
	Given bool // whether the flag was given, and not for its value
	Value string
	Not   bool
}

// Condition is what flags decide of a function: some of it runs only where one of
// several comparisons holds.
type Condition struct {
	Any   []Asks
	Then  []int // positions of the calls that it decides
	Opens bool  // they stand under one open condition less once it is decided
}

// flags adds the flags of the program, and the conditions that they decide.
func (b *builder) flags() {
	found := flags.Find(b.u.Program, b.u.Index)
	for _, f := range found.Defined() {
		b.exe.Flags = append(b.exe.Flags, b.flag(f))
	}
	for _, fn := range b.u.Program.Funcs {
		ids := b.ofFunc[fn]
		if len(ids) == 0 {
			continue
		}
		for _, out := range b.conditions(fn, found.Conditions(fn)) {
			for _, id := range ids {
				own := out
				own.Then = slices.Clone(out.Then)
				b.exe.funcs[id].Conditions = append(b.exe.funcs[id].Conditions, own)
			}
		}
	}
}

func (b *builder) flag(f flags.Flag) Flag {
	out := Flag{Name: f.Name, Short: f.Short, Switch: f.Switch, Default: f.Default, Known: f.Known, In: None}
	if f.In != nil && f.In.Synthetic != packageInit && !strings.HasPrefix(f.In.Name(), "init#") {
		out.In = b.id(f.In)
	}
	return out
}

// conditions is what the branches of fn decide: each block to which all ways are
// branches of flags, with what it dominates.
func (b *builder) conditions(fn *ssa.Function, branches []flags.Condition) []Condition {
	if len(branches) == 0 {
		return nil
	}
	by := map[*ssa.BasicBlock]flags.Condition{}
	for _, c := range branches {
		by[c.If.Block()] = c
	}
	terms := b.course(b.cloner.Base(fn), fn).Terms
	var out []Condition
	for _, block := range fn.Blocks {
		c := Condition{}
		for _, p := range block.Preds {
			branch, ok := by[p]
			if !ok || p.Succs[0] == p.Succs[1] {
				c.Any = nil
				break
			}
			asks := Asks{Flag: b.flag(branch.Flag), Given: branch.Op == flags.Given, Value: branch.Value, Not: branch.Not}
			if p.Succs[1] == block {
				asks.Not = !asks.Not
			}
			c.Any = append(c.Any, asks)
		}
		if len(c.Any) == 0 {
			continue
		}
		for _, d := range fn.Blocks {
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
