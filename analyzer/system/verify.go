package system

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Verify says how the system is made to run when a command is verified.
type Verify struct {
	Programs []string // that are built, all if there are none
	Setup    string   // shell script that starts what the commands need
	Teardown string   // and one that tidies up
	Unshare  []string // namespaces of its own: "network", "mount"
	Flags    []string // more flags of go build
}

func (r *reader) verify(n node) (Verify, error) {
	var v Verify
	err := r.each(n, "verify", func(key, value node) (err error) {
		switch key.text {
		case "programs":
			v.Programs, err = r.words(key.text, value)
		case "setup":
			v.Setup, err = r.script(key.text, value)
		case "teardown":
			v.Teardown, err = r.script(key.text, value)
		case "unshare":
			v.Unshare, err = r.words(key.text, value)
		case "flags":
			v.Flags, err = r.words(key.text, value)
		default:
			err = r.unknown(key, "programs", "setup", "teardown", "unshare", "flags")
		}
		return err
	})
	return v, err
}

// script reads the file that a key names.
func (r *reader) script(key string, n node) (string, error) {
	name, err := r.text(key, n)
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.file), name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return "", r.errorf(n.line, "the script %s: %v", name, err)
	}
	return string(data), nil
}

// words reads a list of texts.
func (r *reader) words(key string, n node) ([]string, error) {
	if n.kind != list {
		return nil, r.errorf(n.line, "%s is %s; write a list, [WORD, WORD]", key, n)
	}
	var all []string
	for _, item := range n.items {
		word, err := r.text(key, item)
		if err != nil {
			return nil, err
		}
		all = append(all, word)
	}
	return all, nil
}
