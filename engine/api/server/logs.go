package server

import (
	"fmt"
	"io"
	"net/http"

	"github.com/moby/moby/api/pkg/stdcopy"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (c containerRoutes) logs(w http.ResponseWriter, r *http.Request) error {
	q := queryOf(r)
	opts := types.LogsOptions{
		Stdout: q.is("stdout"), Stderr: q.is("stderr"),
		Follow: q.is("follow"), Timestamps: q.is("timestamps"), Details: q.is("details"),
		Since: q.Get("since"), Until: q.Get("until"), Tail: q.Get("tail"),
	}
	if !opts.Stdout && !opts.Stderr {
		return errdefs.Invalid("Bad parameters: you must choose at least one stream")
	}
	var frames io.Writer // set once an answer in frames has begun
	begin := open(w, r)
	err := c.backend.Logs(r.Context(), r.PathValue("name"), opts, func(kind StreamKind) io.Writer {
		body := begin(kind)
		if kind == Multiplexed {
			frames = body
		}
		return body
	})
	if err != nil && frames != nil {
		return writeFailure(frames, err)
	}
	return err
}

// writeFailure ends a stream of frames with one that clients show as an error.
func writeFailure(frames io.Writer, failure error) error {
	text := fmt.Sprintf("Error grabbing logs: %v\n", failure)
	n := len(text)
	head := []byte{byte(stdcopy.Systemerr), 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	_, err := frames.Write(append(head, text...))
	return err
}
