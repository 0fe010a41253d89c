package command

import (
	"encoding/json"

	"github.com/spf13/cobra"
)

func stateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "state <container-id>",
		Short: "Print the state of a container as JSON",
		Args:  exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			state, err := a.runtime.State(args[0])
			if err != nil {
				return err
			}
			data, err := json.MarshalIndent(state, "", "  ")
			if err != nil {
				return err
			}
			_, err = a.stdio.Out.Write(data)
			return err
		},
	}
}
