package daemon

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/blkiodev"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
)

// field is what is known of one field of a request to create a container. It
// must change what the runtime or the network is told, or be refused, or it is
// said where else it counts.
type field struct {
	set     func(*types.CreateRequest)
	bridge  bool   // it is about a container on the bridge
	refused string // a part of the words
	counts  string // where, if neither runtime nor network hear of it
	needs   string // a file of the block controller without which the kernel has no such limit
}

const (
	nobody = "nowhere in docker either"
	client = "docker's client reads it back"
)

var fields = map[string]field{
	"Config.Hostname":        {set: func(r *types.CreateRequest) { r.Hostname = "name" }},
	"Config.Domainname":      {set: func(r *types.CreateRequest) { r.Domainname = "example.org" }},
	"Config.User":            {set: func(r *types.CreateRequest) { r.User = "5:6" }},
	"Config.AttachStdin":     {counts: client},
	"Config.AttachStdout":    {counts: client},
	"Config.AttachStderr":    {counts: client},
	"Config.ExposedPorts":    {set: func(r *types.CreateRequest) { r.ExposedPorts = network.PortSet{network.MustParsePort("80/tcp"): {}} }},
	"Config.Tty":             {set: func(r *types.CreateRequest) { r.Tty = true }},
	"Config.OpenStdin":       {counts: "the streams: TestStdinOnce"},
	"Config.StdinOnce":       {counts: "the streams: TestStdinOnce"},
	"Config.Env":             {set: func(r *types.CreateRequest) { r.Env = []string{"A=1"} }},
	"Config.Cmd":             {set: func(r *types.CreateRequest) { r.Cmd = []string{"other"} }},
	"Config.Healthcheck":     {set: func(r *types.CreateRequest) { r.Healthcheck = &container.HealthConfig{Retries: -1} }, refused: "Retries in Healthcheck cannot be negative"},
	"Config.ArgsEscaped":     {counts: nobody + ": it is Windows'"},
	"Config.Image":           {set: func(r *types.CreateRequest) { r.Image = "nosuch" }, refused: "No such image"},
	"Config.Volumes":         {set: func(r *types.CreateRequest) { r.Volumes = map[string]struct{}{"/v": {}} }},
	"Config.WorkingDir":      {set: func(r *types.CreateRequest) { r.WorkingDir = "/there" }},
	"Config.Entrypoint":      {set: func(r *types.CreateRequest) { r.Entrypoint = []string{"other"} }},
	"Config.NetworkDisabled": {set: func(r *types.CreateRequest) { r.NetworkDisabled = true }, bridge: true},
	"Config.OnBuild":         {counts: "a build that begins with the image"},
	"Config.Labels":          {counts: "ps and events: TestList"},
	"Config.StopSignal":      {counts: "stop: TestStopIsPatient"},
	"Config.StopTimeout":     {counts: "stop: TestStopIsPatient"},
	"Config.Shell":           {counts: "the health check: TestCommand of health"},

	"HostConfig.Binds":           {set: func(r *types.CreateRequest) { r.HostConfig.Binds = []string{os.TempDir() + ":/b"} }},
	"HostConfig.ContainerIDFile": {counts: client},
	"HostConfig.LogConfig":       {set: func(r *types.CreateRequest) { r.HostConfig.LogConfig.Type = "nosuch" }, refused: "nosuch"},
	"HostConfig.NetworkMode":     {set: func(r *types.CreateRequest) { r.HostConfig.NetworkMode = "host" }},
	"HostConfig.PortBindings": {set: func(r *types.CreateRequest) {
		r.HostConfig.PortBindings = network.PortMap{network.MustParsePort("80/tcp"): {{HostPort: "8080"}}}
	}},
	"HostConfig.RestartPolicy": {counts: "the end: TestRestartPolicy"},
	"HostConfig.AutoRemove":    {counts: "the end: TestAutoRemove"},
	"HostConfig.VolumeDriver": {set: func(r *types.CreateRequest) {
		r.HostConfig.VolumeDriver, r.Volumes = "nosuch", map[string]struct{}{"/v": {}}
	}, refused: `plugin "nosuch" not found`},
	"HostConfig.VolumesFrom":     {set: func(r *types.CreateRequest) { r.HostConfig.VolumesFrom = []string{"other"} }},
	"HostConfig.ConsoleSize":     {set: func(r *types.CreateRequest) { r.HostConfig.ConsoleSize = [2]uint{24, 80} }},
	"HostConfig.Annotations":     {set: func(r *types.CreateRequest) { r.HostConfig.Annotations = map[string]string{"a": "b"} }},
	"HostConfig.CapAdd":          {set: func(r *types.CreateRequest) { r.HostConfig.CapAdd = []string{"NET_ADMIN"} }},
	"HostConfig.CapDrop":         {set: func(r *types.CreateRequest) { r.HostConfig.CapDrop = []string{"KILL"} }},
	"HostConfig.CgroupnsMode":    {set: func(r *types.CreateRequest) { r.HostConfig.CgroupnsMode = otherCgroupns() }},
	"HostConfig.DNS":             {set: func(r *types.CreateRequest) { r.HostConfig.DNS = []netip.Addr{netip.MustParseAddr("9.9.9.9")} }},
	"HostConfig.DNSOptions":      {set: func(r *types.CreateRequest) { r.HostConfig.DNSOptions = []string{"ndots:1"} }},
	"HostConfig.DNSSearch":       {set: func(r *types.CreateRequest) { r.HostConfig.DNSSearch = []string{"a.b"} }},
	"HostConfig.ExtraHosts":      {set: func(r *types.CreateRequest) { r.HostConfig.ExtraHosts = []string{"a:1.2.3.4"} }},
	"HostConfig.GroupAdd":        {set: func(r *types.CreateRequest) { r.HostConfig.GroupAdd = []string{"77"} }},
	"HostConfig.IpcMode":         {set: func(r *types.CreateRequest) { r.HostConfig.IpcMode = "host" }},
	"HostConfig.Cgroup":          {set: func(r *types.CreateRequest) { r.HostConfig.Cgroup = "container:other" }, refused: "share no cgroup"},
	"HostConfig.Links":           {set: func(r *types.CreateRequest) { r.HostConfig.Links = []string{"nosuch:a"} }, refused: "could not get container for nosuch: No such container: nosuch"},
	"HostConfig.OomScoreAdj":     {set: func(r *types.CreateRequest) { r.HostConfig.OomScoreAdj = 5 }},
	"HostConfig.PidMode":         {set: func(r *types.CreateRequest) { r.HostConfig.PidMode = "host" }},
	"HostConfig.Privileged":      {set: func(r *types.CreateRequest) { r.HostConfig.Privileged = true }},
	"HostConfig.PublishAllPorts": {set: func(r *types.CreateRequest) { r.HostConfig.PublishAllPorts = true }},
	"HostConfig.ReadonlyRootfs":  {set: func(r *types.CreateRequest) { r.HostConfig.ReadonlyRootfs = true }},
	"HostConfig.SecurityOpt":     {set: func(r *types.CreateRequest) { r.HostConfig.SecurityOpt = []string{"no-new-privileges"} }},
	"HostConfig.StorageOpt":      {set: func(r *types.CreateRequest) { r.HostConfig.StorageOpt = map[string]string{"size": "1G"} }, refused: "--storage-opt is supported only"},
	"HostConfig.Tmpfs":           {set: func(r *types.CreateRequest) { r.HostConfig.Tmpfs = map[string]string{"/t": ""} }},
	"HostConfig.UTSMode":         {set: func(r *types.CreateRequest) { r.HostConfig.UTSMode = "host" }},
	"HostConfig.UsernsMode":      {set: func(r *types.CreateRequest) { r.HostConfig.UsernsMode = "private" }, refused: "invalid USER mode"},
	"HostConfig.ShmSize":         {set: func(r *types.CreateRequest) { r.HostConfig.ShmSize = 1 << 20 }},
	"HostConfig.Sysctls":         {set: func(r *types.CreateRequest) { r.HostConfig.Sysctls = map[string]string{"net.ipv4.ip_forward": "1"} }},
	"HostConfig.Runtime":         {set: func(r *types.CreateRequest) { r.HostConfig.Runtime = "nosuch" }, refused: "unknown or invalid runtime name"},
	"HostConfig.Umask":           {set: func(r *types.CreateRequest) { r.HostConfig.Umask = new(uint32(0o77)) }},
	"HostConfig.Isolation":       {set: func(r *types.CreateRequest) { r.HostConfig.Isolation = "process" }, refused: `Invalid isolation: "process"`},
	"HostConfig.CPUShares":       {set: func(r *types.CreateRequest) { r.HostConfig.CPUShares = 5 }},
	"HostConfig.Memory":          {set: func(r *types.CreateRequest) { r.HostConfig.Memory = 10 << 20 }},
	"HostConfig.NanoCPUs":        {set: func(r *types.CreateRequest) { r.HostConfig.NanoCPUs = 5e8 }},
	"HostConfig.CgroupParent":    {set: func(r *types.CreateRequest) { r.HostConfig.CgroupParent = "/mine" }},
	"HostConfig.BlkioWeight":     {needs: "weight", set: func(r *types.CreateRequest) { r.HostConfig.BlkioWeight = 20 }},
	"HostConfig.BlkioWeightDevice": {needs: "weight_device", set: func(r *types.CreateRequest) {
		r.HostConfig.BlkioWeightDevice = []*blkiodev.WeightDevice{{Path: "/dev/null", Weight: 20}}
	}},
	"HostConfig.BlkioDeviceReadBps":   {set: func(r *types.CreateRequest) { r.HostConfig.BlkioDeviceReadBps = throttled }},
	"HostConfig.BlkioDeviceWriteBps":  {set: func(r *types.CreateRequest) { r.HostConfig.BlkioDeviceWriteBps = throttled }},
	"HostConfig.BlkioDeviceReadIOps":  {set: func(r *types.CreateRequest) { r.HostConfig.BlkioDeviceReadIOps = throttled }},
	"HostConfig.BlkioDeviceWriteIOps": {set: func(r *types.CreateRequest) { r.HostConfig.BlkioDeviceWriteIOps = throttled }},
	"HostConfig.CPUPeriod":            {set: func(r *types.CreateRequest) { r.HostConfig.CPUPeriod = 50000 }},
	"HostConfig.CPUQuota":             {set: func(r *types.CreateRequest) { r.HostConfig.CPUQuota = 50000 }},
	"HostConfig.CPURealtimePeriod":    {set: func(r *types.CreateRequest) { r.HostConfig.CPURealtimePeriod = 50000 }},
	"HostConfig.CPURealtimeRuntime":   {set: func(r *types.CreateRequest) { r.HostConfig.CPURealtimeRuntime = 50000 }},
	"HostConfig.CpusetCpus":           {set: func(r *types.CreateRequest) { r.HostConfig.CpusetCpus = "0" }},
	"HostConfig.CpusetMems":           {set: func(r *types.CreateRequest) { r.HostConfig.CpusetMems = "0" }},
	"HostConfig.Devices": {set: func(r *types.CreateRequest) {
		r.HostConfig.Devices = []container.DeviceMapping{{PathOnHost: "/dev/null", PathInContainer: "/dev/n", CgroupPermissions: "r"}}
	}},
	"HostConfig.DeviceCgroupRules": {set: func(r *types.CreateRequest) { r.HostConfig.DeviceCgroupRules = []string{"c 1:3 r"} }},
	"HostConfig.DeviceRequests": {set: func(r *types.CreateRequest) {
		r.HostConfig.DeviceRequests = []container.DeviceRequest{{Capabilities: [][]string{{"gpu"}}}}
	}, refused: `could not select device driver "" with capabilities: [[gpu]]`},
	"HostConfig.MemoryReservation": {set: func(r *types.CreateRequest) { r.HostConfig.MemoryReservation = 10 << 20 }},
	"HostConfig.MemorySwap":        {set: func(r *types.CreateRequest) { r.HostConfig.MemorySwap = -1 }},
	"HostConfig.MemorySwappiness":  {set: func(r *types.CreateRequest) { r.HostConfig.MemorySwappiness = new(int64(5)) }},
	"HostConfig.OomKillDisable":    {set: func(r *types.CreateRequest) { r.HostConfig.OomKillDisable = new(true) }},
	"HostConfig.PidsLimit":         {set: func(r *types.CreateRequest) { r.HostConfig.PidsLimit = new(int64(5)) }},
	"HostConfig.Ulimits": {set: func(r *types.CreateRequest) {
		r.HostConfig.Ulimits = []*units.Ulimit{{Name: "nofile", Soft: 5, Hard: 5}}
	}},
	"HostConfig.CPUCount":           {set: func(r *types.CreateRequest) { r.HostConfig.CPUCount = 1 }, refused: "windows"},
	"HostConfig.CPUPercent":         {set: func(r *types.CreateRequest) { r.HostConfig.CPUPercent = 1 }, refused: "windows"},
	"HostConfig.IOMaximumIOps":      {set: func(r *types.CreateRequest) { r.HostConfig.IOMaximumIOps = 1 }, refused: "windows"},
	"HostConfig.IOMaximumBandwidth": {set: func(r *types.CreateRequest) { r.HostConfig.IOMaximumBandwidth = 1 }, refused: "windows"},
	"HostConfig.Mounts":             {set: func(r *types.CreateRequest) { r.HostConfig.Mounts = []mount.Mount{{Type: "tmpfs", Target: "/t"}} }},
	"HostConfig.MaskedPaths":        {set: func(r *types.CreateRequest) { r.HostConfig.MaskedPaths = []string{"/a"} }},
	"HostConfig.ReadonlyPaths":      {set: func(r *types.CreateRequest) { r.HostConfig.ReadonlyPaths = []string{"/a"} }},
	"HostConfig.Init":               {set: func(r *types.CreateRequest) { r.HostConfig.Init = new(true) }},
	"HostConfig.CacheProperty":      {set: func(r *types.CreateRequest) { r.HostConfig.CacheProperty = "nonsense" }, refused: "nonsense"},

	"Endpoint.IPAMConfig":          {set: endpoint(network.EndpointSettings{IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: netip.MustParseAddr("1.2.3.4")}}), bridge: true},
	"Endpoint.Links":               {set: endpoint(network.EndpointSettings{Links: []string{"other:b"}}), bridge: true},
	"Endpoint.Aliases":             {set: endpoint(network.EndpointSettings{Aliases: []string{"a"}}), bridge: true},
	"Endpoint.DriverOpts":          {set: endpoint(network.EndpointSettings{DriverOpts: map[string]string{"a": "b"}}), refused: "no options"},
	"Endpoint.MacAddress":          {set: endpoint(network.EndpointSettings{MacAddress: network.HardwareAddr{2, 0, 0, 0, 0, 1}}), bridge: true},
	"Endpoint.GwPriority":          {set: endpoint(network.EndpointSettings{GwPriority: 3}), bridge: true},
	"Endpoint.NetworkID":           {counts: nobody + ": it is an answer"},
	"Endpoint.EndpointID":          {counts: nobody + ": it is an answer"},
	"Endpoint.Gateway":             {counts: nobody + ": it is an answer"},
	"Endpoint.IPAddress":           {counts: nobody + ": it is an answer"},
	"Endpoint.IPPrefixLen":         {counts: nobody + ": it is an answer"},
	"Endpoint.IPv6Gateway":         {counts: nobody + ": it is an answer"},
	"Endpoint.GlobalIPv6Address":   {counts: nobody + ": it is an answer"},
	"Endpoint.GlobalIPv6PrefixLen": {counts: nobody + ": it is an answer"},
	"Endpoint.DNSNames":            {counts: nobody + ": it is an answer"},
}

