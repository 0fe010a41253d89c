// Package webui shows flows in a browser: one command as a single HTML file
// ([Page]), a whole system as a folder of pages ([Site]), or on demand over
// HTTP ([Handler]).
//
// It builds on the views before it: package article arranges a flow for
// reading, package diagram writes the DOT of which a drawer makes pictures.
//
// Words. The survey is what a server learns about all programs from its start on.
// The store is what the pages of a site have in common. The article is the part of a page that the server writes as HTML; it
// needs no script. The explorer is the part that the script builds from the
// data: three panes (search, picture or graph or route, code). The data is a flow as the
// explorer wants it, with names and links computed (data.go). A row is what a
// reader can choose: a function, a crossing.
//
// Phases of a page: collect makes the data of a flow, leaving out what is
// farthest from the spine when there is too much; sequence.go draws the spine;
// page.go joins both with the article and the assets. In a site, store.go takes
// functions, calls and code out of the data, and the script puts them together
// again (assets/load.js). The order of nodes and edges in the input changes no
// byte.
//
// The script draws the picture of the route (assets/picture.js) and writes the
// other forms in which it can be taken along (assets/forms.js) from the data of
// the page, so that a file on a disk needs no server for them.
//
// Text of the pages stands in English where it is used; assets/zh.json has it in
// Chinese.
//
// Everything is found in assets/, which are real files without a build step.
// Pages ask for nothing from outside: fonts are the reader's own, links lead
// away only when they are followed, and a content security policy says so to
// the browser. Names come from source that nobody has checked: HTML is written
// by html/template, and the script makes text nodes only.
//
// What it cannot see: only what the flow holds. A trace without --code shows
// no code, unless a server that knows the sources is behind the page.
package webui
