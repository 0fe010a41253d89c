package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
)

// drawer starts the program that makes pictures.
type drawer struct {
	path   string // of the program, empty if it was not found
	getenv func(string) string
}

const drawerName = "callroute-graphviz"

// newDrawer looks for the program beside this one, then where commands are.
func newDrawer(getenv func(string) string) drawer {
	d := drawer{getenv: getenv}
	if own, err := os.Executable(); err == nil {
		if own, err = filepath.EvalSymlinks(own); err == nil {
			beside := filepath.Join(filepath.Dir(own), drawerName)
			if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
				d.path = beside
				return d
			}
		}
	}
	if found, err := exec.LookPath(drawerName); err == nil {
		d.path = found
	}
	return d
}

func drawFlow(w io.Writer, f *flow.Flow, o viewOptions, form string) error {
	var dot bytes.Buffer
	if err := diagram.DOT(&dot, f, o.diagram(f)); err != nil {
		return err
	}
	return o.draw.draw(w, &dot, form)
}

// draw makes a picture of DOT.
func (d drawer) draw(w io.Writer, dot io.Reader, form string) error {
	if d.path == "" {
		return fmt.Errorf("%s is made by %s, which is neither beside callroute nor on PATH; `go install github.com/callroute/callroute/cmd/callroute...@latest` installs both, and --format dot needs neither", form, drawerName)
	}
	tmp, remove, err := d.folder()
	if err != nil {
		return err
	}
	defer remove()
	cmd := exec.Command(d.path, form)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	cmd.Stdin = dot
	var picture, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &picture, &said
	if err := cmd.Run(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("%s failed: %w: %s", drawerName, err, line)
	}
	_, err = w.Write(picture.Bytes())
	return err
}

// folder is where the program keeps compiled code from one run to the next. The
// library would use a place under the shared temporary folder that anybody can
// foresee, so it gets one that only this user can write.
func (d drawer) folder() (path string, remove func(), err error) {
	keep := func() {}
	if cache, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(cache, "callroute", "graphviz")
		if os.MkdirAll(dir, 0o700) == nil && private(dir) {
			return dir, keep, nil
		}
	}
	dir, err := os.MkdirTemp("", "callroute-")
	if err != nil {
		return "", keep, errors.Join(errors.New("there is no folder for temporary files"), err)
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

// private reports whether only this user can write dir.
func private(dir string) bool {
	info, err := os.Lstat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o022 == 0
}
