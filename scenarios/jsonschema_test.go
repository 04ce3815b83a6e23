package scenarios

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// plainOf turns a node into what a YAML editor sees.
func plainOf(n *node) any {
	switch n.kind {
	case mapping:
		out := map[string]any{}
		for _, f := range n.fields {
			out[f.key] = plainOf(f.value)
		}
		return out
	case sequence:
		out := []any{}
		for _, i := range n.items {
			out = append(out, plainOf(i))
		}
		return out
	}
	if v, err := strconv.ParseFloat(n.text, 64); err == nil {
		return v
	}
	if v, err := strconv.ParseBool(n.text); err == nil && (n.text == "true" || n.text == "false") {
		return v
	}
	return n.text
}

// conforms is as much of a JSON Schema validator as [JSONSchema] uses. It
// returns what does not conform.
func conforms(root, schema map[string]any, v any, at string) string {
	if ref, ok := schema["$ref"].(string); ok {
		schema = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		return conforms(root, schema, v, at)
	}
	for _, all := range list2(schema["allOf"]) {
		if wrong := conforms(root, all, v, at); wrong != "" {
			return wrong
		}
	}
	if some := list2(schema["anyOf"]); some != nil {
		var wrongs []string
		for _, s := range some {
			wrong := conforms(root, s, v, at)
			if wrong == "" {
				return ""
			}
			wrongs = append(wrongs, wrong)
		}
		return strings.Join(wrongs, " or ")
	}
	if words, ok := schema["enum"].([]any); ok && !slices.ContainsFunc(words, func(w any) bool { return fmt.Sprint(w) == fmt.Sprint(v) }) {
		return fmt.Sprintf("%s: %v is none of %v", at, v, words)
	}
	if types := schema["type"]; types != nil && !strings.Contains(fmt.Sprint(types), typeOf(v)) &&
		!(strings.Contains(fmt.Sprint(types), "integer") && typeOf(v) == "number") {
		return fmt.Sprintf("%s: %v is no %v", at, v, types)
	}
	if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(fmt.Sprint(v)) {
		return fmt.Sprintf("%s: %v does not match", at, v)
	}
	switch v := v.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for k, x := range v {
			p, known := properties[k].(map[string]any)
			if !known && schema["additionalProperties"] == false {
				return at + "." + k + ": unknown"
			}
			if wrong := conforms(root, p, x, at+"."+k); known && wrong != "" {
				return wrong
			}
		}
		for _, k := range listOf(schema["required"]) {
			if _, there := v[k.(string)]; !there {
				return fmt.Sprintf("%s: %v is missing", at, k)
			}
		}
	case []any:
		for i, x := range v {
			if items, ok := schema["items"].(map[string]any); ok {
				if wrong := conforms(root, items, x, fmt.Sprintf("%s[%d]", at, i)); wrong != "" {
					return wrong
				}
			}
		}
	}
	return ""
}

func listOf(v any) []any { l, _ := v.([]any); return l }

func list2(v any) (out []map[string]any) {
	for _, x := range listOf(v) {
		out = append(out, x.(map[string]any))
	}
	return out
}

func typeOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case float64:
		return "number"
	case bool:
		return "boolean"
	}
	return "string"
}

// TestJSONSchema: what the reader takes conforms to the schema, and what has an
// unknown key, word or form does not.
func TestJSONSchema(t *testing.T) {
	t.Parallel()
	var root map[string]any
	text := string(JSONSchema())
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	if string(JSONSchema()) != text {
		t.Error("the schema is not the same twice")
	}
	judge := func(file string) string {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		errs := &collector{}
		n := parseTree(&origin{file: file}, src, errs)
		if n == nil || errs.count() > 0 {
			t.Fatalf("%s: %v", file, errs.all)
		}
		return conforms(root, root, plainOf(n), "")
	}
	good := 0
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/doubtful/*.yaml", "builtin/*.yaml", "starters/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			good++
			if wrong := judge(file); wrong != "" {
				t.Errorf("%s: %s", file, wrong)
			}
		}
	}
	if good < 12 {
		t.Errorf("only %d scenarios were judged", good)
	}
	for _, name := range []string{
		"unknown-key-top", "unknown-key-nested", "missing-required", "unknown-side", "bad-name", "list-for-scalar",
		"scalar-for-mapping", "unknown-distribution", "fault-kind",
	} {
		if wrong := judge("testdata/bad/" + name + ".yaml"); wrong == "" {
			t.Errorf("%s conforms", name)
		}
	}
	walkKeys(schema, "", func(path string, k *key) {
		if k.later == "" && !strings.Contains(text, `"`+k.name+`": {`) {
			t.Errorf("%s is not in the schema", path)
		}
	})
}

// TestStarters: what a new file begins with is sound, and says so itself.
func TestStarters(t *testing.T) {
	t.Parallel()
	for _, s := range Starters() {
		src := string(Starter(s.Name))
		_, warnings, err := Parse(s.Name+".yaml", Starter(s.Name), nil)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", s.Name, err, warnings)
		}
		if s.Doc == "" || !strings.Contains(src, "\nname: "+s.Name+" ") && !strings.Contains(src, "\nname: "+s.Name+"\n") {
			t.Errorf("%s does not say what it is: %q", s.Name, s.Doc)
		}
	}
	if n := len(Starters()); n < 3 {
		t.Errorf("there are %d starters", n)
	}
}

// TestTopics: the lists for people are complete.
func TestTopics(t *testing.T) {
	t.Parallel()
	for _, f := range FaultKinds() {
		if f.Doc == "" {
			t.Errorf("the fault %s is not documented", f.Name)
		}
	}
	defaults := Defaults()
	if len(defaults) < 50 {
		t.Errorf("only %d defaults", len(defaults))
	}
	for _, d := range defaults {
		if !strings.HasPrefix(d.Source, "documented: ") && !strings.HasPrefix(d.Source, "assumed: ") {
			t.Errorf("%s: %q", d.Path, d.Source)
		}
	}
}
