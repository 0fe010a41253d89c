package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// style gives a command and those under it docker's look: its help, and its
// errors about wrong flags, which end with 125.
func style(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { help(cmd.OutOrStdout(), cmd) })
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		fmt.Fprintf(cmd.OutOrStderr(), "Usage:  %s\n", useLine(cmd))
		return nil
	})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(cmd, exitDaemon, err.Error())
	})
	root.PersistentFlags().Bool("help", false, "Print usage")
	root.PersistentFlags().Lookup("help").Hidden = true
	root.SetHelpCommand(&cobra.Command{
		Use: "help [COMMAND]", Short: "Help about a command", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), args)
			}
			return about.Help()
		},
	})
}

// help writes all that there is to say of a command.
func help(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "Usage:  %s\n\n", useLine(cmd))
	if cmd.Long != "" {
		fmt.Fprintf(w, "%s\n\n", cmd.Long)
	} else {
		fmt.Fprintf(w, "%s\n\n", cmd.Short)
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(w, "Aliases:\n  %s\n\n", cmd.NameAndAliases())
	}
	if groups := cmd.Groups(); len(groups) > 0 {
		for _, group := range groups {
			helpCommands(w, cmd, group.ID, group.Title)
		}
	}
	helpCommands(w, cmd, "", "Commands:")
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(w, "Options:\n%s\n", flags.FlagUsagesWrapped(helpWidth))
	}
	if cmd.Example != "" {
		fmt.Fprintf(w, "Examples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\nRun '%s COMMAND --help' for more information on a command.\n", cmd.CommandPath())
	}
}

const helpWidth = 80

// helpCommands lists the commands of one group under its title.
func helpCommands(w io.Writer, cmd *cobra.Command, group, title string) {
	first := true
	for _, sub := range cmd.Commands() {
		if sub.GroupID != group || !sub.IsAvailableCommand() {
			continue
		}
		if first {
			fmt.Fprintln(w, title)
			first = false
		}
		fmt.Fprintf(w, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
	}
	if !first {
		fmt.Fprintln(w)
	}
}

// useLine is a command's line of usage.
func useLine(cmd *cobra.Command) string {
	name, rest := splitUse(cmd.Use)
	switch {
	case !cmd.HasParent():
		return cmd.Use
	case cmd.HasAvailableSubCommands() && rest == "":
		rest = " COMMAND"
	}
	return cmd.Parent().CommandPath() + " " + name + rest
}

func splitUse(use string) (name, rest string) {
	name, rest, found := strings.Cut(use, " ")
	if found {
		rest = " " + rest
	}
	return name, rest
}

// usageError says what is wrong with a command line, and what is right.
func usageError(cmd *cobra.Command, code int, message string) error {
	return &exitError{code: code, message: fmt.Sprintf("%s\n\nUsage:  %s\n\nRun '%s --help' for more information",
		message, useLine(cmd), cmd.CommandPath())}
}

// The numbers of arguments that commands take.

func noArgs(cmd *cobra.Command, args []string) error {
	return takes(cmd, len(args) == 0, "accepts no arguments")
}

func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return takes(cmd, len(args) == n, "requires "+arguments(n))
	}
}

func minArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return takes(cmd, len(args) >= n, "requires at least "+arguments(n))
	}
}

func maxArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return takes(cmd, len(args) <= n, "requires at most "+arguments(n))
	}
}

func rangeArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return takes(cmd, len(args) >= least && len(args) <= most,
			fmt.Sprintf("requires at least %d and at most %s", least, arguments(most)))
	}
}

// takes is an error that says what a command takes, unless it got that.
func takes(cmd *cobra.Command, ok bool, what string) error {
	if ok {
		return nil
	}
	return usageError(cmd, 1, fmt.Sprintf("engine: '%s' %s", cmd.CommandPath(), what))
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
