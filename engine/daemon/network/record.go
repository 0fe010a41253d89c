package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/sys/atomicwriter"
)

// record is an endpoint as it is kept on disk: all that is needed to take it
// up again, or to remove what it had.
type record struct {
	ContainerID string
	Name        string
	Mode        mode
	EndpointID  string
	Shares      string // container:ID: that container
	Sandbox     string // path of the namespace; empty is the host's
	Files       Files

	// Of the bridge:
	Link    string       // the host's end of the pair
	Address netip.Prefix // of the container
	Gateway netip.Addr
	MAC     network.HardwareAddr
	Exposed []network.Port
	Ports   []publishedPort
}

// publishedPort is a port of the host and the one of the container it leads to.
type publishedPort struct {
	Port network.Port // of the container
	Host netip.AddrPort
}

// mode is how a container is connected.
type mode string

const (
	modeBridge    mode = network.NetworkBridge
	modeNone      mode = network.NetworkNone
	modeHost      mode = network.NetworkHost
	modeContainer mode = "container"
)

// A record's file is named by the endpoint, not the container, which may join
// again while the device it had is still being removed. That one's record is
// kept under another name until then.
const (
	recordSuffix  = ".json"
	leavingSuffix = ".leaving"
)

func (c *Controller) recordPath(r record, suffix string) string {
	return filepath.Join(c.recordDir(), r.EndpointID+suffix)
}

func (c *Controller) writeRecord(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := atomicwriter.WriteFile(c.recordPath(r, recordSuffix), data, 0o600); err != nil {
		return fmt.Errorf("network: keep endpoint: %w", err)
	}
	return nil
}

func (c *Controller) removeRecord(r record, suffix string) error {
	if err := os.Remove(c.recordPath(r, suffix)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// readRecords reads every endpoint. A file that cannot be read is removed:
// what it described is found by its name and removed by Restore.
func (c *Controller) readRecords() error {
	files, err := os.ReadDir(c.recordDir())
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(c.recordDir(), f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("network: %w", err)
		}
		var r record
		valid := json.Unmarshal(data, &r) == nil && r.EndpointID != ""
		switch {
		case valid && f.Name() == r.EndpointID+recordSuffix:
			c.endpoints[r.ContainerID] = &endpoint{record: r}
		case valid && f.Name() == r.EndpointID+leavingSuffix:
			c.leaving[r.EndpointID] = r
		default:
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("network: %w", err)
			}
		}
	}
	return nil
}
