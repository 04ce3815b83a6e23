package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/storetest"
)

// filled makes a file that holds something, closes it, and returns what.
func filled(t *testing.T, path string) *engine.State {
	t.Helper()
	s := mustOpen(t, path, Options{})
	for _, save := range storetest.Sequence(5, 20) {
		if err := s.Save(save); err != nil {
			t.Fatal(err)
		}
	}
	state, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return state
}

// mustBe fails unless err is an [Error] of a kind that names the file and says
// what to do, and the words.
func mustBe(t *testing.T, err, want error, path string, words ...string) {
	t.Helper()
	var typed *Error
	if !errors.Is(err, want) || !errors.As(err, &typed) {
		t.Fatalf("got %v, want an error that is %q", err, want)
	}
	for _, w := range append(words, path, advice[want]) {
		if !strings.Contains(err.Error(), w) || w == "" {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// raw runs SQL on a closed store's file.
func raw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", source(path, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	open := func(path string) error {
		_, err := Open(path, Options{Maps: storetest.Maps()})
		return err
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  error
		words []string
	}{
		{"newer version", func(t *testing.T, path string) { raw(t, path, "PRAGMA user_version = 7") }, ErrNewerVersion, []string{"version 7", "up to 3"}},
		{"another program's database", func(t *testing.T, path string) { raw(t, path, "PRAGMA application_id = 1") }, ErrNotStore, []string{"0x1"}},
		{"a database without a program", func(t *testing.T, path string) {
			raw(t, path, "PRAGMA application_id = 0", "PRAGMA user_version = 0")
		}, ErrNotStore, nil},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("customer;name\n"), 100), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ErrNotStore, nil},
		{"the end is cut off", func(t *testing.T, path string) {
			if err := os.Truncate(path, 8192); err != nil {
				t.Fatal(err)
			}
		}, ErrCorrupt, nil},
		{"a table is gone", func(t *testing.T, path string) { raw(t, path, "DROP TABLE queue", "CREATE TABLE queue (lane)") }, ErrCorrupt, []string{"no such column"}},
		{"a folder that is not there", func(t *testing.T, path string) {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, ErrUnreachable, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "folder?", "store #1%.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			filled(t, path)
			c.spoil(t, path)
			before, _ := os.ReadFile(path)
			err := open(path)
			if err == nil {
				t.Fatal("it was opened")
			}
			mustBe(t, err, c.want, path, c.words...)
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the refused file was changed")
			}
		})
	}
}

