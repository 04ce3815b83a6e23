package parts

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// LogEnding is what the name of a log's file ends in.
const LogEnding = ".unfinished"

// Log is a file that takes in each run of a scenario as it ends. A command that is
// killed loses the runs that it was at, and no others: whoever opens its log again
// has them.
//
// Each entry is written at once, after its length and its checksum. What a crash
// tore off at the end is cut away.
type Log struct {
	Runs []result.Run // that the log held when it was opened, ascending by Index

	file *os.File
}

// head is a log's first entry.
type head struct {
	Schema  string
	Program string // names the very program: another one may make other runs
	Most    int    // runs that the command makes: they may be thinned for so many
}

// OpenLog opens the log at path, or begins it. What another program has left there, or
// a command that makes more runs and may have thinned them more, is of no use and
// begun anew.
func OpenLog(path, program string, most int) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	l := &Log{file: f}
	if err := l.read(program, most); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), f.Close())
	}
	return l, nil
}

func (l *Log) read(program string, most int) error {
	mine := head{Schema, program, most}
	var found head
	whole, err := next(l.file, 0, &found)
	if err != nil {
		return err
	}
	if found.Schema != mine.Schema || found.Program != mine.Program || found.Most > mine.Most {
		whole = 0
	}
	for at := whole; at > 0; {
		var r result.Run
		if at, err = next(l.file, at, &r); err != nil {
			return err
		}
		if at > 0 {
			l.Runs, whole = append(l.Runs, r), at
		}
	}
	slices.SortFunc(l.Runs, func(a, b result.Run) int { return a.Index - b.Index })
	l.Runs = slices.CompactFunc(l.Runs, func(a, b result.Run) bool { return a.Index == b.Index })
	if err := l.file.Truncate(whole); err != nil {
		return err
	}
	if _, err := l.file.Seek(whole, io.SeekStart); err != nil || whole > 0 {
		return err
	}
	return l.add(mine)
}

// Add takes in a run.
func (l *Log) Add(r *result.Run) error { return l.add(r) }

// Close ends writing. The file stays.
func (l *Log) Close() error { return l.file.Close() }

// prefix is the length of an entry and its checksum.
const prefix = 8

var checksums = crc32.MakeTable(crc32.Castagnoli)

func (l *Log) add(entry any) error {
	var b bytes.Buffer
	b.Write(make([]byte, prefix))
	if err := gob.NewEncoder(&b).Encode(entry); err != nil {
		return err
	}
	all := b.Bytes()
	binary.LittleEndian.PutUint32(all, uint32(len(all)-prefix))
	binary.LittleEndian.PutUint32(all[4:], crc32.Checksum(all[prefix:], checksums))
	_, err := l.file.Write(all)
	return err
}

// next reads the entry that stands at a place in a file, and returns where the next
// one stands; 0 if there is no whole entry.
func next(f *os.File, at int64, into any) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	var p [prefix]byte
	if info.Size() < at+prefix {
		return 0, nil
	}
	if _, err := f.ReadAt(p[:], at); err != nil {
		return 0, err
	}
	length := int64(binary.LittleEndian.Uint32(p[:]))
	if info.Size() < at+prefix+length {
		return 0, nil
	}
	entry := make([]byte, length)
	if _, err := f.ReadAt(entry, at+prefix); err != nil {
		return 0, err
	}
	if crc32.Checksum(entry, checksums) == binary.LittleEndian.Uint32(p[4:]) && gob.NewDecoder(bytes.NewReader(entry)).Decode(into) == nil {
		return at + prefix + length, nil
	}
	return 0, nil
}
