package execprogram

import (
	"path"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
)

// Match reports whether a program of this name can be what the departure's
// name pattern means: the last path element is equal, a * standing for any
// text. A pattern without three known letters in a row matches nothing.
func Match(pattern, name string) bool {
	pattern = path.Base(pattern)
	if !strings.Contains(pattern, "*") {
		return pattern == name
	}
	longest := 0
	for _, lit := range strings.Split(pattern, "*") {
		longest = max(longest, len(lit))
	}
	return longest >= 3 && glob(pattern, name)
}

func glob(pattern, s string) bool {
	lit, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(s, lit) {
		return false
	}
	s = s[len(lit):]
	if !star {
		return s == ""
	}
	for i := range len(s) + 1 {
		if glob(rest, s[i:]) {
			return true
		}
	}
	return false
}

// Split finds the command words in the arguments of a started program: global
// flags and their values are passed over, then words follow as long as they
// name a command in words (each a path such as ["checkpoint", "create"]). It
// returns the longest such path and whether what follows could hide another:
// an argument that is not known stands where a command could be.
func Split(argv []boundary.Arg, commands [][]string) (words []string, certain bool) {
	certain = true
	for _, a := range argv {
		if a.Rest || a.Text == "*" {
			if len(words) == 0 && a.Rest {
				certain = false
			}
			continue
		}
		if strings.HasPrefix(a.Text, "-") {
			continue
		}
		next := append(slices.Clone(words), a.Text)
		if hasPrefix(commands, next) {
			words = next
		}
	}
	return words, certain || len(words) > 0
}

// Open reports whether an argument that is not known stands where a word could
// be. What follows a flag is taken to be its value.
func Open(argv []boundary.Arg) bool {
	for i, a := range argv {
		if strings.Contains(a.Text, "*") && !strings.HasPrefix(a.Text, "-") && (i == 0 || !strings.HasPrefix(argv[i-1].Text, "-")) {
			return true
		}
	}
	return false
}

// hasPrefix reports whether some command begins with these words.
func hasPrefix(commands [][]string, words []string) bool {
	return slices.ContainsFunc(commands, func(c []string) bool {
		return len(c) >= len(words) && slices.Equal(c[:len(words)], words)
	})
}
