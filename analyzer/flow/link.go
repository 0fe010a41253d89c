package flow

import (
	"fmt"
	"regexp"
	"strings"
)

// Link is where a place in c's sources can be read on the web, "" if that is
// not known: in the repository and at the revision of the source itself, or,
// for a library, in that of its module if it is known to be on GitHub.
func (c Component) Link(at Site) string {
	if module, rest, ok := strings.Cut(at.File, "@"); ok {
		version, file, ok := strings.Cut(rest, "/")
		m := gitHubModule.FindStringSubmatch(onGitHub(module))
		if !ok || m == nil {
			return ""
		}
		revision := strings.TrimSuffix(version, "+incompatible")
		if p := pseudoVersion.FindStringSubmatch(revision); p != nil {
			revision = p[1]
		}
		sub := strings.Trim(majorSuffix.ReplaceAllString(m[2], ""), "/")
		if sub != "" {
			// A module in a folder is tagged with the folder's name.
			if !pseudoVersion.MatchString(version) {
				revision = sub + "/" + revision
			}
			file = sub + "/" + file
		}
		return fmt.Sprintf("https://github.com/%s/blob/%s/%s#L%d", m[1], revision, file, at.Line)
	}
	if c.Web == "" || at.File == "" || strings.HasPrefix(at.File, "$") || strings.HasPrefix(at.File, "/") {
		return ""
	}
	return fmt.Sprintf("%s/%s#L%d", c.Web, at.File, at.Line)
}

// published has the modules that are on GitHub under another name, by the beginning
// of their paths: what the go command would ask their hosts for.
var published = map[string]string{
	"golang.org/x":               "github.com/golang",
	"google.golang.org/grpc":     "github.com/grpc/grpc-go",
	"google.golang.org/protobuf": "github.com/protocolbuffers/protobuf-go",
	"google.golang.org/genproto": "github.com/googleapis/go-genproto",
	"go.opentelemetry.io/otel":   "github.com/open-telemetry/opentelemetry-go",
	"go.etcd.io":                 "github.com/etcd-io",
	"go.uber.org":                "github.com/uber-go",
	"k8s.io":                     "github.com/kubernetes",
	"sigs.k8s.io":                "github.com/kubernetes-sigs",
}

// onGitHub is a module's path under the name that it has there.
func onGitHub(module string) string {
	for prefix, there := range published {
		if rest, found := strings.CutPrefix(module+"/", prefix+"/"); found {
			return strings.TrimSuffix(there+"/"+rest, "/")
		}
	}
	return module
}

var (
	gitHubModule  = regexp.MustCompile(`^github\.com/([^/]+/[^/]+)(/.*)?$`)
	majorSuffix   = regexp.MustCompile(`/v\d+$`)
	pseudoVersion = regexp.MustCompile(`\d{14}-([0-9a-f]{12})$`)
)