var throttled = []*blkiodev.ThrottleDevice{{Path: "/dev/null", Rate: 1 << 20}}

func endpoint(e network.EndpointSettings) func(*types.CreateRequest) {
	return func(r *types.CreateRequest) {
		r.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{"bridge": &e}}
	}
}

func otherCgroupns() container.CgroupnsMode {
	if wantCgroupns() == "host" {
		return "private"
	}
	return "host"
}

// TestFields sets every field of a request and looks whether that changes
// anything. Nothing may be accepted in silence.
func TestFields(t *testing.T) {
	b := newBench(t)
	b.Daemon.InitProgram = "/bin/true"
	b.create("other", func(r *types.CreateRequest) { r.Volumes = map[string]struct{}{"/data": {}} })
	onBridge := func(r *types.CreateRequest) { r.HostConfig.NetworkMode = "bridge" }
	plain, bridged := b.footprint(t, request()), b.footprint(t, request(onBridge))
	if again := b.footprint(t, request()); again != plain {
		t.Fatalf("two of the same are different:\n%s\n%s", plain, again)
	}
	all := map[string]bool{}
	for name, of := range map[string]any{"Config": container.Config{}, "HostConfig": types.HostConfig{}, "Endpoint": network.EndpointSettings{}} {
		for _, f := range leaves(reflect.TypeOf(of)) {
			all[name+"."+f] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f, known := fields[name]
		switch {
		case !known:
			t.Errorf("%s: nobody has said what becomes of it", name)
		case f.counts != "":
		case f.refused != "":
			_, err := b.Create(t.Context(), "refused", request(f.set))
			if err == nil || !strings.Contains(err.Error(), f.refused) {
				t.Errorf("%s: %v, want a refusal with %q", name, err, f.refused)
			}
		case f.bridge:
			if b.footprint(t, request(onBridge, f.set)) == bridged {
				t.Errorf("%s changes nothing", name)
			}
		case f.needs != "" && !hasBlkio(f.needs):
			made, err := b.Create(t.Context(), "", request(f.set))
			if err != nil || len(made.Warnings) == 0 {
				t.Errorf("%s is not there, and nobody says so: %v %v", name, made, err)
			}
		default:
			if b.footprint(t, request(f.set)) == plain {
				t.Errorf("%s changes nothing", name)
			}
		}
	}
	for name := range fields {
		if !all[name] {
			t.Errorf("%s: there is no such field", name)
		}
	}
}

// leaves are the names of a type's fields, with those of what it embeds.
func leaves(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			names = append(names, leaves(f.Type)...)
		} else {
			names = append(names, f.Name)
		}
	}
	return names
}