// TestDamage zeroes one page after the other: the store either notices, or the
// page held nothing that Load needs. It never loads another state.
func TestDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	want := filled(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for at := 0; at < len(whole); at += 4096 {
		spoilt := bytes.Clone(whole)
		clear(spoilt[at:min(at+4096, len(spoilt))])
		if err := os.WriteFile(path, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := openAndLoad(path)
		switch {
		case errors.Is(err, ErrCorrupt), errors.Is(err, ErrNotStore):
			noticed++
			mustBe(t, err, errors.Unwrap(err), path)
		case err != nil:
			t.Errorf("page %d: %v", at/4096, err)
		case !same(got, want):
			t.Errorf("page %d: the damage was not noticed:\n%s", at/4096, cmp.Diff(want, got, cmpopts.EquateEmpty()))
		}
	}
	t.Logf("%d of %d pages were noticed", noticed, len(whole)/4096)
	if noticed < 8 {
		t.Errorf("damage of %d pages was noticed, want more", noticed)
	}
}

func openAndLoad(path string) (*engine.State, error) {
	s, err := Open(path, Options{Maps: storetest.Maps()})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Load()
}

// TestStrayRows changes rows to what no engine writes. Load must say so.
func TestStrayRows(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{
		"DELETE FROM pair",
		"UPDATE pair SET map = 9",
		"UPDATE queue SET operation = 77",
		"UPDATE queue SET origin = 77",
		"UPDATE queue SET needs = '[999]'",
		"UPDATE queue SET needs = 'no list'",
		"UPDATE queue SET unique_values = x'0200000000000000'",
		"UPDATE queue SET unique_values = x'020000000000000001'",
		"UPDATE queue SET unique_values = x''",
		"UPDATE lane SET class = 77",
		"UPDATE lane SET requested = 77",
		"UPDATE job SET state = 77",
		"UPDATE above SET reason = 77",
		"DELETE FROM ledger",
		"UPDATE intent_row SET operation = 77",
		"UPDATE intent_row SET pair = 77",
		"DELETE FROM intent",
		"DELETE FROM intent_row",
		"DELETE FROM intent_row WHERE row = 0",
	} {
		path := filepath.Join(t.TempDir(), "store.db")
		s := mustOpen(t, path, Options{})
		key := engine.Key{ID: "A"}
		if err := s.Save([]engine.Mutation{
			{Kind: engine.ReferenceAdded, Reference: engine.Reference{Key: key, Incarnation: 1, Number: 1, Needs: []engine.Key{key}}, Order: 1},
			{Kind: engine.ReferenceAdded, Reference: engine.Reference{Key: key, Incarnation: 1, Number: 3}, Order: 2},
			{Kind: engine.ReferenceSettled, Reference: engine.Reference{Key: key, Incarnation: 1, Number: 3}, Outcome: engine.Outcome{Class: engine.Synced, Reason: engine.Written}},
			{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: key, Attempts: 1}},
			{Kind: engine.JobMoved, Job: &engine.JobRecord{Name: "all", State: engine.Paused}},
			{Kind: engine.IntentOpened, Intent: &engine.Intent{Tx: 1, Rows: []engine.IntentRow{{Key: key}, {Key: engine.Key{ID: "B"}}}}},
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		raw(t, path, statement)
		_, err := openAndLoad(path)
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// TestFull fills the room that a store has. What was saved before is there
// when it has room again.
func TestFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s := mustOpen(t, path, Options{})
	if err := s.exec("PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	saved := store.NewMemory()
	for i := range 1000 {
		key := engine.Key{ID: fmt.Sprintf("%d %s", i, strings.Repeat("K", 1000))}
		save := []engine.Mutation{
			{Kind: engine.ReferenceAdded, Reference: engine.Reference{Key: key, Incarnation: 1, Number: 1}, Order: uint64(i + 1)},
			{Kind: engine.PositionIngested, Position: uint64(i)},
		}
		if err := s.Save(save); err != nil {
			mustBe(t, err, ErrFull, path)
			break
		}
		if err := saved.Save(save); err != nil {
			t.Fatal(err)
		}
	}
	want, err := saved.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Open) == 0 || s.broken == nil {
		t.Fatalf("full after %d saves: %v", len(want.Open), s.broken)
	}
	if err := s.Save(nil); !errors.Is(err, ErrFull) {
		t.Errorf("after that: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, reopened(t, path), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("with room again (-want +got):\n%s", d)
	}
}

// TestClosed: a store that is closed says so.
func TestClosed(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(storetest.Sequence(1, 1)[0]); !errors.Is(err, errClosed) {
		t.Errorf("save: %v", err)
	}
	if _, err := s.Load(); !errors.Is(err, errClosed) {
		t.Errorf("load: %v", err)
	}
}

// TestLockedInOneProcess: two engines of one process do not share a file
// either, and the first goes on.
func TestLockedInOneProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	saves := storetest.Sequence(1, 2)
	s := mustOpen(t, path, Options{})
	if err := s.Save(saves[0]); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{Maps: storetest.Maps()})
	mustBe(t, err, ErrLocked, path)
	if err := s.Save(saves[1]); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	want := filled(t, path) // customers, orders, products
	for _, c := range []struct {
		maps  []string
		words []string
	}{
		{[]string{"orders", "customers", "products"}, []string{"table map 0 is customers and would be orders", "table map 1 is orders and would be customers"}},
		{[]string{"customers", "orders"}, []string{"table map 2 is products and would be gone"}},
		{[]string{"new", "customers", "orders", "products"}, []string{"table map 0 is customers and would be new"}},
	} {
		_, err := Open(path, Options{Maps: c.maps})
		mustBe(t, err, ErrNames, path, c.words...)
	}
	s := mustOpen(t, path, Options{Maps: []string{"customers", "orders", "products", "vendors"}})
	if got, err := s.Load(); err != nil || !same(got, want) {
		t.Errorf("with a map more: %v\n%s", err, cmp.Diff(want, got, cmpopts.EquateEmpty()))
	}
	for _, maps := range [][]string{{"a", ""}, {"a", "b", "a"}} {
		if _, err := Open(filepath.Join(t.TempDir(), "store.db"), Options{Maps: maps}); err == nil {
			t.Errorf("table maps %q were taken", maps)
		}
	}
}

// TestUnknownMap: a key of a table map that has no name is nonsense.
func TestUnknownMap(t *testing.T) {
	t.Parallel()
	key := engine.Key{Map: 3, ID: "A"}
	for _, bad := range []engine.Mutation{
		{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: key}},
		{Kind: engine.IntentOpened, Intent: &engine.Intent{Tx: 1, Rows: []engine.IntentRow{{Key: key}}}},
	} {
		s := mustOpen(t, filepath.Join(t.TempDir(), "store.db"), Options{})
		if err := s.Save([]engine.Mutation{bad}); err == nil || !strings.Contains(err.Error(), "table map 3, of 3") {
			t.Errorf("got %v", err)
		}
	}
}

// TestCodes: a program whose reasons were renumbered must not read old ones.
func TestCodes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	filled(t, path)
	raw(t, path, "UPDATE codes SET name = 'overruled' WHERE kind = 'reason' AND id = 4")
	_, err := openAndLoad(path)
	mustBe(t, err, ErrNames, path, "reason 4 is overruled and would be override")
}

