package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

//go:embed assets
var assets embed.FS

// scripts are the parts of the explorer, in the order in which they run.
var scripts = []string{"model.js", "page.js", "load.js", "code.js", "route.js", "picture.js", "graph.js", "compare.js", "forms.js", "share.js", "explorer.js"}

// Options says how a page is written.
type Options struct {
	Lang  article.Lang // of the article, English if empty
	Nodes int          // how many functions the explorer gets at most, MostNodes if 0
}

// Page writes f as one HTML file that needs nothing else: the article, and the
// explorer over the same data.
func Page(w io.Writer, f *flow.Flow, o Options) error {
	p, err := newPage(f, o)
	if err != nil {
		return err
	}
	style, err := explorerStyle()
	if err != nil {
		return err
	}
	script, err := explorerScript(p.Lang)
	if err != nil {
		return err
	}
	p.Style, p.Script = template.CSS(style), template.JS(script)
	p.Policy = fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src '%s'; script-src '%s'", hash(style), hash(script))
	if p.Data, err = jsonScript(p.data); err != nil {
		return err
	}
	p.Config, err = jsonScript(config{Place: "file"})
	if err != nil {
		return err
	}
	return p.write(w)
}

// config tells the explorer where it is.
type config struct {
	Place    string            `json:"place"`              // file, site or serve
	Roots    map[string]string `json:"roots,omitempty"`    // the folder of each source tree
	Editor   string            `json:"editor,omitempty"`   // how it opens places in the source
	Base     string            `json:"base,omitempty"`     // the way from the page to the site's root
	Self     string            `json:"self,omitempty"`     // this page's name in Others
	Others   []otherCommand    `json:"others,omitempty"`   // with which it can be compared
	OthersAt string            `json:"othersAt,omitempty"` // where to ask for them
}

// otherCommand is a command with a page of its own.
type otherCommand struct {
	Title string `json:"title"`
	Data  string `json:"data"` // where its data is, from Base
}

// page is what the template page.html shows.
type page struct {
	*article.Article
	labels
	Title  string
	Say    words
	Policy string

	Style  template.CSS // inline, or
	Script template.JS
	Assets string // the folder with both

	Data   template.JS
	Stored bool // code and other calls are filled in by the script
	Config template.JS

	Home     string // the index, if there is one
	Values   string // the flags of the command, if there is a page for them
	Picture  string // the graph as a file, if there is one
	Sequence template.HTML
	Parts    []part
	Programs []flow.Component
	LeftOut  string
	Dropped  string
	Gaps     []gapView
	MoreGaps int

	data *data
}

func newPage(f *flow.Flow, o Options) (*page, error) {
	if o.Lang == "" {
		o.Lang = article.English
	}
	say, err := article.In(o.Lang)
	if err != nil {
		return nil, err
	}
	a, err := article.Build(f)
	if err != nil {
		return nil, err
	}
	if o.Nodes == 0 {
		o.Nodes = MostNodes
	}
	p := &page{Article: a, Title: title(f), labels: labels{o.Lang}, Say: words{say, vocabulary[o.Lang]}}
	p.Sequence = sequence(a.Route, p.Say)
	p.data = collect(a.Route, flow.Component.Link, o.Nodes)
	p.arrange()
	return p, nil
}

// skeleton is what the explorer stands in, as a script gives it to pages that do
// not hold it.
func skeleton(lang article.Lang) (template.JS, error) {
	var parts [2]bytes.Buffer
	for i, name := range []string{"panes.html", "dialogs.html"} {
		if err := pageTemplate.ExecuteTemplate(&parts[i], name, labels{lang}); err != nil {
			return "", err
		}
	}
	return jsonScript([]string{parts[0].String(), parts[1].String()})
}

// stored leaves to the script what a site has once for all pages.
func (p *page) stored() {
	p.Stored = true
	at := 0
	for i := range p.Parts {
		for k := range p.Parts[i].Steps {
			p.Parts[i].Steps[k].At = at + k
		}
		at += p.Parts[i].All
	}
}

func (p *page) write(w io.Writer) error {
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

var pageTemplate = template.Must(template.New("page.html").ParseFS(assets, "assets/page.html", "assets/article.html", "assets/icon.html", "assets/panes.html", "assets/dialogs.html"))

// explorerStyle is the style sheet of all pages.
func explorerStyle() (string, error) {
	picture, err := assets.ReadFile("assets/picture.css")
	if err != nil {
		return "", err
	}
	rest, err := assets.ReadFile("assets/explorer.css")
	return string(picture) + string(rest), err
}

// explorerScript is all of the explorer as one script, with its words and the
// style of the picture, which may leave the page.
func explorerScript(lang article.Lang) (string, error) {
	picture, err := assets.ReadFile("assets/picture.css")
	if err != nil {
		return "", err
	}
	style, err := jsonScript(string(picture))
	if err != nil {
		return "", err
	}
	words, err := wordsScript(lang)
	if err != nil {
		return "", err
	}
	frame, err := skeleton(lang)
	if err != nil {
		return "", err
	}
	return joinScripts(fmt.Sprintf("'use strict';\n%sconst pictureStyle = %s;\nconst [panes, dialogs] = %s;\n", words, style, frame), scripts...)
}

// joinScripts is scripts behind each other, after a beginning.
func joinScripts(before string, names ...string) (string, error) {
	var all strings.Builder
	all.WriteString(before)
	for _, name := range names {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// hash is how a content security policy names an inline script or style.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// jsonScript is v as JSON that can stand in a script element: json.Marshal
// writes <, > and & as escapes, so nothing in it can end the element.
func jsonScript(v any) (template.JS, error) {
	text, err := json.Marshal(v)
	return template.JS(text), err
}
