package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/template"

	"github.com/spf13/cobra"
)

type inspectOptions struct {
	format string
	size   bool
	kind   string
}

func newInspect(cli *Program) *cobra.Command {
	var opts inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect [OPTIONS] NAME|ID [NAME|ID...]",
		Short: "Return low-level information on the engine's objects",
		Example: `  engine inspect web
  engine inspect --format "{{.HostConfig.Memory}}" web
  engine inspect --type image busybox`,
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isAny),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runInspect(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	cmd.Flags().StringVar(&opts.kind, "type", "", "Only inspect objects of the given type")
	cmd.Flags().BoolVarP(&opts.size, "size", "s", false, "Display total file sizes if the type is container")
	completeFlag(cmd, "type", cobra.FixedCompletions([]string{"container", "image", "network", "volume"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runInspect(ctx context.Context, cli *Program, opts inspectOptions, names []string) error {
	find, err := finders{cli}.finder(opts)
	if err != nil {
		return err
	}
	return finders{cli}.inspect(ctx, opts.format, names, find)
}

// inspected is a thing as its type, and as the daemon's own bytes, which may
// tell more.
type inspected struct {
	value any
	raw   json.RawMessage
}

// finder finds one thing by its name.
type finder func(ctx context.Context, name string) (inspected, error)

// finders find what is to be inspected.
type finders struct{ *Program }

// finder looks for things of one type, or of one type after the other.
func (cli finders) finder(opts inspectOptions) (finder, error) {
	container := func(ctx context.Context, name string) (inspected, error) {
		c, raw, err := cli.Containers.Inspect(ctx, name, opts.size)
		return inspected{c, raw}, err
	}
	switch opts.kind {
	case "container":
		return container, nil
	case "image":
		return cli.inspectImage, nil
	case "network":
		return cli.inspectNetwork, nil
	case "volume":
		return cli.inspectVolume, nil
	case "":
		return first(container, cli.inspectImage, cli.inspectNetwork, cli.inspectVolume), nil
	}
	return nil, fmt.Errorf("unknown type: %q: must be one of \"container\", \"image\", \"network\", \"volume\"", opts.kind)
}

func first(finders ...finder) finder {
	return func(ctx context.Context, name string) (inspected, error) {
		for _, find := range finders {
			if found, err := find(ctx, name); err == nil || !isNotFound(err) {
				return found, err
			}
		}
		return inspected{}, fmt.Errorf("Error: No such object: %s", name)
	}
}

func (cli finders) inspectImage(ctx context.Context, name string) (inspected, error) {
	i, raw, err := cli.Images.Inspect(ctx, name)
	return inspected{i, raw}, err
}

func (cli finders) inspectNetwork(ctx context.Context, name string) (inspected, error) {
	n, raw, err := cli.Networks.Inspect(ctx, name)
	return inspected{n, raw}, err
}

func (cli finders) inspectVolume(ctx context.Context, name string) (inspected, error) {
	v, raw, err := cli.Volumes.Inspect(ctx, name)
	return inspected{v, raw}, err
}

// newContainerInspect, newImageInspect, newVolumeInspect and newNetworkInspect
// inspect things of one type.

func newContainerInspect(cli *Program) *cobra.Command {
	opts := inspectOptions{kind: "container"}
	cmd := &cobra.Command{
		Use:               "inspect [OPTIONS] CONTAINER [CONTAINER...]",
		Short:             "Display detailed information on one or more containers",
		Example:           "  engine container inspect --size web",
		Args:              minArgs(1),
		ValidArgsFunction: completeContainers(cli, isAny),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runInspect(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	cmd.Flags().BoolVarP(&opts.size, "size", "s", false, "Display total file sizes")
	return cmd
}

func newImageInspect(cli *Program) *cobra.Command {
	opts := inspectOptions{kind: "image"}
	cmd := &cobra.Command{
		Use:               "inspect [OPTIONS] IMAGE [IMAGE...]",
		Short:             "Display detailed information on one or more images",
		Example:           `  engine image inspect --format "{{.Config.Cmd}}" busybox`,
		Args:              minArgs(1),
		ValidArgsFunction: completeImages(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runInspect(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	return cmd
}

func newVolumeInspect(cli *Program) *cobra.Command {
	opts := inspectOptions{kind: "volume"}
	cmd := &cobra.Command{
		Use:               "inspect [OPTIONS] VOLUME [VOLUME...]",
		Short:             "Display detailed information on one or more volumes",
		Example:           `  engine volume inspect --format "{{.Mountpoint}}" data`,
		Args:              minArgs(1),
		ValidArgsFunction: completeVolumes(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runInspect(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	return cmd
}

func newNetworkInspect(cli *Program) *cobra.Command {
	opts := inspectOptions{kind: "network"}
	cmd := &cobra.Command{
		Use:               "inspect [OPTIONS] NETWORK [NETWORK...]",
		Short:             "Display detailed information on one or more networks",
		Example:           "  engine network inspect bridge",
		Args:              minArgs(1),
		ValidArgsFunction: completeNetworks(cli),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runInspect(cmd.Context(), cli, opts, args)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	return cmd
}

// inspect shows things by name: each by a template, or all as one JSON list.
// Those that are not there are told of at the end.
func (cli finders) inspect(ctx context.Context, format string, names []string, find finder) error {
	show, end, err := inspector(cli.Out, format)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		found, err := find(ctx, name)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if err := show(found); err != nil {
			failed = append(failed, err)
		}
	}
	if err := end(); err != nil {
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return nil
	}
	return errors.Join(failed...)
}

// inspector is how things are shown: show takes each, end writes what is left.
func inspector(w io.Writer, format string) (show func(inspected) error, end func() error, err error) {
	var list []json.RawMessage
	collect := func(found inspected) error {
		list = append(list, found.raw)
		return nil
	}
	switch format {
	case "":
		return collect, func() error { return writeList(w, list, "    ") }, nil
	case "json":
		return collect, func() error { return writeList(w, list, "") }, nil
	}
	parsed, err := checkFormat("", format)
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	show = func(found inspected) error { return execute(&out, parsed, found) }
	end = func() error {
		if out.Len() == 0 {
			out.WriteByte('\n')
		}
		_, err := out.WriteTo(w)
		return err
	}
	return show, end, nil
}

// writeList writes things as one JSON list, as the daemon told them.
func writeList(w io.Writer, list []json.RawMessage, indent string) error {
	joined := []byte{'['}
	for i, raw := range list {
		if i > 0 {
			joined = append(joined, ',')
		}
		joined = append(joined, bytes.TrimSpace(raw)...)
	}
	joined = append(joined, ']')
	var out bytes.Buffer
	var err error
	if indent == "" {
		err = json.Compact(&out, joined)
	} else {
		err = json.Indent(&out, joined, "", indent)
	}
	if err != nil {
		return fmt.Errorf("reading the daemon's answer: %w", err)
	}
	out.WriteByte('\n')
	_, err = out.WriteTo(w)
	return err
}

// execute shows a thing by a template: by its type, whose fields are Go's
// names, or by the daemon's bytes, whose fields are JSON's.
func execute(w io.Writer, format *template.Template, found inspected) error {
	var line bytes.Buffer
	if format.Execute(&line, found.value) != nil {
		line.Reset()
		decoder := json.NewDecoder(bytes.NewReader(found.raw))
		decoder.UseNumber() // a large number stays as it is
		var fields any
		if err := decoder.Decode(&fields); err != nil {
			return fmt.Errorf("reading the daemon's answer: %w", err)
		}
		if err := format.Option("missingkey=error").Execute(&line, fields); err != nil {
			return fmt.Errorf("template parsing error: %w", err)
		}
	}
	line.WriteByte('\n')
	_, err := line.WriteTo(w)
	return err
}
