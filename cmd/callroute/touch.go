package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/report"
)

type touchOptions struct {
	query   analyzer.TouchQuery
	sources sources
	output  output
	json    bool
	patch   bool
}

// flagTypes is the types that --type knows.
var flagTypes = []string{"string", "int", "int64", "uint16", "uint64", "bool", "float64"}

func (a *app) touchCommand() *cobra.Command {
	o := &touchOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "touch PROGRAM COMMAND... --like FLAG",
		Short: "List what a change must touch that adds a property like another",
		Long: `List what a change must touch that adds a property like the one of FLAG: the lines
that pass its value on, from the flag to the last write, and those that name it:
fields, checks, protocols and what is generated of them, descriptions of the API,
completion, documentation and tests. They stand by source, in the order in which
the sources are built.

With --as the lines that follow from those of FLAG are made for the new property,
and --patch writes them as a patch. Where the value of FLAG is given to a name that
is not its own, as a field of a library's type, the new one needs a home that
nothing tells: that is listed and not in the patch.`,
		Example: `  callroute touch docker update --like pids-limit
  callroute touch engine update --like cache-property --as color --type string
  callroute touch engine update --like cache-property --as color --patch | git apply`,
		ValidArgsFunction: a.completeCommand(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return err
			}
			return a.touch(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	flags.StringVar(&o.query.Flag, "like", "", "the existing `FLAG`, without dashes")
	flags.StringVar(&o.query.As, "as", "", "the `NAME` of the new flag, without dashes")
	flags.StringVar(&o.query.Type, "type", "", "its `TYPE`: "+strings.Join(flagTypes, ", ")+"; that of FLAG if none is given")
	flags.BoolVar(&o.patch, "patch", false, "write only the patch")
	flags.BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

var newFlag = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (o *touchOptions) complete(args []string) error {
	if len(args) == 0 {
		return errors.New("touch what? name a PROGRAM, a COMMAND and a flag of it with --like")
	}
	o.query.Program = args[0]
	for _, arg := range args[1:] {
		o.query.Command = append(o.query.Command, strings.Fields(arg)...)
	}
	o.query.Flag = strings.TrimLeft(o.query.Flag, "-")
	o.query.As = strings.TrimLeft(o.query.As, "-")
	switch {
	case o.query.Flag == "":
		return errors.New("like what? --like FLAG names a flag of the command")
	case o.query.As != "" && !newFlag.MatchString(o.query.As):
		return fmt.Errorf("--as %q is no name of a flag; write words of small letters with dashes between", o.query.As)
	case o.query.Type != "" && !slices.Contains(flagTypes, o.query.Type):
		return fmt.Errorf("--type %q: the types are %s", o.query.Type, strings.Join(flagTypes, ", "))
	case o.query.As == "" && (o.patch || o.query.Type != ""):
		return errors.New("--patch and --type need --as NAME, the new flag")
	case o.patch && o.json:
		return errors.New("--json has the patch; --patch is for those who want nothing else")
	}
	return o.output.check()
}

func (a *app) touch(ctx context.Context, o *touchOptions) error {
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	t, err := an.Touch(ctx, o.query)
	if err != nil {
		return err
	}
	a.progress.stop()
	return o.output.write(func(w io.Writer) error {
		switch {
		case o.json:
			return report.JSON(w, t)
		case o.patch:
			_, err := io.WriteString(w, t.Patch)
			return err
		}
		return report.Touch(w, t, o.output.textOptions())
	})
}
