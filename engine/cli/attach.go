package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type attachOptions struct {
	noStdin    bool
	sigProxy   bool
	detachKeys string
}

func newAttach(cli *Program) *cobra.Command {
	var opts attachOptions
	cmd := &cobra.Command{
		Use:   "attach [OPTIONS] CONTAINER",
		Short: "Attach local standard input, output, and error streams to a running container",
		Example: `  engine attach box
  engine attach --no-stdin --detach-keys ctrl-c box`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeFirst(completeContainers(cli, isRunning)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runAttach(cmd.Context(), cli, opts, args[0])
		},
	}
	cmd.Flags().BoolVar(&opts.noStdin, "no-stdin", false, "Do not attach STDIN")
	cmd.Flags().BoolVar(&opts.sigProxy, "sig-proxy", true, "Proxy all received signals to the process")
	cmd.Flags().StringVar(&opts.detachKeys, "detach-keys", "", "Override the key sequence for detaching a container")
	return cmd
}

func runAttach(ctx context.Context, cli *Program, opts attachOptions, name string) error {
	c, _, err := cli.Containers.Inspect(ctx, name, false)
	if err != nil {
		return err
	}
	if err := attachable(c); err != nil {
		return err
	}
	stdin := !opts.noStdin && c.Config.OpenStdin
	if err := (screen{cli}).checkTerminal(stdin, c.Config.Tty); err != nil {
		return err
	}
	ctx, end := cli.proxySignals(ctx, c.ID, opts.sigProxy && !c.Config.Tty)
	defer end()
	ended, err := cli.Containers.Wait(ctx, c.ID, "")
	if err != nil {
		return err
	}
	stream, err := cli.Containers.Attach(ctx, c.ID, types.AttachOptions{
		Stream: true, Stdin: stdin, Stdout: true, Stderr: true, DetachKeys: opts.detachKeys,
	})
	if err != nil {
		return err
	}
	if c.Config.Tty {
		defer screen{cli}.redraw(ctx, c.ID)()
	}
	joined := session{
		Program: cli, stream: stream, tty: c.Config.Tty,
		stdin: stdin, stdout: true, stderr: true, detachKeys: opts.detachKeys,
	}
	if err := joined.run(ctx); err != nil {
		return err
	}
	return exitStatus(ended())
}

// attachable reports whether a container has running streams.
func attachable(c types.Container) error {
	switch {
	case c.State == nil || c.Config == nil:
		return errors.New("the daemon does not tell the container's state")
	case !c.State.Running:
		return errors.New("You cannot attach to a stopped container, start it first") //nolint:staticcheck // docker's words
	case c.State.Paused:
		return errors.New("You cannot attach to a paused container, unpause it first") //nolint:staticcheck // docker's words
	case c.State.Restarting:
		return errors.New("You cannot attach to a restarting container, wait until it is running") //nolint:staticcheck // docker's words
	}
	return nil
}

// redraw makes a program that fills a terminal draw itself again: it does when
// the size changes, so another size is sent before the right one, which is
// then followed.
func (cli screen) redraw(ctx context.Context, id string) (stop func()) {
	if size := cli.terminalSize(); size.Height != 0 {
		size.Height++
		size.Width++
		_ = cli.Containers.Resize(ctx, id, size) // the picture, not the session, suffers
	}
	return cli.followSize(ctx, func(ctx context.Context, size types.ResizeOptions) error {
		return cli.Containers.Resize(ctx, id, size)
	})
}
