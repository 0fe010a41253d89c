package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/callroute/callroute/analyzer/system"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"api/kiln.proto": `syntax = "proto3";
package kiln.v1;
service Kiln {
  rpc Fire(A) returns (stream B) {
    option (google.api.http) = { post: "/fire" };
  }
}
`,
		"bare.proto":          "service Kiln {\n  rpc Cool(A) returns (B);\n}\n",
		"broken.proto":        "syntax = \"proto3\";\nservice Ash {\n  rpc Rake(A) returns (B);\n}\nmessage {\n",
		"swagger.json":        `{"swagger": "2.0", "basePath": "/v1", "paths": {"/kilns": {"get": {"operationId": "list"}}}}`,
		"openapi/none.yaml":   "paths:\n  /x:\n    get: {}\n", // no document
		"my-openapi.yml":      "openapi: 3.1.0\npaths:\n  /glaze:\n    summary: text\n    put: {}\n",
		"openapi.yaml":        "openapi: [",
		"vendor/v/v.proto":    "service V {\n  rpc V(A) returns (B);\n}\n",
		"testdata/openapi.md": "openapi: 3.0.0\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, op := range Read([]*system.Source{{Dir: dir}}) {
		got = append(got, fmt.Sprintf("%s:%d %s: %s", filepath.ToSlash(op.File), op.Line, op.Name, op.Key))
	}
	want := []string{
		"api/kiln.proto:4 rpc Kiln.Fire: /kiln.v1.Kiln/Fire",
		"bare.proto:2 rpc Kiln.Cool: /Kiln/Cool",
		"broken.proto:3 rpc Ash.Rake: /Ash/Rake",
		"my-openapi.yml:5 operation PUT /glaze: PUT /glaze",
		"swagger.json:1 operation list: GET /kilns",
		"swagger.json:1 operation list: GET /v1/kilns",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
