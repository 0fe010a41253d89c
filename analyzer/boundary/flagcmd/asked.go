package flagcmd

import (
	"context"
	"go/token"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/clone"
)

const (
	// maxWords is more words than a command has.
	maxWords = 5
	// maxLines is more commands than a program has that reads its command line
	// itself.
	maxLines = 400
)

// asked is rule 3: what the program asks of the next word, when those before it
// are known.
func (f *finder) asked(ctx context.Context) {
	b := clone.New(f.Eval, f.Index, f.Graph, nil, clone.Requests{})
	lines := [][]word{nil}
	for i := 0; i < len(lines) && i < maxLines && ctx.Err() == nil; i++ {
		before := lines[i]
		line := f.Eval.Line(textsOf(before), true)
		b.Ask(ctx, b.Start(f.Main(), line))
		for _, asked := range line.Asked() {
			w := word{asked.Parts[0], asked.Pos}
			if w.text == "" || strings.HasPrefix(w.text, "-") || strings.ContainsAny(w.text, " /") || slices.Contains(before, w) {
				continue // where it was asked for already, what is asked is not told apart
			}
			words := append(slices.Clone(before), w)
			f.onLine(textsOf(words), w.pos)
			if len(words) < maxWords {
				lines = append(lines, words)
			}
		}
	}
}

// word is a word of a command line, and where it is asked for.
type word struct {
	text string
	pos  token.Pos
}

func textsOf(words []word) []string {
	var out []string
	for _, w := range words {
		out = append(out, w.text)
	}
	return out
}

// onLine notes that main is run for these words.
func (f *finder) onLine(words []string, pos token.Pos) {
	cmd := f.command(words, f.Main(), "flagcmd/3")
	cmd.Pos, cmd.Run[0].Line = pos, f.Eval.Line(words, false)
	i := slices.IndexFunc(f.found, func(c boundary.Command) bool {
		return slices.Equal(c.Words, words) || len(c.Words) == len(words) && slices.Equal(c.Words[:len(words)-1], words[:len(words)-1]) && slices.Contains(c.Aliases, words[len(words)-1])
	})
	if i < 0 {
		f.found = append(f.found, cmd)
	} else if f.found[i].Run[0].Line == nil {
		f.found[i].Run[0].Line = f.Eval.Line(f.found[i].Words, false)
	}
}
