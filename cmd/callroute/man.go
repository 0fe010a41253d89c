package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write manual pages",
		Long: `Write a manual page for each verb into the folder DIR, which is made. The date in
them is SOURCE_DATE_EPOCH, where that is set.`,
		Example: `  callroute man /usr/local/share/man/man1
  callroute completion bash > /etc/bash_completion.d/callroute`,
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("man takes one DIR to write to, not %d", len(args))
			}
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return fmt.Errorf("cannot write manual pages: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Section: "1", Source: "callroute", Manual: "Callroute"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("cannot write manual pages: %w", err)
			}
			return nil
		},
	}
}