// TestMigration opens a store of this version with a program of later ones.
func TestMigration(t *testing.T) {
	t.Parallel()
	later := append(append([]string{}, current...),
		"ALTER TABLE queue ADD COLUMN priority INTEGER NOT NULL DEFAULT 5",
		"CREATE TABLE station (id INTEGER PRIMARY KEY) STRICT; INSERT INTO station SELECT max(priority) FROM queue")
	broken := append(append([]string{}, later...), "CREATE TABLE extra (id)", "SELECT nonsense FROM nowhere")
	path := filepath.Join(t.TempDir(), "store.db")
	want := filled(t, path)
	options := Options{Maps: storetest.Maps()}

	if _, err := openWith(path, options, broken); err == nil || !strings.Contains(err.Error(), "schema version 7") || !strings.Contains(err.Error(), path) {
		t.Fatalf("a step that fails: %v", err)
	}
	if d := cmp.Diff(want, reopened(t, path), cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("after a step that failed (-want +got):\n%s", d)
	}

	s, err := openWith(path, options, later)
	if err != nil {
		t.Fatal(err)
	}
	version, priority := 0, 0
	if err := errors.Join(
		s.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		s.conn.QueryRowContext(ctx, "SELECT id FROM station").Scan(&priority),
	); err != nil || version != 5 || priority != 5 {
		t.Errorf("after the steps: version %d, priority %d, %v", version, priority, err)
	}
	if got, err := s.Load(); err != nil || !same(got, want) {
		t.Errorf("after the steps: %v\n%s", err, cmp.Diff(want, got, cmpopts.EquateEmpty()))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = openAndLoad(path)
	mustBe(t, err, ErrNewerVersion, path, "version 5", "up to 3")
}

// TestFileOfVersionOne brings a file up to date that does not know how many attempts an
// outcome took.
func TestFileOfVersionOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	raw(t, path, version1, fmt.Sprintf("PRAGMA application_id = %d", applicationID), "PRAGMA user_version = 1",
		"INSERT INTO maps (id, name) VALUES (0, 'customers'), (1, 'orders')",
		"INSERT INTO pair (id, map, company, key, spelling) VALUES (1, 0, '', 'A', '')",
		"INSERT INTO outcome (id, lane, incarnation, number, operation, origin, class, reason, cause) VALUES (1, 2, 1, 1, 1, 0, 1, 1, '')")
	s := mustOpen(t, path, Options{})
	if got := table(t, s, "SELECT key, number, attempts, at FROM history"); got != "\nA|1|0|0\n" {
		t.Errorf("the history is now %s", got)
	}
}

