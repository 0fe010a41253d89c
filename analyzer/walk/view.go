package walk

import "regexp"

// View narrows what is shown, in pprof's words. The zero View shows all.
type View struct {
	To     *regexp.Regexp // the route ends at a matching function
	Focus  *regexp.Regexp // only routes through a matching function
	Ignore *regexp.Regexp // no route through a matching function
	Show   *regexp.Regexp // only matching functions, joined over the others
	Hide   *regexp.Regexp // no matching functions, joined over them
	Depth  int            // calls followed inside one process, 0 for all
}
