// Package ttrpc is a stand-in for tests: real names and signatures, and the one
// place where a method is called through its table.
package ttrpc

import (
	"context"
	"encoding/json"
	"errors"
	"net"
)

type Method func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error)

type StreamHandler func(context.Context, StreamServer) (interface{}, error)

type StreamServer interface {
	SendMsg(m interface{}) error
	RecvMsg(m interface{}) error
}

type ClientStream interface {
	CloseSend() error
	SendMsg(m interface{}) error
	RecvMsg(m interface{}) error
}

type Stream struct {
	Handler         StreamHandler
	StreamingClient bool
	StreamingServer bool
}

type StreamDesc struct {
	StreamingClient bool
	StreamingServer bool
}

type ServiceDesc struct {
	Methods map[string]Method
	Streams map[string]Stream
}

type Unmarshaler func(interface{}) error

type UnaryServerInfo struct {
	FullMethod string
}

type UnaryServerInterceptor func(context.Context, Unmarshaler, *UnaryServerInfo, Method) (interface{}, error)

type serverConfig struct {
	interceptor UnaryServerInterceptor
}

type ServerOpt func(*serverConfig) error

func WithUnaryServerInterceptor(i UnaryServerInterceptor) ServerOpt {
	return func(c *serverConfig) error {
		c.interceptor = i
		return nil
	}
}

func defaultServerInterceptor(ctx context.Context, unmarshal Unmarshaler, _ *UnaryServerInfo, method Method) (interface{}, error) {
	return method(ctx, unmarshal)
}

type serviceSet struct {
	services         map[string]*ServiceDesc
	unaryInterceptor UnaryServerInterceptor
}

func (s *serviceSet) register(name string, desc *ServiceDesc) { s.services[name] = desc }

func (s *serviceSet) unaryCall(ctx context.Context, method Method, info *UnaryServerInfo, data []byte) (interface{}, error) {
	unmarshal := func(obj interface{}) error { return json.Unmarshal(data, obj) }
	return s.unaryInterceptor(ctx, unmarshal, info, method)
}

func (s *serviceSet) dispatch(ctx context.Context, service, method string, data []byte) (interface{}, error) {
	srv, ok := s.services[service]
	if !ok {
		return nil, errors.New("no such service")
	}
	return s.unaryCall(ctx, srv.Methods[method], &UnaryServerInfo{FullMethod: service + "/" + method}, data)
}

type Server struct {
	services *serviceSet
}

func NewServer(opts ...ServerOpt) (*Server, error) {
	config := &serverConfig{interceptor: defaultServerInterceptor}
	for _, opt := range opts {
		if err := opt(config); err != nil {
			return nil, err
		}
	}
	return &Server{services: &serviceSet{services: map[string]*ServiceDesc{}, unaryInterceptor: config.interceptor}}, nil
}

func (s *Server) Register(name string, methods map[string]Method) {
	s.services.register(name, &ServiceDesc{Methods: methods})
}

func (s *Server) RegisterService(name string, desc *ServiceDesc) {
	s.services.register(name, desc)
}

func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go s.run(ctx, c)
	}
}

func (s *Server) Shutdown(ctx context.Context) error { return nil }

// request and response are what goes over the wire, as JSON: this is not ttrpc's.
type request struct {
	Service, Method string
	Payload         json.RawMessage
}

type response struct {
	Error   string
	Payload json.RawMessage
}

func (s *Server) run(ctx context.Context, c net.Conn) {
	defer c.Close()
	dec, enc := json.NewDecoder(c), json.NewEncoder(c)
	for {
		var req request
		if dec.Decode(&req) != nil {
			return
		}
		var resp response
		reply, err := s.services.dispatch(ctx, req.Service, req.Method, req.Payload)
		if err == nil {
			resp.Payload, err = json.Marshal(reply)
		}
		if err != nil {
			resp.Error = err.Error()
		}
		if enc.Encode(resp) != nil {
			return
		}
	}
}

type Client struct {
	conn net.Conn
}

type ClientOpts func(c *Client)

func WithOnClose(onClose func()) ClientOpts { return func(c *Client) {} }

func NewClient(conn net.Conn, opts ...ClientOpts) *Client {
	c := &Client{conn: conn}
	for _, o := range opts {
		o(c)
	}
	return c
}

func (c *Client) Call(ctx context.Context, service, method string, req, resp interface{}) error {
	payload, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(c.conn).Encode(request{service, method, payload}); err != nil {
		return err
	}
	var r response
	if err := json.NewDecoder(c.conn).Decode(&r); err != nil {
		return err
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return json.Unmarshal(r.Payload, resp)
}

func (c *Client) NewStream(ctx context.Context, desc *StreamDesc, service, method string, req interface{}) (ClientStream, error) {
	return nil, errors.New("not in the stand-in")
}

func (c *Client) Close() error { return c.conn.Close() }
