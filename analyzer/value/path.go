package value

import (
	"reflect"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/models"
)

// kind is what an element of a path is.
type kind uint8

const (
	field    kind = iota // a field of a struct
	element              // an element of a list, a map or a channel
	position             // an element of a list of which the place is known
	encoded              // a document: what follows are its names
	named                // a name in a document, decoded or not
)

// elem is one step from a value into what it holds.
type elem struct {
	kind     kind
	name     string      // of the field; the constant key, or the flag in front of the element; the name in a document
	owner    string      // field: the struct
	tag      string      // field
	embedded bool        // field
	link     bool        // field: a copy of the struct has the same object there
	form     models.Form // encoded, named
}

// path is where a value lies in another: the outermost step first. Its zero is the
// value itself. It is comparable.
type path struct{ at *steps }

type steps struct {
	head elem
	tail path
	n    int
}

// mostSteps is the longest path that is followed: what lies deeper is in a list
// that holds itself.
const mostSteps = 14

// paths makes equal paths identical.
type paths map[steps]*steps

// document is the names of p in a document, as people write them: "a/b".
func (p path) document() string {
	for p.at != nil && !p.is(named) {
		p = p.tail()
	}
	return strings.TrimPrefix(p.String(), "/")
}

// with is a path behind a step. An object that is reached from itself by a field is
// taken to be itself: c.state.c is c. So is the third of a type on a path: types that
// lead to each other would make ever more paths.
func (t paths) with(head elem, tail path) path {
	if head.kind == field && head.owner != "" {
		met := 0
		for p := tail; p.at != nil; p = p.tail() {
			h := p.head()
			if h.kind != field || h.owner != head.owner {
				continue
			}
			if met++; h.name == head.name || met == 2 {
				return p
			}
		}
	}
	n := 1
	if tail.at != nil {
		n += tail.at.n
	}
	s := steps{head, tail, n}
	known := t[s]
	if known == nil {
		known = &s
		t[s] = known
	}
	return path{known}
}

func (p path) empty() bool    { return p.at == nil }
func (p path) head() elem     { return p.at.head }
func (p path) tail() path     { return p.at.tail }
func (p path) is(k kind) bool { return p.at != nil && p.at.head.kind == k }

func (p path) len() int {
	if p.at == nil {
		return 0
	}
	return p.at.n
}

// linked reports whether p leads through an object that copies of a struct share.
func (p path) linked() bool {
	for ; p.is(field); p = p.tail() {
		if p.head().link {
			return !p.tail().empty()
		}
	}
	return false
}

// promoted is p in an embedded field whose type has a method; p itself where none of the
// embedded fields in front is of that type.
func (p path) promoted(receiver string) path {
	for q := p; q.is(field) && q.head().owner != receiver && q.head().embedded; q = q.tail() {
		if rest := q.tail(); !rest.is(field) || rest.head().owner == receiver {
			return rest
		}
	}
	return p
}

// inElements is p without the elements in front.
func (p path) inElements() path {
	for p.is(element) || p.is(position) {
		p = p.tail()
	}
	return p
}

// String is p as people write it: ".Resources.CPUShares", `json:"CpuShares"`.
func (p path) String() string {
	var out strings.Builder
	for ; p.at != nil; p = p.tail() {
		h := p.head()
		switch h.kind {
		case field:
			out.WriteString("." + h.name)
		case element, position:
			out.WriteString("[" + h.name + "]")
		case encoded:
			out.WriteString("<" + string(h.form) + ">")
		case named:
			out.WriteString("/" + h.name)
		}
	}
	return out.String()
}

// wireName is the name of a field in a form, whether it has one there, and whether
// its own fields take its place.
func wireName(form models.Form, name, tag string, embedded bool) (wire string, inline, ok bool) {
	key := string(form)
	if form == models.Proto {
		_, oneof := reflect.StructTag(tag).Lookup("protobuf_oneof") // one of its fields stands in its place
		return protoName(name, tag), oneof || embedded && tag == "", true
	}
	value := reflect.StructTag(tag).Get(key)
	first, options, _ := strings.Cut(value, ",")
	switch {
	case first == "-" && options == "" && !strings.HasSuffix(value, ","):
		return "", false, false
	case strings.Contains(options, "inline"), embedded && first == "" && form == models.JSON:
		return "", true, true
	case first != "":
		return first, false, true
	case name == "" || name[0] >= 'a' && name[0] <= 'z' || name[0] == '_':
		return "", false, false // it is not exported
	case form == models.YAML:
		return strings.ToLower(name), false, true
	}
	return name, false, true
}

