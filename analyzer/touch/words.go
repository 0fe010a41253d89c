package touch

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/callroute/callroute/analyzer/flow"
)

// sibling is the existing property and what is to stand in its place.
type sibling struct {
	plain string // of its flag: letters and digits in lower case
	alias string // the field that holds the flag, where it has another name
	as    string
	typ   string
}

func newSibling(v *flow.Value, q Query) *sibling {
	s := &sibling{plain: plain(v.Flag), as: q.As, typ: q.Type}
	for _, h := range v.Hops {
		if h.Place == "" {
			continue
		}
		if name := h.Place[strings.LastIndexByte(h.Place, '.')+1:]; plain(name) != s.plain {
			s.alias = name
		}
		break // the field that the flag is kept in
	}
	return s
}

// plain is the letters and digits of a name.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

var (
	word      = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*`)
	fieldLine = regexp.MustCompile("^[A-Z_a-z][A-Za-z0-9_, ]* +[*\\[\\]A-Za-z0-9_.]+( +`.*`)?( +//.*)?$")
)

// mentioned reports whether a text may name the sibling, which is cheap to know.
func (s *sibling) mentioned(text []byte) bool {
	return s.names(string(text))
}

// names reports whether a line has a spelling of the sibling.
func (s *sibling) names(line string) bool {
	for _, w := range word.FindAllString(line, -1) {
		if plain(w) == s.plain {
			return true
		}
	}
	return false
}

// is reports whether an identifier is the sibling's.
func (s *sibling) is(name string) bool {
	return plain(name) == s.plain || s.alias != "" && name == s.alias
}

// replaced is a text with the new name in place of the sibling's, in the same spelling.
func (s *sibling) replaced(text string) string {
	return word.ReplaceAllStringFunc(text, func(w string) string {
		if !s.is(w) {
			return w
		}
		return spelled(s.as, w)
	})
}

// spelled is a flag's name in the spelling of another.
func spelled(name, like string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	switch {
	case strings.Contains(like, "-"):
		return strings.Join(parts, "-")
	case strings.Contains(like, "_"):
		joined := strings.Join(parts, "_")
		if like == strings.ToUpper(like) {
			return strings.ToUpper(joined)
		}
		return joined
	}
	for i, p := range parts {
		if i > 0 || unicode.IsUpper(rune(like[0])) {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}
