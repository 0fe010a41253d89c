// Package flagcmd finds the commands of programs that read their command line
// themselves.
//
// Words. An argument is a word of the command line by its place: 0 is the first
// one behind the program's name, or behind its flags. A comparison decides
// between an argument and a constant. The live sites of a function for a word
// are the calls that can run when every comparison of that argument is decided
// by the word.
//
// Algorithm. Comparisons stand in functions that main reaches, outside of the
// standard library. An argument is traced back through variables, fields,
// parameters, results and slices to os.Args, flag.Arg or flag.Args. The live
// sites come from the control flow graph, from the entry on, with the
// comparisons decided, checks of the number of arguments too, and nothing
// behind os.Exit and log.Fatal. The words of a second argument belong to those
// first words under which only they can run.
//
//  1. root: the program itself, main.main
//
//  2. word: argument == constant, also by switch; a word per constant, run by
//     main.main, and a branch for each function that compares. Constants with
//     the same live sites everywhere are names of one command
//
//  3. asked: main is run for a command line of which the first words are known and
//     the next is open. What the open word is compared with, or looked up in, on
//     the way are commands; so are those that are asked for behind them, in tables,
//     trees and functions that call themselves. For its words main is run once
//     more, and whatever they decide is decided
//
//  4. before main: a comparison in an init function, if a function outside of
//     the standard library runs for that word only and nothing else is known to
//     run for it; where main has the word too, the init function prepares it
//
//  5. guard: main compares an argument before it hands over to a command
//     library, and for that word never gets there
//
//  6. chosen: what a command library says was typed is compared with the words of
//     a command, by name or as a constant; a branch for each function that does
//
// Rules 1 to 3 apply to programs in which no command library was found to have
// commands, rule 5 to the others, so the finders of those must come first. Constants that begin with
// a dash are flags and make no command, nor does a comparison with os.Args[0].
//
// It cannot see words in variables of flag.Value types, regular expressions or
// prefixes, nor comparisons in a function that answers with a boolean.
package flagcmd

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
)

// Finder finds commands that are compared with arguments.
var Finder = boundary.Finder{Name: "flagcmd", Idioms: []int{17, 19, 20}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	main := u.Main()
	if main == nil {
		return
	}
	f := &finder{CommandRoutes: u.NewCommandRoutes(), arguments: newArguments(u)}
	f.chosen(out)
	library := slices.ContainsFunc(out.Commands, func(c boundary.Command) bool { return !c.Argv0 })
	if !library {
		f.compared(f.reached(main, nil))
		f.found = append(f.found, f.command(nil, main, "flagcmd/1"))
		f.words()
		f.asked(ctx)
	} else {
		f.guards(out.Commands)
	}
	f.initializers(out.Commands)
	out.Commands = append(out.Commands, boundary.Merged(f.found)...)
	out.Branches = append(out.Branches, f.branches...)
}

type finder struct {
	*boundary.CommandRoutes
	arguments
	functions []*decided // with comparisons, in program order
	found     []boundary.Command
	branches  []boundary.Branch
}

// command is words run by fn, which main.main is or which runs before it.
func (f *finder) command(words []string, fn *ssa.Function, rule string) boundary.Command {
	return boundary.Command{
		Words: words, Run: []boundary.Handler{{Fn: fn}}, Kind: flow.Call,
		Route: []boundary.Node{f.Main()}, Pos: fn.Pos(), Rule: rule,
	}
}

// reached is the functions outside of the standard library that control
// reaches from fn; live limits the sites of some functions.
func (f *finder) reached(fn *ssa.Function, live map[*ssa.Function]map[ssa.CallInstruction]bool) map[*ssa.Function]bool {
	seen := map[*ssa.Function]bool{fn: true}
	work := []*ssa.Function{fn}
	for len(work) > 0 {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range f.Graph.Out(at) {
			if only := live[at]; only != nil && !only[s.Instr] {
				continue
			}
			for _, callee := range s.Callees {
				if !seen[callee] && !f.Program.Std(callee) {
					seen[callee] = true
					work = append(work, callee)
				}
			}
		}
	}
	return seen
}

// compared collects the comparisons of the reached functions.
func (f *finder) compared(reached map[*ssa.Function]bool) {
	for _, fn := range f.Program.Funcs {
		if reached[fn] {
			if d := f.decided(fn); d != nil {
				f.functions = append(f.functions, d)
			}
		}
	}
}

// words is rule 2.
func (f *finder) words() {
	under := f.underFirst()
	for _, d := range f.functions {
		f.branch(d, under)
		for _, c := range d.comparisons {
			if strings.HasPrefix(c.word, "-") || c.word == "" {
				continue
			}
			switch c.place {
			case 0:
				f.word([]string{c.word}, c)
			case 1:
				for _, first := range under[c] {
					f.word([]string{first, c.word}, c)
				}
			}
		}
	}
	f.joinNames()
}

func (f *finder) word(words []string, c *comparison) {
	cmd := f.command(words, f.Main(), "flagcmd/2")
	cmd.Pos = c.pos
	f.found = append(f.found, cmd)
}

// underFirst is, for each comparison of the second argument, the first words
// under which it can run and without which it cannot.
func (f *finder) underFirst() map[*comparison][]string {
	out := map[*comparison][]string{}
	none := f.reachedFor("")
	for _, first := range f.firstWords() {
		reached := f.reachedFor(first)
		for _, d := range f.functions {
			for _, c := range d.comparisons {
				if c.place == 1 && reached(d, c) && !none(d, c) {
					out[c] = append(out[c], first)
				}
			}
		}
	}
	return out
}

