package images

import (
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/errdefs"
)

func TestChange(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  string // as JSON
	}{
		{[]string{`CMD ["a","b c"]`}, `{"Cmd":["a","b c"]}`},
		{[]string{"cmd echo hi"}, `{"Cmd":["/bin/sh","-c","echo hi"]}`},
		{[]string{`ENTRYPOINT ["/x"]`, "ENTRYPOINT y"}, `{"Entrypoint":["/bin/sh","-c","y"]}`},
		{[]string{"ENV A=1 B='two words' C=x\\ y", "ENV A=2"}, `{"Env":["B=two words","C=x y","A=2"]}`},
		{[]string{"ENV PATH /bin:/sbin and more"}, `{"Env":["PATH=/bin:/sbin and more"]}`},
		{[]string{"ENV A= B=\"\""}, `{"Env":["A=","B="]}`},
		{[]string{"LABEL a=b \"c d\"='e f'"}, `{"Labels":{"a":"b","c d":"e f"}}`},
		{[]string{"EXPOSE 80 53/udp 8000-8001"}, `{"ExposedPorts":{"53/udp":{},"80/tcp":{},"8000/tcp":{},"8001/tcp":{}}}`},
		{[]string{"USER me:us", "WORKDIR srv", "", "  "}, `{"User":"me:us","WorkingDir":"/srv"}`},
		{[]string{`VOLUME ["/a b"]`, "VOLUME /c /d"}, `{"Volumes":{"/a b":{},"/c":{},"/d":{}}}`},
		{[]string{"ONBUILD RUN make"}, `{"OnBuild":["RUN make"]}`},
	} {
		var c dockerspec.DockerOCIImageConfig
		if err := change(&c, test.lines); err != nil {
			t.Errorf("%q: %v", test.lines, err)
		}
		if got := string(asJSON(c)); got != test.want {
			t.Errorf("%q: %s, want %s", test.lines, got, test.want)
		}
	}
	for _, line := range []string{"RUN x", "FROM scratch", "CMD", "ENV", "ENV A", "ENV =x", "LABEL a='b", "EXPOSE 99999", "EXPOSE x", "ENV A=b\\"} {
		var c dockerspec.DockerOCIImageConfig
		if err := change(&c, []string{line}); errdefs.ToHTTP(err) != 400 || err == nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func FuzzChange(f *testing.F) {
	f.Add("ENV A=1 B='two words'")
	f.Add(`CMD ["a"]`)
	f.Add("EXPOSE 1-2/udp")
	f.Fuzz(func(t *testing.T, line string) {
		var c dockerspec.DockerOCIImageConfig
		if err := change(&c, []string{line}); err == nil {
			asJSON(c)
		}
	})
}
