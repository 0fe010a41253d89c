// Package plugin is a stand-in for tests: real names and signatures, and the one
// place where a plugin's InitFn is called.
package plugin

import (
	"context"
	"errors"
)

type Type string

func (t Type) String() string { return string(t) }

type Registration struct {
	Type     Type
	ID       string
	Config   interface{}
	Requires []Type
	InitFn   func(*InitContext) (interface{}, error)
}

func (r *Registration) URI() string { return r.Type.String() + "." + r.ID }

func (r Registration) Init(ic *InitContext) *Plugin {
	p, err := r.InitFn(ic)
	return &Plugin{Registration: r, instance: p, err: err}
}

type Plugin struct {
	Registration Registration
	instance     interface{}
	err          error
}

func (p *Plugin) Instance() (interface{}, error) { return p.instance, p.err }
func (p *Plugin) Err() error                     { return p.err }

type Set struct {
	ordered     []*Plugin
	byTypeAndID map[Type]map[string]*Plugin
}

func NewPluginSet() *Set { return &Set{byTypeAndID: map[Type]map[string]*Plugin{}} }

func (ps *Set) Add(p *Plugin) error {
	byID := ps.byTypeAndID[p.Registration.Type]
	if byID == nil {
		byID = map[string]*Plugin{}
		ps.byTypeAndID[p.Registration.Type] = byID
	}
	byID[p.Registration.ID] = p
	ps.ordered = append(ps.ordered, p)
	return nil
}

func (ps *Set) Get(t Type, id string) *Plugin { return ps.byTypeAndID[t][id] }
func (ps *Set) GetAll() []*Plugin             { return ps.ordered }

type InitContext struct {
	Context    context.Context
	Properties map[string]string
	Config     interface{}
	plugins    *Set
}

func NewContext(ctx context.Context, plugins *Set, properties map[string]string) *InitContext {
	return &InitContext{Context: ctx, Properties: properties, plugins: plugins}
}

func (i *InitContext) GetByID(t Type, id string) (interface{}, error) {
	p := i.plugins.Get(t, id)
	if p == nil {
		return nil, errors.New("not found")
	}
	return p.Instance()
}

func (i *InitContext) GetSingle(t Type) (interface{}, error) {
	for _, p := range i.plugins.byTypeAndID[t] {
		return p.Instance()
	}
	return nil, errors.New("not found")
}

func (i *InitContext) GetByType(t Type) (map[string]interface{}, error) {
	all := map[string]interface{}{}
	for id, p := range i.plugins.byTypeAndID[t] {
		all[id], _ = p.Instance()
	}
	return all, nil
}

type DisableFilter func(r *Registration) bool

type Registry []*Registration

func (registry Registry) Register(r *Registration) Registry { return append(registry, r) }

func (registry Registry) Graph(filter DisableFilter) []Registration {
	var ordered []Registration
	for _, r := range registry {
		if filter == nil || !filter(r) {
			ordered = append(ordered, *r)
		}
	}
	return ordered
}
