package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

// TestCLI holds docs/CLI.md to the commands.
//
//	go test ./cmd/callroute -run TestCLI -update-docs
func TestCLI(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	out.WriteString("# The command line\n\nWritten by `go test ./cmd/callroute -run TestCLI -update-docs` from the commands\nthemselves.\n")
	a := newApp(nil, nil, nil, nil)
	root := a.rootCommand()
	root.Version = ""
	section(&out, root)
	for _, verb := range root.Commands() {
		if !verb.Hidden && verb.Name() != "help" {
			section(&out, verb)
			for _, below := range verb.Commands() {
				section(&out, below)
			}
		}
	}
	inStep(t, "docs/CLI.md", out.Bytes())
}

func section(out *bytes.Buffer, cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	fmt.Fprintf(out, "\n## %s\n\n%s\n\n```\n", cmd.CommandPath(), strings.TrimSpace(cmd.Long))
	out.WriteString(strings.TrimSpace(cmd.UsageString()) + "\n```\n")
}

// TestTraceSchema holds docs/trace.schema.json to package flow, and traces to
// the schema.
//
//	go test ./cmd/callroute -run TestTraceSchema -update-docs
func TestTraceSchema(t *testing.T) {
	t.Chdir("../..")
	schema := traceSchema(t)
	// A reader of today must accept a field of tomorrow.
	open(schema)
	text, err := json.MarshalIndent(schema, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	inStep(t, "docs/trace.schema.json", append(text, '\n'))

	strict, err := traceSchema(t).Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	published, err := os.ReadFile("docs/trace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	loose := new(jsonschema.Schema)
	if err := json.Unmarshal(published, loose); err != nil {
		t.Fatal(err)
	}
	resolved, err := loose.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, trace []byte) {
		t.Helper()
		var value any
		if err := json.Unmarshal(trace, &value); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for what, s := range map[string]*jsonschema.Resolved{"published": resolved, "strict": strict} {
			if err := s.Validate(value); err != nil {
				t.Errorf("%s: the %s schema refuses it: %v", name, what, err)
			}
		}
	}
	files, err := filepath.Glob("analyzer/report/testdata/flows/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no traces", err)
	}
	for _, file := range files {
		trace, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(trace, []byte(flow.Schema)) {
			check(file, trace)
		}
	}
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	check("relay send", []byte(printed(t, []string{"trace", "--src", "testdata/relay", "relay", "send", "letter", "--code", "--json"})))
	var empty bytes.Buffer
	if err := report.JSON(&empty, &flow.Flow{Schema: flow.Schema}); err != nil {
		t.Fatal(err)
	}
	check("an empty trace", empty.Bytes())

	for what, wrong := range map[string]string{
		"another schema":        `"schema":"callroute.trace/v0"`,
		"a node without number": `"nodes":[{"component":"a","func":"f","file":"a.go","line":1,"endLine":2}]`,
		"a kind of no edge":     `"edges":[{"from":1,"to":2,"kind":"smoke","site":{"file":"a.go","line":1},"rule":"static","candidates":1}]`,
	} {
		var value map[string]any
		if err := json.Unmarshal(empty.Bytes(), &value); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte("{"+wrong+"}"), &value); err != nil {
			t.Fatal(err)
		}
		if resolved.Validate(value) == nil {
			t.Errorf("the schema accepts %s", what)
		}
	}
}

// traceSchema is the schema of a trace, which refuses fields that it does not
// know.
func traceSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	kinds := make([]any, 0, len(flow.Kinds()))
	for _, k := range flow.Kinds() {
		kinds = append(kinds, string(k))
	}
	schema, err := jsonschema.For[flow.Flow](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[flow.Kind](): {Type: "string", Enum: kinds},
	}})
	if err != nil {
		t.Fatal(err)
	}
	schema.Title = "Trace of callroute"
	schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	name := any(flow.Schema)
	schema.Properties["schema"].Const = &name
	notNull(schema)
	return schema
}

// notNull takes away that a list may be null: report.JSON never writes that.
func notNull(s *jsonschema.Schema) {
	if i := slices.Index(s.Types, "null"); i >= 0 && len(s.Types) == 2 {
		s.Type, s.Types = s.Types[1-i], nil
	}
	for _, p := range s.Properties {
		notNull(p)
	}
	if s.Items != nil {
		notNull(s.Items)
	}
}

// open lets a schema accept fields that it does not know.
func open(s *jsonschema.Schema) {
	s.AdditionalProperties = nil
	for _, p := range s.Properties {
		open(p)
	}
	if s.Items != nil {
		open(s.Items)
	}
}

// docs/TRACE.md and docs/CHECK.md name every field that JSON has.
func TestTraceDocument(t *testing.T) {
	var text []byte
	for _, name := range []string{"TRACE.md", "CHECK.md"} {
		page, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, page...)
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && !bytes.Contains(text, []byte("`"+name+"`")) {
				t.Errorf("no page tells what %q of %s is", name, typ.Name())
			}
			visit(f.Type)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[flow.Flow](), reflect.TypeFor[flow.Command](), reflect.TypeFor[flow.Endpoints](), reflect.TypeFor[flow.Callers](), reflect.TypeFor[flow.Path](), reflect.TypeFor[flow.Diff](), reflect.TypeFor[flow.Check]()} {
		visit(typ)
	}
	if len(seen) < 10 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

// docs/CONFIG.md tells every key of a system file, and its example is one.
func TestConfigDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/CONFIG.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, sub := range []string{"docker/cli", "moby", "containerd", "runc"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, example := range strings.Split(string(text), "```yaml\n")[1:] {
		example, _, _ = strings.Cut(example, "```")
		if !strings.Contains(example, "sources:") {
			example = "sources:\n  - {dir: moby}\n" + example
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readSystem(sources{file: file}); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
	file := filepath.Join(dir, "wrong.yaml")
	if err := os.WriteFile(file, []byte("nonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = readSystem(sources{file: file})
	if err == nil {
		t.Fatal("an unknown key is accepted")
	}
	for _, key := range strings.FieldsFunc(err.Error()[strings.LastIndex(err.Error(), "wrong.yaml"):], func(r rune) bool { return r < 'a' || r > 'z' }) {
		if slices.Contains([]string{"sources", "aliases", "choices", "outside"}, key) && !strings.Contains(string(text), "\n## "+key+"\n") {
			t.Errorf("docs/CONFIG.md has no section on %s", key)
		}
	}
}
