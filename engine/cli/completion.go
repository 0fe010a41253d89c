package cli

import (
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/sys/signal"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

// Completion of names asks the daemon. When it does not answer, nothing is
// offered.

// The states of containers that a command is for.

func isAny(container.ContainerState) bool { return true }

func isRunning(state container.ContainerState) bool { return state == container.StateRunning }

func isPaused(state container.ContainerState) bool { return state == container.StatePaused }

func isStopped(state container.ContainerState) bool {
	return state == container.StateCreated || state == container.StateExited
}

// completeContainers offers the containers in a state, those already named
// left out.
func completeContainers(cli *Program, in func(container.ContainerState) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if cli.connect() != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		containers, err := cli.Containers.List(cmd.Context(), types.ListOptions{All: true})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, c := range containers {
			if len(c.Names) == 0 || !in(c.State) {
				continue
			}
			if name := strings.TrimPrefix(c.Names[0], "/"); !slices.Contains(args, name) {
				names = append(names, name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeImages offers the images' names.
func completeImages(cli *Program) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if cli.connect() != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		images, err := cli.Images.List(cmd.Context(), types.ImageListOptions{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, i := range images {
			for _, name := range i.RepoTags {
				short := strings.TrimSuffix(name, ":latest")
				if name != noName && !slices.Contains(args, name) && !slices.Contains(args, short) {
					names = append(names, short)
				}
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeVolumes offers the volumes.
func completeVolumes(cli *Program) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if cli.connect() != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		answer, err := cli.Volumes.List(cmd.Context(), nil)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, v := range answer.Volumes {
			if !slices.Contains(args, v.Name) {
				names = append(names, v.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeNetworks offers the networks.
func completeNetworks(cli *Program) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if cli.connect() != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		networks, err := cli.Networks.List(cmd.Context(), nil)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, n := range networks {
			if !slices.Contains(args, n.Name) {
				names = append(names, n.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFirst completes the first argument only.
func completeFirst(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, start string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, start)
	}
}

// completeFlag completes a flag's value.
func completeFlag(cmd *cobra.Command, name string, complete cobra.CompletionFunc) {
	// It fails for a flag that is not there or twice, which is seen at once.
	if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic(err)
	}
}

func completeSignal(cmd *cobra.Command) {
	completeFlag(cmd, "signal", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []string
		for name := range signal.SignalMap {
			names = append(names, "SIG"+name)
		}
		slices.Sort(names)
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// completeCreateFlags completes the flags of run and create that have words of
// the engine as values.
func completeCreateFlags(cli *Program, cmd *cobra.Command) {
	fixed := func(words ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	completeFlag(cmd, "network", completeNetworks(cli))
	completeFlag(cmd, "pull", fixed(pullAlways, pullMissing, pullNever))
	completeFlag(cmd, "restart", fixed("no", "always", "on-failure", "unless-stopped"))
	completeFlag(cmd, "attach", fixed("stderr", "stdin", "stdout"))
	completeFlag(cmd, "pid", fixed("host", "container:"))
	completeFlag(cmd, "ipc", fixed("none", "host", "private", "shareable", "container:"))
	completeFlag(cmd, "uts", fixed("host"))
	completeFlag(cmd, "cgroupns", fixed("host", "private"))
	completeFlag(cmd, "security-opt", fixed("no-new-privileges", "seccomp=unconfined", "systempaths=unconfined"))
}
