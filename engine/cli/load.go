package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

type loadOptions struct {
	input string
	quiet bool
}

func newLoad(cli *Program) *cobra.Command {
	var opts loadOptions
	cmd := &cobra.Command{
		Use:   "load [OPTIONS]",
		Short: "Load an image from a tar archive or STDIN",
		Example: `  engine load --input busybox.tar
  engine save web | engine -H unix:///run/other.sock load`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLoad(cmd.Context(), cli, opts)
		},
	}
	cmd.Flags().StringVarP(&opts.input, "input", "i", "", "Read from tar archive file, instead of STDIN")
	cmd.Flags().BoolVarP(&opts.quiet, "quiet", "q", false, "Suppress the load output")
	return cmd
}

func runLoad(ctx context.Context, cli *Program, opts loadOptions) error {
	if _, typed := terminal(cli.In); typed && opts.input == "" {
		return errors.New("requested load from stdin, but stdin is empty")
	}
	if _, seen := terminal(cli.Out); !seen {
		opts.quiet = true
	}
	input, err := cli.openInput(opts.input)
	if err != nil {
		return err
	}
	defer input.Close()
	messages, err := cli.Images.Load(ctx, input, opts.quiet)
	if err != nil {
		return err
	}
	return showProgress(cli.Out, messages)
}
