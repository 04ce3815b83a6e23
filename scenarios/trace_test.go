package scenarios

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
)

// traced is a scenario around the trace day.csv.
const traced = `schema: twinwrite/v1
name: traced
time: {start: 2026-01-31T08:00:00Z, run: 4h}
maps:
  - {name: customers, finops: A, dataverse: a, key: [id], company: true, columns: [name]}
  - {name: items, finops: B, dataverse: b, key: [id], columns: [name]}
  - {name: invoices, finops: C, dataverse: c, key: [id], company: true, columns: [status], lookups: {customer: customers}}
  - {name: lines, finops: D, dataverse: d, key: [id, line], company: true, columns: [{name: price, type: number}], lookups: {item: items, invoice: invoices}}
jobs: [{name: billing, primary: finops, sequence: [customers, items, invoices, lines]}]
workload:
  - name: day
    side: finops
    trace:
      file: day.csv
      at: at
      transaction: invoice
      rows:
        - {map: customers, once: key, ahead: 10m, company: country, key: {id: {column: customer, empty: WALK-IN}}}
        - {map: items, once: key, key: {id: item}}
        - {map: invoices, once: transaction, company: country, key: {id: invoice}, lookups: {customer: {column: customer, empty: WALK-IN}}, values: {status: {constant: Open}}}
        - {map: lines, company: country, key: {id: invoice, line: line}, lookups: {invoice: invoice, item: item}, values: {price: price}}
      operation: {when: [{column: invoice, prefix: U, then: update}]}
`

// planOf reads a trace, given by its lines.
func planOf(t *testing.T, src string, lines ...string) ([]Transaction, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "day.csv"), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, _, err := Parse(filepath.Join(dir, "s.yaml"), []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Transactions(&s.Workload[0])
}

// outline shows transactions in a line each.
func outline(plan []Transaction) (lines []string) {
	for _, tx := range plan {
		line := fmt.Sprintf("%s %s %s:", tx.At, tx.Side, tx.ID)
		for _, r := range tx.Rows {
			line += fmt.Sprintf(" %s %d %s/%s", r.Op, r.Map, r.Company, strings.Join(r.Key, "+"))
			for _, c := range r.Lookups {
				line += fmt.Sprintf(" ->%d=%s", c.Index, c.Text)
			}
			for _, c := range r.Values {
				line += fmt.Sprintf(" %d=%s(%d)", c.Index, c.Text, c.Number)
			}
			line += ";"
		}
		lines = append(lines, line)
	}
	return lines
}

const header = "at,invoice,line,item,price,customer,country"

