package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/artifact"
)

func (a *app) indexCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index",
		Short: "Share what was found out, as an OCI artifact",
		Long: `Make the index of a system, all that a question about it needs, and share it
through a registry: one machine analyzes a revision, and the others have it. A
result is used wherever the sources are what it was made from, by content.

REFERENCE is HOST/REPOSITORY[:TAG], or oci:FOLDER for an OCI image layout. Without
TAG it is named after the revision of the sources, and the build of callroute.

To split the work, have each machine build and push some of the programs that
callroute index list tells, to places of their own; then pull them all on one, and
push: the artifact is the same as one that a single machine made.`,
		Example: `  callroute index push registry.example.com/team/index
  callroute index pull registry.example.com/team/index
  callroute index build dockerd && callroute index push oci:part1 dockerd
  callroute index pull oci:part1 oci:part2`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("index has no verb %q; it has build, list, pull and push", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(a.indexBuildCommand(), a.indexListCommand(), a.indexPullCommand(), a.indexPushCommand())
	return cmd
}

func (a *app) indexBuildCommand() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:               "build [PROGRAM...]",
		Short:             "Analyze programs into the cache",
		Long:              "Analyze the PROGRAMs, or all, as far as the cache does not have them.",
		Example:           "  callroute index build\n  callroute index build dockerd containerd",
		ValidArgsFunction: a.completePrograms(&s),
		RunE: func(cmd *cobra.Command, args []string) error {
			an, err := a.analysis(cmd.Context(), s)
			if err != nil {
				return err
			}
			_, err = an.Index(cmd.Context(), args)
			return err
		},
	}
	s.register(cmd)
	return cmd
}

func (a *app) indexListCommand() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:               "list",
		Short:             "List the programs to build, one a line",
		Long:              "List the programs that index build analyzes, one a line.",
		Example:           "  callroute index list",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			an, err := a.analysis(cmd.Context(), s)
			if err != nil {
				return err
			}
			a.progress.stop()
			for _, p := range an.Programs() {
				if !slices.Contains(an.Auxiliary(), p) {
					fmt.Fprintln(a.stdout, p)
				}
			}
			return nil
		},
	}
	s.register(cmd)
	return cmd
}

func (a *app) indexPushCommand() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:   "push REFERENCE [PROGRAM...]",
		Short: "Push what the cache has of programs",
		Long: `Push what the cache has of the PROGRAMs, or of all, and build what it does not
have. It prints the artifact's digest. Credentials are those of docker login.`,
		Example: "  callroute index push registry.example.com/team/index\n  callroute index push oci:part1 dockerd",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("push to where? name a REFERENCE, HOST/REPOSITORY[:TAG] or oci:FOLDER")
			}
			return a.indexPush(cmd.Context(), s, args[0], args[1:])
		},
	}
	s.register(cmd)
	return cmd
}

func (a *app) indexPush(ctx context.Context, s sources, ref string, programs []string) error {
	if _, err := artifact.Reference(ref, "none"); err != nil { // before long work
		return err
	}
	an, err := a.analysis(ctx, s)
	if err != nil {
		return err
	}
	if ref, err = artifact.Reference(ref, an.Revision()); err != nil {
		return err
	}
	entries, err := an.Index(ctx, programs)
	if err != nil {
		return err
	}
	a.progress.say("pushing " + ref)
	digest, err := artifact.Push(ctx, ref, entries)
	if err != nil {
		return err
	}
	a.progress.stop()
	_, err = fmt.Fprintf(a.stdout, "%s@%s\n", ref, digest)
	return err
}

func (a *app) indexPullCommand() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:   "pull REFERENCE...",
		Short: "Pull results into the cache",
		Long: `Pull the results of artifacts into the cache. They are used for sources that are
what they were made from; the others are analyzed as ever.`,
		Example: "  callroute index pull registry.example.com/team/index\n  callroute index pull oci:part1 oci:part2",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("pull what? name a REFERENCE, HOST/REPOSITORY[:TAG] or oci:FOLDER")
			}
			return a.indexPull(cmd.Context(), s, args)
		},
	}
	s.register(cmd)
	return cmd
}

func (a *app) indexPull(ctx context.Context, s sources, refs []string) error {
	st := a.storeOf(s)
	if st == nil {
		return errNoCache
	}
	defer st.Close()
	for _, ref := range refs {
		whole, err := a.withTag(ctx, s, ref)
		if err != nil {
			return err
		}
		a.progress.say("pulling " + whole)
		entries, err := artifact.Pull(ctx, whole)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := st.Add(e); err != nil {
				return err
			}
		}
		a.progress.stop()
		if _, err := fmt.Fprintf(a.stdout, "%s: %d results\n", whole, len(entries)); err != nil {
			return err
		}
	}
	return nil
}

// withTag is a reference with a tag: where it has none, the one of the sources.
func (a *app) withTag(ctx context.Context, s sources, ref string) (string, error) {
	const none = "callroute-none"
	whole, err := artifact.Reference(ref, none)
	if err != nil {
		return "", err
	}
	if same, err := artifact.Reference(ref, none+"2"); err != nil || same == whole {
		return whole, err
	}
	an, err := a.analysis(ctx, s)
	if err != nil {
		return "", err
	}
	return artifact.Reference(ref, an.Revision())
}
