package system

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// node is a YAML value with its line.
type node struct {
	kind  kind
	line  int
	text  string   // of a text
	items []node   // of a list
	pairs []pair   // of a mapping, in the order of the file
	tree  ast.Node // of a mapping, for who reads it in another way
}

type pair struct{ key, value node }

type kind int

const (
	empty kind = iota
	text
	list
	mapping
	strange // anchors, references, merge keys and tags, which a system file has no use for
)

// syntaxError is a text that is not YAML.
type syntaxError struct {
	line int
	what string
}

func (e *syntaxError) Error() string { return e.what }

// parseYAML reads the documents of a text. The line of every one but the first
// is that of its `---`. An error is a *syntaxError.
func parseYAML(data []byte) (docs []node, err error) {
	// The library is young: it has panicked on texts that are broken enough.
	defer func() {
		if p := recover(); p != nil {
			docs, err = nil, &syntaxError{1, fmt.Sprintf("it cannot be read (%v)", p)}
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		return nil, &syntaxError{syntax.GetToken().Position.Line, visible(syntax.GetMessage())}
	case err != nil:
		return nil, &syntaxError{1, visible(err.Error())}
	}
	for _, doc := range file.Docs {
		line := 1
		if doc.Start != nil {
			line = doc.Start.Position.Line
		}
		if doc.Body == nil && doc.Start == nil || isComment(doc.Body) {
			continue
		}
		n := convert(doc.Body, line)
		if len(docs) > 0 {
			n.line = line
		}
		docs = append(docs, n)
	}
	return docs, nil
}

// visible puts a message on one line. The library quotes control characters
// from the text as they are.
func visible(message string) string {
	return strings.NewReplacer("\n", " ", "\r", `\r`, "\t", `\t`).Replace(message)
}

func isComment(n ast.Node) bool {
	_, ok := n.(*ast.CommentGroupNode)
	return ok
}

// convert makes a node of what the library parsed. Where that has no place of
// its own, line is the one.
func convert(n ast.Node, line int) node {
	if n == nil {
		return node{kind: empty, line: line}
	}
	if t := n.GetToken(); t != nil {
		line = t.Position.Line
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return node{kind: empty, line: line}
	case *ast.StringNode:
		return node{kind: text, line: line, text: n.Value}
	case *ast.LiteralNode:
		return node{kind: text, line: line, text: n.Value.Value}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return node{kind: text, line: line, text: n.GetToken().Value}
	case *ast.SequenceNode:
		out := node{kind: list, line: line}
		for _, item := range n.Values {
			out.items = append(out.items, convert(item, line))
		}
		return out
	case *ast.MappingNode:
		out := node{kind: mapping, line: line, tree: n}
		for _, v := range n.Values {
			out.pairs = append(out.pairs, convertPair(v, line))
		}
		return out.atFirstKey()
	case *ast.MappingValueNode:
		return node{kind: mapping, line: line, tree: n, pairs: []pair{convertPair(n, line)}}.atFirstKey()
	case *ast.MappingKeyNode:
		return convert(n.Value, line)
	}
	return node{kind: strange, line: line}
}

func convertPair(n *ast.MappingValueNode, line int) pair {
	key := convert(n.Key, line)
	return pair{key, convert(n.Value, key.line)}
}

// atFirstKey moves a mapping to the line where its text begins: the library
// says where its first colon is.
func (n node) atFirstKey() node {
	if len(n.pairs) > 0 {
		n.line = n.pairs[0].key.line
	}
	return n
}

// String says what was written.
func (n node) String() string {
	switch {
	case n.kind == mapping:
		return "a mapping"
	case n.kind == list:
		return "a list"
	case n.kind == strange:
		return "an anchor, a reference or a tag"
	case n.kind == empty || n.text == "":
		return "empty"
	}
	return fmt.Sprintf("%q", n.text)
}
