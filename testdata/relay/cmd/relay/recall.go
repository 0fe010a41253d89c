package main

import (
	"github.com/spf13/cobra"

	"example.com/relay/client"
)

func newRecallCommand(relayd *client.Client) *cobra.Command {
	return &cobra.Command{
		Use:     "recall NAME",
		Aliases: []string{"undo"},
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return relayd.LetterRecall(args[0])
		},
	}
}
