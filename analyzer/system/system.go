// Package system says which sources and which programs form the system under
// study.
//
// Words. A source is one tree of Go code that is loaded by itself. A program is
// one main package of a source. An alias is another name under which a program
// is started. A choice pins one of several true answers that only a
// configuration knows. A program outside is one that is started and whose source
// is not studied: its start ends the route, and is no gap.
//
// A system comes from folders on the command line ([FromDirs]) or from a file
// ([Read]):
//
//	sources:
//	  - {dir: moby, import: github.com/docker/docker}
//	  - {dir: containerd}
//	aliases: {docker-containerd: containerd}
//	choices: {containerd: {runtime: io.containerd.runc.v2}}
//	outside: [criu, iptables]
//	models: [our-router.yaml]
//
// A model says what a library does (see package models); it stands in a file of
// its own or in place. A dir is relative to the file. import is the import path of the dir and is
// needed only where nothing in the tree tells. Every error is one line: where
// it is, what is wrong, what to do.
//
// What it cannot see: whether an alias or a choice names a program that exists.
// The programs of a source are known only when it is loaded.
package system

import (
	"path/filepath"

	"github.com/callroute/callroute/analyzer/models"
)

// Source is one tree of Go code that is loaded by itself. Two sources may hold
// different versions of one module.
type Source struct {
	Name    string // unique in the system: the last element of Dir, or as many as it takes
	Dir     string // absolute, symlinks kept
	Given   string // Dir as the user wrote it
	Import  string // import path of the root, only where nothing in the tree tells
	Web     string // where its files can be read, see web
	Version string // tag or revision of the tree; empty where neither git nor a VERSION file tells
}

// Program is one main package, or a library.
type Program struct {
	Name    string // of the executable: last element of Dir, or the module's name for a root main
	Label   string // what people call it where Name is not enough, see Label; empty: Name
	Package string // import path
	Dir     string // absolute
	Source  *Source
	Library bool // it has no main package: the packages of a source that builds no command
}

// System is what `--src` and `-f callroute.yaml` describe.
type System struct {
	File    string // the file it was read from, empty without one
	Sources []*Source
	Aliases map[string]string            // argv[0] → program name
	Choices map[string]map[string]string // program → what → pinned answer
	Outside []string                     // programs that are started and not studied
	Own     []*models.Model              // what the user says of libraries …
	OwnText string                       // … and how it is written
	Verify  Verify                       // how it is made to run
}

// Models is what is known of libraries: what the user says, then what comes
// with the analyzer.
func (s *System) Models() *models.Set {
	if s == nil || len(s.Own) == 0 {
		return models.Builtin()
	}
	return models.Builtin().With(s.Own)
}

// String is the name by which a person tells p from every other program.
func (p *Program) String() string {
	if p.Label != "" {
		return p.Label
	}
	return p.Name
}

// ProgramName follows the aliases from what a program is started as, with or
// without a folder before it, to the program's name.
func (s *System) ProgramName(argv0 string) string {
	name := filepath.Base(argv0)
	// Read refuses cycles. A System made by hand may have one.
	for range len(s.Aliases) {
		next, ok := s.Aliases[name]
		if !ok {
			break
		}
		name = next
	}
	return name
}
