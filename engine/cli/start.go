package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type startOptions struct {
	attach        bool
	interactive   bool
	detachKeys    string
	checkpoint    string
	checkpointDir string
}

func newStart(cli *Program) *cobra.Command {
	var opts startOptions
	cmd := &cobra.Command{
		Use:   "start [OPTIONS] CONTAINER [CONTAINER...]",
		Short: "Start one or more stopped containers",
		Example: `  engine start web db
  engine start --attach --interactive box
  engine start --checkpoint before-upgrade web`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isStopped),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStart(cmd.Context(), cli, opts, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.attach, "attach", "a", false, "Attach STDOUT/STDERR and forward signals")
	flags.BoolVarP(&opts.interactive, "interactive", "i", false, "Attach container's STDIN")
	flags.StringVar(&opts.detachKeys, "detach-keys", "", "Override the key sequence for detaching a container")
	flags.StringVar(&opts.checkpoint, "checkpoint", "", "Restore from this checkpoint")
	flags.StringVar(&opts.checkpointDir, "checkpoint-dir", "", "Use a custom checkpoint storage directory")
	return cmd
}

func runStart(ctx context.Context, cli *Program, opts startOptions, containers []string) error {
	from := types.StartOptions{Checkpoint: opts.checkpoint, CheckpointDir: opts.checkpointDir}
	switch {
	case opts.attach || opts.interactive:
		if len(containers) > 1 {
			return errors.New("you cannot start and attach multiple containers at once")
		}
		return cli.startAttached(ctx, opts, from, containers[0])
	case opts.checkpoint != "":
		if len(containers) > 1 {
			return errors.New("you cannot restore multiple containers at once")
		}
		return cli.Containers.Start(ctx, containers[0], from)
	}
	var failed []string
	for _, name := range containers {
		if err := cli.Containers.Start(ctx, name, from); err != nil {
			fmt.Fprintln(cli.Err, err)
			failed = append(failed, name)
			continue
		}
		fmt.Fprintln(cli.Out, name)
	}
	if len(failed) > 0 {
		return fmt.Errorf("Error: failed to start containers: %s", strings.Join(failed, ", "))
	}
	return nil
}

// startAttached is runAttached for a container that exists.
func (cli *Program) startAttached(ctx context.Context, opts startOptions, from types.StartOptions, name string) error {
	c, _, err := cli.Containers.Inspect(ctx, name, false)
	if err != nil {
		return err
	}
	stdin := opts.interactive && c.Config.OpenStdin
	if err := (screen{cli}).checkTerminal(stdin, c.Config.Tty); err != nil {
		return err
	}
	ctx, end := cli.proxySignals(ctx, c.ID, !c.Config.Tty)
	defer end()
	stream, err := cli.Containers.Attach(ctx, c.ID, types.AttachOptions{
		Stream: true, Stdin: stdin, Stdout: true, Stderr: true, DetachKeys: opts.detachKeys,
	})
	if err != nil {
		return err
	}
	defer stream.Close()
	condition := container.WaitConditionNextExit
	if c.HostConfig.AutoRemove {
		condition = container.WaitConditionRemoved
	}
	ended, err := cli.Containers.Wait(ctx, c.ID, condition)
	if err != nil {
		return err
	}
	joined := session{
		Program: cli, stream: stream, tty: c.Config.Tty,
		stdin: stdin, stdout: true, stderr: true, detachKeys: opts.detachKeys,
	}
	sessionEnd := make(chan error, 1)
	go func() { sessionEnd <- joined.run(ctx) }()
	if err := cli.Containers.Start(ctx, c.ID, from); err != nil {
		joined.abandon(sessionEnd)
		return err
	}
	if c.Config.Tty {
		defer screen{cli}.followSize(ctx, func(ctx context.Context, size types.ResizeOptions) error {
			return cli.Containers.Resize(ctx, c.ID, size)
		})()
	}
	if err := <-sessionEnd; isDetach(err) {
		return nil
	} else if err != nil {
		return err
	}
	return exitStatus(ended())
}
