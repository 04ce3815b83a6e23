package lint

import (
	"go/ast"
	"go/types"
	"strings"
)

// The oracle judges the engine. If it called the engine's transforms,
// fingerprints, filters, key folding or decisions, both would be wrong in the
// same way and nothing would be seen. So package model/oracle may name the
// engine's types, constants and fields, which are plain data, and call none of
// its functions and methods but these, which decide nothing.
var oracleMayCall = map[string]string{
	"Side.Other":  "two sides: the other one is a fact",
	"Time.Add":    "arithmetic on instants",
	"Time.Sub":    "arithmetic on instants",
	"Time.Before": "arithmetic on instants",
	"Time.After":  "arithmetic on instants",
	"*.String":    "for messages only",
	"*.Error":     "for messages only",
}

// oracle checks one package of the room model/oracle.
func oracle(c *checked) []finding {
	var found []finding
	for _, f := range c.ast {
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			fn, ok := c.info.Uses[id].(*types.Func)
			if !ok || fn.Pkg() == nil || !engineCode(fn.Pkg().Path()) {
				return true
			}
			name := fn.Name()
			if recv := fn.Signature().Recv(); recv != nil {
				t := recv.Type()
				if p, ok := t.(*types.Pointer); ok {
					t = p.Elem()
				}
				if named, ok := t.(*types.Named); ok {
					name = named.Obj().Name() + "." + name
				}
			}
			if oracleMayCall[name] == "" && oracleMayCall["*."+fn.Name()] == "" {
				found = append(found, c.find(id.Pos(), "oracle", "the oracle must not call the engine's %s: it would share the engine's mistakes; write its own, slow and obvious (exceptions: internal/lint/oracle.go)", name))
			}
			return true
		})
	}
	return found
}

// engineCode says whether an import path is of the engine, or of the engine
// that stands for it below testdata.
func engineCode(path string) bool {
	return within(path, module+"/engine") || strings.HasSuffix(path, "/testdata/oracle/engine")
}
