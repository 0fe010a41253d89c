package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type importOptions struct {
	changes  list
	message  string
	platform string
}

func newImport(cli *Program) *cobra.Command {
	var opts importOptions
	cmd := &cobra.Command{
		Use:   "import [OPTIONS] file|- [REPOSITORY[:TAG]]",
		Short: "Import the contents from a tarball to create a filesystem image",
		Example: `  engine import rootfs.tar base:1
  tar -C rootfs -c . | engine import --change "CMD /bin/sh" - base`,
		Args: minArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) > 1 {
				name = args[1]
			}
			return runImport(cmd.Context(), cli, opts, args[0], name)
		},
	}
	cmd.Flags().VarP(&opts.changes, "change", "c", "Apply Dockerfile instruction to the created image")
	cmd.Flags().StringVarP(&opts.message, "message", "m", "", "Set commit message for imported image")
	cmd.Flags().StringVar(&opts.platform, "platform", "", "Set platform if server is multi-platform capable")
	return cmd
}

func runImport(ctx context.Context, cli *Program, opts importOptions, source, name string) error {
	if strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://") {
		return errors.New("cannot import from a URL: fetch the archive first")
	}
	if name != "" {
		if _, err := reference.ParseNormalizedNamed(name); err != nil {
			return err
		}
	}
	input, err := cli.openInput(source)
	if err != nil {
		return err
	}
	defer input.Close()
	messages, err := cli.Images.Import(ctx, input, types.ImageImportOptions{
		Repository: name, Message: opts.message, Changes: opts.changes, Platform: opts.platform,
	})
	if err != nil {
		return err
	}
	return showProgress(cli.Out, messages)
}
