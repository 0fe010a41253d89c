package contract

import (
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
)

// verbs is the fields of a path item that are operations.
var verbs = []string{"get", "head", "post", "put", "patch", "delete", "options", "trace"}

// operations is those of an OpenAPI document, of version 2 or 3, in YAML or JSON.
func operations(_ string, text []byte) []Operation {
	file, err := parser.ParseBytes(text, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil
	}
	root := fields(file.Docs[0].Body)
	if value(root, "openapi") == nil && value(root, "swagger") == nil {
		return nil
	}
	var out []Operation
	for _, item := range fields(value(root, "paths")) {
		path := scalar(item.Key)
		for _, op := range fields(item.Value) {
			verb := scalar(op.Key)
			if !slices.Contains(verbs, verb) || !strings.HasPrefix(path, "/") {
				continue
			}
			name := "operation " + strings.ToUpper(verb) + " " + path
			if id := value(fields(op.Value), "operationId"); id != nil {
				name = "operation " + scalar(id)
			}
			for _, base := range bases(root) {
				out = append(out, Operation{
					Kinds: []flow.Kind{flow.HTTP}, Key: boundary.Key{Name: strings.ToUpper(verb), Path: base + path},
					Name: name, Line: op.Key.GetToken().Position.Line,
				})
			}
		}
	}
	return out
}

// bases is the paths in front of those of a document.
func bases(root []*ast.MappingValueNode) []string {
	out := []string{""}
	add := func(base string) {
		if u, err := url.Parse(base); err == nil && !strings.ContainsAny(base, "{}") {
			if p := strings.TrimSuffix(u.Path, "/"); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	if base := value(root, "basePath"); base != nil {
		add(scalar(base))
	}
	if servers, ok := value(root, "servers").(*ast.SequenceNode); ok {
		for _, s := range servers.Values {
			if u := value(fields(s), "url"); u != nil {
				add(scalar(u))
			}
		}
	}
	return out
}

// fields is those of a mapping, nil for what is none.
func fields(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

// value is a field of a mapping, nil for none.
func value(in []*ast.MappingValueNode, key string) ast.Node {
	for _, f := range in {
		if scalar(f.Key) == key {
			return f.Value
		}
	}
	return nil
}

func scalar(n ast.Node) string {
	if s, ok := n.(ast.ScalarNode); ok {
		if text, ok := s.GetValue().(string); ok {
			return text
		}
	}
	return n.GetToken().Value
}
