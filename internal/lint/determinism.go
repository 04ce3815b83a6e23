package lint

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// deterministic are the rooms where the same inputs must give the same bytes
// on every machine. Tests are free: they compare with the real thing.
func deterministic(dir string) bool {
	r, _ := roomOf(dir)
	return slices.Contains([]string{"sim", "engine", "model", "model/oracle"}, r.dir)
}

// deniedImports are packages whose whole purpose is a clock, chance or the
// machine.
var deniedImports = map[string]string{
	"crypto/rand":  "its numbers repeat for no seed; draw from a keyed stream",
	"database/sql": "it starts goroutines; stores are handed in",
	"hash/maphash": "its seed differs in each process",
	"log":          "libraries do not log: they return, or record to the trace",
	"log/slog":     "libraries do not log: they return, or record to the trace",
	"math/rand":    "draws come from keyed streams, so that adding a consumer shifts no other draw",
	"math/rand/v2": "draws come from keyed streams, so that adding a consumer shifts no other draw",
	"net":          "the network is modelled; nothing here does I/O",
	"net/http":     "the network is modelled; nothing here does I/O",
	"os":           "environment, files and processes are read in cmd and handed in",
	"os/exec":      "environment, files and processes are read in cmd and handed in",
	"syscall":      "environment, files and processes are read in cmd and handed in",
}

// deniedNames are single functions of packages that are fine otherwise.
var deniedNames = map[string]string{
	"time.After":           "reads the wall clock; schedule an event",
	"time.AfterFunc":       "reads the wall clock; schedule an event",
	"time.NewTicker":       "reads the wall clock; schedule an event",
	"time.NewTimer":        "reads the wall clock; schedule an event",
	"time.Now":             "reads the wall clock; time is handed in",
	"time.Since":           "reads the wall clock; time is handed in",
	"time.Sleep":           "waits for the wall clock; schedule an event",
	"time.Tick":            "reads the wall clock; schedule an event",
	"time.Until":           "reads the wall clock; time is handed in",
	"time.Local":           "is the machine's time zone; use time.UTC",
	"runtime.AddCleanup":   "runs when the collector likes",
	"runtime.GOMAXPROCS":   "differs between machines",
	"runtime.Gosched":      "has no meaning in a world of one goroutine",
	"runtime.NumCPU":       "differs between machines",
	"runtime.NumGoroutine": "differs between runs",
	"runtime.SetFinalizer": "runs when the collector likes",
}

// exactMath are the functions of package math that give the same bits on every
// processor: the IEEE operations that are correctly rounded, and those that
// only take a number apart. The others have assembly on some processors or may
// be compiled with fused multiply-add, and differ in the last bit.
var exactMath = []string{
	"Abs", "Ceil", "Copysign", "FMA", "Float32bits", "Float32frombits", "Float64bits", "Float64frombits", "Floor", "Frexp",
	"Inf", "IsInf", "IsNaN", "Ldexp", "Max", "Min", "Modf", "NaN", "Nextafter", "Round", "RoundToEven", "Signbit", "Sqrt", "Trunc",
}

// pointerVerb finds %p in a format string, past flags and widths and not after
// an escaped percent sign.
var pointerVerb = regexp.MustCompile(`(^|[^%])(%%)*%[-+# 0]*[0-9]*p`)

// A mark excuses one line, or the line below it, for a reason that a reader can
// judge:
//
//	//sim:unordered the sum is the same in every order
//	//sim:rounding goes to a report only; no decision reads it
var markOf = map[string]string{
	"map-order": "//sim:unordered",
	"fused":     "//sim:rounding",
}

// determinism checks one package of a deterministic room.
func determinism(c *checked) []finding {
	var found []finding
	for _, f := range c.ast {
		v := &visitor{checked: c, file: f, scanned: map[ast.Node]bool{}}
		v.imports()
		ast.PreorderStack(f, nil, func(n ast.Node, stack []ast.Node) bool {
			v.node(n, stack)
			return true
		})
		found = append(found, v.excused()...)
	}
	return found
}

type visitor struct {
	*checked
	file    *ast.File
	found   []finding
	scanned map[ast.Node]bool // calls of maps.Keys and the like whose result is sorted
}

func (v *visitor) report(at token.Pos, rule, format string, args ...any) {
	v.found = append(v.found, v.find(at, rule, format, args...))
}

func (v *visitor) imports() {
	for _, spec := range v.file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if why, denied := deniedImports[path]; denied {
			v.report(spec.Pos(), "import", "%s: %s", path, why)
		}
	}
}

