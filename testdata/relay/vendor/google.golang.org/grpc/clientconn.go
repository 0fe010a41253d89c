package grpc

import (
	"context"
	"encoding/json"
	"net"
	"strings"

	"google.golang.org/grpc/credentials"
)

type callInfo struct{}

type CallOption interface {
	before(*callInfo) error
}

type EmptyCallOption struct{}

func (EmptyCallOption) before(*callInfo) error { return nil }

func StaticMethod() CallOption { return EmptyCallOption{} }

type dialOptions struct {
	unaryInt UnaryClientInterceptor
}

type DialOption interface {
	apply(*dialOptions)
}

type funcDialOption struct {
	f func(*dialOptions)
}

func (fdo *funcDialOption) apply(do *dialOptions) { fdo.f(do) }

func WithTransportCredentials(creds credentials.TransportCredentials) DialOption {
	return &funcDialOption{f: func(o *dialOptions) {}}
}

func WithInsecure() DialOption {
	return &funcDialOption{f: func(o *dialOptions) {}}
}

func WithUnaryInterceptor(f UnaryClientInterceptor) DialOption {
	return &funcDialOption{f: func(o *dialOptions) { o.unaryInt = f }}
}

type UnaryInvoker func(ctx context.Context, method string, req, reply any, cc *ClientConn, opts ...CallOption) error

type UnaryClientInterceptor func(ctx context.Context, method string, req, reply any, cc *ClientConn, invoker UnaryInvoker, opts ...CallOption) error

type ClientConnInterface interface {
	Invoke(ctx context.Context, method string, args any, reply any, opts ...CallOption) error
	NewStream(ctx context.Context, desc *StreamDesc, method string, opts ...CallOption) (ClientStream, error)
}

type ClientConn struct {
	target string
	dopts  dialOptions
}

func NewClient(target string, opts ...DialOption) (conn *ClientConn, err error) {
	cc := &ClientConn{target: target}
	for _, o := range opts {
		o.apply(&cc.dopts)
	}
	return cc, nil
}

func Dial(target string, opts ...DialOption) (*ClientConn, error) { return NewClient(target, opts...) }

func DialContext(ctx context.Context, target string, opts ...DialOption) (conn *ClientConn, err error) {
	return NewClient(target, opts...)
}

func (cc *ClientConn) Close() error { return nil }

func (cc *ClientConn) Invoke(ctx context.Context, method string, args, reply any, opts ...CallOption) error {
	if cc.dopts.unaryInt != nil {
		return cc.dopts.unaryInt(ctx, method, args, reply, cc, invoke, opts...)
	}
	return invoke(ctx, method, args, reply, cc, opts...)
}

// Invoke is the function that generated code of 2016 calls.
func Invoke(ctx context.Context, method string, args, reply any, cc *ClientConn, opts ...CallOption) error {
	return cc.Invoke(ctx, method, args, reply, opts...)
}

func invoke(ctx context.Context, method string, req, reply any, cc *ClientConn, opts ...CallOption) error {
	cs, err := cc.NewStream(ctx, unaryStreamDesc, method, opts...)
	if err != nil {
		return err
	}
	if err := cs.SendMsg(req); err != nil {
		return err
	}
	return cs.RecvMsg(reply)
}

var unaryStreamDesc = &StreamDesc{ServerStreams: false, ClientStreams: false}

// NewStream opens a connection of its own. The wire is not gRPC's: JSON values
// behind each other, the name of the method first.
func (cc *ClientConn) NewStream(ctx context.Context, desc *StreamDesc, method string, opts ...CallOption) (ClientStream, error) {
	network, address := "tcp", cc.target
	if path, ok := strings.CutPrefix(cc.target, "unix://"); ok {
		network, address = "unix", path
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		return nil, err
	}
	cs := &clientStream{messages{ctx, json.NewEncoder(conn), json.NewDecoder(conn)}}
	return cs, cs.SendMsg(method)
}

// messages is either end of a stream.
type messages struct {
	ctx context.Context
	enc *json.Encoder
	dec *json.Decoder
}

func (m *messages) Context() context.Context { return m.ctx }
func (m *messages) SendMsg(v any) error      { return m.enc.Encode(v) }
func (m *messages) RecvMsg(v any) error      { return m.dec.Decode(v) }

func NewClientStream(ctx context.Context, desc *StreamDesc, cc *ClientConn, method string, opts ...CallOption) (ClientStream, error) {
	return cc.NewStream(ctx, desc, method, opts...)
}

type ClientStream interface {
	CloseSend() error
	Context() context.Context
	SendMsg(m any) error
	RecvMsg(m any) error
}

type clientStream struct{ messages }

func (cs *clientStream) CloseSend() error { return nil }

type ServerStreamingClient[Res any] interface {
	Recv() (*Res, error)
	ClientStream
}

type ServerStreamingServer[Res any] interface {
	Send(*Res) error
	ServerStream
}

type GenericClientStream[Req any, Res any] struct {
	ClientStream
}

func (x *GenericClientStream[Req, Res]) Send(m *Req) error { return x.ClientStream.SendMsg(m) }

func (x *GenericClientStream[Req, Res]) Recv() (*Res, error) {
	m := new(Res)
	if err := x.ClientStream.RecvMsg(m); err != nil {
		return nil, err
	}
	return m, nil
}

type GenericServerStream[Req any, Res any] struct {
	ServerStream
}

func (x *GenericServerStream[Req, Res]) Send(m *Res) error { return x.ServerStream.SendMsg(m) }
