package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
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
	if err != nil || d.inPlace {
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
	if err != nil {
		return err
	}
	if d.inPlace {
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
	inPlace bool        // a device or pipe, which must not be replaced
}

func (o *output) destination() (destination, error) {
	path, err := filepath.EvalSymlinks(o.file)
	if errors.Is(err, fs.ErrNotExist) {
		return destination{path: o.file}, nil
	}
	if err != nil {
		return destination{}, o.failed(err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return destination{}, o.failed(err)
	case info.IsDir():
		return destination{}, o.failed(syscall.EISDIR)
	}
	return destination{path: path, mode: info.Mode().Perm(), inPlace: !info.Mode().IsRegular()}, nil
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
