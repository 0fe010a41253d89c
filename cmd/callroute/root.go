package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// app is what every verb needs from its surroundings.
type app struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	open           openFunc
	progress       *progress
	patience       *atomic.Int64 // how long a verb may tidy up after Ctrl-C, a time.Duration
	unkept         error         // why results were not kept, nil if they were
}

func newApp(stdout, stderr io.Writer, getenv func(string) string, open openFunc) *app {
	a := &app{stdout: stdout, stderr: stderr, getenv: getenv, open: open, progress: newProgress(stderr), patience: new(atomic.Int64)}
	a.patience.Store(int64(2 * time.Second))
	return a
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "callroute",
		Short: "From the command a person types to the last file written",
		Long: `callroute reads the Go source of several programs and follows one command
through all of them: from main, over each HTTP request, gRPC or ttrpc method
and started process, into the next program and on to the last function. Only
verify runs what it studies. What cannot be followed is shown as a gap with the
reason, and every step names its file and line.`,
		Example: `  callroute commands --src .                 what can be traced
  callroute trace --src . docker update      the route of one command
  callroute endpoints --src . --unmatched    where programs fail to meet

Exit status is 0 if all is fine, 1 if there are findings, 2 if callroute could
not run, 130 after Ctrl-C. Long flags may have one dash or two.`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.AddCommand(a.initCommand())
	root.Version = release()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetUsageTemplate(usageTemplate)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())
	})
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(helpCommand())
	root.AddCommand(
		a.cacheCommand(),
		a.callersCommand(),
		a.checkCommand(),
		a.commandsCommand(),
		a.diffCommand(),
		a.endpointsCommand(),
		a.impactCommand(),
		a.indexCommand(),
		a.manCommand(),
		a.mcpCommand(),
		a.modelsCommand(),
		a.pathCommand(),
		a.readersCommand(),
		a.renderCommand(),
		a.reportCommand(),
		a.serveCommand(),
		a.touchCommand(),
		a.traceCommand(),
		a.valueCommand(),
		a.verifyCommand(),
		a.versionCommand(),
		a.writersCommand(),
		a.learnCommand(),
	)
	return root
}

// helpCommand fails on an unknown verb, which cobra's own does not.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "help [VERB]",
		Short:             "Explain a verb",
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			verb, rest, err := cmd.Root().Find(args)
			if err != nil || verb == cmd.Root() && len(rest) > 0 {
				return unknownVerb(cmd.Root(), args[0])
			}
			verb.InitDefaultHelpFlag()
			return verb.Help()
		},
	}
}

func unknownVerb(root *cobra.Command, verb string) error {
	if near := root.SuggestionsFor(verb); len(near) > 0 {
		return fmt.Errorf("no verb %q; did you mean %s?", verb, strings.Join(near, " or "))
	}
	return fmt.Errorf("no verb %q (see callroute --help)", verb)
}

// ownFlags puts before the program's name what is a flag of callroute trace, and
// everything else behind --: a command may be typed as it is run, with its own
// flags. What callroute has a flag for is callroute's; -- ends its flags.
func ownFlags(trace *cobra.Command, args []string) []string {
	var own, command []string
	trace.InitDefaultHelpFlag()
	flags := trace.Flags()
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			command = append(command, args[i+1:]...)
			i = len(args)
		case len(arg) < 2 || arg[0] != '-':
			command = append(command, arg)
		default:
			f, value := flagOf(flags, arg)
			if f == nil && len(command) > 0 {
				command = append(command, arg)
				continue
			}
			own = append(own, arg)
			if f != nil && !value && f.NoOptDefVal == "" && i+1 < len(args) {
				i++
				own = append(own, args[i])
			}
		}
	}
	return slices.Concat(own, []string{"--"}, command)
}

// flagOf is the flag that arg gives, and whether arg has its value too.
func flagOf(flags *pflag.FlagSet, arg string) (f *pflag.Flag, value bool) {
	if long, found := strings.CutPrefix(arg, "--"); found {
		name, _, value := strings.Cut(long, "=")
		return flags.Lookup(name), value
	}
	return flags.ShorthandLookup(arg[1:2]), len(arg) > 2
}

// twoDashes turns -tags into --tags, as go's own tools accept it. pflag would
// read -tags as four short flags, and -focus as -f with the value ocus.
func twoDashes(root *cobra.Command, args []string) []string {
	long := map[string]bool{"help": true, "version": true}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { long[f.Name] = true })
	}
	fixed := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(fixed[i:], args[i:])
			break
		}
		fixed[i] = arg
		name, _, _ := strings.Cut(arg, "=")
		if dashed, found := strings.CutPrefix(name, "-"); found && long[dashed] {
			fixed[i] = "-" + arg
		}
	}
	return fixed
}

const usageTemplate = `Usage:
{{- if .HasAvailableSubCommands}}
  {{.CommandPath}} VERB [flags]
{{- else}}
  {{.UseLine}}
{{- end}}
{{- if .HasExample}}

Examples:
{{.Example}}
{{- end}}
{{- if .HasAvailableSubCommands}}

Verbs:
{{- range .Commands}}{{if or .IsAvailableCommand (eq .Name "help")}}
  {{rpad .Name .NamePadding}} {{.Short}}
{{- end}}{{end}}
{{- end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}
{{- end}}
`
