package load

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// A hole stands in a body for what could not be type-checked: a call of a
// function without a body, made for this place. What was valid in the part that
// the hole replaces are its arguments, so nothing that is called there is lost:
//
//	return lib.Wrap(work(), done)      lib was not found
//	return hole[error](work(), done)
//
// The rest of the body stays as it is. Where no hole fits, as in a function whose
// own types are not known, the body goes as a whole, which is sanitize's part.
//
// Holes are syntax: the package is checked again after they were made, so that
// nothing is taken to be valid that go/types has not seen.
type holes struct {
	*sanitizer
	unit     *unit
	file     *ast.File
	imported map[*types.Package]string // the names of the file's imports
	results  []types.Type              // of the function around
	failed   bool                      // a hole would not fit
	made     []ast.Decl
}

// holePrefix is what no name in a source begins with.
const holePrefix = "hole·"

// IsHole reports whether a function of this name stands for what is missing.
func IsHole(name string) bool { return strings.HasPrefix(name, holePrefix) }

// dig makes a hole of whatever in the functions and variables of u is not valid.
// It does nothing to those in which none fits, and reports whether it did
// anything.
func (u *unit) dig(errs []types.Error) bool {
	before := u.holeCount
	h := &holes{sanitizer: newSanitizer(u.Info, errs), unit: u}
	for _, f := range u.Files {
		h.file, h.made = f, nil
		h.imported = importNames(f, u.Info)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				h.function(d)
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					h.variables(d)
				}
			}
		}
		f.Decls = append(f.Decls, h.made...)
	}
	return u.holeCount > before
}

// importNames is under which names a file knows what it imports.
func importNames(f *ast.File, info *types.Info) map[*types.Package]string {
	names := map[*types.Package]string{}
	for _, spec := range f.Imports {
		obj := info.Implicits[spec]
		if spec.Name != nil {
			obj = info.Defs[spec.Name]
		}
		if name, ok := obj.(*types.PkgName); ok {
			names[name.Imported()] = name.Name()
		}
	}
	return names
}

func (h *holes) function(fn *ast.FuncDecl) {
	obj, ok := h.info.Defs[fn.Name].(*types.Func)
	if !ok || fn.Body == nil || h.valid(fn.Body) || !h.isValid(obj.Type()) {
		return
	}
	before := len(h.made)
	if body, ok := h.body(fn.Body, obj.Signature()); ok {
		fn.Body = body
		h.unit.incomplete[fn] = true
	} else {
		h.made = h.made[:before]
	}
}

// variables makes holes in the initial values of variables whose types are known.
func (h *holes) variables(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok || len(spec.Names) != len(spec.Values) {
			continue
		}
		before := len(h.made)
		for i, v := range spec.Values {
			obj := h.info.Defs[spec.Names[i]]
			if obj == nil || h.valid(v) || !h.isValid(obj.Type()) {
				continue
			}
			h.failed = false
			if with := h.value(v, obj.Type()); !h.failed {
				spec.Values[i] = with
				h.unit.incomplete[spec] = true
			} else {
				h.made = h.made[:before]
			}
		}
	}
}

// body returns a copy of a body that has holes, and whether they fit.
func (h *holes) body(body *ast.BlockStmt, sig *types.Signature) (*ast.BlockStmt, bool) {
	outer, failed := h.results, h.failed
	defer func() { h.results, h.failed = outer, failed }()
	h.results, h.failed = nil, false
	for v := range sig.Results().Variables() {
		h.results = append(h.results, v.Type())
	}
	out := &ast.BlockStmt{Lbrace: body.Lbrace, List: h.statements(body.List), Rbrace: body.Rbrace}
	if len(h.results) > 0 {
		// What became of the last statement may not end the function.
		out.List = append(out.List, h.give(nil, body))
	}
	return out, !h.failed
}

// valid reports whether nothing below n needs a hole.
func (h *holes) valid(n ast.Node) bool {
	return !h.hasError(n) && h.clean(n)
}

// call is a call of a new hole that takes the place of n and gives a t, or
// nothing if t is nil.
func (h *holes) call(n ast.Node, t types.Type) *ast.CallExpr {
	return h.make(n, t, h.arguments(n))
}

