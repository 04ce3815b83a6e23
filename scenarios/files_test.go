package scenarios

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPackedTrace reads the recorded day from a packed file: it plans the same.
func TestPackedTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Extract("month-end", dir); err != nil {
		t.Fatal(err)
	}
	plain, err := os.ReadFile(filepath.Join(dir, "retail-2011-10-31.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(plain)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	whole := packed.Bytes()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-5] ^= 1
	bad := bytes.Replace(plain, []byte("2011-10-31T08:29:00Z"), []byte("half past eight"), 1)
	var spoilt bytes.Buffer
	z = gzip.NewWriter(&spoilt)
	_, _ = z.Write(bad)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}

	load := func(content []byte) (*Scenario, error) {
		if err := os.WriteFile(filepath.Join(dir, "day.csv.gz"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, _, err := Load(filepath.Join(dir, "month-end.yaml"), "workload.bookings.trace.file=day.csv.gz")
		return s, err
	}
	s, err := load(whole)
	if err != nil {
		t.Fatal(err)
	}
	of := func(s *Scenario) []Transaction {
		plan, err := s.Transactions(&s.Workload[0])
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	day, _, err := Load("month-end")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(of(day), of(s)); diff != "" {
		t.Errorf("the plans differ:\n%.1000s", diff)
	}
	for _, tc := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"cut short", whole[:len(whole)/2], "unexpected EOF"},
		{"damaged", flipped, "invalid checksum"},
		{"not packed", plain, `cannot read the trace "day.csv.gz": unpack it: gzip: invalid header`},
		{"empty", nil, "unexpected EOF"},
		{"with a faulty row", spoilt.Bytes(), `day.csv.gz:2:1: "half past eight" is not a time`},
	} {
		if _, err := load(tc.content); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

// TestUnpackedIsBounded: a small file may hold more than anybody can read.
func TestUnpackedIsBounded(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 1000))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []int64{999, 1001} {
		r, err := gzip.NewReader(bytes.NewReader(packed.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		u := &unpacked{Reader: r, packed: io.NopCloser(nil), left: left}
		got, err := io.ReadAll(u)
		if over := left <= 1000; errors.Is(err, errUnpackedMax) != over || int64(len(got)) != min(left, 1000) {
			t.Errorf("with %d left: %d bytes, %v", left, len(got), err)
		}
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}
}
