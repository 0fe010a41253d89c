package golist

import (
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/tools/go/packages"
)

// HasPath reports whether an import path is prefix or below it.
func HasPath(prefix, importPath string) bool {
	rest, ok := strings.CutPrefix(importPath, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// Unvendored is the path by which source code imports a package.
func Unvendored(path string) string {
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		return path[i+len("/vendor/"):]
	}
	return path
}

// unversioned removes /v2 and the like: a source and the copy of it that
// another one vendors may be of different major versions.
func unversioned(modulePath string) string {
	if prefix, _, ok := module.SplitPathVersion(modulePath); ok {
		return prefix
	}
	return modulePath
}

// goroot is the folder of the standard library that the go command used, which
// the toolchain line of a go.mod can make another than our own.
func goroot(main *packages.Package) string {
	dir := "\x00" // no folder is within it
	packages.Visit([]*packages.Package{main}, nil, func(p *packages.Package) {
		if p.PkgPath == "runtime" || p.PkgPath == "errors" {
			dir = filepath.Dir(p.Dir)
		}
	})
	return dir
}