// more is a call of one more hole for what is missing in n, without arguments.
func (h *holes) more(n ast.Node, t types.Type) *ast.CallExpr {
	return h.make(n, t, nil)
}

func (h *holes) make(n ast.Node, t types.Type, args []ast.Expr) *ast.CallExpr {
	h.unit.holeCount++
	name := fmt.Sprintf("%s%d", holePrefix, h.unit.holeCount)
	h.unit.opaque[name] = h.cause(h.unit, n)
	at := n.Pos()
	decl := &ast.FuncDecl{
		Name: ast.NewIdent(name),
		Type: &ast.FuncType{Func: at, Params: &ast.FieldList{List: []*ast.Field{{Type: &ast.Ellipsis{Elt: &ast.InterfaceType{Methods: &ast.FieldList{}}}}}}},
	}
	decl.Name.NamePos = at
	fun := ast.Expr(&ast.Ident{Name: name, NamePos: at})
	if t != nil {
		want := h.typeExpr(t)
		if want == nil {
			h.failed = true
			want = ast.NewIdent("any")
		}
		decl.Type.TypeParams = &ast.FieldList{List: []*ast.Field{{Names: []*ast.Ident{ast.NewIdent("T")}, Type: &ast.InterfaceType{Methods: &ast.FieldList{}}}}}
		decl.Type.Results = &ast.FieldList{List: []*ast.Field{{Type: ast.NewIdent("T")}}}
		fun = &ast.IndexExpr{X: fun, Lbrack: at, Index: want, Rbrack: at}
	}
	h.made = append(h.made, decl)
	return &ast.CallExpr{Fun: fun, Lparen: at, Args: args, Rparen: max(at, n.End()-1)}
}

// arguments are the valid values in what a hole replaces, the largest that there
// are.
func (h *holes) arguments(n ast.Node) []ast.Expr {
	var args []ast.Expr
	ast.Inspect(n, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return n != nil
		}
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			args = append(args, h.arguments(kv.Value)...)
			return false
		}
		if lit, ok := e.(*ast.FuncLit); ok && !h.valid(lit) {
			if with := h.literal(lit); with != nil {
				args = append(args, with)
			}
			return false
		}
		if sel, ok := e.(*ast.SelectorExpr); ok && !h.valid(sel) {
			args = append(args, h.arguments(sel.X)...)
			return false
		}
		if !h.valid(e) {
			return true
		}
		if tv := h.info.Types[e]; tv.IsValue() && !tv.IsNil() {
			if _, several := tv.Type.(*types.Tuple); !several {
				args = append(args, e)
				return false
			}
		}
		return !h.info.Types[e].IsType()
	})
	return args
}

// literal is a function literal with holes in its body, nil if none fits.
func (h *holes) literal(lit *ast.FuncLit) ast.Expr {
	sig, ok := h.info.Types[lit].Type.(*types.Signature)
	if !ok || !h.isValid(sig) {
		return nil
	}
	body, ok := h.body(lit.Body, sig)
	if !ok {
		return nil
	}
	return &ast.FuncLit{Type: lit.Type, Body: body}
}

// value is e with holes in it, as a value of type t. Where t is nil nothing is
// done with the value.
func (h *holes) value(e ast.Expr, t types.Type) ast.Expr {
	if e == nil || h.valid(e) {
		return e
	}
	switch x := e.(type) {
	case *ast.ParenExpr:
		return &ast.ParenExpr{Lparen: x.Lparen, X: h.value(x.X, t), Rparen: x.Rparen}
	case *ast.FuncLit:
		if with := h.literal(x); with != nil {
			return with
		}
	case *ast.CallExpr:
		if with := h.callWith(x); with != nil {
			return with
		}
	case *ast.UnaryExpr:
		if lit, ok := x.X.(*ast.CompositeLit); ok && x.Op == token.AND {
			if with := h.composite(lit); with != nil {
				return &ast.UnaryExpr{OpPos: x.OpPos, Op: x.Op, X: with}
			}
		}
		if x.Op == token.NOT {
			return &ast.UnaryExpr{OpPos: x.OpPos, Op: x.Op, X: h.value(x.X, types.Typ[types.Bool])}
		}
	case *ast.CompositeLit:
		if with := h.composite(x); with != nil {
			return with
		}
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			b := types.Typ[types.Bool]
			return &ast.BinaryExpr{X: h.value(x.X, b), OpPos: x.OpPos, Op: x.Op, Y: h.value(x.Y, b)}
		}
	}
	return h.call(e, t)
}

