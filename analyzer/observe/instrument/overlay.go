package instrument

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/observe/record"
)

// overlay writes new texts of files into dir, and the file that says which they
// stand for. moved is where the go command finds modules that were moved.
func (b *Build) overlay(packages []*listed, moved map[string]string, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	o := &overlay{dir: dir, moved: moved, Replace: map[string]string{}}
	for _, p := range packages {
		if err := b.instrument(p, o); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, data, 0o600)
}

// overlay is what `go build -overlay` reads.
type overlay struct {
	Replace map[string]string // file → the file with its text
	dir     string
	moved   map[string]string // folder of a module → where it has been moved
}

func (o *overlay) add(file string, text []byte) error {
	name := filepath.Join(o.dir, fmt.Sprintf("%d.go", len(o.Replace)))
	o.Replace[file] = name
	return os.WriteFile(name, text, 0o600)
}

func (b *Build) instrument(p *listed, o *overlay) error {
	if p.ImportPath == "runtime" {
		return addRecorder(p.Dir, o)
	}
	acts := systemFiles[p.ImportPath] != nil
	if p.Standard && !acts {
		return nil
	}
	var module Module
	if p.Module != nil {
		module = *p.Module
	}
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		file := name
		if !filepath.IsAbs(name) {
			file = filepath.Join(p.Dir, name)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		s, err := read(p.ImportPath, file, text)
		if err != nil {
			return fmt.Errorf("does not build: %w", err)
		}
		if acts {
			s.act(func(id uint64, a Act) { b.Acts[id] = a })
		} else {
			s.enter(func(id uint64, f Function) {
				f.Module = module
				b.Functions[id] = f
			})
		}
		if text := s.instrumented(); text != nil {
			if to := o.moved[module.Dir]; to != "" {
				file = to + strings.TrimPrefix(file, module.Dir)
			}
			if err := o.add(file, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// forkHook is the function of package runtime that a child runs between fork and
// exec.
const forkHook = "syscall_runtime_AfterForkInChild"

// addRecorder makes the recorder part of package runtime, in dir.
func addRecorder(dir string, o *overlay) error {
	file := filepath.Join(dir, "proc.go")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s, err := read("runtime", file, text)
	if err != nil {
		return err
	}
	for _, decl := range s.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == forkHook && fn.Body != nil {
			s.insert(fn.Body.Lbrace+1, " callrouteBeforeExec();")
			if err := o.add(file, s.applied()); err != nil {
				return err
			}
			return o.add(filepath.Join(dir, "zcallroute.go"), record.Recorder)
		}
	}
	return fmt.Errorf("this release of Go cannot be observed: its package runtime has no %s", forkHook)
}
