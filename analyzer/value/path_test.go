package value

import (
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/models"
)

// pathOf is a path of fields of one type, the outermost first.
func pathOf(t paths, fields ...elem) path {
	var p path
	for i := len(fields) - 1; i >= 0; i-- {
		p = t.with(fields[i], p)
	}
	return p
}

func TestWireName(t *testing.T) {
	for _, test := range []struct {
		what, field, tag string
		form             models.Form
		embedded         bool
		name             string
		inline, ok       bool
	}{
		{what: "tag", field: "Shares", tag: `json:"shares,omitempty"`, form: models.JSON, name: "shares", ok: true},
		{what: "no tag", field: "Shares", form: models.JSON, name: "Shares", ok: true},
		{what: "no name in the tag", field: "Shares", tag: `json:",omitempty"`, form: models.JSON, name: "Shares", ok: true},
		{what: "left out", field: "Shares", tag: `json:"-"`, form: models.JSON},
		{what: "a dash as name", field: "Shares", tag: `json:"-,"`, form: models.JSON, name: "-", ok: true},
		{what: "not exported", field: "shares", form: models.JSON},
		{what: "embedded", field: "Resources", embedded: true, form: models.JSON, inline: true, ok: true},
		{what: "embedded with a name", field: "Resources", tag: `json:"res"`, embedded: true, form: models.JSON, name: "res", ok: true},
		{what: "inline", field: "Rest", tag: `yaml:",inline"`, form: models.YAML, inline: true, ok: true},
		{what: "yaml without a tag", field: "MaxSize", form: models.YAML, name: "maxsize", ok: true},
		{what: "a tag of another form", field: "MaxSize", tag: `json:"max"`, form: models.YAML, name: "maxsize", ok: true},
		{what: "number", field: "Shares", tag: `protobuf:"varint,4,opt,name=shares"`, form: models.Proto, name: "4", ok: true},
		{what: "one of several", field: "Runtime", tag: `protobuf_oneof:"runtime"`, form: models.Proto, name: "Runtime", inline: true, ok: true},
	} {
		name, inline, ok := wireName(test.form, test.field, test.tag, test.embedded)
		if name != test.name || inline != test.inline || ok != test.ok {
			t.Errorf("%s: %q %v %v", test.what, name, inline, ok)
		}
	}
}

func TestEncode(t *testing.T) {
	all := paths{}
	shares := elem{kind: field, name: "Shares", owner: "spec.CPU", tag: `json:"shares,omitempty"`}
	cpu := elem{kind: field, name: "CPU", owner: "spec.Resources", tag: `json:"cpu"`}
	secret := elem{kind: field, name: "Secret", owner: "spec.Resources", tag: `json:"-"`}
	for _, test := range []struct {
		what     string
		path     path
		form     models.Form
		document string
		ok       bool
		dropped  bool
	}{
		{"fields by their tags", pathOf(all, cpu, shares), models.JSON, "cpu/shares", true, true},
		{"the last field alone is dropped", pathOf(all, cpu), models.JSON, "cpu", true, false},
		{"a field without a name there", pathOf(all, secret, shares), models.JSON, "", false, true},
		{"a key of a map", pathOf(all, elem{kind: element, name: "color"}), models.JSON, "color", true, false},
		{"a place in a list has no name", pathOf(all, elem{kind: element, name: "3"}, shares), models.JSON, "[3]/shares", true, true},
	} {
		p, ok := all.encode(test.form, test.path)
		if ok != test.ok || test.path.dropped(test.form) != test.dropped {
			t.Errorf("%s: ok %v, dropped %v", test.what, ok, test.path.dropped(test.form))
		}
		if ok && (!p.is(encoded) || strings.TrimPrefix(p.tail().String(), "/") != test.document) {
			t.Errorf("%s: %q, want %q", test.what, p.tail(), test.document)
		}
	}
	query, _ := all.encode(models.Query, pathOf(all, elem{kind: element, name: "q"}))
	if p, ok := all.encode(models.Path, query); !ok || p != query {
		t.Error("the query of a URL became a part of its path")
	}
}

