package images

import (
	"strings"

	"github.com/callroute/callroute/engine/errdefs"
)

// words splits a line at its blanks, but for those that are quoted, and takes
// the quotes away. A backslash keeps the next character as it is, within single
// quotes itself.
func words(line string) ([]string, error) {
	var (
		all    []string
		word   strings.Builder
		inWord bool
		quote  rune
		escape bool
	)
	for _, r := range line {
		switch {
		case escape:
			word.WriteRune(r)
			escape = false
		case r == '\\' && quote != '\'':
			escape, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			if inWord {
				all = append(all, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escape {
		return nil, errdefs.Invalid("unexpected end of statement while looking for matching quote")
	}
	if inWord {
		all = append(all, word.String())
	}
	return all, nil
}
