package flow

import "testing"

func TestLink(t *testing.T) {
	c := Component{Web: "https://github.com/kiln/kiln/blob/abc"}
	for _, test := range []struct {
		file, want string
	}{
		{"cmd/kiln/main.go", "https://github.com/kiln/kiln/blob/abc/cmd/kiln/main.go#L7"},
		{"$GOROOT/src/os/file.go", ""},
		{"/elsewhere/a.go", ""},
		{"", ""},
		{"github.com/heat/oven@v1.2.3/a/b.go", "https://github.com/heat/oven/blob/v1.2.3/a/b.go#L7"},
		{"github.com/heat/oven/v2@v2.0.1/b.go", "https://github.com/heat/oven/blob/v2.0.1/b.go#L7"},
		{"github.com/heat/oven/api@v1.0.0/b.go", "https://github.com/heat/oven/blob/api/v1.0.0/api/b.go#L7"},
		{"github.com/heat/oven@v0.0.0-20250102033503-faa5f7b0171c/b.go", "https://github.com/heat/oven/blob/faa5f7b0171c/b.go#L7"},
		{"github.com/heat/oven@v4.0.0+incompatible/b.go", "https://github.com/heat/oven/blob/v4.0.0/b.go#L7"},
		{"go.example.org/oven@v1.0.0/b.go", ""},
		{"golang.org/x/sys@v0.35.0/unix/ioctl.go", "https://github.com/golang/sys/blob/v0.35.0/unix/ioctl.go#L7"},
		{"google.golang.org/grpc@v1.75.0/server.go", "https://github.com/grpc/grpc-go/blob/v1.75.0/server.go#L7"},
		{"go.etcd.io/bbolt@v1.4.3/db.go", "https://github.com/etcd-io/bbolt/blob/v1.4.3/db.go#L7"},
		{"golang.org/xy/sys@v0.35.0/a.go", ""},
	} {
		if got := c.Link(Site{File: test.file, Line: 7}); got != test.want {
			t.Errorf("%s: %q, want %q", test.file, got, test.want)
		}
	}
	if got := (Component{}).Link(Site{File: "a.go", Line: 1}); got != "" {
		t.Errorf("without a web host: %q", got)
	}
}
