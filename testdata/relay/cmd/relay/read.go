package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"example.com/relay/client"
)

func newReadCommand(relayd *client.Client) *cobra.Command {
	return &cobra.Command{
		Use:  "read NAME",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := relayd.LetterRead(args[0])
			fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
}
