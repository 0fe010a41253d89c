package analyzer

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

// cannotFollow says why the route of a command is empty, with the place of the
// fault where one file tells.
func cannotFollow(p *system.Program, command []string, dropped flow.Dropped) error {
	what := strings.Join(append([]string{p.String()}, command...), " ")
	if fault := syntaxFault(p.Dir); fault != "" {
		return fmt.Errorf("%s cannot be followed: %s", what, fault)
	}
	why := "the function it starts with is missing or does not type-check; `go vet " + p.Package + "` says where"
	if len(dropped.Packages) > 0 {
		why += " (not found: " + strings.Join(dropped.Packages, ", ") + ")"
	}
	return fmt.Errorf("%s cannot be followed: %s", what, why)
}

// syntaxFault is what the files of a main package alone say is wrong with it:
// the first syntax error, or that there is no function main.
func syntaxFault(dir string) string {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return ""
	}
	found := false
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if _, err := os.ReadFile(file); err != nil {
			return err.Error()
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		var list scanner.ErrorList
		if errors.As(err, &list) && len(list) > 0 {
			return fmt.Sprintf("%s: %s", list[0].Pos, list[0].Msg)
		}
		if err != nil {
			return err.Error()
		}
		for _, d := range syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
				found = true
			}
		}
	}
	if !found {
		return dir + " has no function main"
	}
	return ""
}