// firstWords is the constants that first arguments are compared with.
func (f *finder) firstWords() []string {
	var out []string
	for _, d := range f.functions {
		for _, w := range d.words(0) {
			if w != "" && !strings.HasPrefix(w, "-") && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}

// reachedFor tells which comparisons can run when the first argument is word.
func (f *finder) reachedFor(word string) func(*decided, *comparison) bool {
	live := map[*ssa.Function]map[ssa.CallInstruction]bool{}
	blocks := map[*decided]map[*ssa.BasicBlock]bool{}
	for _, d := range f.functions {
		l := d.live(choice{0: word})
		blocks[d] = l.blocks
		live[d.fn] = map[ssa.CallInstruction]bool{}
		for _, c := range l.calls {
			live[d.fn][c] = true
		}
	}
	reached := f.reached(f.Main(), live)
	return func(d *decided, c *comparison) bool { return reached[d.fn] && blocks[d][c.instr.Block()] }
}

// branch reports the live sites of a function for each word: those of later
// arguments first, as they say more.
func (f *finder) branch(d *decided, under map[*comparison][]string) {
	done := map[string]bool{}
	for _, place := range d.places() {
		for _, w := range d.words(place) {
			if w == "" || done[w] || place > 0 && slices.Contains(d.words(0), w) {
				continue
			}
			done[w] = true
			known := choice{place: w}
			if place == 1 {
				if first := d.firstOf(w, under); first != "" {
					known[0] = first
				}
			}
			f.branches = append(f.branches, boundary.Branch{In: d.fn, Word: w, Live: d.live(known).calls})
		}
	}
	none := choice{}
	for _, place := range d.places() {
		none[place] = ""
	}
	f.branches = append(f.branches, boundary.Branch{In: d.fn, Live: d.live(none).calls})
}

// joinNames makes aliases of the words that lead to the same places.
func (f *finder) joinNames() {
	var out []boundary.Command
	for _, c := range f.found {
		i := slices.IndexFunc(out, func(x boundary.Command) bool { return f.oneCommand(x.Words, c.Words) })
		if i < 0 {
			out = append(out, c)
			continue
		}
		name := last(c.Words)
		if last(out[i].Words) != name && !slices.Contains(out[i].Aliases, name) {
			out[i].Aliases = append(out[i].Aliases, name)
		}
	}
	f.found = out
}

func last(words []string) string { return words[len(words)-1] }

// oneCommand reports whether two sequences of words differ in the last one at
// most and everywhere choose the same case and the same calls.
func (f *finder) oneCommand(x, y []string) bool {
	n := len(x)
	if n == 0 || n != len(y) || !slices.Equal(x[:n-1], y[:n-1]) {
		return false
	}
	for _, d := range f.functions {
		if !slices.Equal(d.targets(n-1, x[n-1]), d.targets(n-1, y[n-1])) || !slices.Equal(d.live(choiceOf(x)).calls, d.live(choiceOf(y)).calls) {
			return false
		}
	}
	return true
}

// taken reports whether a word is a command already.
func (f *finder) taken(library []boundary.Command, word string) bool {
	is := func(c boundary.Command) bool { return !c.Argv0 && slices.Equal(c.Words, []string{word}) }
	return slices.ContainsFunc(library, is) || slices.ContainsFunc(f.found, is)
}

// guards is rule 5.
func (f *finder) guards(library []boundary.Command) {
	d := f.decided(f.Main())
	if d == nil {
		return
	}
	found := false
	for _, c := range d.comparisons {
		if c.place != 0 || c.word == "" || strings.HasPrefix(c.word, "-") || f.taken(library, c.word) {
			continue
		}
		if f.runs(d, c.word, "") && f.runs(d, "", c.word) {
			cmd := f.command([]string{c.word}, f.Main(), "flagcmd/5")
			cmd.Pos = c.pos
			f.found = append(f.found, cmd)
			found = true
		}
	}
	if found {
		f.branch(d, nil)
	}
}

// initializers is rule 4.
func (f *finder) initializers(library []boundary.Command) {
	for _, fn := range f.Program.Funcs {
		if !strings.HasPrefix(fn.Name(), "init#") || fn.Signature.Recv() != nil || f.Program.Std(fn) {
			continue
		}
		d := f.decided(fn)
		if d == nil {
			continue
		}
		own := &finder{CommandRoutes: f.CommandRoutes, arguments: f.arguments}
		for _, w := range d.words(0) {
			if w != "" && !f.taken(library, w) && f.runs(d, w, "") {
				cmd := f.command([]string{w}, fn, "flagcmd/4")
				cmd.Route = []boundary.Node{fn} // the process begins there, main does not call it
				own.found = append(own.found, cmd)
			}
		}
		if len(own.found) > 0 {
			own.branch(d, nil)
			f.found = append(f.found, own.found...)
			f.branches = append(f.branches, own.branches...)
		}
	}
}

// runs reports whether a function outside of the standard library runs for a
// word and not for another; "" is any word that is not compared.
func (f *finder) runs(d *decided, word, other string) bool {
	without := d.live(choice{0: other}).calls
	for _, call := range d.live(choice{0: word}).calls {
		if slices.Contains(without, call) {
			continue
		}
		if s := f.Graph.At(call); s != nil && slices.ContainsFunc(s.Callees, func(c *ssa.Function) bool { return !f.Program.Std(c) }) {
			return true
		}
	}
	return false
}
