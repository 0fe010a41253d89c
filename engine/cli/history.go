package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"
)

type historyOptions struct {
	human, quiet, noTrunc bool

	format string
}

func newHistory(cli *Program) *cobra.Command {
	var opts historyOptions
	cmd := &cobra.Command{
		Use:               "history [OPTIONS] IMAGE",
		Short:             "Show the history of an image",
		Example:           "  engine history --no-trunc busybox",
		Args:              exactArgs(1),
		ValidArgsFunction: completeFirst(completeImages(cli)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runHistory(cmd.Context(), cli, opts, args[0])
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.human, "human", "H", true, "Print sizes and dates in human readable format")
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "Only show image IDs")
	flags.BoolVar(&opts.noTrunc, "no-trunc", false, "Don't truncate output")
	flags.StringVar(&opts.format, "format", "", formatFlag)
	return cmd
}

// historyRow is a step that made an image.
type historyRow struct {
	Comment      string
	CreatedAt    string
	CreatedBy    string
	CreatedSince string
	ID           string
	Size         string
}

func runHistory(ctx context.Context, cli *Program, opts historyOptions, name string) error {
	steps, err := cli.Images.History(ctx, name)
	if err != nil {
		return err
	}
	t := table[historyRow]{
		format: opts.format,
		usual:  "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
		header: historyRow{
			Comment: "COMMENT", CreatedAt: "CREATED AT", CreatedBy: "CREATED BY",
			CreatedSince: "CREATED", ID: "IMAGE", Size: "SIZE",
		},
	}
	if !opts.human {
		t.usual = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
	}
	if opts.quiet {
		t.format = "{{.ID}}"
	}
	var rows []historyRow
	for _, step := range steps {
		created := time.Unix(step.Created, 0)
		row := historyRow{
			ID: step.ID, Comment: step.Comment,
			CreatedAt:    created.Format(time.RFC3339),
			CreatedSince: "N/A",
			CreatedBy:    strings.ReplaceAll(step.CreatedBy, "\t", " "),
			Size:         strconv.FormatInt(step.Size, 10),
		}
		if created.Unix() > 0 {
			row.CreatedSince = units.HumanDuration(time.Since(created)) + " ago"
		}
		if opts.human {
			row.Size = units.HumanSizeWithPrecision(float64(step.Size), 3)
		}
		if !opts.noTrunc {
			row.ID = shortID(step.ID)
			row.CreatedBy = ellipsis(row.CreatedBy, 45)
		}
		rows = append(rows, row)
	}
	return t.write(cli.Out, rows)
}
