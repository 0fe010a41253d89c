package revision

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Top is the folder of the checkout that dir belongs to.
func Top(ctx context.Context, dir string) (string, error) {
	out, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	return strings.TrimSuffix(out, "\n"), err
}

// entry is a file of a tree.
type entry struct {
	object, name string
	mode         os.FileMode
	link         bool
}

// Write writes the files of a revision of the repository at top into a folder. They
// are as they are stored: no filter of git's is applied.
func Write(ctx context.Context, top, rev, into string) error {
	commit, err := Resolve(ctx, top, rev)
	if err != nil {
		return err
	}
	listed, err := git(ctx, top, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return err
	}
	files, err := entries(listed)
	if err != nil {
		return err
	}
	cmd := command(ctx, top, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer in.Close()
		w := bufio.NewWriter(in)
		for _, f := range files {
			fmt.Fprintln(w, f.object)
		}
		w.Flush()
	}()
	r := bufio.NewReaderSize(out, 1<<16)
	for _, f := range files {
		if err = f.write(r, into); err != nil {
			err = fmt.Errorf("%s at %s: %w", f.name, rev, err)
			out.Close()
			break
		}
	}
	return errors.Join(err, ctx.Err(), cmd.Wait())
}

// entries reads the list of a tree. Submodules are not in it.
func entries(listed string) ([]entry, error) {
	var out []entry
	for _, line := range strings.Split(listed, "\x00") {
		if line == "" {
			continue
		}
		head, name, found := strings.Cut(line, "\t")
		words := strings.Fields(head)
		if !found || len(words) != 3 {
			return nil, fmt.Errorf("git wrote a tree that cannot be read: %q", line)
		}
		if words[1] != "blob" {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("the tree has a file outside of it, %q", name)
		}
		e := entry{object: words[2], name: name, mode: 0o644, link: words[0] == "120000"}
		if words[0] == "100755" {
			e.mode = 0o755
		}
		out = append(out, e)
	}
	return out, nil
}

// write reads the next object and makes the file. A link that leads out of the
// tree is left out.
func (e *entry) write(r *bufio.Reader, into string) error {
	head, err := r.ReadString('\n')
	if err != nil {
		return err
	}
	words := strings.Fields(head)
	if len(words) != 3 {
		return errors.New("git does not have it")
	}
	size, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil {
		return err
	}
	name := filepath.Join(into, filepath.FromSlash(e.name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	text := io.LimitReader(r, size)
	if e.link {
		target, err := io.ReadAll(text)
		if err == nil && filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(e.name), string(target)))) && !path.IsAbs(string(target)) {
			err = os.Symlink(string(target), name)
		}
		if err != nil {
			return err
		}
	} else if err := copyTo(name, e.mode, text); err != nil {
		return err
	}
	_, err = r.Discard(1) // the end of the line behind an object
	return err
}

func copyTo(name string, mode os.FileMode, text io.Reader) error {
	// What follows a link that the tree has would be written elsewhere.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, text)
	return errors.Join(err, f.Close())
}
