package cli

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"
)

func newTag(cli *Program) *cobra.Command {
	return &cobra.Command{
		Use:               "tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
		Short:             "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
		Example:           "  engine tag busybox 127.0.0.1:5000/busybox:1",
		Args:              exactArgs(2),
		ValidArgsFunction: completeFirst(completeImages(cli)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTag(cmd.Context(), cli, args[0], args[1])
		},
	}
}

func runTag(ctx context.Context, cli *Program, source, target string) error {
	if _, err := reference.ParseAnyReference(source); err != nil {
		return fmt.Errorf("Error parsing reference: %q is not a valid repository/tag: %w", source, err)
	}
	named, err := reference.ParseNormalizedNamed(target)
	if err != nil {
		return fmt.Errorf("Error parsing reference: %q is not a valid repository/tag: %w", target, err)
	}
	if _, ok := named.(reference.Digested); ok {
		return fmt.Errorf("refusing to create a tag with a digest reference")
	}
	tag := ""
	if tagged, ok := reference.TagNameOnly(named).(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	return cli.Images.Tag(ctx, source, reference.FamiliarName(named), tag)
}
