package walk

import (
	"slices"
	"strings"
	"unicode"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

// What names tell: whether a function or a request is what the command asks
// for, takes something back, or only asks.

// undoes reports whether a function's own name says that it takes something
// back.
func undoes(name string) bool {
	words := wordsOf(name)
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

// reads reports whether a departure asks only for an answer: by its HTTP
// method, or by what its RPC is called.
func reads(d *summary.Departure) bool {
	if d.Kind == flow.HTTP {
		return d.Key.Name == "GET" || d.Key.Name == "HEAD"
	}
	if d.Kind != flow.GRPC && d.Kind != flow.TTRPC {
		return false
	}
	method := wordsOf(d.Key.String()[strings.LastIndexByte(d.Key.String(), '/')+1:])
	return len(method) > 0 && slices.Contains([]string{
		"check", "describe", "fetch", "find", "get", "info", "inspect", "list", "lookup", "ping", "query", "read", "search", "stat", "stats",
		"status", "subscribe", "usage", "version", "watch",
	}, method[0])
}

// asked reports whether the command itself asks for what a name says.
func (w *walker) asked(name string) bool {
	for _, word := range w.flow.Command {
		word = strings.ToLower(word)
		if len(word) > 1 && (strings.Contains(strings.ToLower(name), word) || undoes(word)) {
			return true
		}
	}
	return false
}

// mentions reports whether a function's own name has a word of the command in
// it.
func (w *walker) mentions(full string) bool {
	return w.mentioned(full[strings.LastIndexByte(full, '.')+1:]) > 0
}

// mentioned is how many words of the command are among the words of a text:
// "exec" of "runc exec", "checkpoint" of "POST /containers/*/checkpoints" and
// "update" of "postContainerUpdate", but "pause" not of "unpause".
func (w *walker) mentioned(text string) int {
	in := wordsOf(text)
	n := 0
	for _, word := range w.flow.Command {
		word = strings.ToLower(word)
		if !strings.Contains(word, "/") && (slices.Contains(in, word) || slices.Contains(in, word+"s")) {
			n++
		}
	}
	return n
}

// wordsOf is the words of a text in lower case, those of a name in camel case
// taken apart.
func wordsOf(text string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
		}
		word = nil
	}
	runes := []rune(text)
	for i, r := range runes {
		if !unicode.IsLetter(r) {
			end()
			continue
		}
		// A capital begins a word after a small letter, and as the last of
		// several before one: HTTPServer.
		small := func(j int) bool { return j >= 0 && j < len(runes) && unicode.IsLower(runes[j]) }
		if unicode.IsUpper(r) && (small(i-1) || small(i+1)) {
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}

// named reports whether the function's own name is a word of the command, with
// nothing but a noun in front of it.
func (w *walker) named(at int) bool {
	name := strings.ToLower(w.name(at))
	return slices.ContainsFunc(w.flow.Command, func(word string) bool {
		return len(word) > 2 && !strings.Contains(word, "/") && strings.HasSuffix(name, strings.ToLower(word))
	})
}
