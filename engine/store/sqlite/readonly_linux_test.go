package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/twinwrite/twinwrite/engine/store/storetest"
)

// TestReadOnly takes the right to write away. To root that means nothing, so
// there the test gives up root's rights over files, for one thread.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	want := filled(t, path)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		dir, file   os.FileMode
		fileMissing bool
		want        error
	}{
		{"file", 0o777, 0o444, false, ErrReadOnly},
		{"file and folder", 0o555, 0o444, false, ErrReadOnly},
		{"folder, where the log cannot be made", 0o555, 0o666, false, ErrReadOnly},
		{"folder without a file", 0o555, 0o666, true, ErrUnreachable},
		{"not even read", 0o777, 0o000, false, ErrReadOnly},
	} {
		name := path
		if c.fileMissing {
			name = filepath.Join(dir, "other.db")
		}
		if err := os.Chmod(path, c.file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, c.dir); err != nil {
			t.Fatal(err)
		}
		result := make(chan error)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with its rights
			if os.Geteuid() == 0 {
				if err := syscall.Setfsuid(65534); err != nil {
					result <- err
					return
				}
			}
			_, err := Open(name, Options{Maps: storetest.Maps()})
			result <- err
		}()
		err := <-result
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		t.Run(c.name, func(t *testing.T) { mustBe(t, err, c.want, name) })
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := reopened(t, path); !same(got, want) {
		t.Error("something was lost")
	}
}
