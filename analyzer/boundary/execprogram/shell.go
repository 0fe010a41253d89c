package execprogram

import (
	"path"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/text"
)

// shells is the programs that take a line of commands behind -c.
var shells = []string{"sh", "bash", "dash", "ash", "zsh", "ksh"}

// inShell is words that a shell does itself, or that say nothing of what is started.
var inShell = []string{
	"cd", "echo", "export", "set", "unset", "true", "false", "test", "[", "[[", "if", "then", "else", "fi", "for", "while", "do", "done",
	"exit", "printf", "umask", "ulimit", "trap", "wait", "source", ".", "eval", "read", "shift", ":", "type", "command",
}

// before is the word of a shell that stands before the program that is started.
const before = "exec"

// lines is the commands that a shell is started with, the command itself where it
// starts none or where they are not known.
func (f *finder) lines(c *eval.Context, cmd command) []command {
	if len(cmd.names) != 1 || len(cmd.argv.Elems) < 2 || cmd.argv.Elems[0].Rest || cmd.argv.Elems[1].Rest {
		return []command{cmd}
	}
	name, ok := cmd.names[0].Const()
	if !ok || !slices.Contains(shells, path.Base(name)) {
		return []command{cmd}
	}
	option := c.Element(cmd.argv.Elems[0])
	line := c.Element(cmd.argv.Elems[1])
	if len(option) != 1 || len(line) != 1 {
		return []command{cmd}
	}
	if s, ok := eval.AsText(option[0]).Const(); !ok || !strings.HasPrefix(s, "-") || !strings.HasSuffix(s, "c") {
		return []command{cmd}
	}
	var out []command
	for _, simple := range commandsOf(eval.AsText(line[0]).Pattern()) {
		texts := make([]text.Text, len(simple.words))
		for i, w := range simple.words {
			texts[i] = ofPattern(w)
		}
		argv := eval.Words(texts[1:])
		if simple.more {
			argv.Elems = append(argv.Elems, eval.Elem{Rest: true})
		}
		out = append(out, f.behind(c, command{names: []eval.Text{{Text: texts[0]}}, argv: argv}))
	}
	if len(out) == 0 {
		return []command{cmd}
	}
	return out
}

// simple is a simple command of a shell; more says that arguments may follow which are
// not known.
type simple struct {
	words []string
	more  bool
}

// commandsOf is the simple commands of a line in which * is text that is not known.
// What a command substitutes, variables and quotes are not taken apart: a line is
// known up to there.
func commandsOf(line string) []simple {
	cut := strings.IndexAny(line, "`(<\"'$")
	if cut >= 0 {
		line = line[:cut]
	}
	parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("&|;\n", r) })
	var out []simple
	for i, part := range parts {
		part, _, _ = strings.Cut(part, ">")
		words := strings.Fields(part)
		for len(words) > 0 && (strings.Contains(words[0], "=") || words[0] == before) {
			words = words[1:]
		}
		if len(words) > 0 && !slices.Contains(inShell, words[0]) && strings.Trim(words[0], "*/") != "" {
			out = append(out, simple{words, cut >= 0 && i == len(parts)-1})
		}
	}
	return out
}

// ofPattern is the text that a pattern stands for.
func ofPattern(s string) text.Text {
	var out text.Text
	for i, lit := range strings.Split(s, "*") {
		if i > 0 {
			out = text.Concat(out, text.Hole(text.Unknown{}))
		}
		out = text.Concat(out, text.Lit(lit))
	}
	return out
}
