package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

type saveOptions struct {
	output string
}

func newSave(cli *Program) *cobra.Command {
	var opts saveOptions
	cmd := &cobra.Command{
		Use:   "save [OPTIONS] IMAGE [IMAGE...]",
		Short: "Save one or more images to a tar archive (streamed to STDOUT by default)",
		Example: `  engine save --output images.tar busybox web:2
  engine save busybox | gzip > busybox.tar.gz`,
		Args:              minArgs(1),
		ValidArgsFunction: completeImages(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSave(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.output, "output", "o", "", "Write to a file, instead of STDOUT")
	return cmd
}

func runSave(ctx context.Context, cli *Program, opts saveOptions, images []string) error {
	if _, seen := terminal(cli.Out); seen && opts.output == "" {
		return errors.New("cowardly refusing to save to a terminal. Use the -o flag or redirect")
	}
	archive, err := cli.Images.Save(ctx, images)
	if err != nil {
		return err
	}
	defer archive.Close()
	return cli.writeArchive(opts.output, archive)
}
