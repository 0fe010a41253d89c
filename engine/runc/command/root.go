// Package command is runc's command line: one file for each verb, which turns
// arguments into options of the core in engine/runc/container, and the core's
// answer into output.
//
// It keeps to runc where another program reads it: flags, the JSON of state,
// list, ps, events and features, exit statuses, and how errors are told. An
// error is the last entry of the log, in the log's format, and a line on
// standard error.
//
// Missing here is the command init. The runtime starts itself under that name
// inside a new container, before any command line is read: see
// cmd/engine-runc.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

// defaultRoot is where containers keep their state. It is gone after a reboot,
// and so are they.
const defaultRoot = "/run/engine-runc"

// Run runs one command line, without the program's name, and returns the exit
// status.
func Run(ctx context.Context, args []string, stdio container.Stdio) int {
	a := &app{stdio: stdio}
	root := rootCommand(a)
	root.SetArgs(longFlags(root, args))
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	return a.exit(root.ExecuteContext(ctx))
}

// app is what all commands share.
type app struct {
	stdio  container.Stdio
	global globalFlags
	// runtime is made of the global flags before a command runs.
	runtime *container.Runtime
	// logFile is nil where the log goes to standard error.
	logFile *os.File
}

type globalFlags struct {
	root          string
	log           string
	logFormat     string
	debug         bool
	systemdCgroup bool
	rootless      string
	criu          string
	version       bool
}

func rootCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "engine-runc",
		Short: "Run containers as the Open Container Initiative specifies them",
		Long: `engine-runc runs containers as the Open Container Initiative specifies them. It
takes runc's commands and flags.

A container is made of a bundle: a folder with config.json and a root
filesystem. "engine-runc spec" writes an example of config.json.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		// The global flags come before the command and are its own after it.
		TraverseChildren: true,
		Args:             noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.global.version {
				return cmd.Help()
			}
			_, err := io.WriteString(a.stdio.Out, versionText())
			return err
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&a.global.root, "root", a.defaultRoot(), "folder of the containers' state")
	f.StringVar(&a.global.log, "log", "", "file to write the log to (default standard error)")
	f.StringVar(&a.global.logFormat, "log-format", "text", "format of the log: text or json")
	f.BoolVar(&a.global.debug, "debug", false, "log more")
	f.BoolVar(&a.global.systemdCgroup, "systemd-cgroup", false, "have systemd make the cgroups; cgroupsPath is then slice:prefix:name")
	f.StringVar(&a.global.rootless, "rootless", "auto", "ignore that cgroups cannot be written: true, false or auto")
	f.StringVar(&a.global.criu, "criu", "criu", "criu to use for checkpoint and restore")
	f.BoolVarP(&a.global.version, "version", "v", false, "print the version")

	cmd.AddCommand(
		checkpointCommand(a),
		createCommand(a),
		deleteCommand(a),
		eventsCommand(a),
		execCommand(a),
		featuresCommand(a),
		killCommand(a),
		listCommand(a),
		pauseCommand(a),
		psCommand(a),
		restoreCommand(a),
		resumeCommand(a),
		runCommand(a),
		specCommand(),
		startCommand(a),
		stateCommand(a),
		updateCommand(a),
	)
	return cmd
}

// defaultRoot is under the user's own runtime folder for anyone but root.
func (a *app) defaultRoot() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && os.Geteuid() != 0 {
		return filepath.Join(dir, "engine-runc")
	}
	return defaultRoot
}

func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q, see %s --help", args[0], cmd.Name())
	}
	return nil
}

// prepare acts on the global flags.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := a.openLog(); err != nil {
		return err
	}
	root, err := filepath.Abs(a.global.root)
	if err != nil {
		return err
	}
	if root == "/" || a.global.root == "" {
		return errors.New("Option --root argument should not be set to /") //nolint:staticcheck // runc's words
	}
	rootless, err := parseRootless(a.global.rootless)
	if err != nil {
		return err
	}
	if cmd.Root().Flags().Changed("criu") {
		if err := findCriu(a.global.criu); err != nil {
			return err
		}
	}
	a.runtime = &container.Runtime{
		Root:          root,
		SystemdCgroup: a.global.systemdCgroup,
		Rootless:      rootless,
		Stdio:         a.stdio,
	}
	return nil
}

// parseRootless reads the three values of --rootless.
func parseRootless(s string) (container.Rootless, error) {
	if s == "" || strings.EqualFold(s, "auto") {
		return container.RootlessAuto, nil
	}
	on, err := strconv.ParseBool(s)
	if err != nil {
		return 0, fmt.Errorf("invalid value %q for --rootless: use true, false or auto", s)
	}
	if on {
		return container.RootlessOn, nil
	}
	return container.RootlessOff, nil
}

// findCriu puts the folder of a criu of the user's choice first in PATH, where
// libcontainer looks for it.
func findCriu(path string) error {
	if path == "" || path == "criu" {
		return nil
	}
	if filepath.Base(path) != "criu" || !filepath.IsAbs(path) {
		return fmt.Errorf("--criu must be an absolute path that ends in /criu, not %q", path)
	}
	return os.Setenv("PATH", filepath.Dir(path)+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// statusError is an exit status, with the error that led to it or, when a
// process of a container has ended, without.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return "exit status " + strconv.Itoa(e.status)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// exitAs ends a command with a process's exit status.
func exitAs(status int) error {
	if status == 0 {
		return nil
	}
	return &statusError{status: status}
}

// exit tells the error and returns the exit status.
func (a *app) exit(err error) int {
	if a.logFile != nil {
		defer a.logFile.Close()
	}
	if err == nil {
		return 0
	}
	status := 1
	if e := (*statusError)(nil); errors.As(err, &e) {
		if e.err == nil {
			return e.status
		}
		status = e.status
	}
	logrus.Error(err)
	if a.logFile != nil {
		fmt.Fprintln(a.stdio.Err, err)
	}
	return status
}

// exactly requires so many arguments.
func exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s: %q requires exactly %d argument(s)", cmd.Root().Name(), cmd.Name(), n)
		}
		return nil
	}
}

// atLeast requires so many arguments or more.
func atLeast(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return fmt.Errorf("%s: %q requires a minimum of %d argument(s)", cmd.Root().Name(), cmd.Name(), n)
		}
		return nil
	}
}
