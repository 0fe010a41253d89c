package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/report"
)

// output is where a verb's answer goes: a file, or standard output.
type output struct {
	file string
	app  *app
}

func (o *output) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "write to `FILE`, whole or not at all")
	must(cmd.MarkFlagFilename("output"))
}

func (o *output) stdout() bool { return o.file == "" || o.file == "-" }

// check finds out before long work whether the file can be written.
func (o *output) check() error {
	if o.stdout() {
		return nil
	}
	d, err := o.destination()
	if err != nil || d.inPlace || d.open >= 0 {
		return err
	}
	f, err := createBeside(d.path)
	if err != nil {
		return o.failed(err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// write calls render and puts all it writes into the file, or nothing.
func (o *output) write(render func(io.Writer) error) error {
	if o.stdout() {
		return render(o.app.stdout)
	}
	d, err := o.destination()
	switch {
	case err != nil:
		return err
	case d.open >= 0:
		return o.failed(render(o.app.descriptor(d.open)))
	case d.inPlace:
		f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
		if err != nil {
			return o.failed(err)
		}
		return o.failed(errors.Join(render(f), f.Close()))
	}
	f, err := createBeside(d.path)
	if err != nil {
		return o.failed(err)
	}
	err = render(f)
	if d.mode != 0 {
		err = errors.Join(err, f.Chmod(d.mode))
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), d.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return o.failed(err)
}

// failed says which file an error is about, not which temporary file.
func (o *output) failed(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	} else if link := (*os.LinkError)(nil); errors.As(err, &link) {
		err = link.Err
	}
	return fmt.Errorf("cannot write %s: %w", o.file, err)
}

// destination is the file behind the name the user gave.
type destination struct {
	path    string
	mode    fs.FileMode // of the file that is there, 0 if none is
	inPlace bool        // a device, pipe or socket, which must not be replaced
	open    int         // the descriptor that the name stands for, -1 if none
}

func (o *output) destination() (destination, error) {
	path, err := behindLinks(o.file)
	if err != nil {
		return destination{}, o.failed(err)
	}
	if n, ok := descriptorName(path); ok {
		return destination{open: n}, nil
	}
	d := destination{path: path, open: -1}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d, nil
	case err != nil:
		return destination{}, o.failed(err)
	case info.IsDir():
		return destination{}, o.failed(syscall.EISDIR)
	}
	d.mode, d.inPlace = info.Mode().Perm(), !info.Mode().IsRegular()
	if !d.inPlace {
		// A file that may not be written must not be replaced either.
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return destination{}, o.failed(err)
		}
		f.Close()
	}
	return d, nil
}

// behindLinks follows the links that path names, also to a file that is not
// there yet. It stops at the name of an open descriptor: on Linux that is a
// link to what may have no name at all.
func behindLinks(path string) (string, error) {
	const most = 40 // as Linux does
	for range most {
		if _, ok := descriptorName(path); ok {
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil //nolint:nilerr // what is no link is the end of the chain
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", syscall.ELOOP
}

// descriptorName is the open descriptor that a path names.
func descriptorName(path string) (int, bool) {
	switch path = filepath.ToSlash(path); path {
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/", fmt.Sprintf("/proc/%d/fd/", os.Getpid())} {
		if rest, found := strings.CutPrefix(path, dir); found {
			n, err := strconv.Atoi(rest)
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}

// descriptor writes to an open file. The standard ones are those of a.
func (a *app) descriptor(n int) io.Writer {
	switch n {
	case 1:
		return a.stdout
	case 2:
		return a.stderr
	}
	return os.NewFile(uintptr(n), fmt.Sprintf("/dev/fd/%d", n))
}

// createBeside makes an empty file in path's folder. os.CreateTemp would give
// it a mode that ignores the umask.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	for {
		name := fmt.Sprintf("%s.%s.%08x", dir, base, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// textOptions fits a text view to where it will be read.
func (o *output) textOptions() report.TextOptions {
	if !o.stdout() || !isTerminal(o.app.stdout) {
		return report.TextOptions{}
	}
	return report.TextOptions{
		Width: terminalWidth(o.app.stdout),
		Color: o.app.getenv("NO_COLOR") == "" && o.app.getenv("TERM") != "dumb",
	}
}
