package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/moby/moby/api/types/system"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/client"
)

type versionOptions struct {
	format string
}

func newVersion(cli *Program) *cobra.Command {
	var opts versionOptions
	cmd := &cobra.Command{
		Use:     "version [OPTIONS]",
		Short:   "Show the engine's version information",
		Example: `  engine version --format "{{.Server.Version}}"`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runVersion(cmd.Context(), cli, opts)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	return cmd
}

// versions is what the two programs say of themselves. Server is nil when it
// does not answer.
type versions struct {
	Client clientVersion
	Server *system.VersionResponse
}

type clientVersion struct {
	Version           string
	APIVersion        string `json:"ApiVersion"`
	DefaultAPIVersion string
	GoVersion         string
	Os                string
	Arch              string
}

func runVersion(ctx context.Context, cli *Program, opts versionOptions) error {
	show := writeVersions
	if opts.format != "" {
		if _, err := checkFormat("version", opts.format); err != nil {
			return err
		}
		show = func(w io.Writer, v versions) error { return showObject(w, "version", opts.format, v) }
	}
	server, failed := cli.System.Version(ctx)
	v := versions{Client: clientVersion{
		Version: cli.version, APIVersion: cli.Client.Version(), DefaultAPIVersion: client.APIVersion,
		GoVersion: runtime.Version(), Os: runtime.GOOS, Arch: runtime.GOARCH,
	}}
	if failed == nil {
		v.Server = &server
	}
	if err := show(cli.Out, v); err != nil && failed == nil {
		return err
	}
	return failed
}

func writeVersions(out io.Writer, v versions) error {
	w := tabwriter.NewWriter(out, 20, 1, 1, ' ', 0)
	api := v.Client.APIVersion
	if api != v.Client.DefaultAPIVersion {
		api += fmt.Sprintf(" (downgraded from %s)", v.Client.DefaultAPIVersion)
	}
	fmt.Fprintln(w, "Client:")
	fmt.Fprintf(w, " Version:\t%s\n", v.Client.Version)
	fmt.Fprintf(w, " API version:\t%s\n", api)
	fmt.Fprintf(w, " Go version:\t%s\n", v.Client.GoVersion)
	fmt.Fprintf(w, " OS/Arch:\t%s/%s\n", v.Client.Os, v.Client.Arch)
	if v.Server == nil {
		return w.Flush()
	}
	title := "Server:"
	if v.Server.Platform.Name != "" {
		title += " " + v.Server.Platform.Name
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, component := range components(*v.Server) {
		writeComponent(w, component)
	}
	return w.Flush()
}

// components are the server's parts; one that tells none is a part itself.
func components(server system.VersionResponse) []system.ComponentVersion {
	if len(server.Components) > 0 {
		return server.Components
	}
	return []system.ComponentVersion{{Name: "Engine", Version: server.Version, Details: map[string]string{
		"ApiVersion": server.APIVersion, "MinAPIVersion": server.MinAPIVersion, "GoVersion": server.GoVersion,
		"GitCommit": server.GitCommit, "BuildTime": server.BuildTime, "Os": server.Os, "Arch": server.Arch,
		"Experimental": fmt.Sprint(server.Experimental),
	}}}
}

func writeComponent(w io.Writer, c system.ComponentVersion) {
	fmt.Fprintf(w, " %s:\n  Version:\t%s\n", c.Name, c.Version)
	if c.Name != "Engine" {
		for _, name := range slices.Sorted(maps.Keys(c.Details)) {
			fmt.Fprintf(w, "  %s:\t%s\n", name, c.Details[name])
		}
		return
	}
	d := c.Details
	fmt.Fprintf(w, "  API version:\t%s (minimum version %s)\n", d["ApiVersion"], d["MinAPIVersion"])
	fmt.Fprintf(w, "  Go version:\t%s\n", d["GoVersion"])
	fmt.Fprintf(w, "  Git commit:\t%s\n", d["GitCommit"])
	fmt.Fprintf(w, "  Built:\t%s\n", buildTime(d["BuildTime"]))
	fmt.Fprintf(w, "  OS/Arch:\t%s/%s\n", d["Os"], d["Arch"])
	fmt.Fprintf(w, "  Experimental:\t%s\n", d["Experimental"])
}

func buildTime(value string) string {
	built, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return value
	}
	return built.Format(time.ANSIC)
}
