package network

import (
	"context"

	"github.com/moby/moby/api/types/network"
)

// Inspect is one network, named by its name, ID or a prefix of that, with the
// containers in it.
func (s *Networks) Inspect(_ context.Context, name string) (network.Inspect, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.find(name)
	if err != nil {
		return network.Inspect{}, err
	}
	result := network.Inspect{Network: found, Containers: map[string]network.EndpointResource{}}
	for id, e := range s.endpoints {
		if a := e.in(found.ID); a != nil {
			result.Containers[id] = network.EndpointResource{
				Name: e.Name, EndpointID: a.EndpointID, MacAddress: a.MAC, IPv4Address: a.Address,
			}
		} else if string(e.Mode) == found.Name && e.Mode != modeBridge {
			result.Containers[id] = network.EndpointResource{Name: e.Name, EndpointID: e.EndpointID}
		}
	}
	return result, nil
}