// callWith is a call of a known function with holes among its arguments, nil if
// it is not known.
func (h *holes) callWith(c *ast.CallExpr) ast.Expr {
	fun := c.Fun
	if lit, ok := fun.(*ast.FuncLit); ok && !h.valid(lit) {
		fun = h.literal(lit)
		if fun == nil {
			return nil
		}
	} else if !h.valid(fun) {
		return nil
	}
	tv := h.info.Types[c.Fun]
	sig, ok := tv.Type.(*types.Signature)
	if !ok || tv.IsType() || tv.IsBuiltin() || sig.TypeParams().Len() > 0 {
		return nil
	}
	n := sig.Params().Len()
	spread := len(c.Args) == 1 && n != 1 && !sig.Variadic()
	if !spread && (len(c.Args) < n-1 || len(c.Args) < n && !sig.Variadic() || len(c.Args) > n && !sig.Variadic()) {
		return nil
	}
	out := &ast.CallExpr{Fun: fun, Lparen: c.Lparen, Ellipsis: c.Ellipsis, Rparen: c.Rparen}
	if spread {
		for i := range n {
			out.Args = append(out.Args, h.part(i, c.Args[0], sig.Params().At(i).Type()))
		}
		return out
	}
	for i, arg := range c.Args {
		t := sig.Params().At(min(i, n-1)).Type()
		if sig.Variadic() && i >= n-1 && !c.Ellipsis.IsValid() {
			if s, ok := t.(*types.Slice); ok {
				t = s.Elem()
			}
		}
		out.Args = append(out.Args, h.value(arg, t))
	}
	return out
}

// composite is a literal of a known type with holes among its elements, nil if
// the type is not known.
func (h *holes) composite(lit *ast.CompositeLit) ast.Expr {
	t := h.info.Types[lit].Type
	if t == nil || !h.isValid(t) || lit.Type == nil || !h.valid(lit.Type) {
		return nil
	}
	out := &ast.CompositeLit{Type: lit.Type, Lbrace: lit.Lbrace, Rbrace: lit.Rbrace}
	for i, e := range lit.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		v := e
		if keyed {
			v = kv.Value
		}
		var want types.Type
		switch under := t.Underlying().(type) {
		case *types.Struct:
			want = fieldType(under, i, kv)
		case *types.Slice:
			want = under.Elem()
		case *types.Array:
			want = under.Elem()
		case *types.Map:
			want = under.Elem()
		}
		if want == nil || !h.isValid(want) {
			return nil
		}
		if inner, ok := v.(*ast.CompositeLit); ok && inner.Type == nil && !h.valid(inner) {
			return nil
		}
		v = h.value(v, want)
		if keyed {
			key := kv.Key
			if m, ok := t.Underlying().(*types.Map); ok {
				key = h.value(key, m.Key())
			}
			v = &ast.KeyValueExpr{Key: key, Colon: kv.Colon, Value: v}
		}
		out.Elts = append(out.Elts, v)
	}
	return out
}

// fieldType is the type of a field that a struct literal sets, nil if there is no
// such field.
func fieldType(s *types.Struct, i int, kv *ast.KeyValueExpr) types.Type {
	if kv == nil {
		if i < s.NumFields() {
			return s.Field(i).Type()
		}
		return nil
	}
	for f := range s.Fields() {
		if id, ok := kv.Key.(*ast.Ident); ok && f.Name() == id.Name {
			return f.Type()
		}
	}
	return nil
}

