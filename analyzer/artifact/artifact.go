// Package artifact carries results of the store as an OCI artifact, which any
// registry keeps, so that one machine analyzes a revision and the others have it.
//
// The artifact has a layer for each result, compressed and sorted by key, and
// nothing that tells when or where it was made: the same results give the same
// digest, on whichever machines they were made.
package artifact

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/callroute/callroute/analyzer/encode"
	"github.com/callroute/callroute/analyzer/store"
)

// Type is the type of the artifact, and layerType that of a result in it.
const (
	Type      = "application/vnd.callroute.index.v1"
	layerType = "application/vnd.callroute.result.v1+gzip"
)

// layout begins a reference to a folder with an OCI image layout.
const layout = "oci:"

// Reference is where an artifact is: HOST/REPOSITORY:TAG, or oci:FOLDER. One without
// a tag has the given one.
func Reference(text, tag string) (string, error) {
	if folder, ok := strings.CutPrefix(text, layout); ok {
		if folder == "" {
			return "", errors.New("oci: names no folder; write oci:FOLDER")
		}
		return text, nil
	}
	slash := strings.IndexByte(text, '/')
	if slash <= 0 || strings.Contains(text, "://") {
		return "", fmt.Errorf("%q is no reference; write HOST/REPOSITORY:TAG, or oci:FOLDER", text)
	}
	if rest := text[slash:]; !strings.ContainsAny(rest, ":@") {
		text += ":" + tag
	}
	repo, err := remote.NewRepository(text)
	if err != nil {
		return "", fmt.Errorf("%q is no reference: %w", text, err)
	}
	return repo.Reference.String(), nil
}

// target is where a reference leads to, and the tag there.
func target(ref string) (oras.Target, string, error) {
	if folder, ok := strings.CutPrefix(ref, layout); ok {
		t, err := oci.New(folder)
		return t, "index", err
	}
	repo, err := remote.NewRepository(ref)
	if err != nil {
		return nil, "", err
	}
	repo.PlainHTTP = loopback(repo.Reference.Host())
	client := &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache()}
	if known, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil { // else it is asked without
		client.Credential = credentials.Credential(known)
	}
	repo.Client = client
	return repo, repo.Reference.Reference, nil
}

// loopback reports whether a registry is on this machine. As docker does, such a one
// is asked without TLS.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Push puts results where a Reference leads to, and returns the artifact's digest.
func Push(ctx context.Context, ref string, entries []store.Entry) (string, error) {
	to, tag, err := target(ref)
	if err != nil {
		return "", told(ref, err)
	}
	mem := memory.New()
	layers, err := pack(ctx, mem, entries)
	if err != nil {
		return "", err
	}
	manifest, err := oras.PackManifest(ctx, mem, oras.PackManifestVersion1_1, Type, oras.PackManifestOptions{
		Layers:              layers,
		ManifestAnnotations: map[string]string{ocispec.AnnotationCreated: "1970-01-01T00:00:00Z"}, // the same each time
	})
	if err != nil {
		return "", err
	}
	if err := mem.Tag(ctx, manifest, tag); err != nil {
		return "", err
	}
	if _, err := oras.Copy(ctx, mem, tag, to, tag, oras.DefaultCopyOptions); err != nil {
		return "", told(ref, err)
	}
	return manifest.Digest.String(), nil
}

// pack makes a layer of each result, sorted by key.
func pack(ctx context.Context, mem *memory.Store, entries []store.Entry) ([]ocispec.Descriptor, error) {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b store.Entry) int {
		return cmp.Or(bytes.Compare(a.Key[:], b.Key[:]), bytes.Compare(a.Result, b.Result))
	})
	var layers []ocispec.Descriptor
	for i := range entries {
		var text bytes.Buffer
		zip := gzip.NewWriter(&text)
		_, err := zip.Write(encode.Marshal(&entries[i]))
		if err = errors.Join(err, zip.Close()); err != nil {
			return nil, err
		}
		d := content.NewDescriptorFromBytes(layerType, text.Bytes())
		if slices.ContainsFunc(layers, func(x ocispec.Descriptor) bool { return x.Digest == d.Digest }) {
			continue
		}
		if err := mem.Push(ctx, d, &text); err != nil {
			return nil, err
		}
		layers = append(layers, d)
	}
	return layers, nil
}

// Pull gets the results of an artifact.
func Pull(ctx context.Context, ref string) ([]store.Entry, error) {
	from, tag, err := target(ref)
	if err != nil {
		return nil, told(ref, err)
	}
	manifest, text, err := oras.FetchBytes(ctx, from, tag, oras.DefaultFetchBytesOptions)
	if err != nil {
		return nil, told(ref, err)
	}
	next, err := content.Successors(ctx, fetched{manifest.Digest, text, from}, manifest)
	if err != nil {
		return nil, told(ref, err)
	}
	var out []store.Entry
	for _, d := range next {
		if d.MediaType != layerType {
			continue
		}
		text, err := content.FetchAll(ctx, from, d)
		if err != nil {
			return nil, told(ref, err)
		}
		e, err := unpack(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref, err)
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s is no index of callroute", ref)
	}
	return out, nil
}

// fetched is a store in which one blob was fetched already.
type fetched struct {
	digest digest.Digest
	text   []byte
	content.Fetcher
}

// Fetch implements content.Fetcher.
func (f fetched) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	if d.Digest == f.digest {
		return io.NopCloser(bytes.NewReader(f.text)), nil
	}
	return f.Fetcher.Fetch(ctx, d)
}

// mostText is how large a result may be when it is unpacked.
const mostText = 1 << 30

var errVersion = errors.New("its results are of another version of callroute")

func unpack(text []byte) (store.Entry, error) {
	zip, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return store.Entry{}, err
	}
	whole, err := io.ReadAll(io.LimitReader(zip, mostText))
	if err != nil {
		return store.Entry{}, err
	}
	e, ok := encode.Unmarshal[store.Entry](whole)
	if !ok {
		return store.Entry{}, errVersion
	}
	return e, nil
}

// told says what is wrong with a reference.
func told(ref string, err error) error {
	if errors.Is(err, errdef.ErrNotFound) {
		return fmt.Errorf("%s: there is no such artifact", ref)
	}
	return fmt.Errorf("%s: %w", ref, err)
}
