package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/tables"
)

// ErrTable is returned for a table that a results file does not have.
var ErrTable = errors.New("store: no such table")

// List names the tables and views of a results file with their rows.
func List(path string) (list tables.Table, err error) {
	list = tables.Table{Schema: "twinwrite/tables/v1", Head: []string{"table", "rows"}}
	err = reading(path, func(db *sql.DB) error {
		names, err := tableNames(db)
		if err != nil {
			return err
		}
		for _, name := range names {
			var rows uint64
			if err := db.QueryRow("SELECT count(*) FROM " + name).Scan(&rows); err != nil {
				return fmt.Errorf("count %s: %w", name, err)
			}
			list.Rows = append(list.Rows, []any{name, rows})
		}
		return nil
	})
	return list, err
}

// Table reads one table or view of a results file, as it is.
func Table(path, name string) (t tables.Table, err error) {
	t = tables.Table{Schema: Schema + "#" + name}
	err = reading(path, func(db *sql.DB) error {
		names, err := tableNames(db)
		if err != nil {
			return err
		}
		if !slices.Contains(names, name) {
			return fmt.Errorf("%w: %s; there are: %s", ErrTable, name, strings.Join(names, ", "))
		}
		rows, err := db.Query("SELECT * FROM " + name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		defer rows.Close()
		if t.Head, err = rows.Columns(); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		for rows.Next() {
			cells := make([]any, len(t.Head))
			into := make([]any, len(cells))
			for i := range cells {
				into[i] = &cells[i]
			}
			if err := rows.Scan(into...); err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			t.Rows = append(t.Rows, cells)
		}
		return rows.Err()
	})
	return t, err
}

func tableNames(db *sql.DB) (names []string, err error) {
	rows, err := db.Query("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
