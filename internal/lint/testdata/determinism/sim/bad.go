// Package sim breaks every rule of determinism.
package sim

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2" // want import
	"os"           // want import
	"runtime"
	"slices"
	"sort"
	"time"
)

func clock() (time.Time, func(time.Duration)) {
	now := time.Now         // want clock
	time.Sleep(time.Second) // want clock
	_ = now().Add(time.Minute).In(time.UTC)
	_ = os.Getenv("HOME")
	_ = rand.Int()
	_ = runtime.NumCPU() // want clock
	return time.Unix(0, 0), nil
}

func concurrency(a, b chan int) {
	go clock() // want goroutine
	select {   // want select
	case <-a:
	case <-b:
	}
	select { // want select
	case <-a:
	default:
	}
	select {
	case <-a:
	}
}

type table map[string]int

type keyed struct{ rows map[string][]int }

func order(m table, k keyed) (int, []string) {
	sum := 0
	for _, n := range m { // want map-order
		sum += n
	}
	for name := range k.rows { // want map-order
		fmt.Println(name)
	}
	var names []string
	for name := range m { // want map-order
		names = append(names, name)
	}
	for range m {
		sum++
	}
	for name := range maps.Keys(m) { // want map-order
		names = append(names, name)
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		names = append(names, name)
	}
	for name := range m { // want map-order
		if len(name) > 3 {
			return 0, nil
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return sum, names
}

func anyMap[M ~map[K]V, K comparable, V any](m M, each func(K)) {
	for k := range m { // want map-order
		each(k)
	}
}

func sorted(m table, k keyed) []string {
	var names, long []string
	for name, n := range m {
		if n < 0 {
			continue
		}
		label := fmt.Sprint(name, n)
		names = append(names, label)
		if n > 9 {
			long = append(long, label)
		}
	}
	sort.Strings(names)
	slices.SortFunc(long, func(a, b string) int { return len(a) - len(b) })
	var other []string
	for name := range k.rows { // want map-order
		names = append(names, name)
		other = append(other, name)
	}
	slices.Sort(names)
	sort.Sort(sort.StringSlice(other[:0:0]))
	return append(names, long...)
}

func marked(m table) (sum int) {
	//sim:unordered a sum of integers is the same in every order
	for _, n := range m {
		sum += n
	}
	for _, n := range m { //sim:unordered a sum of integers is the same in every order
		sum += n
	}
	//sim:unordered // want mark
	for _, n := range m { // want map-order
		sum += n
	}
	//sim:unordered nothing here needs this // want mark
	sum++
	//sim:rounding the wrong mark // want mark
	for _, n := range m { // want map-order
		sum += n
	}
	//sim:whatever it may be // want mark
	return sum
}

func floats(x, y, z float64) float64 {
	a := math.Sqrt(x) + math.Floor(y) + math.Pi
	b := math.Log(x)                    // want float
	power := math.Pow                   // want float
	c := x*y + z                        // want fused
	d := x*y/z + a                      // a quotient is not fused
	e := float64(x*y) + z               // rounded
	f := z - (x * y)                    // want fused
	g := x * y                          // want fused
	c += x * z                          // want fused
	h := int64(x*y) + 1                 // cut to an integer
	c += float64(x*z) + 2*math.Pi       // constants are exact
	if x*y < z && power(b, g) < d+e+f { // compared, not added
		return -x * y // want fused
	}
	c += 0x1p-53*x + y*4 // a power of two moves the exponent only
	c += x * 3           // want fused
	//sim:rounding goes to a report only
	mean := x*y + z
	return c + float64(h) + mean
}

func addresses(p *int) string {
	return fmt.Sprintf("%d %p", *p, p) + // want pointer
		fmt.Sprintf("100%%pure %s", "%%p") +
		fmt.Sprintf("%-12p", p) // want pointer
}
