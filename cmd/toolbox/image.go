package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// image writes an image toolbox:latest with the programs of this executable, as
// docker save would: toolbox image -o FILE. The same executable makes the same
// image, byte for byte.
func image(args []string, s streams) error {
	flags := newFlags("toolbox image", s)
	file := flags.String("o", "", "`FILE` to write, - for the output")
	if err := flags.Parse(args); err != nil {
		return flagError(err)
	}
	if *file == "" || flags.NArg() > 0 {
		return errors.New("say where to: toolbox image -o FILE")
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	data, err := archive(self)
	if err != nil {
		return err
	}
	if *file == "-" {
		_, err = s.out.Write(data)
		return err
	}
	return replace(*file, data)
}

// replace writes a file as a whole: who reads it finds the old one or the new.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// made is when everything in the image was made.
func made() time.Time { return time.Unix(0, 0).UTC() }

// archive is the image: a layer, a configuration, and the manifest that names
// both.
func archive(executable []byte) ([]byte, error) {
	layer, err := layer(executable)
	if err != nil {
		return nil, err
	}
	type object = map[string]any
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH, "os": "linux", "created": made(),
		"config":  object{"Env": []string{"PATH=/bin"}, "Cmd": []string{"toolbox"}, "WorkingDir": "/"},
		"rootfs":  object{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
		"history": []object{{"created": made(), "created_by": "toolbox image"}},
	})
	if err != nil {
		return nil, err
	}
	configName := fmt.Sprintf("%x.json", sha256.Sum256(config))
	manifest, err := json.Marshal([]object{{"Config": configName, "RepoTags": []string{"toolbox:latest"}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tarWriter{Writer: tar.NewWriter(&b)}
	w.file("layer.tar", 0o644, layer)
	w.file(configName, 0o644, config)
	w.file("manifest.json", 0o644, manifest)
	err = w.close()
	return b.Bytes(), err
}

// layer is the image's files: the executable, a link for each program, and what
// a container needs to have in its root to be started.
func layer(executable []byte) ([]byte, error) {
	var b bytes.Buffer
	w := tarWriter{Writer: tar.NewWriter(&b)}
	for _, dir := range []string{"bin", "dev", "etc", "proc", "root", "sys"} {
		w.add(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}, nil)
	}
	w.add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, nil)
	w.file("bin/toolbox", 0o755, executable)
	for _, name := range slices.Sorted(maps.Keys(programs())) {
		w.add(tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "toolbox", Mode: 0o777}, nil)
	}
	w.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/toolbox\nnobody:x:65534:65534:nobody:/:/bin/toolbox\n"))
	w.file("etc/group", 0o644, []byte("root:x:0:\nnobody:x:65534:\n"))
	err := w.close()
	return b.Bytes(), err
}

// tarWriter writes entries and keeps the first error.
type tarWriter struct {
	*tar.Writer
	err error
}

func (w *tarWriter) file(name string, mode int64, content []byte) {
	w.add(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}, content)
}

func (w *tarWriter) add(h tar.Header, content []byte) {
	h.ModTime, h.Size, h.Format = made(), int64(len(content)), tar.FormatUSTAR
	if w.err == nil {
		w.err = w.WriteHeader(&h)
	}
	if w.err == nil {
		_, w.err = w.Write(content)
	}
}

func (w *tarWriter) close() error { return errors.Join(w.err, w.Close()) }