// typeExpr writes a type as the file at hand would, nil if it cannot.
func (h *holes) typeExpr(t types.Type) ast.Expr {
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer || t.Info()&types.IsUntyped != 0 {
			return nil
		}
		return ast.NewIdent(t.Name())
	case *types.Alias:
		return h.typeName(t.Obj(), t.TypeArgs())
	case *types.Named:
		return h.typeName(t.Obj(), t.TypeArgs())
	case *types.TypeParam:
		return ast.NewIdent(t.Obj().Name())
	case *types.Pointer:
		if e := h.typeExpr(t.Elem()); e != nil {
			return &ast.StarExpr{X: e}
		}
	case *types.Slice:
		if e := h.typeExpr(t.Elem()); e != nil {
			return &ast.ArrayType{Elt: e}
		}
	case *types.Array:
		if e := h.typeExpr(t.Elem()); e != nil {
			return &ast.ArrayType{Len: &ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(t.Len())}, Elt: e}
		}
	case *types.Map:
		if k, v := h.typeExpr(t.Key()), h.typeExpr(t.Elem()); k != nil && v != nil {
			return &ast.MapType{Key: k, Value: v}
		}
	case *types.Chan:
		if e := h.typeExpr(t.Elem()); e != nil {
			dir := map[types.ChanDir]ast.ChanDir{types.SendRecv: ast.SEND | ast.RECV, types.SendOnly: ast.SEND, types.RecvOnly: ast.RECV}
			return &ast.ChanType{Dir: dir[t.Dir()], Value: e}
		}
	case *types.Signature:
		return h.funcType(t)
	case *types.Interface:
		if t.Empty() {
			return &ast.InterfaceType{Methods: &ast.FieldList{}}
		}
	}
	return nil
}

func (h *holes) typeName(obj *types.TypeName, targs *types.TypeList) ast.Expr {
	var e ast.Expr
	switch name, imported := h.imported[obj.Pkg()]; {
	case obj.Pkg() == nil, obj.Pkg() == h.unit.Types, imported && name == ".":
		e = ast.NewIdent(obj.Name())
	case imported && obj.Exported():
		e = &ast.SelectorExpr{X: ast.NewIdent(name), Sel: ast.NewIdent(obj.Name())}
	default:
		return nil
	}
	if targs.Len() == 0 {
		return e
	}
	var args []ast.Expr
	for t := range targs.Types() {
		arg := h.typeExpr(t)
		if arg == nil {
			return nil
		}
		args = append(args, arg)
	}
	return &ast.IndexListExpr{X: e, Indices: args}
}

func (h *holes) funcType(sig *types.Signature) ast.Expr {
	if sig.TypeParams().Len() > 0 {
		return nil
	}
	fields := func(tuple *types.Tuple, variadic bool) *ast.FieldList {
		list := &ast.FieldList{}
		for i := range tuple.Len() {
			t := tuple.At(i).Type()
			var e ast.Expr
			if s, ok := t.(*types.Slice); ok && variadic && i == tuple.Len()-1 {
				if e = h.typeExpr(s.Elem()); e != nil {
					e = &ast.Ellipsis{Elt: e}
				}
			} else {
				e = h.typeExpr(t)
			}
			if e == nil {
				return nil
			}
			list.List = append(list.List, &ast.Field{Type: e})
		}
		return list
	}
	params, results := fields(sig.Params(), sig.Variadic()), fields(sig.Results(), false)
	if params == nil || results == nil {
		return nil
	}
	return &ast.FuncType{Params: params, Results: results}
}

// part is the value at place i of several that e gives.
func (h *holes) part(i int, e ast.Expr, t types.Type) ast.Expr {
	if i == 0 {
		return h.call(e, t)
	}
	return h.more(e, t)
}

// defined are the variables that a statement declares.
func defined(info *types.Info, n ast.Node) []types.Object {
	var out []types.Object
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.Ident:
			if obj := info.Defs[n]; obj != nil {
				out = append(out, obj)
			}
		}
		return true
	})
	return out
}

// lose makes what n declares invalid, for the reasons that there are in from: it
// is not declared any more.
func (h *holes) lose(n, from ast.Node) {
	for _, obj := range defined(h.info, n) {
		h.gone[obj] = h.cause(h.unit, from)
	}
}
