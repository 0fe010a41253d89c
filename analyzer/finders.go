package analyzer

import (
	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/callback"
	"github.com/callroute/callroute/analyzer/boundary/commandcalls"
	"github.com/callroute/callroute/analyzer/boundary/commandfields"
	"github.com/callroute/callroute/analyzer/boundary/commandtags"
	"github.com/callroute/callroute/analyzer/boundary/commandvalues"
	"github.com/callroute/callroute/analyzer/boundary/execprogram"
	"github.com/callroute/callroute/analyzer/boundary/flagcmd"
	"github.com/callroute/callroute/analyzer/boundary/grpcmethod"
	"github.com/callroute/callroute/analyzer/boundary/httproute"
	"github.com/callroute/callroute/analyzer/boundary/injection"
	"github.com/callroute/callroute/analyzer/boundary/netrpc"
	"github.com/callroute/callroute/analyzer/boundary/opaquecall"
	"github.com/callroute/callroute/analyzer/boundary/pluginregistry"
	"github.com/callroute/callroute/analyzer/boundary/taskchannel"
	"github.com/callroute/callroute/analyzer/boundary/taskkind"
	"github.com/callroute/callroute/analyzer/boundary/ttrpcmethod"
	"github.com/callroute/callroute/analyzer/boundary/unknowntransport"
	"github.com/callroute/callroute/analyzer/boundary/waiting"
	"github.com/callroute/callroute/analyzer/boundary/wakeup"
)

// finders is every protocol and dispatch table that callroute knows, in the order
// in which they look.
var finders = []boundary.Finder{
	commandfields.Finder,
	commandcalls.Finder,
	commandvalues.Finder,
	commandtags.Finder,
	flagcmd.Finder, // after the libraries: it is silent where they found commands
	taskkind.Finder,
	injection.Finder,
	callback.Finder,
	httproute.Finder,
	grpcmethod.Finder,
	ttrpcmethod.Finder,
	netrpc.Finder,
	execprogram.Finder,
	taskchannel.Finder,
	wakeup.Finder,
	waiting.Finder,
	pluginregistry.Finder, // after those that replace callees
	unknowntransport.Finder,
	opaquecall.Finder,
}

// protocols is what the finders' findings speak.
var protocols = func() boundary.Protocols {
	var out boundary.Protocols
	for _, f := range finders {
		out = append(out, f.Protocols...)
	}
	return out
}()
