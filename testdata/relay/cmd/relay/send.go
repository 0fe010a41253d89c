package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"example.com/relay/client"
)

type sendOptions struct {
	to     string
	text   string
	urgent bool
}

func newSendCommand(relayd *client.Client) *cobra.Command {
	var opts sendOptions
	cmd := &cobra.Command{
		Use:  "send NAME TEXT",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.to, opts.text = args[0], args[1]
			return runSend(cmd, relayd, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.urgent, "urgent", false, "mark the letter")
	return cmd
}

func runSend(cmd *cobra.Command, relayd *client.Client, opts sendOptions) error {
	letter, err := relayd.LetterSend(opts.to, opts.text, opts.urgent)
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), letter.ID)
	return nil
}
