package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/api/types"
)

// createOptions are what run and create have in common besides the container.
type createOptions struct {
	name     string
	pull     string // when to pull: always, missing or never
	platform string
	quiet    bool
	flags    containerFlags
}

func newCreate(cli *Program) *cobra.Command {
	var opts createOptions
	cmd := &cobra.Command{
		Use:   "create [OPTIONS] IMAGE [COMMAND] [ARG...]",
		Short: "Create a new container",
		Example: `  engine create --name web -p 8080:80 nginx
  engine start web`,
		Args:              minArgs(1),
		ValidArgsFunction: completeFirst(completeImages(cli)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCreate(cmd.Context(), cli, opts, creation{cmd.Flags(), args[0], args[1:]})
		},
	}
	opts.addTo(cli, cmd)
	return cmd
}

// addTo adds the flags of run and create to one of them.
func (o *createOptions) addTo(cli *Program, cmd *cobra.Command) {
	flags := cmd.Flags()
	withTerminalArgs(cmd)
	flags.StringVar(&o.name, "name", "", "Assign a name to the container")
	flags.StringVar(&o.pull, "pull", pullMissing, `Pull image before running ("always", "missing", "never")`)
	flags.StringVar(&o.platform, "platform", "", "Set platform if server is multi-platform capable")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "Suppress the pull output")
	o.flags.addTo(flags)
	flags.StringVar(&o.flags.resources.restart, "restart", "no", "Restart policy to apply when a container exits")
	completeCreateFlags(cli, cmd)
}

// creation is what the command line says of a container to be.
type creation struct {
	flags   *pflag.FlagSet
	image   string
	command []string
}

// request is what the daemon is asked to create.
func (o *createOptions) request(what creation) (types.CreateRequest, error) {
	request, err := o.flags.request(what.flags, what.image, what.command)
	request.Platform = o.platform
	return request, err
}

func runCreate(ctx context.Context, cli *Program, opts createOptions, what creation) error {
	if err := checkPull(opts.pull); err != nil {
		return runFailure("create", err)
	}
	request, err := opts.request(what)
	if err != nil {
		return runFailure("create", err)
	}
	id, err := cli.create(ctx, opts, request)
	if err != nil {
		return err
	}
	fmt.Fprintln(cli.Out, id)
	return nil
}

const (
	pullAlways  = "always"
	pullMissing = "missing"
	pullNever   = "never"
)

func checkPull(when string) error {
	switch when {
	case pullAlways, pullMissing, pullNever, "":
		return nil
	}
	return fmt.Errorf(`invalid pull option: '%s': must be one of "always", "missing" or "never"`, when)
}

// create makes a container, pulls its image if it must, and returns its ID.
func (cli *Program) create(ctx context.Context, opts createOptions, request types.CreateRequest) (string, error) {
	cidFile, err := openCIDFile(opts.flags.cidFile)
	if err != nil {
		return "", err
	}
	defer cidFile.discard()
	if opts.pull == pullAlways {
		if err := cli.pullFor(ctx, opts, request.Image); err != nil {
			return "", err
		}
	}
	created, err := cli.Containers.Create(ctx, opts.name, request)
	if err != nil && isNotFound(err) && opts.pull == pullMissing && strings.Contains(err.Error(), "No such image") {
		if !opts.quiet {
			fmt.Fprintf(cli.Err, "Unable to find image '%s' locally\n", familiar(request.Image))
		}
		if err := cli.pullFor(ctx, opts, request.Image); err != nil {
			return "", err
		}
		created, err = cli.Containers.Create(ctx, opts.name, request)
	}
	if err != nil {
		return "", err
	}
	for _, warning := range created.Warnings {
		fmt.Fprintf(cli.Err, "WARNING: %s\n", warning)
	}
	return created.ID, cidFile.write(created.ID)
}

// pullFor fetches a container's image. What it has to say is not the
// container's output.
func (cli *Program) pullFor(ctx context.Context, opts createOptions, image string) error {
	out := cli.Err
	if opts.quiet {
		out = nil
	}
	return cli.pull(ctx, image, types.ImagePullOptions{Platform: opts.platform}, out)
}

// familiar is an image's name as the daemon will read it, with a tag.
func familiar(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

// cidFile is a file for a container's ID that did not exist before. It is
// made first: two containers cannot have one, and none is made without it.
type cidFile struct {
	file    *os.File // nil if none was asked for
	written bool
}

func openCIDFile(path string) (*cidFile, error) {
	if path == "" {
		return &cidFile{}, nil
	}
	if _, err := os.Stat(path); err == nil {
		return nil, &exitError{code: 1, message: fmt.Sprintf("container ID file found, make sure the other container isn't running or delete %s", path)}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("failed to create the container ID file: %w", err)
	}
	return &cidFile{file: f}, nil
}

func (c *cidFile) write(id string) error {
	if c.file == nil {
		return nil
	}
	if _, err := c.file.WriteString(id); err != nil {
		return fmt.Errorf("failed to write the container ID to the file: %w", err)
	}
	c.written = true
	return c.file.Close()
}

// discard removes a file that got no ID.
func (c *cidFile) discard() {
	if c.file == nil || c.written {
		return
	}
	_ = c.file.Close()
	_ = os.Remove(c.file.Name())
}

// runFailure is an error of run or create before a container runs.
func runFailure(command string, err error) error {
	if _, ok := err.(*exitError); ok { //nolint:errorlint // only one that is to be passed on as it is
		return err
	}
	return &exitError{code: exitDaemon, message: fmt.Sprintf("engine: %v\n\nRun 'engine %s --help' for more information", err, command)}
}
