package cli

import (
	"context"
	"os"

	"github.com/moby/moby/api/types/container"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type execOptions struct {
	detach      bool
	interactive bool
	tty         bool
	privileged  bool
	user        string
	workdir     string
	detachKeys  string
	environment environment
	envFiles    list
}

func newExec(cli *Program) *cobra.Command {
	var opts execOptions
	cmd := &cobra.Command{
		Use:   "exec [OPTIONS] CONTAINER COMMAND [ARG...]",
		Short: "Execute a command in a running container",
		Example: `  engine exec web ls /etc
  engine exec -it web sh
  engine exec -d -e LEVEL=debug -w /srv web ./reload`,
		Args:              minArgs(2),
		ValidArgsFunction: completeFirst(completeContainers(cli, isRunning)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExec(cmd.Context(), cli, opts, args[0], args[1:])
		},
	}
	withTerminalArgs(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&opts.detach, "detach", "d", false, "Detached mode: run command in the background")
	flags.StringVar(&opts.detachKeys, "detach-keys", "", "Override the key sequence for detaching a container")
	flags.VarP(&opts.environment, "env", "e", "Set environment variables")
	flags.Var(&opts.envFiles, "env-file", "Read in a file of environment variables")
	flags.BoolVarP(&opts.interactive, "interactive", "i", false, "Keep STDIN open even if not attached")
	flags.BoolVar(&opts.privileged, "privileged", false, "Give extended privileges to the command")
	flags.BoolVarP(&opts.tty, "tty", "t", false, "Allocate a pseudo-TTY")
	flags.StringVarP(&opts.user, "user", "u", "", `Username or UID (format: "<name|uid>[:<group|gid>]")`)
	flags.StringVarP(&opts.workdir, "workdir", "w", "", "Working directory inside the container")
	return cmd
}

func runExec(ctx context.Context, cli *Program, opts execOptions, name string, command []string) error {
	request, err := opts.request(command)
	if err != nil {
		return err
	}
	if !opts.detach {
		if err := (screen{cli}).checkTerminal(request.AttachStdin, request.Tty); err != nil {
			return err
		}
	}
	start := types.ExecStartOptions{Detach: opts.detach, Tty: request.Tty}
	if size := (screen{cli}).terminalSize(); request.Tty && size.Height != 0 {
		request.ConsoleSize = &[2]uint{uint(size.Height), uint(size.Width)}
		start.ConsoleSize = request.ConsoleSize
	}
	created, err := cli.Execs.Create(ctx, name, request)
	if err != nil {
		return err
	}
	if opts.detach {
		return cli.Execs.Start(ctx, created.ID, start)
	}
	return cli.execAttached(ctx, request, start, created.ID)
}

func (o *execOptions) request(command []string) (container.ExecCreateRequest, error) {
	env, err := readPairs(o.envFiles, o.environment, os.LookupEnv)
	if err != nil {
		return container.ExecCreateRequest{}, err
	}
	return container.ExecCreateRequest{
		User:         o.user,
		Privileged:   o.privileged,
		Tty:          o.tty,
		Cmd:          command,
		WorkingDir:   o.workdir,
		Env:          env,
		DetachKeys:   o.detachKeys,
		AttachStdin:  o.interactive && !o.detach,
		AttachStdout: !o.detach,
		AttachStderr: !o.detach,
	}, nil
}

// execAttached runs the process and ends with its exit code.
func (cli *Program) execAttached(ctx context.Context, request container.ExecCreateRequest, start types.ExecStartOptions, id string) error {
	stream, err := cli.Execs.Attach(ctx, id, start)
	if err != nil {
		return err
	}
	if request.Tty {
		defer screen{cli}.followSize(ctx, func(ctx context.Context, size types.ResizeOptions) error {
			return cli.Execs.Resize(ctx, id, size)
		})()
	}
	joined := session{
		Program: cli, stream: stream, tty: request.Tty,
		stdin: request.AttachStdin, stdout: true, stderr: true, detachKeys: request.DetachKeys,
	}
	if err := joined.run(ctx); err != nil {
		return err
	}
	process, err := cli.Execs.Inspect(ctx, id)
	switch {
	case err != nil:
		return err
	case process.Running || process.ExitCode == nil:
		return nil // the daemon ended the streams at the detach keys
	case *process.ExitCode != 0:
		return &exitError{code: *process.ExitCode}
	}
	return nil
}
