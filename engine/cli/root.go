package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// newRoot is the tree of all commands. A command that docker has in two places
// is made twice, by the same constructor.
func newRoot(cli *Program) *cobra.Command {
	root := &cobra.Command{
		Use:   "engine [OPTIONS] COMMAND [ARG...]",
		Short: "A self-sufficient runtime for containers",
		Example: `  engine run --rm busybox echo hello
  engine ps --all
  engine update --memory 64m web`,
		SilenceUsage:     true,
		SilenceErrors:    true,
		TraverseChildren: true,
		Version:          cli.version,
		Args:             cobra.ArbitraryArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return cli.connect()
		},
		RunE: unknownCommand,
	}
	root.Flags().StringVarP(&cli.host, "host", "H", cli.host, "Daemon socket to connect to (environment: ENGINE_HOST)")
	root.Flags().BoolVarP(&cli.debug, "debug", "D", false, "Show the requests to the daemon")
	root.Flags().BoolP("version", "v", false, "Print version information and quit")
	root.SetVersionTemplate("Engine version {{.Version}}\n")
	style(root)

	root.AddGroup(
		&cobra.Group{ID: groupContainers, Title: "Containers:"},
		&cobra.Group{ID: groupImages, Title: "Images:"},
		&cobra.Group{ID: groupEngine, Title: "The engine:"},
		&cobra.Group{ID: groupManagement, Title: "By kind of thing:"},
	)
	add(root, groupContainers,
		newRun(cli), newCreate(cli), newStart(cli), newStop(cli), newRestart(cli), newKill(cli),
		newPause(cli), newUnpause(cli), newUpdate(cli), newRename(cli), newRm(cli),
		newPs(cli), newLogs(cli), newTop(cli), newStats(cli), newWait(cli),
		newAttach(cli), newExec(cli), newCp(cli), newDiff(cli), newExport(cli), newCommit(cli),
	)
	add(root, groupImages,
		newImages(cli), newBuild(cli), newPull(cli), newPush(cli), newLoad(cli), newSave(cli), newImport(cli),
		newTag(cli), newRmi(cli), newHistory(cli),
	)
	add(root, groupEngine, newInspect(cli), newInfo(cli), newVersion(cli), newEvents(cli))
	add(root, groupManagement,
		newContainer(cli), newImage(cli), newVolume(cli), newNetwork(cli), newSystem(cli), newCheckpoint(cli),
	)
	return root
}

const (
	groupContainers = "containers"
	groupImages     = "images"
	groupEngine     = "engine"
	groupManagement = "management"
)

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
	}
	root.AddCommand(commands...)
}

// newContainer is the group of a container's commands.
func newContainer(cli *Program) *cobra.Command {
	cmd := newGroup("container", "Manage containers")
	cmd.AddCommand(
		newRun(cli), newCreate(cli), newStart(cli), newStop(cli), newRestart(cli), newKill(cli),
		newPause(cli), newUnpause(cli), newUpdate(cli), newRename(cli), newLogs(cli), newTop(cli),
		newStats(cli), newWait(cli), newAttach(cli), newExec(cli), newCp(cli), newDiff(cli), newExport(cli), newCommit(cli),
		renamed(newRm(cli), "rm", "remove"), renamed(newPs(cli), "ls", "ps", "list"),
		newContainerInspect(cli), newContainerPrune(cli),
	)
	return cmd
}

// newImage is the group of an image's commands.
func newImage(cli *Program) *cobra.Command {
	cmd := newGroup("image", "Manage images")
	cmd.AddCommand(
		newPull(cli), newPush(cli), newLoad(cli), newSave(cli), newImport(cli), newTag(cli), newHistory(cli),
		renamed(newImages(cli), "ls", "list"), renamed(newRmi(cli), "rm", "remove"),
		newImageInspect(cli), newImagePrune(cli),
	)
	return cmd
}

// newSystem is the group of commands about the engine.
func newSystem(cli *Program) *cobra.Command {
	cmd := newGroup("system", "Manage the engine")
	cmd.AddCommand(newDf(cli), newInfo(cli), newEvents(cli), newSystemPrune(cli))
	return cmd
}

// newGroup is a command that only has commands under it.
func newGroup(name, short string) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE:  unknownCommand,
	}
}

// renamed gives a command the name that it has in a group.
func renamed(cmd *cobra.Command, name string, aliases ...string) *cobra.Command {
	_, rest := splitUse(cmd.Use)
	cmd.Use = name + rest
	cmd.Aliases = aliases
	return cmd
}

// unknownCommand is a group's answer: its help, or that it has no such command
// and which ones come near.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		help(cmd.ErrOrStderr(), cmd)
		return nil
	}
	path := cmd.CommandPath()
	message := fmt.Sprintf("engine: unknown command: %s %s\n\n", path, args[0])
	// Two letters off, a short word is another word.
	if cmd.SuggestionsMinimumDistance = 2; len(args[0]) < 5 {
		cmd.SuggestionsMinimumDistance = 1
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += "Did you mean this?\n"
		for _, name := range near {
			message += fmt.Sprintf("  %s %s\n", path, name)
		}
		message += "\n"
	}
	if cmd.HasParent() {
		message += fmt.Sprintf("Usage:  %s\n\n", path)
	}
	return &exitError{code: 1, message: message + fmt.Sprintf("Run '%s --help' for more information", path)}
}
