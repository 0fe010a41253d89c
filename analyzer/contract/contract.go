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

// Read finds the contracts of all sources. What cannot be read or parsed describes
// nothing; files of more than maxSize bytes are data.
func Read(sources []*system.Source) []Operation {
	var out []Operation
	for _, src := range sources {
		_ = filepath.WalkDir(src.Dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil, d.IsDir() && path != src.Dir && skipped(d.Name()):
				return fs.SkipDir
			case !d.IsDir():
				out = append(out, readFile(src.Dir, path)...)
			}
			return nil
		})
	}
	return out
}

// readFile is what a file below a source describes, if it is a contract.
func readFile(dir, path string) []Operation {
	read := reader(filepath.Base(path))
	if read == nil {
		return nil
	}
	if info, err := os.Stat(path); err != nil || info.Size() > maxSize {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return nil
	}
	all := read(rel, text)
	for i := range all {
		all[i].Dir, all[i].File = dir, rel
	}
	return all
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
