package system

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// version names the revision of a tree: the tag or else the commit that its git
// checkout is at, or what a VERSION file says. It reads git's files itself: a
// tree can be studied where git is not installed.
func version(dir string) string {
	if git := gitDir(dir); git != "" {
		if commit := head(git); commit != "" {
			if tag := tagOf(git, commit); tag != "" {
				return tag
			}
			return commit[:min(12, len(commit))]
		}
	}
	text := firstLine(filepath.Join(dir, "VERSION"))
	if !versionLike.MatchString(text) {
		return ""
	}
	return text
}

var (
	versionLike = regexp.MustCompile(`^v?\d+(\.\d+)+[\w.+-]*$`)
	commitLike  = regexp.MustCompile(`^[0-9a-f]{40,64}$`)
)

// gitDir returns git's folder for the checkout of which dir is the top, empty
// if it is not one.
func gitDir(dir string) string {
	git := filepath.Join(dir, ".git")
	info, err := os.Stat(git)
	switch {
	case err != nil:
		return ""
	case info.IsDir():
		return git
	}
	// In a worktree and in a submodule .git is a file that says where it is.
	to, ok := strings.CutPrefix(firstLine(git), "gitdir: ")
	switch {
	case !ok:
		return ""
	case filepath.IsAbs(to):
		return to
	}
	return filepath.Join(dir, to)
}

// head returns the commit that is checked out.
func head(git string) string {
	text := firstLine(filepath.Join(git, "HEAD"))
	ref, symbolic := strings.CutPrefix(text, "ref: ")
	if symbolic {
		text = firstLine(filepath.Join(git, filepath.FromSlash(ref)))
		if text == "" {
			text = packed(git, func(_, name string) bool { return name == ref })
			text, _, _ = strings.Cut(text, " ")
		}
	}
	if !commitLike.MatchString(text) {
		return ""
	}
	return text
}

// tagOf returns the last tag, by name, of a commit. A tag with a message of its
// own is found only once git has packed it.
func tagOf(git, commit string) string {
	found := ""
	loose, _ := filepath.Glob(filepath.Join(git, "refs", "tags", "*"))
	for _, name := range loose {
		if firstLine(name) == commit {
			found = max(found, filepath.Base(name))
		}
	}
	packed(git, func(hash, name string) bool {
		if tag, ok := strings.CutPrefix(name, "refs/tags/"); ok && hash == commit {
			found = max(found, tag)
		}
		return false
	})
	return found
}

// packed goes through the refs in git's packed-refs until match likes one, and
// returns that as "hash name". A tag object comes twice, the second time with
// the commit it stands for.
func packed(git string, match func(hash, name string) bool) string {
	data, err := os.ReadFile(filepath.Join(git, "packed-refs"))
	if err != nil {
		return ""
	}
	name := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		hash, ref, ok := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "^"):
			hash = line[1:]
		case ok:
			name = ref
		}
		if match(hash, name) {
			return hash + " " + name
		}
	}
	return ""
}

// firstLine returns the first line of a file, empty if it cannot be read.
func firstLine(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(line)
}