func TestInto(t *testing.T) {
	all := paths{}
	cpu := elem{kind: field, name: "CPU", owner: "spec.Resources", tag: `json:"cpu"`}
	struc := pathOf(all, cpu)
	document := all.with(elem{kind: named, name: "cpu", form: models.JSON}, path{})
	for _, test := range []struct {
		what string
		path path
		step dataflow.Step
		ok   bool
	}{
		{"its field", struc, dataflow.Step{Type: "spec.Resources", Name: "CPU"}, true},
		{"another field", struc, dataflow.Step{Type: "spec.Resources", Name: "Memory"}, false},
		{"the field of another type", struc, dataflow.Step{Type: "other.Resources", Name: "CPU"}, false},
		{"a type that embeds it", struc, dataflow.Step{Type: "spec.Big", Name: "Resources", Embedded: true, Held: "spec.Resources"}, true},
		{"a name by its tag", document, dataflow.Step{Type: "spec.Resources", Name: "Processor", Tag: `json:"cpu"`}, true},
		{"JSON without case", document, dataflow.Step{Type: "spec.Resources", Name: "CPU"}, true},
		{"another name", document, dataflow.Step{Type: "spec.Resources", Name: "CPU", Tag: `json:"processor"`}, false},
		{"embedded that has the name", document, dataflow.Step{Type: "spec.Big", Name: "Resources", Embedded: true, Holds: []string{"cpu"}}, true},
		{"embedded that has it not", document, dataflow.Step{Type: "spec.Big", Name: "Resources", Embedded: true, Holds: []string{"memory"}}, false},
	} {
		if _, ok := into(test.path, &test.step); ok != test.ok {
			t.Errorf("%s: %v", test.what, ok)
		}
	}
}

// TestRequestParts has what the fields of a request hold of documents.
func TestRequestParts(t *testing.T) {
	all := paths{}
	for form, fields := range map[models.Form][]string{models.JSON: {"Body"}, models.Query: {"URL", "Form"}, models.Header: {"Header"}, models.Path: {"URL"}} {
		p := all.with(elem{kind: encoded, form: form}, path{})
		for _, name := range []string{"Body", "URL", "Form", "Header", "Host"} {
			want := slices.Contains(fields, name)
			if _, ok := into(p, &dataflow.Step{Type: "net/http.Request", Name: name}); ok != want {
				t.Errorf("%s in %s: %v", form, name, ok)
			}
		}
	}
}

func TestMoved(t *testing.T) {
	all := paths{}
	for _, test := range []struct {
		at, cut string
		want    string
		ok      bool
	}{
		{"2", "", "[2]", true},
		{"2", "1", "[1]", true},
		{"0", "1", "[-1]", false},
		{"2", "append", "[]", true},
		{"2", "n", "[2]", true}, // where a list is cut is not known
	} {
		p, ok := all.moved(all.with(elem{kind: position, name: test.at}, path{}), &dataflow.Step{Name: test.cut})
		if ok != test.ok || ok && p.String() != test.want {
			t.Errorf("%s cut at %q: %s, %v", test.at, test.cut, p, ok)
		}
	}
}

// TestSamePath has an object that is reached from itself.
func TestSamePath(t *testing.T) {
	all := paths{}
	c := elem{kind: field, name: "c", owner: "state"}
	state := elem{kind: field, name: "state", owner: "container"}
	inner := pathOf(all, state, c)
	if got := all.with(state, all.with(c, inner)); got != all.with(state, all.with(c, path{})) && got.len() > 2 {
		t.Errorf("c.state.c grows: %s", got)
	}
	if pathOf(all, state, c) != inner {
		t.Error("equal paths are not identical")
	}
}

func TestInPattern(t *testing.T) {
	all := paths{}
	inURL := all.with(elem{kind: encoded, form: models.Path}, path{})
	for pattern, want := range map[string]string{
		"POST /books/{id}/take":         "/id",
		"POST /containers/{name:.*}/up": "/name",
		"GET /files/*name":              "/name",
		"GET /books/:id":                "/id",
		"GET /a/{x}/{y}":                "",
		"GET /a":                        "",
	} {
		if got := all.inPattern(inURL, pattern).tail().String(); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}
