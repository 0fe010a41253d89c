package flow

import (
	"strings"
	"unicode"
)

// Name is how a view calls a node. Inside its own program a main package is
// called main, as the language does.
func (r *Route) Name(n Node) string {
	name := ShortIn(r.Component[n.Component].Package, n.Func)
	if n.Decl != "" {
		return n.Decl + " " + name
	}
	return name
}

// ShortIn is the name that a person uses for a function of a program: Short, and
// main inside its main package.
func ShortIn(mainPackage, fn string) string {
	if rest, found := strings.CutPrefix(fn, mainPackage+"."); found && mainPackage != "" {
		return "main." + rest
	}
	return Short(fn)
}

// Short returns the name a person uses for a function: the last element of its
// package path, then the receiver and name. A major version suffix is no name,
// so example.org/cli/v2.Run is cli.Run.
func Short(fn string) string {
	// Type arguments hold import paths of their own.
	path := fn
	if i := strings.IndexAny(fn, "(["); i >= 0 {
		path = fn[:i]
	}
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return fn
	}
	name := fn[slash+1:]
	element, rest, found := strings.Cut(name, ".")
	if !found || !majorVersion(element) {
		return name
	}
	parent := path[:slash]
	return parent[strings.LastIndexByte(parent, '/')+1:] + "." + rest
}

func majorVersion(s string) bool {
	digits, found := strings.CutPrefix(s, "v")
	return found && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// Brief is the detail of a crossing as it fits on an arrow. A command line
// loses what it may do without, and flags with values that nobody knows: of
// "runc [--debug] [--log] [*] … --root * start *" stays "runc start *".
func Brief(kind Kind, detail string) string {
	if kind != Exec {
		return detail
	}
	var words []string
	for _, w := range strings.Fields(detail) {
		if w == "…" || strings.HasPrefix(w, "[") && strings.HasSuffix(w, "]") {
			continue
		}
		if last := len(words) - 1; w == "*" && last > 0 && strings.HasPrefix(words[last], "--") {
			words = words[:last]
			continue
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// Words returns the words of a text in lower case, those of a name in camel case
// taken apart.
func Words(text string) []string {
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
