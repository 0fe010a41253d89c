package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

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

func (c *Controller) recordPath(containerID string) string {
	return filepath.Join(c.recordDir(), containerID+".json")
}

func (c *Controller) writeRecord(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := atomicwriter.WriteFile(c.recordPath(r.ContainerID), data, 0o600); err != nil {
		return fmt.Errorf("network: keep endpoint: %w", err)
	}
	return nil
}

func (c *Controller) removeRecord(containerID string) error {
	if err := os.Remove(c.recordPath(containerID)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// readRecords reads every endpoint. A file that cannot be read is removed:
// what it described is found by its name and removed by Restore.
func (c *Controller) readRecords() ([]record, error) {
	files, err := os.ReadDir(c.recordDir())
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	var records []record
	for _, f := range files {
		path := filepath.Join(c.recordDir(), f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("network: %w", err)
		}
		var r record
		id, isRecord := strings.CutSuffix(f.Name(), ".json")
		if json.Unmarshal(data, &r) != nil || !isRecord || r.ContainerID != id {
			if err := os.Remove(path); err != nil {
				return nil, fmt.Errorf("network: %w", err)
			}
			continue
		}
		records = append(records, r)
	}
	return records, nil
}
