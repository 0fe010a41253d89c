package contract

import (
	"bytes"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
)

// rpcs is the RPCs of a .proto file. What stands before a mistake in it counts.
func rpcs(name string, text []byte) []Operation {
	goOn := reporter.NewReporter(func(reporter.ErrorWithPos) error { return nil }, nil)
	file, _ := parser.Parse(name, bytes.NewReader(text), reporter.NewHandler(goOn))
	if file == nil {
		return nil
	}
	pkg := ""
	var out []Operation
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.PackageNode:
			pkg = string(decl.Name.AsIdentifier()) + "."
		case *ast.ServiceNode:
			for _, el := range decl.Decls {
				rpc, ok := el.(*ast.RPCNode)
				if !ok {
					continue
				}
				out = append(out, Operation{
					Kinds: []flow.Kind{flow.GRPC, flow.TTRPC, flow.HTTP},
					Key:   boundary.Key{Path: "/" + pkg + decl.Name.Val + "/" + rpc.Name.Val},
					Name:  "rpc " + decl.Name.Val + "." + rpc.Name.Val,
					Line:  file.NodeInfo(rpc).Start().Line,
				})
			}
		}
	}
	return out
}
