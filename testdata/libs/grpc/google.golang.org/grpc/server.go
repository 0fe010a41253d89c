// Package grpc is a stand-in for tests: real names and signatures, and the one
// place where a method's handler is called through its description.
package grpc

import (
	"context"
	"encoding/json"
	"net"
	"strings"
)

const (
	SupportPackageIsVersion4 = true
	SupportPackageIsVersion7 = true
	SupportPackageIsVersion9 = true
)

type MethodHandler func(srv any, ctx context.Context, dec func(any) error, interceptor UnaryServerInterceptor) (any, error)

type MethodDesc struct {
	MethodName string
	Handler    MethodHandler
}

type StreamHandler func(srv any, stream ServerStream) error

type StreamDesc struct {
	StreamName    string
	Handler       StreamHandler
	ServerStreams bool
	ClientStreams bool
}

type ServiceDesc struct {
	ServiceName string
	HandlerType any
	Methods     []MethodDesc
	Streams     []StreamDesc
	Metadata    any
}

type ServiceRegistrar interface {
	RegisterService(desc *ServiceDesc, impl any)
}

type UnaryServerInfo struct {
	Server     any
	FullMethod string
}

type UnaryHandler func(ctx context.Context, req any) (any, error)

type UnaryServerInterceptor func(ctx context.Context, req any, info *UnaryServerInfo, handler UnaryHandler) (resp any, err error)

type StreamServerInfo struct {
	FullMethod     string
	IsClientStream bool
	IsServerStream bool
}

type StreamServerInterceptor func(srv any, ss ServerStream, info *StreamServerInfo, handler StreamHandler) error

type ServerStream interface {
	Context() context.Context
	SendMsg(m any) error
	RecvMsg(m any) error
}

type serverStream struct{ messages }

type serverOptions struct {
	unaryInt  UnaryServerInterceptor
	streamInt StreamServerInterceptor
}

type ServerOption interface {
	apply(*serverOptions)
}

type funcServerOption struct {
	f func(*serverOptions)
}

func (fdo *funcServerOption) apply(do *serverOptions) { fdo.f(do) }

func UnaryInterceptor(i UnaryServerInterceptor) ServerOption {
	return &funcServerOption{f: func(o *serverOptions) { o.unaryInt = i }}
}

func StreamInterceptor(i StreamServerInterceptor) ServerOption {
	return &funcServerOption{f: func(o *serverOptions) { o.streamInt = i }}
}

func ChainUnaryInterceptor(interceptors ...UnaryServerInterceptor) ServerOption {
	return &funcServerOption{f: func(o *serverOptions) { o.unaryInt = chain(interceptors) }}
}

func chain(is []UnaryServerInterceptor) UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *UnaryServerInfo, handler UnaryHandler) (any, error) {
		for i := len(is) - 1; i >= 0; i-- {
			next, it := handler, is[i]
			handler = func(ctx context.Context, req any) (any, error) { return it(ctx, req, info, next) }
		}
		return handler(ctx, req)
	}
}

type serviceInfo struct {
	serviceImpl any
	methods     map[string]*MethodDesc
	streams     map[string]*StreamDesc
}

type Server struct {
	opts     serverOptions
	services map[string]*serviceInfo
}

func NewServer(opt ...ServerOption) *Server {
	s := &Server{services: map[string]*serviceInfo{}}
	for _, o := range opt {
		o.apply(&s.opts)
	}
	return s
}

func (s *Server) RegisterService(sd *ServiceDesc, ss any) {
	info := &serviceInfo{serviceImpl: ss, methods: map[string]*MethodDesc{}, streams: map[string]*StreamDesc{}}
	for i := range sd.Methods {
		d := &sd.Methods[i]
		info.methods[d.MethodName] = d
	}
	for i := range sd.Streams {
		d := &sd.Streams[i]
		info.streams[d.StreamName] = d
	}
	s.services[sd.ServiceName] = info
}

func (s *Server) Serve(lis net.Listener) error {
	for {
		c, err := lis.Accept()
		if err != nil {
			return err
		}
		go s.handleStream(c)
	}
}

func (s *Server) Stop()         {}
func (s *Server) GracefulStop() {}

func (s *Server) handleStream(c net.Conn) {
	defer c.Close()
	ss := &serverStream{messages{context.Background(), json.NewEncoder(c), json.NewDecoder(c)}}
	var full string
	if ss.RecvMsg(&full) != nil {
		return
	}
	service, method, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	srv := s.services[service]
	if srv == nil {
		return
	}
	if md, ok := srv.methods[method]; ok {
		_ = s.processUnaryRPC(ss.ctx, ss, srv, md)
	} else if sd, ok := srv.streams[method]; ok {
		_ = s.processStreamingRPC(ss, srv, sd)
	}
}

func (s *Server) processUnaryRPC(ctx context.Context, ss *serverStream, info *serviceInfo, md *MethodDesc) error {
	df := func(v any) error { return ss.RecvMsg(v) }
	reply, appErr := md.Handler(info.serviceImpl, ctx, df, s.opts.unaryInt)
	if appErr != nil {
		return appErr
	}
	return ss.SendMsg(reply)
}

func (s *Server) processStreamingRPC(ss *serverStream, info *serviceInfo, sd *StreamDesc) error {
	if s.opts.streamInt == nil {
		return sd.Handler(info.serviceImpl, ss)
	}
	return s.opts.streamInt(info.serviceImpl, ss, &StreamServerInfo{FullMethod: sd.StreamName}, sd.Handler)
}
