// Package registry is a stand-in for tests.
package registry

import "github.com/containerd/plugin"

var register = struct {
	r plugin.Registry
}{}

func Register(r *plugin.Registration) { register.r = register.r.Register(r) }

func Graph(filter plugin.DisableFilter) []plugin.Registration { return register.r.Graph(filter) }
