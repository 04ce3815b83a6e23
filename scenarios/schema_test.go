package scenarios

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestSchemaIsDocumented walks the whole language: each key tells what it is,
// and each default where it comes from and reads as what it claims to be.
func TestSchemaIsDocumented(t *testing.T) {
	t.Parallel()
	keys := 0
	walkKeys(schema, "", func(path string, k *key) {
		keys++
		switch {
		case k.later != "":
			if k.shape != nil || k.standard != "" {
				t.Errorf("%s is not built yet and has a shape or a default", path)
			}
			return
		case k.shape == nil:
			t.Errorf("%s has no shape", path)
		case k.doc == "":
			t.Errorf("%s has no doc", path)
		case k.required && k.standard != "":
			t.Errorf("%s is required and has a default", path)
		}
		if k.standard == "" {
			return
		}
		if !strings.HasPrefix(k.source, "documented: ") && !strings.HasPrefix(k.source, "assumed: ") {
			t.Errorf("%s: the default's source is %q", path, k.source)
		}
		if n := (&checker{}).standard(k, path); n == nil {
			t.Errorf("%s: the default %q is nothing", path, k.standard)
		}
	})
	if keys < 150 {
		t.Errorf("only %d keys were seen", keys)
	}
}

// TestSchemaFitsScenario compares the keys of the language with the fields of
// the typed scenario, in both directions.
func TestSchemaFitsScenario(t *testing.T) {
	t.Parallel()
	fields := 0
	compareKeys(t, schema, reflect.TypeFor[Scenario](), "", &fields)
	if fields < 80 {
		t.Errorf("only %d fields were compared", fields)
	}
}

func compareKeys(t *testing.T, s shape, typ reflect.Type, path string, fields *int) {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	keys := keysOf(s)
	switch {
	case typ.Kind() == reflect.Slice && isList(s):
		compareKeys(t, s.(list).item, typ.Elem(), join(path, "*"), fields)
		return
	case typ == reflect.TypeFor[Throttle](): // each side has limits of its own
		return
	case typ.Kind() != reflect.Struct || len(keys) == 0 || isChoice(s) && typ != reflect.TypeFor[Fault]() && typ != reflect.TypeFor[Arrivals]():
		return
	}
	var tags []string
	for field := range typ.Fields() {
		if tag, ok := field.Tag.Lookup("key"); ok {
			tags = append(tags, tag)
			*fields++
			if k := slices.IndexFunc(keys, func(k key) bool { return k.name == tag }); k < 0 {
				t.Errorf("%s: the field %s of %s has no key", path, tag, typ)
			} else {
				compareKeys(t, keys[k].shape, field.Type, join(path, tag), fields)
			}
		}
	}
	for _, k := range keys {
		if k.later == "" && !k.expands && !slices.Contains(tags, k.name) {
			t.Errorf("%s: the key %s has no field in %s", path, k.name, typ)
		}
	}
}

func isList(s shape) bool   { _, ok := s.(list); return ok }
func isChoice(s shape) bool { _, ok := s.(choice); return ok }

// keysOf returns the keys below a shape: those of all cases of a choice.
func keysOf(s shape) []key {
	switch s := s.(type) {
	case object:
		return s.keys
	case choice:
		var keys []key
		for _, a := range s.cases {
			keys = append(keys, a.object.keys...)
		}
		return keys
	default:
		return nil
	}
}

func walkKeys(s shape, path string, visit func(path string, k *key)) {
	if l, ok := s.(list); ok {
		walkKeys(l.item, join(path, "*"), visit)
		return
	}
	for _, k := range keysOf(s) {
		visit(join(path, k.name), &k)
		walkKeys(k.shape, join(path, k.name), visit)
	}
}
