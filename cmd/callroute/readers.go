package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
)

func (a *app) readersCommand() *cobra.Command {
	cmd := a.accessCommand(func(ctx context.Context, an analysis, symbol string) (*flow.Accesses, error) {
		return an.Readers(ctx, symbol)
	})
	cmd.Use = "readers SYMBOL"
	cmd.Short = "List who reads a field or a package variable"
	cmd.Long = `List the functions that read SYMBOL, with the lines, and for each the commands,
requests, RPC methods and starts of programs that lead there. SYMBOL is as for
callroute writers.`
	cmd.Example = `  callroute readers daemon.stateCtr
  callroute readers container.State.Running --json`
	return cmd
}
