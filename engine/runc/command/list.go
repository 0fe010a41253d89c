package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

var errFormat = errors.New("invalid format option")

func listCommand(a *app) *cobra.Command {
	var (
		format string
		quiet  bool
	)
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the containers under --root",
		Args:  exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			states, err := a.runtime.List()
			// The default folder comes with the first container.
			if errors.Is(err, fs.ErrNotExist) && !cmd.Root().Flags().Changed("root") {
				err = nil
			}
			if err != nil {
				return err
			}
			return a.printList(states, format, quiet)
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "table", "table or json")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print the ids only")
	return cmd
}

func (a *app) printList(states []container.State, format string, quiet bool) error {
	switch {
	case quiet:
		for _, s := range states {
			if _, err := fmt.Fprintln(a.stdio.Out, s.ID); err != nil {
				return err
			}
		}
		return nil
	case format == "json":
		return json.NewEncoder(a.stdio.Out).Encode(states)
	case format == "table":
		w := tabwriter.NewWriter(a.stdio.Out, 12, 1, 3, ' ', 0)
		fmt.Fprintln(w, "ID\tPID\tSTATUS\tBUNDLE\tCREATED\tOWNER")
		for _, s := range states {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n",
				s.ID, s.PID, s.Status, s.Bundle, s.Created.Format(time.RFC3339Nano), s.Owner)
		}
		return w.Flush()
	}
	return errFormat
}
