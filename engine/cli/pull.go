package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type pullOptions struct {
	allTags  bool
	quiet    bool
	platform string
}

func newPull(cli *Program) *cobra.Command {
	var opts pullOptions
	cmd := &cobra.Command{
		Use:   "pull [OPTIONS] NAME[:TAG|@DIGEST]",
		Short: "Download an image from a registry",
		Example: `  engine pull busybox
  engine pull 127.0.0.1:5000/web:2`,
		Args:              exactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPull(cmd.Context(), cli, opts, args[0])
		},
	}
	cmd.Flags().BoolVarP(&opts.allTags, "all-tags", "a", false, "Download all tagged images in the repository")
	cmd.Flags().BoolVarP(&opts.quiet, "quiet", "q", false, "Suppress verbose output")
	cmd.Flags().StringVar(&opts.platform, "platform", "", "Set platform if server is multi-platform capable")
	return cmd
}

func runPull(ctx context.Context, cli *Program, opts pullOptions, image string) error {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return err
	}
	if opts.allTags && !reference.IsNameOnly(named) {
		return errors.New("tag can't be used with --all-tags/-a")
	}
	if !opts.allTags && reference.IsNameOnly(named) {
		named = reference.TagNameOnly(named)
		if !opts.quiet {
			fmt.Fprintln(cli.Out, "Using default tag: latest")
		}
	}
	out := cli.Out
	if opts.quiet {
		out = nil
	}
	if err := cli.pullNamed(ctx, named, types.ImagePullOptions{Platform: opts.platform}, out); err != nil {
		return err
	}
	fmt.Fprintln(cli.Out, named)
	return nil
}

// pull fetches an image by the name a person types. Its progress goes to out,
// if there is one.
func (cli *Program) pull(ctx context.Context, image string, opts types.ImagePullOptions, out io.Writer) error {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return err
	}
	return cli.pullNamed(ctx, reference.TagNameOnly(named), opts, out)
}

func (cli *Program) pullNamed(ctx context.Context, named reference.Named, opts types.ImagePullOptions, out io.Writer) error {
	tag := ""
	switch r := named.(type) {
	case reference.Digested:
		tag = r.Digest().String()
	case reference.Tagged:
		tag = r.Tag()
	}
	messages, err := cli.Images.Pull(ctx, reference.FamiliarName(named), tag, opts)
	if err != nil {
		return err
	}
	if out == nil {
		out = io.Discard
	}
	return showProgress(out, messages)
}
