package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
)

func (a *app) renderCommand() *cobra.Command {
	v := &view{output: output{app: a}, format: textFormat}
	cmd := &cobra.Command{
		Use:   "render TRACE.json",
		Short: "Show a saved route in another form",
		Long: `Show a route that callroute trace saved with --format json in any other
form, without analyzing again. "-" reads standard input. Views that show code
need a trace that was saved with --code.`,
		Example: `  callroute trace docker run --code --format json -o run.json
  callroute render run.json --format svg -o run.svg
  callroute render run.json --format md --lang zh -o run.md`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("render what? name one file that callroute trace --format json wrote, or -")
			}
			if err := v.check(); err != nil {
				return err
			}
			f, err := readTrace(args[0])
			if err != nil {
				return err
			}
			return v.write(f)
		},
	}
	cmd.Flags().SortFlags = false
	v.register(cmd)
	return cmd
}

// readTrace reads a saved trace.
func readTrace(name string) (*flow.Flow, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the trace: %w", err)
		}
		defer file.Close()
		in = file
	}
	f, err := flow.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
