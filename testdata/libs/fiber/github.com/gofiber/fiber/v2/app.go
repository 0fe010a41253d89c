// Package fiber is a stand-in for tests of gofiber/fiber: real names and
// signatures.
package fiber

type Handler = func(*Ctx) error

type Ctx struct{ path string }

func (c *Ctx) Next() error                                      { return nil }
func (c *Ctx) Params(key string, defaultValue ...string) string { return "" }

type Router interface {
	Get(path string, handlers ...Handler) Router
	Post(path string, handlers ...Handler) Router
	Delete(path string, handlers ...Handler) Router
	Group(prefix string, handlers ...Handler) Router
	Route(prefix string, fn func(router Router), name ...string) Router
	Mount(prefix string, fiber *App) Router
}

type Config struct{ AppName string }

type App struct{ stack map[string][]Handler }

func New(config ...Config) *App { return &App{map[string][]Handler{}} }

func (app *App) add(method, path string, handlers []Handler) Router {
	app.stack[method+path] = handlers
	return app
}

func (app *App) Get(path string, handlers ...Handler) Router  { return app.add("GET", path, handlers) }
func (app *App) Post(path string, handlers ...Handler) Router { return app.add("POST", path, handlers) }
func (app *App) Delete(path string, handlers ...Handler) Router {
	return app.add("DELETE", path, handlers)
}
func (app *App) Group(prefix string, handlers ...Handler) Router {
	return &Group{app, prefix}
}

func (app *App) Route(prefix string, fn func(router Router), name ...string) Router {
	g := app.Group(prefix)
	fn(g)
	return g
}
func (app *App) Mount(prefix string, fiber *App) Router { return app }
func (app *App) Listen(addr string) error {
	for _, hs := range app.stack {
		for _, h := range hs {
			h(&Ctx{})
		}
	}
	return nil
}

type Group struct {
	app    *App
	Prefix string
}

func (grp *Group) Get(path string, handlers ...Handler) Router {
	return grp.app.add("GET", grp.Prefix+path, handlers)
}

func (grp *Group) Post(path string, handlers ...Handler) Router {
	return grp.app.add("POST", grp.Prefix+path, handlers)
}

func (grp *Group) Delete(path string, handlers ...Handler) Router {
	return grp.app.add("DELETE", grp.Prefix+path, handlers)
}

func (grp *Group) Group(prefix string, handlers ...Handler) Router {
	return &Group{grp.app, grp.Prefix + prefix}
}

func (grp *Group) Route(prefix string, fn func(router Router), name ...string) Router {
	g := grp.Group(prefix)
	fn(g)
	return g
}

func (grp *Group) Mount(prefix string, fiber *App) Router { return grp }
