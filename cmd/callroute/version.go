package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Long:              "Print the version of callroute, its revision, and the Go release it was built\nwith.",
		Example:           "  callroute version",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.stdout, release())
			return err
		},
	}
}

// release tells this build of callroute from others.
func release() string {
	info, _ := debug.ReadBuildInfo()
	return version(info)
}

// version describes a build. info is nil for a binary without module support.
func version(info *debug.BuildInfo) string {
	name, revision, state := "(devel)", "", ""
	if info != nil {
		if info.Main.Version != "" {
			name = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = ", revision " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				state = " with changes"
			}
		}
	}
	return fmt.Sprintf("callroute %s%s%s, %s %s/%s", name, revision, state, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