// footprint is all that the runtime and the network hear of a container.
func (b *bench) footprint(t *testing.T, r types.CreateRequest) string {
	t.Helper()
	response, err := b.Create(t.Context(), "box", r)
	if err != nil {
		t.Errorf("create: %v", err)
		return ""
	}
	if err := b.Start(t.Context(), "box", types.StartOptions{}); err != nil {
		t.Errorf("start: %v", err)
		return ""
	}
	told := b.containerd.created[len(b.containerd.created)-1]
	text, err := json.Marshal([]any{told.Spec, told.Runtime, b.network.asked})
	b.do(err)
	b.do(b.Remove(t.Context(), "box", types.RemoveOptions{Force: true, Volumes: true}))
	eventually(t, "it is gone", func() bool { _, err := b.Inspect(t.Context(), response.ID, false); return err != nil })
	return ids.ReplaceAllString(string(text), "ID")
}

var ids = regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{12}`)

// TestHealth: the daemon asks a container, and says what it hears.
func TestHealth(t *testing.T) {
	b := newBench(t)
	b.containerd.real = true
	b.run("box", func(r *types.CreateRequest) {
		r.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "ask"}, Interval: 5 * time.Millisecond, Retries: 2}
	})
	if s := b.state("box"); s.Health == nil || s.Health.Status != container.Starting {
		t.Errorf("at first: %+v", s.Health)
	}
	answer := func(status uint32) {
		b.containerd.mu.Lock()
		defer b.containerd.mu.Unlock()
		b.containerd.born = func(_ string, p *fakeTask) {
			_, _ = p.stdout.WriteString("said")
			time.AfterFunc(time.Millisecond, func() {
				b.containerd.mu.Lock()
				defer b.containerd.mu.Unlock()
				p.end(status)
			})
		}
	}
	is := func(want container.HealthStatus) {
		t.Helper()
		eventually(t, "it is "+string(want), func() bool { return b.state("box").Health.Status == want })
	}
	answer(0)
	is(container.Healthy)
	if list, err := b.List(t.Context(), types.ListOptions{Filters: types.Filters{"health": {"healthy"}}}); err != nil || len(list) != 1 || !strings.HasSuffix(list[0].Status, "(healthy)") {
		t.Errorf("ps: %+v %v", list, err)
	}
	answer(1)
	is(container.Unhealthy)
	if log := b.state("box").Health.Log; log[len(log)-1].Output != "said" || log[len(log)-1].ExitCode != 1 {
		t.Errorf("last result: %+v", log[len(log)-1])
	}
	answer(0)
	is(container.Healthy)
	b.do(b.Kill(t.Context(), "box", ""))
	b.awaitState("box", container.StateExited)
	if h := b.state("box").Health; h.Status != container.Unhealthy {
		t.Errorf("after its end: %+v", h)
	}
	var told []string
	for _, e := range b.told() {
		if strings.HasPrefix(e, "health_status") {
			told = append(told, strings.TrimPrefix(e, "health_status: "))
		}
	}
	if want := []string{"healthy", "unhealthy", "healthy"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