// TestSameSavesSameTables: the rows of a file follow from the Saves alone.
func TestSameSavesSameTables(t *testing.T) {
	t.Parallel()
	var files [2][]byte
	for i := range files {
		path := filepath.Join(t.TempDir(), "store.db")
		filled(t, path)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = content
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same Saves gave different files")
	}
}

// TestViews reads a small history as an operator does, with SQL.
func TestViews(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	a, b := engine.Key{ID: "A"}, engine.Key{Map: 1, Company: "USMF", ID: "B"}
	ref := func(k engine.Key, side engine.Side, n uint32, origin engine.Origin) engine.Reference {
		return engine.Reference{Key: k, Side: side, Incarnation: 1, Number: n, Op: engine.Update, Origin: origin}
	}
	add := func(r engine.Reference, order uint64) engine.Mutation {
		return engine.Mutation{Kind: engine.ReferenceAdded, Reference: r, Order: order}
	}
	end := func(r engine.Reference, c engine.Class, why engine.Reason) engine.Mutation {
		return engine.Mutation{Kind: engine.ReferenceSettled, Reference: r, Outcome: engine.Outcome{Class: c, Reason: why}, Attempts: r.Number - 1, At: 70}
	}
	refused := engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Refused, Cause: "the field {name} must not be empty"}
	if err := s.Save([]engine.Mutation{
		add(ref(a, engine.FinOps, 1, engine.Captured), 1), end(ref(a, engine.FinOps, 1, engine.Captured), engine.Synced, engine.Written),
		end(ref(a, engine.FinOps, 1, engine.Captured), engine.NoOp, engine.Echo),
		add(ref(b, engine.Dataverse, 1, engine.Captured), 2), end(ref(b, engine.Dataverse, 1, engine.Captured), engine.ConflictFailure, engine.Rejected),
		add(ref(b, engine.FinOps, 4, engine.Reassert), 3), end(ref(b, engine.FinOps, 4, engine.Reassert), engine.ConcurrencyFailure, engine.Superseded),
		add(ref(b, engine.FinOps, 2, engine.Captured), 4), add(ref(b, engine.FinOps, 3, engine.Captured), 5),
		{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: b, Attempts: 2, Parked: refused, Since: 60, Requested: engine.RetryRequested, Request: 1}},
		add(ref(a, engine.FinOps, 2, engine.Captured), 6),
		{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: a, Attempts: 1}}, // it waits, but not for an operator
		{Kind: engine.IntentOpened, Intent: &engine.Intent{Tx: 8, Rows: []engine.IntentRow{{Key: a}}}},
		{Kind: engine.IntentOpened, Intent: &engine.Intent{Side: engine.Dataverse, Tx: 9, Deadline: 30, Rows: []engine.IntentRow{
			{Key: b, Op: engine.Delete, Incarnation: 1, Existed: true}, {Key: a, Op: engine.Create, Incarnation: 2},
		}}},
		{Kind: engine.IntentClosed, Intent: &engine.Intent{Tx: 8}},
	}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT map, company, key, side, incarnation, number, operation, origin, class, reason, cause, attempts, at FROM history ORDER BY id": `
customers||A|finops|1|1|update|captured|synced|written||0|70
customers||A|finops|1|1|update|captured|no-op|echo||0|70
orders|USMF|B|dataverse|1|1|update|captured|conflict|rejected||0|70
orders|USMF|B|finops|1|4|update|re-assert|concurrency|superseded||3|70
`,
		"SELECT side, tx, deadline, map, company, key, operation, incarnation FROM live ORDER BY intent, key DESC": `
dataverse|9|30|orders|USMF|B|delete|1
dataverse|9|30|customers||A|create|2
`,
		"SELECT map, company, key, spelling, side, incarnation, number, class, reason, cause, attempts, since, retriable, requested FROM error_desk ORDER BY number": `
orders|USMF|B||finops|1|3|application|refused by validation|the field {name} must not be empty|2|60|1|retry
orders|USMF|B||finops|1|4|concurrency|superseded||3|70|0|nothing
`,
	} {
		if d := cmp.Diff(want, table(t, s, query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", query, d)
		}
	}
}

// table prints the rows of a query.
func table(t *testing.T, s *Store, query string) string {
	t.Helper()
	rows, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n")
	for rows.Next() {
		row, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Join(row, "|") + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
