package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/callroute/callroute/engine/errdefs"
)

// apiVersion is a version of the API by its minor number: all of them are 1.x.
type apiVersion int

const (
	newest apiVersion = 50
	oldest apiVersion = 24
)

// requested is the version that a request names in front of its path; the
// newest if it names none.
func requested(r *http.Request) (apiVersion, error) {
	named := strings.TrimPrefix(r.PathValue("version"), "v")
	if named == "" {
		return newest, nil
	}
	major, minor, _ := strings.Cut(named, ".")
	x, err := strconv.Atoi(major)
	if err != nil {
		return 0, errdefs.Invalid("invalid API version %q", named)
	}
	y := 0
	if minor != "" {
		if y, err = strconv.Atoi(minor); err != nil {
			return 0, errdefs.Invalid("invalid API version %q", named)
		}
	}
	switch {
	case x > 1 || x == 1 && y > int(newest):
		return 0, errdefs.Invalid("client version %s is too new. Maximum supported API version is %s", named, APIVersion)
	case x < 1 || y < int(oldest):
		return 0, errdefs.Invalid("client version %s is too old. Minimum supported API version is %s, please upgrade your client to a newer version", named, MinAPIVersion)
	}
	return apiVersion(y), nil
}

// versionOf is the version of a request that answer has checked.
func versionOf(r *http.Request) apiVersion {
	v, err := requested(r)
	if err != nil {
		return newest
	}
	return v
}
