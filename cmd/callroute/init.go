package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/report"
)

type initOptions struct {
	sources sources
	output  output
}

func (a *app) initCommand() *cobra.Command {
	o := &initOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a callroute.yaml from what is found",
		Long: `Analyze all programs of the sources and write a callroute.yaml: the sources, the
programs in them, the programs that these start and that are not there, and the
libraries that no model describes, each with a comment. A folder that holds
several repositories becomes a source for each.

What is a guess stands behind a #. A file that is there already is left alone.`,
		Example: `  callroute init
  callroute init --src moby --src containerd -o docker.yaml
  callroute init -o -`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("init takes no arguments, not %q", args[0])
			}
			return a.init(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.sources.dirs, "src", nil, "`DIR` with Go source, may be repeated (default .)")
	must(cmd.MarkFlagDirname("src"))
	flags.StringVar(&o.sources.tags, "tags", "", "comma-separated build `TAGS`, as for go build")
	o.output.register(cmd)
	flags.Lookup("output").Usage += fmt.Sprintf(" (default %s)", systemFile)
	return cmd
}

func (a *app) init(ctx context.Context, o *initOptions) error {
	if o.output.file == "" {
		o.output.file = systemFile
	}
	if _, err := os.Lstat(o.output.file); err == nil && !o.output.stdout() {
		return fmt.Errorf("%s is there already; -o FILE writes another file, -o - to standard output", o.output.file)
	}
	if err := o.output.check(); err != nil {
		return err
	}
	dirs := repositories(o.sources.dirs)
	o.sources.dirs = dirs
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	e, err := an.Endpoints(ctx)
	if err != nil {
		return err
	}
	a.progress.stop()
	if !o.output.stdout() {
		dirs = relativeTo(filepath.Dir(o.output.file), dirs)
	}
	return o.output.write(func(w io.Writer) error { return report.SystemFile(w, e, dirs) })
}

// relativeTo is folders as a file in the folder base names them.
func relativeTo(base string, dirs []string) []string {
	from, err := filepath.Abs(base)
	if err != nil {
		return dirs
	}
	var out []string
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			if abs, err := filepath.Abs(dir); err == nil {
				if rel, err := filepath.Rel(from, abs); err == nil {
					dir = rel
				}
			}
		}
		out = append(out, dir)
	}
	return out
}
