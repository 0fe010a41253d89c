package daemon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	api "github.com/moby/moby/api/types/network"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/errdefs"
)

// link is docker's --link: another container under a name.
type link struct {
	to    *ours.Container
	alias string
}

// links are those of a container, in the order in which they were asked for.
func (d *core) links(r ours.Record) ([]link, error) {
	var all []link
	for _, text := range r.HostConfig.Links {
		name, alias, ok := strings.Cut(text, ":")
		if name == "" || ok && alias == "" || strings.Contains(alias, ":") {
			return nil, errdefs.Invalid("bad format for links: %s", text)
		}
		if !ok {
			alias = strings.TrimPrefix(name, "/")
		}
		to, err := d.containers.Get(name)
		if err != nil {
			return nil, errdefs.Invalid("could not get container for %s: %w", name, err)
		}
		all = append(all, link{to, alias})
	}
	return all, nil
}

// linked are the links as the network is told them.
func (d *core) linked(r ours.Record) ([]network.Link, error) {
	links, err := d.links(r)
	if err != nil {
		return nil, err
	}
	var all []network.Link
	for _, l := range links {
		all = append(all, network.Link{ContainerID: l.to.ID, Names: []string{l.alias, l.to.ID[:12], l.to.Snapshot().Name}})
	}
	return all, nil
}

// linkEnvironment is what a container learns of those it is linked to: their
// addresses, what they listen on, and their variables.
func (d *core) linkEnvironment(r ours.Record) ([]string, error) {
	if !r.HostConfig.NetworkMode.IsBridge() {
		return nil, nil
	}
	links, err := d.links(r)
	if err != nil {
		return nil, err
	}
	var env []string
	for _, l := range links {
		other := l.to.Snapshot()
		address := ""
		if other.Network != nil {
			if e := other.Network.Networks[api.NetworkBridge]; e != nil && e.IPAddress.IsValid() {
				address = e.IPAddress.String()
			}
		}
		if !other.State.Running() || address == "" {
			return nil, errdefs.Invalid("Cannot link to a non running container: /%s AS /%s/%s", other.Name, r.Name, l.alias)
		}
		env = append(env, variables(other, address, "/"+r.Name+"/"+l.alias, l.alias)...)
	}
	return env, nil
}

// variables are those of one link, in docker's words.
func variables(other ours.Record, address, name, alias string) []string {
	prefix := strings.ToUpper(strings.ReplaceAll(alias, "-", "_"))
	env := []string{prefix + "_NAME=" + name}
	for i, p := range listening(other) {
		url := fmt.Sprintf("%s://%s:%d", p.Proto(), address, p.Num())
		if i == 0 {
			env = append(env, prefix+"_PORT="+url)
		}
		port := fmt.Sprintf("%s_PORT_%d_%s", prefix, p.Num(), strings.ToUpper(string(p.Proto())))
		env = append(env, port+"="+url, port+"_ADDR="+address, fmt.Sprintf("%s_PORT=%d", port, p.Num()), fmt.Sprintf("%s_PROTO=%s", port, p.Proto()))
	}
	for _, v := range other.Config.Env {
		if name, _, ok := strings.Cut(v, "="); ok && name != "HOME" && name != "PATH" {
			env = append(env, prefix+"_ENV_"+v)
		}
	}
	return env
}

// listening are the ports that a container exposes, tcp before udp.
func listening(r ours.Record) []api.Port {
	var ports []api.Port
	for p := range r.Config.ExposedPorts {
		ports = append(ports, p)
	}
	slices.SortFunc(ports, func(a, b api.Port) int {
		return cmp.Or(cmp.Compare(a.Num(), b.Num()), cmp.Compare(a.Proto(), b.Proto()))
	})
	return ports
}