// protoName is the number of a field of a generated message, as text, or its name
// where the tag has none.
func protoName(name, tag string) string {
	parts := strings.Split(reflect.StructTag(tag).Get("protobuf"), ",")
	if len(parts) > 1 {
		return parts[1]
	}
	return name
}

// dropped reports whether a form leaves the value out where it is zero or empty.
func (p path) dropped(form models.Form) bool {
	for ; p.at != nil; p = p.tail() {
		h := p.head()
		if h.kind != field || !p.tail().empty() {
			continue
		}
		_, options, _ := strings.Cut(reflect.StructTag(h.tag).Get(string(form)), ",")
		return slices.Contains(strings.Split(options, ","), "omitempty") || slices.Contains(strings.Split(options, ","), "omitzero")
	}
	return false
}

// encode writes p down in a form. It is not ok where the form leaves it out.
func (t paths) encode(form models.Form, p path) (path, bool) {
	if form == models.Path && p.is(encoded) {
		return p, true // what stands beside the path in a URL
	}
	names, ok := t.names(form, p)
	if !ok {
		return p, false
	}
	return t.with(elem{kind: encoded, form: form}, names), true
}

// names is p with the names that its fields have in a form.
func (t paths) names(form models.Form, p path) (path, bool) {
	if p.empty() || p.is(encoded) {
		return p, true
	}
	h := p.head()
	rest, ok := t.names(form, p.tail())
	if !ok {
		return p, false
	}
	if h.kind == element && h.name != "" && !isIndex(h.name) {
		return t.with(elem{kind: named, name: h.name, form: form}, rest), true // a key of a map
	}
	if h.kind != field {
		return t.with(h, rest), true
	}
	name, inline, ok := wireName(form, h.name, h.tag, h.embedded)
	switch {
	case !ok:
		return p, false
	case inline:
		return rest, true
	}
	return t.with(elem{kind: named, name: name, form: form}, rest), true
}

// into is what of p the field of a step holds, and whether it holds it.
func into(p path, s *dataflow.Step) (path, bool) {
	if p.empty() {
		return p, true // what a library made of the value, and its parts
	}
	switch h := p.head(); h.kind {
	case field:
		if h.name == s.Name && (h.owner == s.Type || h.owner == "" || s.Type == "") {
			return p.tail(), true
		}
		return p, s.Embedded && s.Held == h.owner && s.Type != h.owner
	case named:
		name, inline, ok := wireName(h.form, s.Name, s.Tag, s.Embedded)
		switch {
		case inline:
			return p, s.Holds == nil || slices.Contains(s.Holds, strings.ToLower(h.name))
		case ok && (name == h.name || h.form == models.JSON && strings.EqualFold(name, h.name)):
			return p.tail(), true
		}
	case encoded:
		return p, !s.Number && carries(h.form, s)
	}
	return p, false
}

// carries reports whether a field of a container holds a document of some form. Of
// a request, the URL has the query.
func carries(form models.Form, s *dataflow.Step) bool {
	if s.Type != "net/http.Request" {
		return true
	}
	switch s.Name {
	case "URL":
		return form == models.Query || form == models.Path
	case "Form":
		return form == models.Query
	case "Header":
		return form == models.Header
	case "Body":
		return form != models.Query && form != models.Header && form != models.Path
	}
	return false
}

// intoElement is what of p an element of a step holds.
func intoElement(p path, name string) (path, bool) {
	switch {
	case p.empty(), p.is(encoded):
		return p, true
	case p.is(named): // of a document, a map has the names as keys
		return p.tail(), name == "" || name == p.head().name
	case p.is(position):
		return p.tail(), name == "" || !isIndex(name) || name == p.head().name
	case !p.is(element):
		return p, false
	}
	have := p.head().name
	return p.tail(), have == name || have == "" || name == "" || isIndex(have) || isIndex(name)
}

// isIndex reports whether a key is the place in a list: lists are cut and joined,
// so places do not tell elements apart.
func isIndex(key string) bool {
	return strings.HasPrefix(key, "-") || strings.Trim(key, "0123456789") == ""
}
