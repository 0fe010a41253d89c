package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

type buildOptions struct {
	tags, args      []string
	file, target    string
	noCache, pull   bool
	quiet           bool
	context, output string
}

func newBuild(cli *Program) *cobra.Command {
	var opts buildOptions
	cmd := &cobra.Command{
		Use:   "build [OPTIONS] PATH",
		Short: "Build an image from a Dockerfile, with BuildKit",
		Long: `Build an image from a Dockerfile, with BuildKit, and load it. The engine has no
builder of its own: buildctl must be on PATH, and BUILDKIT_HOST tells it where
buildkitd is.`,
		Example: `  engine build -t web .
  BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock engine build -t web -f web/Dockerfile .`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.context = args[0]
			return runBuild(cmd.Context(), cli, opts)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&opts.tags, "tag", "t", nil, "Name and optionally a tag in the \"name:tag\" format")
	f.StringVarP(&opts.file, "file", "f", "", "Name of the Dockerfile (default \"PATH/Dockerfile\")")
	f.StringArrayVar(&opts.args, "build-arg", nil, "Set build-time variables")
	f.StringVar(&opts.target, "target", "", "Set the target build stage to build")
	f.BoolVar(&opts.noCache, "no-cache", false, "Do not use cache when building the image")
	f.BoolVar(&opts.pull, "pull", false, "Always attempt to pull a newer version of the image")
	f.BoolVarP(&opts.quiet, "quiet", "q", false, "Suppress the build output")
	return cmd
}

func runBuild(ctx context.Context, cli *Program, opts buildOptions) error {
	if opts.file == "" {
		opts.file = filepath.Join(opts.context, "Dockerfile")
	}
	if _, err := os.Stat(opts.file); err != nil {
		return fmt.Errorf("there is no Dockerfile: %w", err)
	}
	buildctl, err := exec.LookPath("buildctl")
	if err != nil {
		return errors.New("the engine has no builder of its own: put BuildKit's buildctl on PATH, and say with BUILDKIT_HOST where its buildkitd is")
	}
	dir, err := os.MkdirTemp("", "engine-build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	opts.output = filepath.Join(dir, "image.tar")
	args, err := opts.buildctl()
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, buildctl, args...)
	var said bytes.Buffer
	build.Stdout, build.Stderr = cli.Err, cli.Err
	if opts.quiet {
		build.Stdout, build.Stderr = &said, &said
	}
	if err := build.Run(); err != nil {
		return fmt.Errorf("buildctl: %w\n%s", err, said.String())
	}
	return runLoad(ctx, cli, loadOptions{input: opts.output, quiet: opts.quiet})
}

// buildctl is the same for BuildKit's client.
func (o buildOptions) buildctl() ([]string, error) {
	args := []string{
		"build", "--frontend", "dockerfile.v0", "--local", "context=" + o.context,
		"--local", "dockerfile=" + filepath.Dir(o.file), "--opt", "filename=" + filepath.Base(o.file),
	}
	for _, arg := range o.args {
		name, _, set := strings.Cut(arg, "=")
		if !set { // the value is the person's own, if there is one
			value, there := os.LookupEnv(name)
			if !there {
				continue
			}
			arg = name + "=" + value
		}
		args = append(args, "--opt", "build-arg:"+arg)
	}
	if o.target != "" {
		args = append(args, "--opt", "target="+o.target)
	}
	if o.pull {
		args = append(args, "--opt", "image-resolve-mode=pull")
	}
	if o.noCache {
		args = append(args, "--no-cache")
	}
	output := []string{"type=docker", "dest=" + o.output}
	if len(o.tags) > 0 {
		output = append(output, "name="+strings.Join(o.tags, ","))
	}
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	if err := w.Write(output); err != nil {
		return nil, err
	}
	w.Flush()
	return append(args, "--output", strings.TrimSpace(line.String())), w.Error()
}
