package system

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// hosts are the web hosts of repositories whose pages are known, and how they
// address a file at a revision.
var hosts = map[string]string{
	"github.com":    "/blob/",
	"gitlab.com":    "/-/blob/",
	"codeberg.org":  "/src/commit/",
	"gitea.com":     "/src/commit/",
	"bitbucket.org": "/src/",
}

// web is the address under which the files of a tree can be read at its
// revision, empty unless its git checkout has a remote on a known host. dir may
// be a folder inside the checkout.
func web(dir string) string {
	top := dir
	for gitDir(top) == "" {
		parent := filepath.Dir(top)
		if parent == top {
			return ""
		}
		top = parent
	}
	git := gitDir(top)
	commit := head(git)
	if commit == "" {
		return ""
	}
	base := remote(git)
	if base == nil {
		return ""
	}
	between, ok := hosts[base.Host]
	if !ok {
		return ""
	}
	address := "https://" + base.Host + strings.TrimSuffix(base.Path, "/") + between + commit
	if rel, err := filepath.Rel(top, dir); err == nil && rel != "." {
		address += "/" + filepath.ToSlash(rel)
	}
	return address
}

// remote is the address of the remote called origin, nil if there is none.
func remote(git string) *url.URL {
	data, err := os.ReadFile(filepath.Join(git, "config"))
	if err != nil {
		if data, err = os.ReadFile(filepath.Join(git, firstLine(filepath.Join(git, "commondir")), "config")); err != nil {
			return nil
		}
	}
	origin := false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			origin = line == `[remote "origin"]`
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if origin && strings.TrimSpace(key) == "url" {
			return repository(strings.TrimSpace(value))
		}
	}
	return nil
}

// repository reads the address of a repository, as a URL or as host:path.
func repository(address string) *url.URL {
	if !strings.Contains(address, "://") {
		host, path, ok := strings.Cut(address, ":")
		if !ok || strings.Contains(host, "/") {
			return nil
		}
		host = host[strings.LastIndexByte(host, '@')+1:]
		address = "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return &url.URL{Host: u.Hostname(), Path: strings.TrimSuffix(u.Path, ".git")}
}