// TestTracedLookupsOfSeveralMaps: a row says of which map a lookup names a record.
func TestTracedLookupsOfSeveralMaps(t *testing.T) {
	t.Parallel()
	const src = `schema: twinwrite/v1
name: two
time: {start: 2026-01-31T08:00:00Z, run: 4h}
maps:
  - {name: companies, finops: CustomersV3, dataverse: accounts, key: [id], columns: [name]}
  - {name: people, finops: People, dataverse: contacts, key: [id], columns: [name]}
  - {name: orders, finops: Orders, dataverse: salesorders, key: [id], columns: [status], lookups: {buyer: [companies, people], agent: people}}
jobs:
  - {name: sales, primary: finops, sequence: [companies, people, orders]}
workload:
  - name: day
    side: finops
    trace:
      file: day.csv
      at: at
      transaction: order
      rows:
        - {map: orders, key: {id: order}, lookups: {agent: agent, buyer: {column: buyer, map: companies, when: [{column: kind, prefix: P, map: people}]}}}
`
	plan, err := planOf(t, src, "at,order,kind,buyer,agent", "2026-01-31T08:05:00Z,1,O,ACME,K", "2026-01-31T08:06:00Z,2,Person,KIM,K")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tx := range plan {
		for _, c := range tx.Rows[0].Lookups {
			got = append(got, fmt.Sprintf("%s: %s of map %d", tx.ID, c.Text, c.Map))
		}
	}
	want := []string{"1: ACME of map 0", "1: K of map 1", "2: KIM of map 1", "2: K of map 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	day := []string{
		header,
		"2026-01-31T08:05:00Z,1,1,a,2.5,K,UK",
		"2026-01-31T08:07:00Z,1,2,b,-0.000001,K,UK", // commits with its first row
		"2026-01-31T08:20:00Z,2,1,a,,,UK",
		"2026-01-31T08:20:00Z,3,1,A,3,K,DE", // another company, another spelling
		"2026-01-31T08:20:00Z,U1,1,a,4,K,UK",
	}
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"as it is", "", "", []string{
			"0s finops customers of 1: create 0 UK/K;",
			"5m0s finops 1: create 1 /a; create 2 UK/1 ->0=K 0=Open(0); create 3 UK/1+1 ->0=a ->1=1 0=2.5(2500000); create 1 /b; create 3 UK/1+2 ->0=b ->1=1 0=-0.000001(-1);",
			"10m0s finops customers of 2: create 0 UK/WALK-IN;",
			"10m0s finops customers of 3: create 0 DE/K;",
			"20m0s finops 2: create 2 UK/2 ->0=WALK-IN 0=Open(0); create 3 UK/2+1 ->0=a ->1=2 0=(0);",
			"20m0s finops 3: create 1 /A; create 2 DE/3 ->0=K 0=Open(0); create 3 DE/3+1 ->0=A ->1=3 0=3(3000000);",
			"20m0s finops U1: update 2 UK/U1 ->0=K 0=Open(0); update 3 UK/U1+1 ->0=a ->1=U1 0=4(4000000);",
		}},
		{"faster and later", "transaction: invoice", "transaction: invoice\n      speed: 10x\n      shift: 1h", []string{
			"50m30s finops customers of 1: create 0 UK/K;",
			"52m0s finops customers of 2: create 0 UK/WALK-IN;",
			"52m0s finops customers of 3: create 0 DE/K;",
			"1h0m30s finops 1", "1h2m0s finops 2", "1h2m0s finops 3", "1h2m0s finops U1",
		}},
		{"a side that folds keys", "name: traced", "name: traced\nsystems: {finops: {keys: {fold-case: true}}}", []string{
			"0s finops customers of 1", "5m0s finops 1", "10m0s finops customers of 2", "10m0s finops customers of 3", "20m0s finops 2",
			"20m0s finops 3: create 2 DE/3", "20m0s finops U1",
		}},
	} {
		got, err := planOf(t, strings.Replace(traced, c.old, c.new, 1), day...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		lines := outline(got)
		for i, want := range c.want {
			if i < len(lines) && strings.HasPrefix(lines[i], want) {
				lines[i] = want
			}
		}
		if diff := cmp.Diff(c.want, lines); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestTraceErrors holds the message of every faulty row.
func TestTraceErrors(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, c := range []struct {
		name  string
		lines []string
	}{
		{"no rows and no header", nil},
		{"columns missing", []string{"at,invoice,lines,item,price,custmer,country", "x"}},
		{"cells", []string{
			header,
			"2026-01-31 08:05,1,1,a,2.5,K,UK",
			"2026-01-31T08:05:00Z,2,1,,2.5,K,UK",
			"2026-01-31T08:05:00Z,,1,a,2.5,K,UK",
			"2026-01-31T08:05:00Z,3,1,a,1e3,K,",
			"2026-01-31T08:05:00Z,4,1,a,2.5000001,K",
			"2026-01-31T08:05:00Z,5,\"1\n1\",ä,2.x,K,UK",
		}},
		{"order", []string{
			header,
			"2026-01-31T08:05:00Z,1,1,a,2.5,K,UK",
			"2026-01-31T08:04:00Z,2,1,a,2.5,K,UK",
			"2026-01-31T08:05:00Z,1,2,a,2.5,K,UK",
		}},
		{"window", []string{
			header,
			"2026-01-31T07:05:00Z,1,1,a,2.5,K,UK",
			"2026-01-31T12:00:00Z,2,1,a,2.5,K,UK",
		}},
		{"quotes", []string{header, "2026-01-31T08:05:00Z,1,1,a\"b,2.5,K,UK"}},
	} {
		_, err := planOf(t, traced, c.lines...)
		if _, ok := errors.AsType[Errors](err); !ok {
			t.Errorf("%s: %v, want Errors", c.name, err)
		}
		fmt.Fprintf(&all, "== %s\n%v\n", c.name, err)
	}
	golden(t, "testdata/trace.golden", all.String())
}

func TestLoadChecksTraces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("s.yaml", traced+"spotlight: [\"1\", \"7\"]\n")
	load := func() string {
		_, _, err := Load(filepath.Join(dir, "s.yaml"))
		return strings.ReplaceAll(fmt.Sprint(err), dir, "")
	}
	missing := load()
	write("day.csv", header+"\n2026-01-31T08:05:00Z,1,1,a,2.5,K,UK\n")
	golden(t, "testdata/load.golden", missing+"\n"+load()+"\n")
}

func TestMillionths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "1": 1e6, "-2.5": -2_500_000, "0.000001": 1, "999999999999.999999": 999_999_999_999_999_999} {
		if got, ok := millionths(text); !ok || got != want {
			t.Errorf("millionths(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", ".5", "5.", "1e3", "+1", "1.0000001", "1000000000000", "--1", "1,5", "١"} {
		if got, ok := millionths(text); ok {
			t.Errorf("millionths(%q) = %d, want a refusal", text, got)
		}
	}
}

// TestMonthEndCounts counts the recorded day with the simplest means, cells
// split at commas, and compares that with what month-end plans.
func TestMonthEndCounts(t *testing.T) {
	t.Parallel()
	csv, err := data.ReadFile("data/retail-2011-10-31.csv")
	if err != nil {
		t.Fatal(err)
	}
	invoices, credits, walkIns := map[string]int{}, map[string]bool{}, map[string]bool{}
	customers, named, spellings, folded := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	rows := 0
	lines := bufio.NewScanner(bytes.NewReader(csv))
	for lines.Scan() {
		f := strings.Split(lines.Text(), ",")
		invoice, item, customer, country := f[1], f[3], f[6], f[7]
		if invoice == "invoice" {
			continue
		}
		rows++
		invoices[invoice]++
		spellings[item], folded[strings.ToLower(item)] = true, true
		customers[country+"/"+customer] = true
		if invoice[0] == 'C' {
			credits[invoice] = true
		}
		if customer == "" {
			walkIns[invoice] = true
		} else {
			named[customer] = true
		}
	}
	counted := []int{len(invoices), rows, len(customers), len(named), len(spellings), len(folded), len(credits), len(walkIns), invoices["573585"], invoices["573553"]}
	told := []int{109, 3414, 65, 64, 1620, 1601, 7, 41, 1114, 145} // in the header of month-end
	if diff := cmp.Diff(told, counted); diff != "" {
		t.Fatalf("the recorded day (-as told +as counted):\n%s", diff)
	}

	s, warnings, err := Load("month-end")
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("month-end has warnings: %v", warnings)
	}
	plan, err := s.Transactions(&s.Workload[0])
	if err != nil {
		t.Fatal(err)
	}
	planned := map[string]int{}
	created := map[string]map[string]bool{} // distinct keys by map
	at := map[string]Transaction{}
	for i, tx := range plan {
		if i > 0 && tx.At < plan[i-1].At {
			t.Fatalf("%s at %v comes after %v", tx.ID, tx.At, plan[i-1].At)
		}
		at[tx.ID] = tx
		for _, r := range tx.Rows {
			name := s.Maps[r.Map].Name
			planned[name]++
			if created[name] == nil {
				created[name] = map[string]bool{}
			}
			key := r.Company + "/" + strings.Join(r.Key, "/")
			if created[name][key] {
				t.Fatalf("%s %s is created twice", name, key)
			}
			created[name][key] = true
			if r.Op != engine.Create {
				t.Errorf("%s %s: %v", name, key, r.Op)
			}
		}
	}
	want := map[string]int{"customers": len(customers), "items": len(spellings), "invoices": len(invoices), "lines": rows}
	if diff := cmp.Diff(want, planned); diff != "" {
		t.Errorf("records by map (-counted +planned):\n%s", diff)
	}

	// What the header tells.
	largest := at["573585"]
	if len(largest.Rows) != 1+1114 || largest.At != 6*time.Hour+41*time.Minute {
		t.Errorf("573585 has %d rows at %v", len(largest.Rows), largest.At)
	}
	if header := largest.Rows[0]; s.Maps[header.Map].Name != "invoices" || header.Lookups[0].Text != "WALK-IN" {
		t.Errorf("573585 begins with %+v", header)
	}
	if crash, outage := s.Faults[0], s.Faults[1]; crash.At != at["573553"].At || outage.At > largest.At || largest.At > outage.At+outage.For {
		t.Errorf("the faults miss their invoices: %+v", s.Faults)
	}
	for _, tx := range plan {
		if near := tx.At - s.Faults[0].At; tx.ID != "573553" && near >= -2*time.Second && near <= 2*time.Second {
			t.Errorf("%s is booked at the time of the crash", tx.ID)
		}
	}
}

func BenchmarkTransactions(b *testing.B) {
	s, _, err := Load("month-end")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Transactions(&s.Workload[0]); err != nil {
			b.Fatal(err)
		}
	}
}