func (v *visitor) node(n ast.Node, stack []ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		v.report(n.Pos(), "goroutine", "one world is one goroutine: a second one is ordered by the scheduler; make it an event")
	case *ast.SelectStmt:
		if len(n.Body.List) > 1 {
			v.report(n.Pos(), "select", "a select with several cases takes a ready one by chance")
		}
	case *ast.RangeStmt:
		if v.isMap(n.X) && (n.Key != nil || n.Value != nil) && !v.collectsAndSorts(n, stack) {
			v.report(n.Pos(), "map-order", "a map is ranged over in another order each time: collect and sort right after it, or say why no order can be seen: //sim:unordered <reason>")
		}
	case *ast.CallExpr:
		if name := v.qualified(n.Fun); strings.HasPrefix(name, "slices.Sorted") && len(n.Args) > 0 {
			v.scanned[n.Args[0]] = true
		} else if (name == "maps.Keys" || name == "maps.Values" || name == "maps.All") && !v.scanned[n] {
			v.report(n.Pos(), "map-order", "%s yields in another order each time: wrap it in slices.Sorted, or say why no order can be seen: //sim:unordered <reason>", name)
		}
	case *ast.Ident:
		v.ident(n)
	case *ast.BasicLit:
		if n.Kind == token.STRING && pointerVerb.MatchString(n.Value) {
			v.report(n.Pos(), "pointer", "%%p prints an address, which differs in each process")
		}
	case *ast.BinaryExpr:
		if n.Op == token.MUL && v.isFloat(n) && !v.exact(n) && v.meetsAddition(stack) {
			v.report(n.Pos(), "fused", "some processors fuse this product with an addition and round once: write float64(x*y), or say why it does not matter: //sim:rounding <reason>")
		}
	}
}

// ident refuses single names, however they are used.
func (v *visitor) ident(id *ast.Ident) {
	obj := v.info.Uses[id]
	if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
		return
	}
	name := obj.Pkg().Path() + "." + obj.Name()
	if why, denied := deniedNames[name]; denied {
		v.report(id.Pos(), "clock", "%s %s", name, why)
	}
	if _, isFunc := obj.(*types.Func); isFunc && obj.Pkg().Path() == "math" && !slices.Contains(exactMath, obj.Name()) {
		v.report(id.Pos(), "float", "math.%s differs between processors in the last bit; package sim has its own", obj.Name())
	}
}

func (v *visitor) isMap(x ast.Expr) bool {
	t := v.info.TypeOf(x)
	if t == nil {
		return false
	}
	if p, ok := t.(*types.TypeParam); ok {
		t = p.Constraint()
		if set, ok := t.Underlying().(*types.Interface); ok && set.NumEmbeddeds() == 1 {
			if union, ok := set.EmbeddedType(0).(*types.Union); ok && union.Len() > 0 {
				t = union.Term(0).Type()
			}
		}
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

func (v *visitor) isFloat(x ast.Expr) bool {
	tv := v.info.Types[x]
	if tv.Value != nil || tv.Type == nil {
		return false // constants are exact
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}

// exact says whether one factor is a constant power of two: such a product only
// moves the exponent, and fusing it changes nothing.
func (v *visitor) exact(product *ast.BinaryExpr) bool {
	for _, factor := range []ast.Expr{product.X, product.Y} {
		if value := v.info.Types[factor].Value; value != nil {
			f, _ := constant.Float64Val(constant.ToFloat(value))
			if mantissa, _ := math.Frexp(f); math.Abs(mantissa) == 0.5 {
				return true
			}
		}
	}
	return false
}

// qualified names a function of another package as "slices.Sort"; it is empty
// for anything else.
func (v *visitor) qualified(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.IndexExpr:
		return v.qualified(f.X)
	case *ast.SelectorExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			if p, ok := v.info.Uses[id].(*types.PkgName); ok {
				return p.Imported().Path() + "." + f.Sel.Name
			}
		}
	}
	return ""
}

// meetsAddition says whether a product can be fused: its value reaches an
// addition directly, or a place from which the compiler may carry it to one.
// A conversion to a floating-point type rounds and ends that; a further
// product or quotient, a comparison and a call's argument count as ends.
func (v *visitor) meetsAddition(stack []ast.Node) bool {
	i := len(stack) - 1
	for ; i >= 0; i-- {
		switch p := stack[i].(type) {
		case *ast.ParenExpr:
			continue
		case *ast.UnaryExpr:
			continue // -x*y
		case *ast.BinaryExpr:
			return p.Op == token.ADD || p.Op == token.SUB
		case *ast.AssignStmt, *ast.ValueSpec, *ast.ReturnStmt, *ast.KeyValueExpr, *ast.CompositeLit:
			return true
		}
		break
	}
	return false
}

// collectsAndSorts says whether a range over a map does nothing but append to
// slices (skipping what it likes), and whether each of them is sorted before
// anything else looks at it.
func (v *visitor) collectsAndSorts(loop *ast.RangeStmt, stack []ast.Node) bool {
	var collected []types.Object
	pure := true
	ast.Inspect(loop.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				target := v.root(left)
				if target == nil || inside(target.Pos(), loop) {
					continue // a name of the loop's own
				}
				if _, plain := left.(*ast.Ident); plain && len(n.Lhs) == len(n.Rhs) && v.appendsTo(n.Rhs[i], target) {
					collected = append(collected, target)
				} else {
					pure = false
				}
			}
		case *ast.IncDecStmt:
			if target := v.root(n.X); target == nil || !inside(target.Pos(), loop) {
				pure = false
			}
		case *ast.ExprStmt, *ast.SendStmt, *ast.ReturnStmt, *ast.DeferStmt, *ast.GoStmt:
			pure = false
		case *ast.BranchStmt:
			if n.Tok != token.CONTINUE {
				pure = false // which elements came before it is chance
			}
		}
		return pure
	})
	if !pure || len(collected) == 0 {
		return false
	}
	after := following(loop, stack)
	for _, target := range collected {
		i := slices.IndexFunc(after, func(s ast.Stmt) bool { return v.mentions(s, target) })
		if i < 0 || !v.sorts(after[i], target) {
			return false
		}
	}
	return true
}

