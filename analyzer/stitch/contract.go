package stitch

import (
	"net"
	"slices"
	"sync"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/contract"
)

// described is what a contract among the sources says of a request, nil where none
// does or where several fit as well. What goes to a host that is named is somebody
// else's.
func (r *request) described() *contract.Operation {
	if host, _, err := net.SplitHostPort(r.d.Key.Address); err == nil && host != "" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil
	}
	if r.contracts == nil {
		r.contracts = sync.OnceValue(func() []contract.Operation { return contract.Read(r.System.Sources) })
	}
	var best *contract.Operation
	var fit boundary.Fit
	several := false
	all := r.contracts()
	for i := range all {
		op := &all[i]
		if !slices.Contains(op.Kinds, r.d.Kind) {
			continue
		}
		switch got := r.protocol.Answers(r.d.Key, op.Key); {
		case !got.Fits() || got.Weak():
		case best == nil || got.Compare(fit) > 0:
			best, fit, several = op, got, false
		case got.Compare(fit) == 0:
			several = several || best.Name != op.Name
		}
	}
	if several {
		return nil
	}
	return best
}
