// Package contract reads the interface descriptions among the sources: the RPCs of
// .proto files and the operations of OpenAPI documents. A request that no Go program
// serves ends at what describes it.
//
// An RPC is known as gRPC, ttrpc and Connect write it: "/package.Service/Method". An
// operation has the path of its template behind the base paths of the document.
package contract

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

// Operation is one thing that a contract says somebody serves.
type Operation struct {
	Kinds []flow.Kind  // of the requests that ask for it
	Key   boundary.Key // method and path of an operation, the path of an RPC
	Name  string       // as the contract calls it: "rpc Kiln.Fire", "operation fireKiln"
	Dir   string       // of the source
	File  string       // from Dir
	Line  int
}

// Read finds the contracts of all sources. What cannot be parsed describes nothing;
// files of more than maxSize bytes are data.
func Read(sources []*system.Source) []Operation {
	var out []Operation
	for _, src := range sources {
		_ = filepath.WalkDir(src.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // what cannot be read is not there
			}
			if d.IsDir() {
				if path != src.Dir && skipped(d.Name()) {
					return filepath.SkipDir
				}
				return nil
			}
			read := reader(d.Name())
			if info, err := d.Info(); read == nil || err != nil || info.Size() > maxSize {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			rel, err := filepath.Rel(src.Dir, path)
			if err != nil {
				return nil
			}
			for _, op := range read(rel, text) {
				op.Dir, op.File = src.Dir, rel
				out = append(out, op)
			}
			return nil
		})
	}
	return out
}

const maxSize = 8 << 20

// skipped reports whether a folder holds what the sources only use.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"vendor", "node_modules", "testdata", "third_party"}, name)
}

var document = regexp.MustCompile(`(?i)(openapi|swagger).*\.(ya?ml|json)$`)

// reader is what reads a file by its name, nil for what is no contract.
func reader(name string) func(name string, text []byte) []Operation {
	switch {
	case strings.HasSuffix(name, ".proto"):
		return rpcs
	case document.MatchString(name):
		return operations
	}
	return nil
}
