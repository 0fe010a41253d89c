// Package revision asks git about a source: which lines of it changed between two
// revisions, and what its files were at one of them.
//
// Git is run; nothing that a repository configures is: no external diff, no
// conversion of texts, no hook, no monitor of files. A tree of a revision is made
// of the objects of the repository, into a folder of its own; the repository and
// its checkout stay as they are.
//
// What it cannot see: repositories whose objects are elsewhere, as in a partial
// clone, and the files of submodules.
package revision

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// git runs git in a folder and returns what it writes.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := command(ctx, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if line, _, _ := strings.Cut(strings.TrimSpace(errs.String()), "\n"); line != "" {
			return "", fmt.Errorf("%s: git: %s", dir, strings.TrimPrefix(line, "fatal: "))
		}
		return "", fmt.Errorf("%s: git: %w", dir, err)
	}
	return out.String(), nil
}

func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	own := []string{"-C", dir, "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "core.attributesFile=" + os.DevNull, "--no-optional-locks"}
	cmd := exec.CommandContext(ctx, "git", append(own, args...)...)
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C")
	return cmd
}

// Resolve is the commit that a text names in the repository of dir.
func Resolve(ctx context.Context, dir, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") {
		return "", fmt.Errorf("%q names no revision", rev)
	}
	out, err := git(ctx, dir, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if _, no := git(ctx, dir, "rev-parse", "--git-dir"); no != nil {
			return "", no
		}
		return "", fmt.Errorf("%s: git knows no revision %q", dir, rev)
	}
	return strings.TrimSpace(out), nil
}
