package webui

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/callroute/callroute/analyzer/flow"
)

// longestFile is the size of a source file that is shown, in bytes.
const longestFile = 8 << 20

var errNoFile = errors.New("no such source file in a trace")

// file serves a source file. It must be one that a trace of this server names,
// and lie in its source tree: os.Root follows no link and no ".." out of it.
func (v *server) file(w http.ResponseWriter, r *http.Request) {
	text, err := v.read(r.URL.Query().Get("program"), r.URL.Query().Get("file"))
	if err != nil {
		// Why a file cannot be read would tell what there is outside.
		http.Error(w, errNoFile.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(text)
}

func (v *server) read(program, file string) ([]byte, error) {
	dir, ok := v.folderOf(program, file)
	if !ok {
		return nil, errNoFile
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > longestFile:
		return nil, errNoFile
	}
	return io.ReadAll(io.LimitReader(f, longestFile))
}

// folderOf is the source tree of a file that a trace names.
func (v *server) folderOf(program, file string) (string, bool) {
	for _, answer := range v.jobs.answers() {
		f, ok := answer.(*flow.Flow)
		if !ok || !names(f, program, file) {
			continue
		}
		for _, c := range f.Components {
			if dir, known := v.options.Roots[c.Dir]; known && c.Name == program {
				return dir, true
			}
		}
	}
	return "", false
}

// names reports whether a function of the program stands in the file.
func names(f *flow.Flow, program, file string) bool {
	for _, n := range f.Nodes {
		if n.Component == program && n.File == file {
			return file != ""
		}
	}
	return false
}
