package walk

import (
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// What names tell: whether a function or a request is what the command asks
// for, or takes something back.

// undoes reports whether a function's own name says that it takes something
// back.
func undoes(name string) bool {
	words := flow.Words(name)
	if len(words) > 0 && (strings.HasPrefix(words[0], "rm") || slices.Contains([]string{
		"close", "down", "drop", "end", "release", "restore", "revert", "shutdown", "stop",
	}, words[0])) {
		return true
	}
	name = strings.ToLower(name)
	for _, verb := range []string{
		"abort", "cancel", "cleanup", "delete", "destroy", "kill", "prune", "purge", "remove", "rollback", "teardown", "uninstall",
		"unmount", "unregister",
	} {
		if strings.Contains(name, verb) {
			return true
		}
	}
	return false
}

// words is the words of the command.
type words []string

// asked reports whether the command itself asks for what a name says.
func (c words) asked(name string) bool {
	for _, word := range c {
		word = strings.ToLower(word)
		if len(word) > 1 && (strings.Contains(strings.ToLower(name), word) || undoes(word)) {
			return true
		}
	}
	return false
}

// mentions reports whether a function's own name has a word of the command in
// it.
func (c words) mentions(full string) bool {
	return c.mentioned(full[strings.LastIndexByte(full, '.')+1:]) > 0
}

// mentioned is how many words of the command are among the words of a text:
// "exec" of "runc exec", "checkpoint" of "POST /containers/*/checkpoints" and
// "update" of "postContainerUpdate", but "pause" not of "unpause".
func (c words) mentioned(text string) int {
	in := flow.Words(text)
	n := 0
	for _, word := range c {
		word = strings.ToLower(word)
		if !strings.Contains(word, "/") && (slices.Contains(in, word) || slices.Contains(in, word+"s")) {
			n++
		}
	}
	return n
}

// named reports whether the function's own name is a word of the command, with
// nothing but a noun in front of it.
func (c words) named(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(c, func(word string) bool {
		return len(word) > 2 && !strings.Contains(word, "/") && strings.HasSuffix(name, strings.ToLower(word))
	})
}
