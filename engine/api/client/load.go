package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/moby/moby/api/types/jsonstream"
)

// Load reads images from an archive. Quiet asks for no progress, only for the
// names.
func (i Images) Load(ctx context.Context, tar io.Reader, quiet bool) (*Lines[jsonstream.Message], error) {
	query := url.Values{"quiet": {"0"}}
	flag(query, "quiet", quiet)
	return lines[jsonstream.Message](i.request(ctx, http.MethodPost, "/images/load", payload{query: query, upload: tar}))
}
