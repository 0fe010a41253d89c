package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/errdefs"
)

// FuzzPath asks for anything. No path is redirected or breaks the server, and
// whatever is named reaches the backend as it was written.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"/info", "/v1.41/info", "/v1.41", "/images/a/b/json", "/containers/../json", "/containers/%2e%2e/json",
		"/containers//json", "/v1.50//info", "/containers/a%2Fb/json", "/", "//", "/images/\x00/json", "/containers/ä?/json",
	} {
		f.Add(path)
	}
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.Parse("http://x/" + strings.TrimPrefix(path, "/"))
		if err != nil || u.Host != "x" {
			return // no path of a request
		}
		backend := &fake{err: errdefs.NotFound("nothing")}
		s := New(Config{Backend: backend.backend(), Log: logger})
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			r := httptest.NewRequest(method, "http://x/", nil)
			r.URL = u
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code == 500 || w.Code >= 300 && w.Code < 400 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	})
}

func TestNamesArriveAsWritten(t *testing.T) {
	for _, name := range []string{"a", "a/b", "a//b", "../x", "..", ".", "a b", "ä", "a%b", "a?b", "json", "a/json", "x/../y", "/a", "a/"} {
		f := &fake{}
		s := New(Config{Backend: f.backend(), Log: logrus.New()})
		r := httptest.NewRequest(http.MethodGet, "/v1.50/containers/x/json", nil)
		r.URL = &url.URL{Path: "/v1.50/containers/" + name + "/json"}
		s.ServeHTTP(httptest.NewRecorder(), r)
		if want := `Inspect "` + name + `" false`; f.asked() != want {
			t.Errorf("%q arrived as %s", name, f.asked())
		}
	}
}
