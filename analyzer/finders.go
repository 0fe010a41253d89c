package analyzer

import (
	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/cobracmd"
	"github.com/callroute/callroute/analyzer/boundary/execprogram"
	"github.com/callroute/callroute/analyzer/boundary/flagcmd"
	"github.com/callroute/callroute/analyzer/boundary/grpcmethod"
	"github.com/callroute/callroute/analyzer/boundary/httproute"
	"github.com/callroute/callroute/analyzer/boundary/opaquecall"
	"github.com/callroute/callroute/analyzer/boundary/pluginregistry"
	"github.com/callroute/callroute/analyzer/boundary/taskchannel"
	"github.com/callroute/callroute/analyzer/boundary/ttrpcmethod"
	"github.com/callroute/callroute/analyzer/boundary/unknowntransport"
	"github.com/callroute/callroute/analyzer/boundary/urfavecmd"
)

// finders is every protocol and dispatch table that callroute knows.
var finders = []boundary.Finder{
	cobracmd.Finder,
	urfavecmd.Finder,
	flagcmd.Finder, // after the libraries: it is silent where they found commands
	httproute.Finder,
	grpcmethod.Finder,
	ttrpcmethod.Finder,
	execprogram.Finder,
	taskchannel.Finder,
	pluginregistry.Finder, // after those that replace callees
	unknowntransport.Finder,
	opaquecall.Finder,
}
