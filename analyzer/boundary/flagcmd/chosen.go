package flagcmd

import (
	"go/constant"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// chosen is rule 6.
func (f *finder) chosen(out *boundary.Findings) {
	typed, last := f.typed(), f.selected()
	if len(typed)+len(last) == 0 {
		return
	}
	words := map[ssa.Value]string{}
	for _, a := range out.Asked {
		words[a.Call] = strings.Join(a.Words, " ")
	}
	for _, fn := range f.Program.Funcs {
		if f.Program.Std(fn) {
			continue
		}
		d := &decided{fn: fn, lengths: map[*ssa.BinOp]length{}}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				op, ok := instr.(*ssa.BinOp)
				if !ok || op.Op != token.EQL && op.Op != token.NEQ {
					continue
				}
				for _, side := range [][2]ssa.Value{{op.X, op.Y}, {op.Y, op.X}} {
					word, known := words[side[1]]
					if k, isConst := side[1].(*ssa.Const); isConst && k.Value != nil && k.Value.Kind() == constant.String {
						word, known = constant.StringVal(k.Value), true
					}
					if known && word != "" && (typed[side[0]] || last[side[0]] && ends(out.Commands, word)) {
						d.last = d.last || last[side[0]]
						d.comparisons = append(d.comparisons, &comparison{instr: op, word: word, not: op.Op == token.NEQ, pos: op.Pos()})
					}
				}
			}
		}
		if len(d.comparisons) > 0 {
			f.choose(d, out)
		}
	}
}

// typed is the values that a command library says were typed.
func (f *finder) typed() map[ssa.Value]bool {
	out := map[ssa.Value]bool{}
	for _, m := range f.Models.All {
		for _, c := range m.Commands {
			var chosen []models.Symbol
			if c.Calls != nil {
				chosen = c.Calls.Chosen
			}
			if c.Tags != nil {
				chosen = append(chosen, c.Tags.Chosen...)
			}
			for _, s := range chosen {
				for _, call := range f.CallsOf(m, s) {
					v := call.Instr.Value()
					if v == nil {
						continue
					}
					out[v] = true
					for _, r := range *v.Referrers() {
						if x, ok := r.(*ssa.Extract); ok && x.Index == 0 {
							out[x] = true
						}
					}
				}
			}
		}
	}
	return out
}

// selected is the last words that a command library says were typed: a field of the
// command that it says is chosen.
func (f *finder) selected() map[ssa.Value]bool {
	out := map[ssa.Value]bool{}
	for _, m := range f.Models.All {
		for _, c := range m.Commands {
			if c.Tags == nil || c.Tags.Selected == nil {
				continue
			}
			for _, call := range f.CallsOf(m, c.Tags.Selected.Call) {
				v := call.Instr.Value()
				if v == nil {
					continue
				}
				for _, r := range *v.Referrers() {
					at, ok := r.(*ssa.FieldAddr)
					if !ok || index.Field(at.X.Type(), at.Field).Name() != c.Tags.Selected.Field {
						continue
					}
					for _, load := range *at.Referrers() {
						if x, ok := load.(*ssa.UnOp); ok && x.Op == token.MUL {
							out[x] = true
						}
					}
				}
			}
		}
	}
	return out
}

// ends reports whether word is the last one of a command.
func ends(commands []boundary.Command, word string) bool {
	return slices.ContainsFunc(commands, func(c boundary.Command) bool { return len(c.Words) > 0 && c.Words[len(c.Words)-1] == word })
}

// choose reports the live sites of a function for each command that it
// compares, and the commands that nothing else runs.
func (f *finder) choose(d *decided, out *boundary.Findings) {
	all := d.words(0)
	slices.SortStableFunc(all, func(a, b string) int { return len(strings.Fields(b)) - len(strings.Fields(a)) }) // "on" is not "lamp on"
	live := map[string][]ssa.CallInstruction{}
	var order []string
	for _, w := range all {
		words := withoutPlaceholders(strings.Fields(w))
		if len(words) == 0 {
			continue
		}
		if !slices.ContainsFunc(out.Commands, func(c boundary.Command) bool { return slices.Equal(c.Words, words) }) && (!d.last || !ends(out.Commands, w)) {
			cmd := f.command(words, f.Main(), "flagcmd/6")
			cmd.Pos = d.comparisons[slices.IndexFunc(d.comparisons, func(c *comparison) bool { return c.word == w })].pos
			out.Commands = append(out.Commands, cmd)
		}
		name := telling(words, all)
		if _, ok := live[name]; !ok {
			order = append(order, name)
		}
		live[name] = append(live[name], d.live(choice{0: w}).calls...)
	}
	for _, name := range order {
		f.branches = append(f.branches, boundary.Branch{In: d.fn, Word: name, Live: live[name]})
	}
	f.branches = append(f.branches, boundary.Branch{In: d.fn, Live: d.live(choice{0: ""}).calls})
}

// withoutPlaceholders is the words of a command without those that stand for its
// arguments, as in "lend <name>".
func withoutPlaceholders(words []string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return strings.ContainsAny(w[:1], "<[") })
}

// telling is the word of a command that no other of the commands has, from the
// last on; the last where there is none.
func telling(words, all []string) string {
	for i := len(words) - 1; i >= 0; i-- {
		others := 0
		for _, w := range all {
			if slices.Contains(strings.Fields(w), words[i]) {
				others++
			}
		}
		if others == 1 {
			return words[i]
		}
	}
	return words[len(words)-1]
}
