package tables

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var hostile = Table{
	Schema: "x/v1", Title: "a | title", Head: []string{"key", "count"}, Sum: "count",
	Rows: [][]any{{"<b>|`a`", uint64(1200)}, {"=1+2", uint64(3)}, {"a\x1b[2J\u202eb\n\"c\",", uint64(4)}},
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"text": "a | title\n\nkey           count\n<b>|`a`       1,200\n=1+2              3\na?[2J?b \"c\",      4\nall           1,207\n",
		"csv":  "key,count\n<b>|`a`,1200\n'=1+2,3\n\"a\x1b[2J\u202eb\n\"\"c\"\",\",4\n",
		"markdown": "a \\| title\n\n| key | count |\n| --- | ---: |\n| \\<b\\>\\|\\`a\\` | 1,200 |\n| =1+2 | 3 |\n" +
			"| a?\\[2J?b \"c\", | 4 |\n| all | 1,207 |\n",
	} {
		var b bytes.Buffer
		if err := hostile.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", format, diff)
		}
	}
}

// A table is written in several formats one after the other: each finds it as it was.
func TestWriteChangesNothing(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		table := Table{Head: []string{"a\nkey"}, Rows: [][]any{{"a\nvalue"}}}
		if err := table.Write(io.Discard, format); err != nil {
			t.Fatal(err)
		}
		if table.Head[0] != "a\nkey" || table.Rows[0][0] != "a\nvalue" {
			t.Errorf("%s: the table is now %q", format, table)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := hostile.Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema string
		Rows   []struct {
			Key   string
			Count uint64
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 3 || got.Rows[2].Key != hostile.Rows[2][0] || got.Rows[0].Count != 1200 || got.Schema != "x/v1" {
		t.Errorf("read back %+v", got)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		var b strings.Builder
		if err := (Table{Head: []string{"key", "count"}, Sum: "count"}).Write(&b, format); err != nil || b.Len() == 0 {
			t.Errorf("%s: %q, %v", format, b.String(), err)
		}
	}
}
