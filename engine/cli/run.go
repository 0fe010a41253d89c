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

type runOptions struct {
	createOptions
	detach     bool
	sigProxy   bool
	detachKeys string
}

func newRun(cli *Program) *cobra.Command {
	var opts runOptions
	cmd := &cobra.Command{
		Use:   "run [OPTIONS] IMAGE [COMMAND] [ARG...]",
		Short: "Create and run a new container from an image",
		Example: `  engine run --rm busybox echo hello
  engine run -it --name box busybox sh
  engine run -d -p 8080:80 --memory 64m --restart on-failure:3 nginx`,
		Args:              minArgs(1),
		ValidArgsFunction: completeFirst(completeImages(cli)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRun(cmd.Context(), cli, opts, creation{cmd.Flags(), args[0], args[1:]})
		},
	}
	cmd.Flags().BoolVarP(&opts.detach, "detach", "d", false, "Run container in background and print container ID")
	cmd.Flags().BoolVar(&opts.sigProxy, "sig-proxy", true, "Proxy received signals to the process")
	cmd.Flags().StringVar(&opts.detachKeys, "detach-keys", "", "Override the key sequence for detaching a container")
	opts.addTo(cli, cmd)
	return cmd
}

func runRun(ctx context.Context, cli *Program, opts runOptions, what creation) error {
	if err := checkPull(opts.pull); err != nil {
		return runFailure("run", err)
	}
	request, err := opts.createOptions.request(what)
	if err != nil {
		return runFailure("run", err)
	}
	if opts.detach {
		if len(opts.flags.attach.list) > 0 {
			return errors.New("conflicting options: cannot specify both --attach and --detach")
		}
		request.AttachStdin, request.AttachStdout, request.AttachStderr, request.StdinOnce = false, false, false, false
	} else if err := (screen{cli}).checkTerminal(request.AttachStdin, request.Tty); err != nil {
		return err
	}
	if size := (screen{cli}).terminalSize(); request.Tty {
		request.HostConfig.ConsoleSize = [2]uint{uint(size.Height), uint(size.Width)}
	}
	id, err := cli.create(ctx, opts.createOptions, request)
	if err != nil {
		return runFailure("run", err)
	}
	if !request.AttachStdin && !request.AttachStdout && !request.AttachStderr {
		if err := cli.Containers.Start(ctx, id, types.StartOptions{}); err != nil {
			return startFailure("run", err)
		}
		fmt.Fprintln(cli.Out, id)
		return nil
	}
	return cli.runAttached(ctx, opts, request, id)
}

// runAttached starts a container and stays with it until it ends or the
// person detaches. The order matters: who attaches and waits first misses
// nothing of a container that ends at once.
func (cli *Program) runAttached(ctx context.Context, opts runOptions, request types.CreateRequest, id string) error {
	ctx, end := cli.proxySignals(ctx, id, opts.sigProxy && !request.Tty)
	defer end()
	stream, err := cli.Containers.Attach(ctx, id, types.AttachOptions{
		Stream: true,
		Stdin:  request.AttachStdin, Stdout: request.AttachStdout, Stderr: request.AttachStderr,
		DetachKeys: opts.detachKeys,
	})
	if err != nil {
		return runFailure("run", err)
	}
	defer stream.Close()
	condition := container.WaitConditionNextExit
	if request.HostConfig.AutoRemove {
		condition = container.WaitConditionRemoved
	}
	ended, err := cli.Containers.Wait(ctx, id, condition)
	if err != nil {
		return runFailure("run", err)
	}
	joined := session{
		Program: cli, stream: stream, tty: request.Tty,
		stdin: request.AttachStdin, stdout: request.AttachStdout, stderr: request.AttachStderr,
		detachKeys: opts.detachKeys,
	}
	sessionEnd := make(chan error, 1)
	go func() { sessionEnd <- joined.run(ctx) }()

	if err := cli.Containers.Start(ctx, id, types.StartOptions{}); err != nil {
		joined.abandon(sessionEnd)
		if request.HostConfig.AutoRemove {
			_, _ = ended() // a container that is to vanish has done so
		}
		return startFailure("run", err)
	}
	if request.Tty {
		defer screen{cli}.followSize(ctx, func(ctx context.Context, size types.ResizeOptions) error {
			return cli.Containers.Resize(ctx, id, size)
		})()
	}
	switch err := <-sessionEnd; {
	case isDetach(err):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		fmt.Fprintln(cli.Err, err) // the exit code is still to be had
	}
	return exitStatus(ended())
}

// exitStatus is a container's end as the program's.
func exitStatus(exit container.WaitResponse, err error) error {
	switch {
	case err != nil:
		return &exitError{code: exitDaemon, message: "waiting for the container: " + err.Error()}
	case exit.Error != nil && exit.Error.Message != "":
		return &exitError{code: exitDaemon, message: exit.Error.Message}
	case exit.StatusCode != 0:
		return &exitError{code: int(exit.StatusCode)}
	}
	return nil
}

// startFailure is the error of a container that did not start. Its code says
// whether the container's command was there.
func startFailure(command string, err error) error {
	failure := &exitError{code: exitDaemon, message: fmt.Sprintf("engine: %v", err)}
	message := err.Error()
	switch {
	case containsAny(message, "executable file not found", "no such file or directory", "system cannot find the file specified"):
		failure.code = exitNotFound
	case containsAny(message, "permission denied", "is a directory"):
		failure.code = exitCannotRun
	}
	failure.message += fmt.Sprintf("\n\nRun 'engine %s --help' for more information", command)
	return failure
}

func containsAny(s string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
