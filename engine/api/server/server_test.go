package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// served is a server on loopback in front of a fake, and what it logs.
func served(t *testing.T, f *fake) (url string, log *bytes.Buffer) {
	t.Helper()
	log = &bytes.Buffer{}
	logger := logrus.New()
	logger.SetOutput(log)
	s := httptest.NewServer(New(Config{Backend: f.backend(), Version: "1.2.3", Log: logger}))
	t.Cleanup(s.Close)
	return s.URL, log
}

// ask sends "METHOD /path body"; the body is JSON unless it begins with "raw:".
func ask(t *testing.T, url, request string) (answered, string) {
	t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	path, body, _ := strings.Cut(rest, " ")
	raw, isRaw := strings.CutPrefix(body, "raw:")
	req, err := http.NewRequest(method, url+path, nil)
	if body != "" {
		req, err = http.NewRequest(method, url+path, strings.NewReader(raw))
	}
	if err != nil {
		t.Fatal(err)
	}
	if body != "" && !isRaw {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	return answered{resp.StatusCode, resp.Header}, strings.TrimSpace(string(answer))
}

// answered is an answer without its body.
type answered struct {
	status int
	header http.Header
}

// requests has at least one row for each route: what is asked, what the
// backend is asked, the status, and the body or a part of it.
var requests = []struct {
	request string
	asked   string
	status  int
	body    string
}{
	{"GET /_ping", "", 200, "OK"},
	{"HEAD /_ping", "", 200, ""},
	{"GET /version", `Version`, 200, `"ApiVersion":"1.50","MinAPIVersion":"1.24"`},
	{"GET /info", `Info`, 200, `"Containers":0`},
	{`GET /events?since=1&until=2&filters={"type":{"container":true}}`, `Events {"Since":"1","Until":"2","Filters":{"type":["container"]}}`, 200, ""},
	{"GET /system/df", `DiskUsage {"Types":null}`, 200, `"LayersSize":0,"Images":null`},
	{"GET /system/df?type=image&type=volume", `DiskUsage {"Types":["image","volume"]}`, 200, ""},
	{"GET /system/df?type=soup", "", 400, `{"message":"unknown object type: soup"}`},

	{`POST /containers/create?name=c1 {"Image":"busybox","Cmd":["true"]}`, `Create "c1" "busybox" ["true"]`, 201, `{"Id":"new","Warnings":[]}`},
	{`POST /containers/create {}`, "", 400, `{"message":"config cannot be empty in order to create a container"}`},
	{`POST /containers/create {"HostConfig":{}}`, "", 400, `{"message":"config cannot be empty in order to create a container"}`},
	{`POST /containers/create {"Image":`, "", 400, `{"message":"invalid JSON: unexpected EOF"}`},
	{`POST /containers/create {"Image":3}`, "", 400, `{"message":"invalid JSON: json: cannot unmarshal number`},
	{`POST /containers/create {"Image":"x"}{}`, "", 400, `{"message":"unexpected content after JSON"}`},
	{`POST /containers/create`, "", 400, `{"message":"invalid JSON: got EOF while reading request body"}`},
	{`POST /containers/create raw:{"Image":"x"}`, "", 400, `{"message":"malformed Content-Type header ()`},
	{`POST /containers/prune?filters={"until":["1h"]}`, `Prune {"until":["1h"]}`, 200, `{"ContainersDeleted":null,"SpaceReclaimed":0}`},
	{`POST /containers/prune?filters=x`, "", 400, `{"message":"invalid filter: invalid character 'x'`},
	{`GET /containers/json?all=1&limit=3&size=true&filters={"status":{"exited":true,"created":true}}`, `List {"All":true,"Limit":3,"Size":true,"Filters":{"status":["created","exited"]}}`, 200, "[]"},
	{`GET /containers/json?all=False`, `List {"All":false,"Limit":0,"Size":false,"Filters":null}`, 200, "[]"},
	{`GET /containers/json?limit=x`, "", 400, `{"message":"invalid value \"x\" for limit: must be a whole number"}`},
	{`GET /containers/json?filters={"a":1}`, "", 400, `invalid filter`},
	{`GET /containers/json?limit=%zz`, "", 400, `{"message":"invalid query: invalid URL escape \"%zz\""}`},
	{`GET /containers/c1/json?size=1`, `Inspect "c1" true`, 200, `"Id":""`},
	{`POST /containers/c1/start`, `Start "c1" {"Checkpoint":"","CheckpointDir":""}`, 204, ""},
	{`POST /containers/c1/start?checkpoint=cp&checkpoint-dir=/d`, `Start "c1" {"Checkpoint":"cp","CheckpointDir":"/d"}`, 204, ""},
	{`POST /containers/c1/start {"Binds":["/:/x"]}`, "", 400, `starting container with non-empty request body`},
	{`POST /containers/c1/stop`, `Stop "c1" {"Signal":"","Timeout":null}`, 204, ""},
	{`POST /containers/c1/stop?t=0&signal=INT`, `Stop "c1" {"Signal":"INT","Timeout":0}`, 204, ""},
	{`POST /containers/c1/stop?t=zz`, "", 400, `{"message":"invalid value \"zz\" for t`},
	{`POST /containers/c1/restart?t=-1`, `Restart "c1" {"Signal":"","Timeout":-1}`, 204, ""},
	{`POST /containers/c1/restart?t=1e3`, "", 400, `for t`},
	{`POST /containers/c1/kill?signal=9`, `Kill "c1" "9"`, 204, ""},
	{`POST /containers/c1/pause`, `Pause "c1"`, 204, ""},
	{`POST /containers/c1/unpause`, `Unpause "c1"`, 204, ""},
	{`POST /containers/c1/update {"Memory":4096,"CacheProperty":"L3:0=f"}`, `Update "c1" 4096 "L3:0=f"`, 200, `{"Warnings":null}`},
	{`POST /containers/c1/update nonsense`, "", 400, `{"message":"invalid JSON`},
	{`POST /containers/c1/rename?name=c2`, `Rename "c1" "c2"`, 204, ""},
	{`POST /containers/c1/wait?condition=soup`, "", 400, `{"message":"invalid condition: \"soup\""}`},
	{`POST /containers/c1/wait`, `Wait "c1" "not-running"`, 200, `{"StatusCode":7}`},
	{`POST /containers/c1/wait?condition=removed`, `Wait "c1" "removed"`, 200, `{"StatusCode":7}`},
	{`POST /containers/c1/attach?stream=1&stdout=1&detachKeys=ctrl-x`, `Attach "c1" {"Logs":false,"Stream":true,"Stdin":false,"Stdout":true,"Stderr":false,"DetachKeys":"ctrl-x"}`, 409, `{"message":"not today"}`},
	{`POST /containers/c1/resize?h=24&w=80`, `Resize "c1" {"Height":24,"Width":80}`, 200, ""},
	{`POST /containers/c1/resize?h=24`, "", 400, `{"message":"invalid resize width \"\""}`},
	{`POST /containers/c1/resize?h=-1&w=1`, "", 400, `{"message":"invalid resize height \"-1\""}`},
	{`POST /containers/c1/resize?h=1&w=70000`, "", 400, `invalid resize width`},
	{`GET /containers/c1/logs`, "", 400, `{"message":"Bad parameters: you must choose at least one stream"}`},
	{`GET /containers/c1/logs?stdout=1&stderr=1&follow=1&timestamps=1&since=1.5&until=2&tail=all&details=0`, `Logs "c1" {"Stdout":true,"Stderr":true,"Follow":true,"Timestamps":true,"Details":false,"Since":"1.5","Until":"2","Tail":"all"}`, 200, ""},
	{`GET /containers/c1/top?ps_args=aux`, `Top "c1" "aux"`, 200, `{"Processes":null,"Titles":["PID"]}`},
	{`GET /containers/c1/stats?stream=0`, `Stats "c1" 1`, 200, ""},
	{`GET /containers/c1/stats?stream=false&one-shot=1`, `Stats "c1" 2`, 200, ""},
	{`HEAD /containers/c1/archive?path=/etc/hosts`, `CopyStat "c1" "/etc/hosts"`, 200, ""},
	{`GET /containers/c1/archive?path=/etc/hosts`, `CopyFrom "c1" "/etc/hosts"`, 200, "a tar"},
	{`GET /containers/c1/archive`, "", 400, `{"message":"bad parameter: path cannot be empty"}`},
	{`HEAD /containers/c1/archive`, "", 400, ""},
	{`PUT /containers/c1/archive raw:tar`, "", 400, `path cannot be empty`},
	{`PUT /containers/c1/archive?path=/tmp&noOverwriteDirNonDir=true&copyUIDGID=1 raw:bytes`, `CopyTo "c1" {"Path":"/tmp","NoOverwriteDirNonDir":true,"CopyUIDGID":true} "bytes"`, 200, ""},
	{`POST /containers/c1/exec {"Cmd":["ls"]}`, `ExecCreate "c1" ["ls"]`, 201, `{"Id":"e1"}`},
	{`POST /containers/c1/exec {"Cmd":[]}`, "", 400, `{"message":"No exec command specified"}`},
	{`POST /exec/e1/start {"Detach":true}`, `ExecStart "e1" {"Detach":true,"Tty":false}`, 200, ""},
	{`POST /exec/e1/start {"Detach":`, "", 400, `invalid JSON`},
	{`POST /exec/e1/resize?h=1&w=2`, `ExecResize "e1" {"Height":1,"Width":2}`, 200, ""},
	{`POST /exec/e1/resize`, "", 400, `invalid resize height`},
	{`GET /exec/e1/json`, `ExecInspect "e1"`, 200, `"ID":"e1"`},
	{`POST /containers/c1/checkpoints {"CheckpointID":"cp","Exit":true}`, `CheckpointCreate "c1" {"CheckpointID":"cp","CheckpointDir":"","Exit":true}`, 201, ""},
	{`POST /containers/c1/checkpoints {`, "", 400, `invalid JSON`},
	{`GET /containers/c1/checkpoints?dir=/d`, `CheckpointList "c1" {"Dir":"/d"}`, 200, "[]"},
	{`DELETE /containers/c1/checkpoints/cp?dir=/d`, `CheckpointRemove "c1" "cp" {"Dir":"/d"}`, 204, ""},
	{`DELETE /containers/c1?force=1&v=1`, `Remove "c1" {"Force":true,"Volumes":true}`, 204, ""},
	{`DELETE /containers/c1?link=1`, "", 501, `links`},

	{`GET /images/json?all=1&filters={"dangling":["true"]}`, `Images.List {"All":true,"Filters":{"dangling":["true"]}}`, 200, "[]"},
	{`GET /images/json?filters=[]`, "", 400, `invalid filter`},
	{`POST /images/create?fromImage=busybox&tag=latest&platform=linux/amd64`, `Images.Pull "busybox:latest" {"Platform":"linux/amd64","RegistryAuth":""}`, 200, `{"status":"working"}`},
	{`POST /images/create?fromImage=reg:5000/a/b&tag=sha256:00`, `Images.Pull "reg:5000/a/b@sha256:00" {"Platform":"","RegistryAuth":""}`, 200, ""},
	{`POST /images/create?fromSrc=-&repo=r&tag=t&message=m&changes=CMD+x&changes=USER+y raw:tar`, `Images.Import "tar" {"Repository":"r","Tag":"t","Message":"m","Changes":["CMD x","USER y"],"Platform":""}`, 200, `{"status":"working"}`},
	{`POST /images/create?fromSrc=http://x/y.tar`, "", 501, `send the archive itself`},
	{`POST /images/create`, "", 400, `fromImage or fromSrc`},
	{`POST /images/load?quiet=1 raw:tar`, `Images.Load "tar"`, 200, `{"status":"working"}`},
	{`GET /images/get?names=a&names=b`, `Images.Save ["a","b"]`, 200, ""},
	{`GET /images/get`, "", 400, `names cannot be empty`},
	{`POST /images/prune`, `Images.Prune null`, 200, `{"ImagesDeleted":null,"SpaceReclaimed":0}`},
	{`GET /images/busybox/json`, `Images.Inspect "busybox"`, 200, `"Id":""`},
	{`GET /images/busybox/history`, `Images.History "busybox"`, 200, "[]"},
	{`GET /images/busybox/get`, `Images.Save ["busybox"]`, 200, ""},
	{`POST /images/busybox/tag?repo=r&tag=t`, `Images.Tag "busybox" "r" "t"`, 201, ""},
	{`DELETE /images/busybox?force=1&noprune=1`, `Images.Remove "busybox" {"Force":true,"NoPrune":true}`, 200, "[]"},

	{`GET /volumes`, `Volumes.List null`, 200, `{"Volumes":[],"Warnings":null}`},
	{`POST /volumes/create {"Name":"v"}`, `Volumes.Create {"Name":"v"}`, 201, `"Name":"v"`},
	{`POST /volumes/create {"Name":1}`, "", 400, `invalid JSON`},
	{`POST /volumes/create`, `Volumes.Create {}`, 201, ""},
	{`POST /volumes/prune?filters={"all":["1"]}`, `Volumes.Prune {"all":["1"]}`, 200, `{"VolumesDeleted":null,"SpaceReclaimed":0}`},
	{`POST /v1.41/volumes/prune?filters={"label":["x"]}`, `Volumes.Prune {"all":["true"],"label":["x"]}`, 200, ""},
	{`GET /volumes/v`, `Volumes.Inspect "v"`, 200, `"Name":"v"`},
	{`DELETE /volumes/v?force=1`, `Volumes.Remove "v" true`, 204, ""},

	{`GET /networks?filters={"name":["x"]}`, `Networks.List {"name":["x"]}`, 200, "[]"},
	{`GET /networks/bridge`, `Networks.Inspect "bridge"`, 200, `"Name":"bridge"`},
	{`POST /networks/create {"Name":"n"}`, `Networks.Create "n"`, 201, `{"Id":"id","Warning":""}`},
	{`POST /networks/n/connect {"Container":"c"}`, `Networks.Connect "n" "c"`, 200, ""},
	{`POST /networks/n/disconnect {"Container":"c","Force":true}`, `Networks.Disconnect "n" "c" true`, 200, ""},
	{`DELETE /networks/n`, `Networks.Remove "n"`, 204, ""},
	{`POST /networks/prune?filters={"until":["1h"]}`, `Networks.Prune {"until":["1h"]}`, 200, `{"NetworksDeleted":["n"]}`},

	{`GET /plugins`, "", 200, "[]"},
	{`GET /plugins/p/json`, "", 404, `{"message":"plugin \"p\" not found"}`},
	{`GET /swarm`, "", 503, `This node is not a swarm manager.`},
	{`GET /nodes`, "", 503, `swarm`},
	{`GET /nodes/n`, "", 503, `swarm`},
	{`GET /services`, "", 503, `swarm`},
	{`GET /services/n`, "", 503, `swarm`},
	{`GET /tasks`, "", 503, `swarm`},
	{`GET /tasks/n`, "", 503, `swarm`},
	{`GET /secrets`, "", 503, `swarm`},
	{`GET /secrets/n`, "", 503, `swarm`},
	{`GET /configs`, "", 503, `swarm`},
	{`GET /configs/n`, "", 503, `swarm`},
	{`GET /plugins/privileges?remote=p`, "", 501, `not supported`},
	{`POST /plugins/pull?remote=p`, "", 501, `not supported`},
	{`POST /plugins/create`, "", 501, `not supported`},
	{`POST /plugins/p/enable`, "", 404, `plugin \"p\" not found`},
	{`POST /plugins/p/disable`, "", 404, `not found`},
	{`POST /plugins/p/upgrade`, "", 404, `not found`},
	{`POST /plugins/p/push`, "", 404, `not found`},
	{`POST /plugins/p/set`, "", 404, `not found`},
	{`DELETE /plugins/p`, "", 404, `not found`},
	{`POST /swarm/init`, "", 501, `a swarm is not supported`},
	{`POST /swarm/join`, "", 501, `a swarm is not supported`},
	{`POST /swarm/leave`, "", 503, `not part of a swarm`},
	{`POST /swarm/update`, "", 503, `swarm`},
	{`POST /swarm/unlock`, "", 503, `swarm`},
	{`GET /swarm/unlockkey`, "", 503, `swarm`},
	{`POST /services/create`, "", 503, `swarm`},
	{`POST /secrets/create`, "", 503, `swarm`},
	{`POST /configs/create`, "", 503, `swarm`},
	{`POST /nodes/n/update`, "", 503, `swarm`},
	{`DELETE /nodes/n`, "", 503, `swarm`},
	{`POST /services/n/update`, "", 503, `swarm`},
	{`DELETE /services/n`, "", 503, `swarm`},
	{`DELETE /secrets/n`, "", 503, `swarm`},
	{`DELETE /configs/n`, "", 503, `swarm`},
	{`POST /build/prune`, "", 200, `{"CachesDeleted":null,"SpaceReclaimed":0}`},
	{`POST /build raw:tar`, "", 501, `have a buildkitd build them`},
	{`POST /commit?container=c&repo=r&tag=t&comment=m&author=a&changes=CMD+x null`, `Commit "c" {"Repository":"r","Tag":"t","Comment":"m","Author":"a","Pause":true,"Changes":["CMD x"],"Config":null}`, 201, `{"Id":"sha256:1"}`},
	{`POST /commit?container=c&pause=0`, `Commit "c" {"Repository":"","Tag":"","Comment":"","Author":"","Pause":false,"Changes":null,"Config":null}`, 201, `{"Id":"sha256:1"}`},
	{`POST /auth {"username":"u","serveraddress":"r:5000"}`, `Images.Login "u" "r:5000"`, 200, `{"Status":"Login Succeeded"}`},
	{`GET /images/search?term=x`, "", 501, `not supported`},
	{`POST /images/reg:5000/a/box/push?tag=t`, `Images.Push "reg:5000/a/box:t" {"Platform":"","RegistryAuth":""}`, 200, ""},
	{`GET /distribution/busybox/json`, "", 501, `not supported`},
	{`GET /containers/c1/changes`, `Diff "c1"`, 200, `[]`},
	{`GET /containers/c1/export`, `Export "c1"`, 200, ""},
	{`GET /containers/c1/attach/ws`, "", 501, `not supported`},

	// Names with slashes and worse.
	{`GET /images/library/busybox:1/json`, `Images.Inspect "library/busybox:1"`, 200, ""},
	{`GET /v1.41/images/reg:5000/a/b/history`, `Images.History "reg:5000/a/b"`, 200, ""},
	{`DELETE /images/a/json`, `Images.Remove "a/json" {"Force":false,"NoPrune":false}`, 200, ""},
	{`POST /images/a/b%2Fc/tag?repo=r`, `Images.Tag "a/b/c" "r" ""`, 201, ""},
	{`GET /containers/a/b/json`, `Inspect "a/b" false`, 200, ""},
	{`GET /containers/a//b/json`, `Inspect "a//b" false`, 200, ""},
	{`POST /containers/../start`, `Start ".." {"Checkpoint":"","CheckpointDir":""}`, 204, ""},
	{`GET /v1.50/containers/../../../etc/json`, `Inspect "../../../etc" false`, 200, ""},
	{`DELETE /v1.50/volumes/%2e%2e`, `Volumes.Remove ".." false`, 204, ""},
	{`DELETE /containers/a/b/checkpoints/c`, `Remove "a/b/checkpoints/c" {"Force":false,"Volumes":false}`, 204, ""},

	// What is not there.
	{`GET /nope`, "", 404, `{"message":"page not found"}`},
	{`GET /`, "", 404, `{"message":"page not found"}`},
	{`GET /info/`, "", 404, `{"message":"page not found"}`},
	{`GET /v1.50/`, "", 404, `{"message":"page not found"}`},
	{`GET /v1.50`, "", 404, `{"message":"page not found"}`},
	{`GET /vx/info`, "", 404, `{"message":"page not found"}`},
	{`GET /containers//json`, "", 404, `{"message":"page not found"}`},
	{`POST /session`, "", 404, `{"message":"page not found"}`},
	{`GET /debug/pprof`, "", 404, `{"message":"page not found"}`},
	{`PUT /info`, "", 405, `{"message":"method not allowed"}`},
	{`DELETE /v1.41/info`, "", 405, `{"message":"method not allowed"}`},

	// Versions.
	{`GET /v1.24/info`, "Info", 200, ""},
	{`GET /v1.50/info`, "Info", 200, ""},
	{`GET /v1.51/info`, "", 400, `{"message":"client version 1.51 is too new. Maximum supported API version is 1.50"}`},
	{`GET /v2.0/info`, "", 400, `{"message":"client version 2.0 is too new. Maximum supported API version is 1.50"}`},
	{`GET /v1.12/info`, "", 400, `{"message":"client version 1.12 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"}`},
	{`GET /v1/info`, "", 400, `client version 1 is too old`},
	{`GET /v1..4/info`, "", 400, `{"message":"invalid API version \"1..4\""}`},
	{`GET /v99999999999999999999.1/info`, "", 400, `invalid API version`},
}

func TestRequests(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range requests {
		t.Run(c.request, func(t *testing.T) {
			f := &fake{exit: make(chan container.WaitResponse, 1), events: make(chan types.Event), messages: []any{message("working")}}
			f.exit <- container.WaitResponse{StatusCode: 7}
			close(f.events)
			if c.status == 409 {
				f.err = errdefs.Conflict("not today")
			}
			url, _ := served(t, f)
			resp, body := ask(t, url, c.request)
			if resp.status != c.status {
				t.Errorf("status %d, want %d; body %s", resp.status, c.status, body)
			}
			if !strings.Contains(body, c.body) || c.body == "" && c.asked == "" && body != "" {
				t.Errorf("body %s\nwant %s", body, c.body)
			}
			if got := f.asked(); got != c.asked {
				t.Errorf("asked %s\nwant  %s", got, c.asked)
			}
			if got := resp.header.Get("Content-Type"); strings.HasPrefix(body, "{") && got != "application/json" {
				t.Errorf("Content-Type %q of %s", got, body)
			}
			if got := resp.header.Get("Api-Version"); got != APIVersion {
				t.Errorf("Api-Version %q", got)
			}
			if !strings.Contains(body, "page not found") && resp.status != http.StatusMethodNotAllowed {
				seen[routeOf(t, f, c.request)] = true
			}
		})
	}
	for _, r := range routes(Config{}) {
		if key := r.method + " " + r.path; !seen[key] {
			t.Errorf("no request for %s", key)
		}
	}
}

// routeOf is the route that a request takes.
func routeOf(t *testing.T, f *fake, request string) string {
	t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	path, _, _ := strings.Cut(rest, " ")
	s := New(Config{Backend: f.backend(), Log: logrus.New()}).(*server)
	r := httptest.NewRequest(method, path, nil)
	version, _ := cutVersion(r.URL.Path)
	mux := s.plain
	if version != "" {
		mux = s.versioned
	}
	_, at := s.find(mux, r)
	_, pattern := mux.Handler(at)
	return strings.Replace(pattern, "/{version}", "", 1)
}

func TestErrorsBecomeStatuses(t *testing.T) {
	cases := []struct {
		err    error
		status int
		body   string
	}{
		{errdefs.NotFound("No such container: x"), 404, `{"message":"No such container: x"}`},
		{errdefs.Invalid("bad"), 400, `{"message":"bad"}`},
		{errdefs.Conflict("in use <by> \"x\""), 409, `{"message":"in use <by> \"x\""}`},
		{errdefs.NotModified("is"), 304, ""},
		{errdefs.Unauthorized("who"), 401, `{"message":"who"}`},
		{errdefs.Forbidden("no"), 403, `{"message":"no"}`},
		{errdefs.NotImplemented("not here"), 501, `{"message":"not here"}`},
		{errdefs.Unavailable("later"), 503, `{"message":"later"}`},
		{fmt.Errorf("lost: %w", io.ErrUnexpectedEOF), 500, `{"message":"lost: unexpected EOF"}`},
	}
	for _, c := range cases {
		url, log := served(t, &fake{err: c.err})
		resp, body := ask(t, url, "POST /containers/x/start")
		if resp.status != c.status || body != c.body {
			t.Errorf("%v: %d %s, want %d %s", c.err, resp.status, body, c.status, c.body)
		}
		if logged := strings.Contains(log.String(), "request failed"); logged != (c.status >= 500) {
			t.Errorf("%v: log %q", c.err, log)
		}
	}
}

func TestHeadersOfPing(t *testing.T) {
	url, _ := served(t, &fake{})
	for _, method := range []string{"GET", "HEAD"} {
		resp, _ := ask(t, url, method+" /_ping")
		for name, want := range map[string]string{
			"Api-Version":         "1.50",
			"Docker-Experimental": "true",
			"Ostype":              "linux",
			"Server":              "Engine/1.2.3 (linux)",
			"Builder-Version":     "1",
			"Swarm":               "inactive",
			"Cache-Control":       "no-cache, no-store, must-revalidate",
			"Pragma":              "no-cache",
			"Content-Type":        "text/plain; charset=utf-8",
		} {
			if got := resp.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", method, name, got, want)
			}
		}
	}
}

