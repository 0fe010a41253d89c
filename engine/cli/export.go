package cli

import (
	"context"
	"errors"
	"io"

	"github.com/moby/sys/atomicwriter"
	"github.com/spf13/cobra"
)

type exportOptions struct {
	output string
}

func newExport(cli *Program) *cobra.Command {
	var opts exportOptions
	cmd := &cobra.Command{
		Use:               "export [OPTIONS] CONTAINER",
		Short:             "Export a container's filesystem as a tar archive",
		Example:           "  engine export --output web.tar web",
		Args:              exactArgs(1),
		ValidArgsFunction: completeFirst(completeContainers(cli, isAny)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExport(cmd.Context(), cli, opts, args[0])
		},
	}
	cmd.Flags().StringVarP(&opts.output, "output", "o", "", "Write to a file, instead of STDOUT")
	return cmd
}

func runExport(ctx context.Context, cli *Program, opts exportOptions, name string) error {
	if _, seen := terminal(cli.Out); seen && opts.output == "" {
		return errors.New("cowardly refusing to save to a terminal. Use the -o flag or redirect")
	}
	archive, err := cli.Archives.Export(ctx, name)
	if err != nil {
		return err
	}
	defer archive.Close()
	return cli.writeArchive(opts.output, archive)
}

// writeArchive writes an archive to a file, or to the output if none is named.
func (cli *Program) writeArchive(path string, archive io.Reader) error {
	if path == "" {
		_, err := io.Copy(cli.Out, archive)
		return err
	}
	// Half an archive takes no file's place.
	file, err := atomicwriter.New(path, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, archive)
	return errors.Join(err, file.Close())
}
