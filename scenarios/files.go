package scenarios

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// packed ends the name of a file that is unpacked as it is read.
const packed = ".gz"

// unpackedMax bounds what a packed file holds: a small one can hold a lot.
const unpackedMax = 1_000_000_000

// errUnpackedMax is returned by a read beyond that.
var errUnpackedMax = errors.New("it unpacks to more than 1 GB")

// open opens a CSV file that the scenario names; one that is packed is unpacked
// as it is read.
func (s *Scenario) open(name string) (io.ReadCloser, error) {
	f, err := s.files(name)
	if err != nil || !strings.HasSuffix(name, packed) {
		return f, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		_ = f.Close() // it is only read
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // an empty file is no packed one
		}
		return nil, fmt.Errorf("unpack it: %w", err)
	}
	return &unpacked{Reader: z, packed: f, left: unpackedMax + 1}, nil
}

// unpacked is what a packed file holds.
type unpacked struct {
	*gzip.Reader
	packed io.Closer
	left   int64
}

// Read implements [io.Reader].
func (u *unpacked) Read(p []byte) (int, error) {
	if u.left == 0 {
		return 0, errUnpackedMax
	}
	n, err := u.Reader.Read(p[:min(int64(len(p)), u.left)])
	u.left -= int64(n)
	return n, err
}

// Close implements [io.Closer].
func (u *unpacked) Close() error { return errors.Join(u.Reader.Close(), u.packed.Close()) }
