package scenarios

import (
	"fmt"
	"reflect"
)

// bind copies the values of a checked tree into the typed scenario, by the
// struct tags of scenario.go. The tree is valid, so a value that does not fit
// its field is a mistake of this package and panics.
func bind(n *node, into reflect.Value) {
	switch {
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		bind(n, into.Elem())
	case n.value != nil:
		v := reflect.ValueOf(n.value)
		if !v.Type().AssignableTo(into.Type()) {
			panic(fmt.Sprintf("scenarios: %s does not go into %s", v.Type(), into.Type()))
		}
		into.Set(v)
	case n.kind == mapping && into.Kind() == reflect.Struct:
		for i := range into.NumField() {
			tag, tagged := into.Type().Field(i).Tag.Lookup("key")
			if v := n.get(tag); tagged && v != nil {
				bind(v, into.Field(i))
			}
		}
	case n.kind == sequence && into.Kind() == reflect.Slice:
		into.Set(reflect.MakeSlice(into.Type(), len(n.items), len(n.items)))
		for i, item := range n.items {
			bind(item, into.Index(i))
		}
	default:
		panic(fmt.Sprintf("scenarios: %s does not go into %s", n.kind, into.Type()))
	}
}