func (v *visitor) mentions(s ast.Stmt, target types.Object) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && v.info.Uses[id] == target
		return !found
	})
	return found
}

func inside(at token.Pos, n ast.Node) bool { return n.Pos() <= at && at < n.End() }

// root is the variable that x.y[z].w starts from.
func (v *visitor) root(x ast.Expr) types.Object {
	switch x := x.(type) {
	case *ast.Ident:
		if obj := v.info.Defs[x]; obj != nil {
			return obj
		}
		return v.info.Uses[x]
	case *ast.SelectorExpr:
		return v.root(x.X)
	case *ast.IndexExpr:
		return v.root(x.X)
	case *ast.StarExpr:
		return v.root(x.X)
	case *ast.ParenExpr:
		return v.root(x.X)
	}
	return nil
}

func (v *visitor) appendsTo(x ast.Expr, target types.Object) bool {
	call, ok := x.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	if !ok {
		return false
	}
	builtin, ok := v.info.Uses[name].(*types.Builtin)
	first, plain := call.Args[0].(*ast.Ident)
	return ok && builtin.Name() == "append" && plain && v.root(first) == target
}

// sorts says whether a statement sorts the slice: sort.X(s), slices.SortX(s) or
// s.Sort().
func (v *visitor) sorts(s ast.Stmt, target types.Object) bool {
	expr, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	name := v.qualified(call.Fun)
	if strings.HasPrefix(name, "slices.Sort") || strings.HasPrefix(name, "sort.") {
		if len(call.Args) == 0 {
			return false
		}
		arg := call.Args[0]
		if conv, ok := arg.(*ast.CallExpr); ok && len(conv.Args) == 1 {
			arg = conv.Args[0] // sort.Sort(byKey(s))
		}
		return v.root(arg) == target
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && method.Sel.Name == "Sort" && v.root(method.X) == target
}

// following are the statements after s in the innermost block around it.
func following(s ast.Stmt, stack []ast.Node) []ast.Stmt {
	if len(stack) == 0 {
		return nil
	}
	var block []ast.Stmt
	switch b := stack[len(stack)-1].(type) {
	case *ast.BlockStmt:
		block = b.List
	case *ast.CaseClause:
		block = b.Body
	case *ast.LabeledStmt:
		return following(b, stack[:len(stack)-1])
	}
	if i := slices.Index(block, s); i >= 0 {
		return block[i+1:]
	}
	return nil
}

// excused drops the findings that a mark excuses, and reports the marks that
// excuse nothing or give no reason.
func (v *visitor) excused() []finding {
	type mark struct {
		at        *ast.Comment
		directive string
		used      bool
	}
	marks := map[int]*mark{}
	var lines []int
	for _, group := range v.file.Comments {
		for _, c := range group.List {
			directive, reason, _ := strings.Cut(c.Text, " ")
			reason, _, _ = strings.Cut(reason, "//")
			if !strings.HasPrefix(directive, "//sim:") {
				continue
			}
			line := v.fset.Position(c.Pos()).Line
			switch {
			case directive != "//sim:unordered" && directive != "//sim:rounding":
				v.report(c.Pos(), "mark", "%s is no mark; there are //sim:unordered and //sim:rounding", directive)
			case strings.TrimSpace(reason) == "":
				v.report(c.Pos(), "mark", "%s needs a reason that a reader can judge", directive)
			default:
				marks[line] = &mark{at: c, directive: directive}
				lines = append(lines, line)
			}
		}
	}
	kept := slices.DeleteFunc(v.found, func(f finding) bool {
		for _, line := range []int{f.line, f.line - 1} {
			if m := marks[line]; m != nil && m.directive == markOf[f.rule] {
				m.used = true
				return true
			}
		}
		return false
	})
	for _, line := range lines {
		if m := marks[line]; !m.used {
			kept = append(kept, v.find(m.at.Pos(), "mark", "%s excuses nothing here; take it out", m.directive))
		}
	}
	return kept
}
