package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/webui"
)

type serveOptions struct {
	sources sources
	addr    string
	remote  bool
	lang    string
	editor  string
}

func (a *app) serveCommand() *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Explore routes in a browser",
		Long: `Serve the explorer: the map of the programs, all their commands with what they
do, and the route of each with its code. All programs are analyzed once, from
the start on; the list grows meanwhile. It needs no network, and answers on this
machine only unless --remote is given. It shows source files that a route passes
through, and no other file.`,
		Example: `  callroute serve --src moby --src containerd
  callroute serve -f callroute.yaml --addr 127.0.0.1:8080`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("serve takes no arguments, not %q", args[0])
			}
			return a.serve(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:0", "`HOST:PORT` to listen on; port 0 is any that is free")
	flags.BoolVar(&o.remote, "remote", false, "let --addr be one that other machines can reach")
	flags.StringVar(&o.lang, "lang", string(article.English), "of the pages: en or zh")
	flags.StringVar(&o.editor, "editor", "vscode", "what opens places in the source: vscode, goland, zed or an `ADDRESS` with {path} and {line}; a reader can choose another")
	must(cmd.RegisterFlagCompletionFunc("editor", cobra.FixedCompletions([]string{"vscode", "goland", "zed"}, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"en", "zh"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// serve answers requests until ctx ends.
func (a *app) serve(ctx context.Context, o *serveOptions) error {
	if o.lang != string(article.English) && o.lang != string(article.Chinese) {
		return fmt.Errorf("--lang %q: the languages are en and zh", o.lang)
	}
	if err := checkEditor(o.editor); err != nil {
		return err
	}
	host, err := o.host()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", o.addr, err)
	}
	defer listener.Close()
	src := &session{app: a, sources: o.sources}
	if err := src.open(ctx); err != nil {
		return err
	}
	a.progress.stop()
	server := &http.Server{
		Handler:           webui.Handler(ctx, src, webui.ServeOptions{Lang: article.Lang(o.lang), Roots: src.roots, Remote: o.remote, Host: host, Editor: o.editor}),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	fmt.Fprintf(a.stdout, "http://%s/\n", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close() // to be stopped is how it ends
	}
}

// checkEditor fails on what cannot open a file.
func checkEditor(editor string) error {
	switch editor {
	case "vscode", "goland", "zed":
		return nil
	}
	if !strings.Contains(editor, "://") || !strings.Contains(editor, "{path}") {
		return fmt.Errorf("--editor %q: name vscode, goland, zed or an address such as editor://open?file={path}&line={line}", editor)
	}
	return nil
}

// host is the name under which the server may be asked, if it is not an
// address. It fails on an address that other machines can reach.
func (o *serveOptions) host() (string, error) {
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return "", fmt.Errorf("--addr %q is not HOST:PORT", o.addr)
	}
	if host == "localhost" {
		return "", nil
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Unmap().IsLoopback() {
		return "", nil
	}
	if !o.remote {
		return "", fmt.Errorf("--addr %s can be reached from other machines, which could read the source; add --remote if they may", o.addr)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", nil
	}
	return host, nil
}

// sourceRoots is the folder of each source tree by the name that traces have
// for it.
func sourceRoots(s sources) (map[string]string, error) {
	sys, err := readSystem(s)
	if err != nil {
		return nil, err
	}
	roots := map[string]string{}
	for _, src := range sys.Sources {
		roots[src.Given] = src.Dir
	}
	return roots, nil
}
