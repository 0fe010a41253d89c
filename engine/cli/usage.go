package cli

import (
	"fmt"
	"io"
	"slices"
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

// help writes all that there is to say of a command, in sections with an empty
// line between them.
func help(w io.Writer, cmd *cobra.Command) {
	about := cmd.Short
	if cmd.Long != "" {
		about = strings.TrimSpace(cmd.Long)
	}
	sections := []string{"Usage:  " + useLine(cmd), about}
	if len(cmd.Aliases) > 0 {
		sections = append(sections, "Aliases:\n  "+cmd.NameAndAliases())
	}
	for _, group := range cmd.Groups() {
		sections = append(sections, helpCommands(cmd, group.ID, group.Title))
	}
	sections = append(sections, helpCommands(cmd, "", "Commands:"))
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		sections = append(sections, "Options:\n"+strings.TrimRight(flags.FlagUsagesWrapped(helpWidth), "\n"))
	}
	if cmd.Example != "" {
		sections = append(sections, "Examples:\n"+cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		sections = append(sections, fmt.Sprintf("Run '%s COMMAND --help' for more information on a command.", cmd.CommandPath()))
	}
	sections = slices.DeleteFunc(sections, func(s string) bool { return s == "" })
	fmt.Fprintln(w, strings.Join(sections, "\n\n"))
}

const helpWidth = 80

// helpCommands lists the commands of one group under its title.
func helpCommands(cmd *cobra.Command, group, title string) string {
	var lines []string
	for _, sub := range cmd.Commands() {
		if sub.GroupID == group && sub.IsAvailableCommand() {
			lines = append(lines, fmt.Sprintf("  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return title + "\n" + strings.Join(lines, "\n")
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
