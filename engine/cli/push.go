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

type pushOptions struct {
	allTags  bool
	quiet    bool
	platform string
}

func newPush(cli *Program) *cobra.Command {
	var opts pushOptions
	cmd := &cobra.Command{
		Use:               "push [OPTIONS] NAME[:TAG]",
		Short:             "Upload an image to a registry",
		Example:           "  engine push 127.0.0.1:5000/web:2",
		Args:              exactArgs(1),
		ValidArgsFunction: completeImages(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPush(cmd.Context(), cli, opts, args[0])
		},
	}
	cmd.Flags().BoolVarP(&opts.allTags, "all-tags", "a", false, "Push all tags of an image to the repository")
	cmd.Flags().BoolVarP(&opts.quiet, "quiet", "q", false, "Suppress verbose output")
	cmd.Flags().StringVar(&opts.platform, "platform", "", "Push a platform-specific manifest as a single-platform image to the registry")
	return cmd
}

func runPush(ctx context.Context, cli *Program, opts pushOptions, image string) error {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return err
	}
	tag := ""
	switch {
	case opts.allTags && !reference.IsNameOnly(named):
		return errors.New("tag can't be used with --all-tags/-a")
	case !opts.allTags:
		if reference.IsNameOnly(named) && !opts.quiet {
			fmt.Fprintln(cli.Out, "Using default tag: latest")
		}
		tagged, ok := reference.TagNameOnly(named).(reference.Tagged)
		if !ok {
			return errors.New("cannot push a digest reference")
		}
		tag = tagged.Tag()
	}
	messages, err := cli.Images.Push(ctx, reference.FamiliarName(named), tag, types.ImagePushOptions{Platform: opts.platform})
	if err != nil {
		return err
	}
	out := cli.Out
	if opts.quiet {
		out = io.Discard
	}
	if err := showProgress(out, messages); err != nil || !opts.quiet {
		return err
	}
	_, err = fmt.Fprintln(cli.Out, reference.TagNameOnly(named))
	return err
}
