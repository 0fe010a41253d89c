package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/sys/atomicwriter"
)

// record is an endpoint as it is kept on disk: all that is needed to take it
// up again, or to remove what it had.
type record struct {
	ContainerID string
	Name        string
	Hostname    string
	Mode        mode
	EndpointID  string
	Shares      string // container:ID: that container
	Sandbox     string // path of the namespace; empty is the host's
	Files       Files
	Resolv      resolvConf

	// Of networks with a bridge:
	Attached   []attachment // in the order in which they came
	Exposed    []network.Port
	Bindings   network.PortMap // that were asked for
	PublishAll bool
	Ports      []publishedPort
	Target     netip.Addr // whom the ports lead to: the address of one of Attached
}

// attachment is a container's place in one network with a bridge.
type attachment struct {
	Network     string // ID
	NetworkName string
	EndpointID  string
	Link        string       // the host's end of the pair
	Device      string       // the container's end
	Address     netip.Prefix // of the container
	Gateway     netip.Addr   // none in a network that leads nowhere
	MAC         network.HardwareAddr
	Priority    int      // as the way to the rest of the world
	Aliases     []string // more names for the others in the network
	Links       []Link   // names that only this container knows
	Asked       netip.Addr
}

// publishedPort is a port of the host and the one of the container it leads to.
type publishedPort struct {
	Port network.Port // of the container
	Host netip.AddrPort
}

// mode is how a container is connected.
type mode string

const (
	modeBridge    mode = network.NetworkBridge // any number of networks with a bridge
	modeNone      mode = network.NetworkNone
	modeHost      mode = network.NetworkHost
	modeContainer mode = "container"
)

// gateway is the attachment that leads to the rest of the world, nil if none
// does.
func (r record) gateway() *attachment {
	var best *attachment
	for i := range r.Attached {
		a := &r.Attached[i]
		if a.Gateway.IsValid() && (best == nil || a.Priority > best.Priority) {
			best = a
		}
	}
	return best
}

// in is the place in one network, nil if the container is not there.
func (r record) in(networkID string) *attachment {
	i := slices.IndexFunc(r.Attached, func(a attachment) bool { return a.Network == networkID })
	if i < 0 {
		return nil
	}
	return &r.Attached[i]
}

// records are the files of endpoints. A file is named by the endpoint, not the
// container, which may join again while the devices it had are still being
// removed. Their record is kept under another name until then.
type records struct{ dir string }

const (
	recordSuffix  = ".json"
	leavingSuffix = ".leaving"
)

func (f records) path(r record, suffix string) string {
	return filepath.Join(f.dir, r.EndpointID+suffix)
}

func (f records) write(r record) error { return f.writeAs(r, recordSuffix) }

func (f records) writeAs(r record, suffix string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := atomicwriter.WriteFile(f.path(r, suffix), data, 0o600); err != nil {
		return fmt.Errorf("network: keep endpoint: %w", err)
	}
	return nil
}

func (f records) remove(r record, suffix string) error {
	if err := os.Remove(f.path(r, suffix)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// leave makes a record one of devices that are to be removed.
func (f records) leave(r record) error {
	err := os.Rename(f.path(r, recordSuffix), f.path(r, leavingSuffix))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// read reads every endpoint, those of containers by their IDs and those that are
// leaving by their own. A file that cannot be read is removed: what it described
// is found by its name and removed by Restore.
func (f records) read() (endpoints map[string]*endpoint, leaving map[string]record, err error) {
	endpoints, leaving = map[string]*endpoint{}, map[string]record{}
	files, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("network: %w", err)
	}
	for _, file := range files {
		path := filepath.Join(f.dir, file.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("network: %w", err)
		}
		var r record
		valid := json.Unmarshal(data, &r) == nil && r.EndpointID != ""
		switch {
		case valid && file.Name() == r.EndpointID+recordSuffix:
			endpoints[r.ContainerID] = &endpoint{record: r}
		case valid && file.Name() == r.EndpointID+leavingSuffix:
			leaving[r.EndpointID] = r
		default:
			if err := os.Remove(path); err != nil {
				return nil, nil, fmt.Errorf("network: %w", err)
			}
		}
	}
	return endpoints, leaving, nil
}