func TestBodyTooLarge(t *testing.T) {
	f := &fake{}
	url, _ := served(t, f)
	large := `{"Image":"` + strings.Repeat("a", maxBody) + `"}`
	for _, body := range []string{large, `{"Image":"x"}` + strings.Repeat(" ", maxBody)} {
		resp, answer := ask(t, url, "POST /containers/create "+body)
		if resp.status != http.StatusRequestEntityTooLarge || !strings.Contains(answer, `{"message":"request body is larger than 4194304 bytes`) {
			t.Errorf("%d %s", resp.status, answer)
		}
	}
	if f.asked() != "" {
		t.Errorf("the backend was asked %.80s", f.asked())
	}
	fits := `{"Image":"` + strings.Repeat("a", maxBody-100) + `"}`
	if resp, answer := ask(t, url, "POST /containers/create "+fits); resp.status != http.StatusCreated {
		t.Errorf("a body that fits: %d %.200s", resp.status, answer)
	}
}

func TestWrongContentType(t *testing.T) {
	url, _ := served(t, &fake{})
	for given, want := range map[string]string{
		"text/plain":                        `{"message":"unsupported Content-Type header (text/plain): must be 'application/json'"}`,
		"application/x-www-form-urlencoded": `unsupported Content-Type header`,
		"//":                                `{"message":"malformed Content-Type header (//): `,
	} {
		resp, err := http.Post(url+"/containers/create", given, strings.NewReader(`{"Image":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", given, resp.StatusCode, body)
		}
	}
	resp, err := http.Post(url+"/containers/create", "application/json; charset=utf-8", strings.NewReader(`{"Image":"x"}`))
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Errorf("with a charset: %v %v", resp.StatusCode, err)
	}
	resp.Body.Close()
}

func TestPanicIsAnError(t *testing.T) {
	url, log := served(t, &fake{panics: true})
	resp, body := ask(t, url, "POST /containers/x/pause")
	if resp.status != 500 || body != `{"message":"the engine failed on this request; its log says more"}` {
		t.Errorf("%d %s", resp.status, body)
	}
	for _, want := range []string{"request panicked", "the backend is broken", "pause.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log without %q:\n%s", want, log)
		}
	}
	// The server goes on.
	if resp, _ := ask(t, url, "GET /_ping"); resp.status != 200 {
		t.Errorf("ping: %d", resp.status)
	}
}

func TestPathStatHeader(t *testing.T) {
	url, _ := served(t, &fake{})
	for _, method := range []string{"GET", "HEAD"} {
		resp, _ := ask(t, url, method+" /containers/c/archive?path=/etc/hosts")
		// {"name":"hosts","size":0,…}
		if got := resp.header.Get(pathStat); !strings.HasPrefix(got, "eyJuYW1lIjoiaG9zdHMiLCJzaXplIjowLC") {
			t.Errorf("%s: %q", method, got)
		}
	}
}

func TestEventsHaveLegacyFields(t *testing.T) {
	f := &fake{events: make(chan types.Event, 2)}
	f.events <- types.Event{Type: events.ContainerEventType, Action: events.ActionStart, Actor: events.Actor{ID: "abc", Attributes: map[string]string{"image": "busybox"}}, Time: 5}
	f.events <- types.Event{Type: events.VolumeEventType, Action: events.ActionCreate, Actor: events.Actor{ID: "v"}}
	close(f.events)
	url, _ := served(t, f)
	resp, body := ask(t, url, "GET /events")
	if resp.header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type %q", resp.header.Get("Content-Type"))
	}
	first, second, _ := strings.Cut(body, "\n")
	if want := `{"status":"start","id":"abc","from":"busybox","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"image":"busybox"}},"time":5}`; first != want {
		t.Errorf("%s\nwant %s", first, want)
	}
	if want := `{"Type":"volume","Action":"create","Actor":{"ID":"v","Attributes":null}}`; second != want {
		t.Errorf("%s\nwant %s", second, want)
	}
}

func TestProgressFailsLate(t *testing.T) {
	url, _ := served(t, &fake{messages: []any{message("one")}, err: errdefs.NotFound("gone")})
	resp, body := ask(t, url, "POST /images/load raw:x")
	if want := "{\"status\":\"one\"}\n" + `{"errorDetail":{"message":"gone"},"error":"gone"}`; resp.status != 200 || body != want {
		t.Errorf("%d %s", resp.status, body)
	}
	url, _ = served(t, &fake{err: errdefs.NotFound("gone")})
	resp, body = ask(t, url, "POST /images/load raw:x")
	if resp.status != 404 || body != `{"message":"gone"}` {
		t.Errorf("before the first message: %d %s", resp.status, body)
	}
}

func TestLogsFailLate(t *testing.T) {
	url, _ := served(t, &fake{
		kind: Multiplexed, err: errdefs.Internal("the disk is gone"),
		output: func(_ StreamKind, w io.Writer) { _, _ = io.WriteString(w, "\x01\x00\x00\x00\x00\x00\x00\x02hi") },
	})
	resp, body := ask(t, url, "GET /containers/c/logs?stdout=1")
	if want := "\x01\x00\x00\x00\x00\x00\x00\x02hi\x03\x00\x00\x00\x00\x00\x00\x26Error grabbing logs: the disk is gone"; body != want {
		t.Errorf("%q\nwant %q", body, want)
	}
	if got := resp.header.Get("Content-Type"); got != "application/vnd.docker.multiplexed-stream" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestHalfAnAnswerIsNotWhole(t *testing.T) {
	url, _ := served(t, &fake{
		err:    errdefs.Internal("the disk is gone"),
		output: func(_ StreamKind, w io.Writer) { _, _ = io.WriteString(w, "half") },
	})
	resp, err := http.Get(url + "/images/busybox/get")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "application/x-tar" {
		t.Errorf("Content-Type %q", got)
	}
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("read %q without an error", body)
	}
}

func TestTypesKeepCacheProperty(t *testing.T) {
	// The engine's own field crosses beside docker's, both ways.
	var req types.CreateRequest
	in := `{"Image":"x","HostConfig":{"Memory":5,"CacheProperty":"L3:0=f"}}`
	if err := json.Unmarshal([]byte(in), &req); err != nil {
		t.Fatal(err)
	}
	if req.HostConfig.CacheProperty != "L3:0=f" || req.HostConfig.Memory != 5 {
		t.Errorf("decoded %+v", req.HostConfig)
	}
	url, _ := served(t, &fake{inspect: types.Container{HostConfig: req.HostConfig}})
	if _, body := ask(t, url, "GET /containers/x/json"); !strings.Contains(body, `"CacheProperty":"L3:0=f"`) {
		t.Errorf("inspect without it: %s", body)
	}
}
