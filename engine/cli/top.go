package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newTop(cli *Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "top CONTAINER [ps OPTIONS]",
		Short: "Display the running processes of a container",
		Example: `  engine top web
  engine top web -o pid,cmd`,
		Args:              minArgs(1),
		ValidArgsFunction: completeFirst(completeContainers(cli, isRunning)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTop(cmd.Context(), cli, args[0], args[1:])
		},
	}
	withTerminalArgs(cmd)
	return cmd
}

func runTop(ctx context.Context, cli *Program, name string, psArgs []string) error {
	processes, err := cli.Containers.Top(ctx, name, strings.Join(psArgs, " "))
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cli.Out, 20, 1, 3, ' ', 0)
	fmt.Fprintln(w, strings.Join(processes.Titles, "\t"))
	for _, process := range processes.Processes {
		fmt.Fprintln(w, strings.Join(process, "\t"))
	}
	return w.Flush()
}
