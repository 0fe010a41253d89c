package command

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

func psCommand(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "ps [flags] <container-id> [ps options]",
		Short: "List the processes of a container",
		Args:  atLeast(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch format {
			case "json":
				pids, err := a.runtime.Processes(args[0])
				if err != nil {
					return err
				}
				return json.NewEncoder(a.stdio.Out).Encode(pids)
			case "table":
				table, err := a.runtime.Top(cmd.Context(), args[0], args[1:])
				if err != nil {
					return err
				}
				_, err = io.WriteString(a.stdio.Out, table)
				return err
			}
			return errFormat
		},
	}
	// What follows the id are flags of the host's ps.
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().StringVarP(&format, "format", "f", "table", "table or json")
	return cmd
}
