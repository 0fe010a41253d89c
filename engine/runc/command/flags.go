package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// longFlags writes long flags with one dash, which runc takes and callers give
// ("-no-subreaper", "-bundle DIR"), with two. What follows a command's first
// argument is not looked at: it may be another program's.
func longFlags(root *cobra.Command, args []string) []string {
	args = slices.Clone(args)
	cmd := root
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return args
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			next := child(cmd, arg)
			if next == nil {
				return args
			}
			cmd = next
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flag := cmd.Flags().Lookup(name)
		switch {
		case flag != nil && len(name) > 1 && !strings.HasPrefix(arg, "--"):
			args[i] = "-" + arg
		case !strings.HasPrefix(arg, "--"):
			flag, hasValue = shorthand(cmd.Flags(), name)
		}
		if flag != nil && flag.NoOptDefVal == "" && !hasValue {
			i++ // its value
		}
	}
	return args
}

// child is the command of that name under a command.
func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name || c.HasAlias(name) {
			return c
		}
	}
	return nil
}

// shorthand is the last flag of a group of letters, or the first that takes a
// value, which is what stands after it.
func shorthand(flags *pflag.FlagSet, letters string) (flag *pflag.Flag, hasValue bool) {
	for i := range len(letters) {
		flag = flags.ShorthandLookup(letters[i : i+1])
		if flag == nil || flag.NoOptDefVal == "" {
			return flag, i < len(letters)-1
		}
	}
	return flag, false
}
