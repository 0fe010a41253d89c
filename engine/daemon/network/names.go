package network

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/network"
)

// usesNames reports whether the name server answers for a container: in the
// networks of people.
func (r record) usesNames() bool {
	return slices.ContainsFunc(r.Attached, func(a attachment) bool { return a.NetworkName != network.NetworkBridge })
}

// names are those that the others in a network know a container by.
func (r record) names(a attachment) []string {
	all := append([]string{r.Name}, a.Aliases...)
	if len(r.ContainerID) > 12 {
		all = append(all, r.ContainerID[:12])
	}
	if r.Hostname != "" {
		all = append(all, r.Hostname)
	}
	slices.Sort(all[1:])
	return slices.Compact(all)
}

// nameOthers has a container's name server answer, if it is in a network of
// people and has none yet.
func (c *Controller) nameOthers(s *sandbox, e *endpoint) error {
	c.mu.Lock()
	r, has := e.record, e.nameServer != nil
	c.mu.Unlock()
	if has || !r.usesNames() {
		return nil
	}
	names, err := names{c.state}.serveNames(s, r.ContainerID)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.nameServer = names
	return os.WriteFile(r.Files.ResolvConf, r.Resolv.through(nameServerAddress).format(), 0o644)
}

// names are those of containers, as the others in their networks know them.
type names struct{ *state }

// lookUp is what a container is answered when it asks for a name: the addresses
// of those in its networks who have it, in no order, so that all are used.
func (s names) lookUp(containerID, name string) (found []netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.endpoints[containerID]
	if e == nil {
		return nil
	}
	for _, mine := range e.Attached {
		if mine.NetworkName == network.NetworkBridge {
			continue
		}
		plain := name
		if n := len(name) - len("."+mine.NetworkName); n > 0 && strings.EqualFold(name[n:], "."+mine.NetworkName) {
			plain = name[:n]
		}
		for id, other := range s.endpoints {
			a := other.in(mine.Network)
			if a != nil && (contains(other.names(*a), plain) || mine.linked(id, plain)) {
				found = append(found, a.Address.Addr())
			}
		}
	}
	rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return found
}

// linked reports whether the place's own container knows another by a name.
func (a attachment) linked(containerID, name string) bool {
	return slices.ContainsFunc(a.Links, func(l Link) bool { return l.ContainerID == containerID && contains(l.Names, name) })
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// nameOf is who has an address in one of a container's networks: its name and the
// network's, "" for nobody.
func (s names) nameOf(containerID string, addr netip.Addr) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.endpoints[containerID]
	if e == nil {
		return ""
	}
	for _, mine := range e.Attached {
		for _, other := range s.endpoints {
			if a := other.in(mine.Network); a != nil && a.Address.Addr() == addr && mine.NetworkName != network.NetworkBridge {
				return other.Name + "." + a.NetworkName
			}
		}
	}
	return ""
}

// beyond are the servers that know what the name server does not: none for a
// container that is only in networks that lead nowhere.
func (s names) beyond(containerID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.endpoints[containerID]
	if e == nil || e.gateway() == nil {
		return nil
	}
	return e.Resolv.Servers
}
