package runs

import (
	"fmt"
	"strconv"
	"strings"
)

// Shard is one machine's share of runs that several machines make: of all runs,
// counted through, every [Shard.Of]-th. The zero value takes all.
type Shard struct {
	Number int // from 1
	Of     int
}

// ParseShard reads a shard as a command line writes it: 2/8.
func ParseShard(text string) (Shard, error) {
	number, of, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	m, err2 := strconv.Atoi(of)
	if !ok || err != nil || err2 != nil || n < 1 || n > m {
		return Shard{}, fmt.Errorf("shard %q: it is written 2/8, for the second of eight", text)
	}
	return Shard{n, m}, nil
}

// Takes says whether a run is the shard's own.
func (s Shard) Takes(run int) bool { return s.Of == 0 || run%s.Of == s.Number-1 }

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }
