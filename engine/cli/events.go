package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/client"
	"github.com/callroute/callroute/engine/api/types"
)

type eventsOptions struct {
	since, until string
	format       string
	filter       filter
}

func newEvents(cli *Program) *cobra.Command {
	var opts eventsOptions
	cmd := &cobra.Command{
		Use:   "events [OPTIONS]",
		Short: "Get real time events from the server",
		Example: `  engine events --since 10m --until 0s
  engine events --filter type=container --filter event=die --format "{{.Actor.Attributes.name}}"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runEvents(cmd.Context(), cli, opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.since, "since", "", "Show all events created since timestamp")
	flags.StringVar(&opts.until, "until", "", "Stream events until this timestamp")
	flags.VarP(&opts.filter, "filter", "f", "Filter output based on conditions provided")
	flags.StringVar(&opts.format, "format", "", inspectFormatFlag)
	return cmd
}

func runEvents(ctx context.Context, cli *Program, opts eventsOptions) error {
	show := showEvent
	if opts.format != "" {
		parsed, err := checkFormat("", opts.format)
		if err != nil {
			return err
		}
		show = func(w io.Writer, event client.Event) error { return parsed.Execute(w, event) }
	}
	request := types.EventsOptions{Filters: types.Filters(opts.filter)}
	var err error
	if request.Since, err = timestamp(opts.since); err != nil {
		return err
	}
	if request.Until, err = timestamp(opts.until); err != nil {
		return err
	}
	events, err := cli.System.Events(ctx, request)
	if err != nil {
		return err
	}
	defer events.Close()
	for {
		event, err := events.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var line bytes.Buffer
		if err := show(&line, event); err != nil {
			return err
		}
		line.WriteByte('\n')
		if _, err := line.WriteTo(cli.Out); err != nil {
			return err
		}
	}
}

// showEvent writes an event as a line: when, what, about what.
func showEvent(w io.Writer, event client.Event) error {
	when := time.Unix(event.Time, 0)
	if event.TimeNano != 0 {
		when = time.Unix(0, event.TimeNano)
	}
	const layout = "2006-01-02T15:04:05.000000000Z07:00" // fractions of one width
	_, err := fmt.Fprintf(w, "%s %s %s %s", when.Format(layout), event.Type, event.Action, event.Actor.ID)
	if err != nil || len(event.Actor.Attributes) == 0 {
		return err
	}
	var attributes []string
	for name, value := range event.Actor.Attributes {
		attributes = append(attributes, name+"="+value)
	}
	slices.Sort(attributes)
	_, err = fmt.Fprintf(w, " (%s)", strings.Join(attributes, ", "))
	return err
}
