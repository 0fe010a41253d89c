// Package suture is a stand-in for tests of thejerf/suture: real names and
// signatures.
package suture

import "context"

type Service interface {
	Serve(ctx context.Context) error
}

type ServiceToken uint64

type Supervisor struct {
	name     string
	services []Service
}

func NewSimple(name string) *Supervisor { return &Supervisor{name: name} }

func (s *Supervisor) Add(service Service) ServiceToken {
	s.services = append(s.services, service)
	return ServiceToken(len(s.services))
}

func (s *Supervisor) Serve(ctx context.Context) error {
	for _, service := range s.services {
		go service.Serve(ctx)
	}
	<-ctx.Done()
	return ctx.Err()
}
