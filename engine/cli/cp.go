package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/go-archive"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/types"
)

type cpOptions struct {
	archive    bool
	followLink bool
	quiet      bool
}

func newCp(cli *Program) *cobra.Command {
	var opts cpOptions
	cmd := &cobra.Command{
		Use:   "cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|- | SRC_PATH|- CONTAINER:DEST_PATH",
		Short: "Copy files/folders between a container and the local filesystem",
		Long: `Copy files/folders between a container and the local filesystem

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.`,
		Example: `  engine cp web:/var/log/access.log .
  engine cp ./site web:/srv
  engine cp web:/etc - | tar -t`,
		Args:              exactArgs(2),
		ValidArgsFunction: completeCp(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCp(cmd.Context(), cli, opts, args[0], args[1])
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.archive, "archive", "a", false, "Archive mode (copy all uid/gid information)")
	flags.BoolVarP(&opts.followLink, "follow-link", "L", false, "Always follow symbol link in SRC_PATH")
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached")
	return cmd
}

// completeCp offers containers beside the files that the shell offers.
func completeCp(cli *Program) cobra.CompletionFunc {
	containers := completeContainers(cli, isAny)
	return func(cmd *cobra.Command, args []string, start string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, _ := containers(cmd, args, start)
		var all []string
		for _, name := range names {
			if strings.HasPrefix(name, start) {
				all = append(all, name+":")
			}
		}
		if len(all) == 0 || start == "" {
			return all, cobra.ShellCompDirectiveNoSpace
		}
		return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}

func runCp(ctx context.Context, cli *Program, opts cpOptions, source, destination string) error {
	switch {
	case source == "":
		return errors.New("source can not be empty")
	case destination == "":
		return errors.New("destination can not be empty")
	}
	if !cli.debug {
		// The package archive logs what it also returns.
		logrus.SetOutput(io.Discard)
	}
	from, to := parsePlace(source), parsePlace(destination)
	switch {
	case from.container != "" && to.container != "":
		return errors.New("copying between containers is not supported")
	case from.container != "":
		return copier{cli}.copyFrom(ctx, opts, from, to.path)
	case to.container != "":
		return copier{cli}.copyTo(ctx, opts, from.path, to)
	}
	return errors.New("must specify at least one container source")
}

// place is a path, in a container if one is named.
type place struct {
	container, path string
}

func (p place) String() string { return p.container + ":" + p.path }

// parsePlace reads CONTAINER:PATH. What begins like a path is one, colon or
// not.
func parsePlace(arg string) place {
	if filepath.IsAbs(arg) {
		return place{path: arg}
	}
	container, inside, ok := strings.Cut(arg, ":")
	if !ok || strings.HasPrefix(container, ".") {
		return place{path: arg}
	}
	return place{container, inside}
}

// copier copies between a container and here.
type copier struct{ *Program }

// copyFrom copies out of a container. Whether a folder or its content is
// copied, and under which name, is decided as cp -a does: see the package
// archive.
func (cli copier) copyFrom(ctx context.Context, opts cpOptions, from place, to string) error {
	if to != "-" {
		absolute, err := absolutePath(to)
		if err != nil {
			return err
		}
		if err := checkOutput(absolute); err != nil {
			return err
		}
		to = absolute
	} else if _, seen := terminal(cli.Out); seen {
		return errors.New("cowardly refusing to copy to a terminal. Use a destination path or redirect")
	}
	rename := ""
	if opts.followLink {
		// A link that leads nowhere is what the daemon tells of next.
		if stat, err := cli.Archives.Stat(ctx, from.container, from.path); err == nil && stat.Mode&os.ModeSymlink != 0 {
			target := stat.LinkTarget
			if !path.IsAbs(target) {
				parent, _ := archive.SplitPathDirEntry(from.path)
				target = path.Join(parent, target)
			}
			from.path, rename = archive.GetRebaseName(from.path, target)
		}
	}
	stat, content, err := cli.Archives.CopyFrom(ctx, from.container, from.path)
	if err != nil {
		return err
	}
	defer content.Close()
	if to == "-" {
		_, err = io.Copy(cli.Out, content)
		return err
	}
	counted := &counter{r: content}
	source := archive.CopyInfo{Path: from.path, Exists: true, IsDir: stat.Mode.IsDir(), RebaseName: rename}
	var unpacked io.Reader = counted
	if rename != "" {
		_, base := archive.SplitPathDirEntry(source.Path)
		renamed := archive.RebaseArchiveEntries(counted, base, rename)
		defer renamed.Close()
		unpacked = renamed
	}
	if err := archive.CopyTo(unpacked, source, to); err != nil {
		return err
	}
	cli.reportCopy(opts, counted.n, to)
	return nil
}

// copyTo copies into a container.
func (cli copier) copyTo(ctx context.Context, opts cpOptions, from string, to place) error {
	destination, err := cli.inContainer(ctx, to)
	if err != nil {
		return err
	}
	request := types.CopyToOptions{Path: destination.Path, NoOverwriteDirNonDir: true, CopyUIDGID: opts.archive}
	if from == "-" {
		if !destination.IsDir {
			return fmt.Errorf("destination %q must be a directory", to)
		}
		return cli.Archives.CopyTo(ctx, to.container, request, cli.In)
	}
	absolute, err := absolutePath(from)
	if err != nil {
		return err
	}
	source, err := archive.CopyInfoSourcePath(absolute, opts.followLink)
	if err != nil {
		return err
	}
	packed, err := archive.TarResource(source)
	if err != nil {
		return err
	}
	defer packed.Close()
	folder, prepared, err := archive.PrepareArchiveCopy(packed, source, destination)
	if err != nil {
		return err
	}
	defer prepared.Close()
	request.Path = folder
	counted := &counter{r: prepared}
	if err := cli.Archives.CopyTo(ctx, to.container, request, counted); err != nil {
		return err
	}
	cli.reportCopy(opts, counted.n, to.String())
	return nil
}

// inContainer says what a path in a container is, a link's target in its
// place. One that is not there yet is no error; its container is.
func (cli copier) inContainer(ctx context.Context, to place) (archive.CopyInfo, error) {
	info := archive.CopyInfo{Path: to.path}
	stat, err := cli.Archives.Stat(ctx, to.container, to.path)
	if err == nil && stat.Mode&os.ModeSymlink != 0 {
		target := stat.LinkTarget
		if !path.IsAbs(target) {
			parent, _ := archive.SplitPathDirEntry(to.path)
			target = path.Join(parent, target)
		}
		info.Path = target
		stat, err = cli.Archives.Stat(ctx, to.container, target)
	}
	if err != nil {
		return info, nil //nolint:nilerr // the copy itself tells what is wrong, if anything is
	}
	if stat.Mode&(os.ModeDevice|os.ModeIrregular) != 0 {
		return info, fmt.Errorf("destination %q must be a directory or a regular file", to)
	}
	info.Exists, info.IsDir = true, stat.Mode.IsDir()
	return info, nil
}

// absolutePath keeps what a trailing slash or dot says: that a folder is
// meant, or its content.
func absolutePath(local string) (string, error) {
	absolute, err := filepath.Abs(local)
	if err != nil {
		return "", err
	}
	return archive.PreserveTrailingDotOrSeparator(absolute, local), nil
}

// checkOutput refuses a path whose folder is not there, or that is a device.
func checkOutput(local string) error {
	folder := filepath.Dir(filepath.Clean(local))
	if folder != "" && folder != "." {
		if _, err := os.Stat(folder); os.IsNotExist(err) {
			return fmt.Errorf("invalid output path: directory %q does not exist", folder)
		}
	}
	stat, err := os.Stat(local)
	if err != nil {
		return nil //nolint:nilerr // it will be made
	}
	if !stat.IsDir() && !stat.Mode().IsRegular() {
		return fmt.Errorf("invalid output path: %q must be a directory or a regular file", local)
	}
	return nil
}

func (cli copier) reportCopy(opts cpOptions, size int64, to string) {
	if _, seen := terminal(cli.Err); !seen || opts.quiet {
		return
	}
	fmt.Fprintf(cli.Err, "Successfully copied %s to %s\n", units.HumanSizeWithPrecision(float64(size), 3), to)
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
