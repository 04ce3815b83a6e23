package sim

import (
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// ulps returns how many units in the last place a and b are apart.
func ulps(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / (math.Nextafter(math.Abs(b), math.Inf(1)) - math.Abs(b))
}

// logSpread returns n numbers from low to high, spread evenly by logarithm.
func logSpread(s Stream, n int, low, high float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = low * math.Pow(high/low, s.U(0, uint64(i)))
	}
	return x
}

func TestElementaryFunctionsAgainstMath(t *testing.T) {
	t.Parallel()
	s := NewStream(1, 0, "math")
	const n = 200_000
	worst := map[string]float64{}
	note := func(name string, got, want, allowed float64, args ...float64) {
		off := ulps(got, want)
		worst[name] = max(worst[name], off)
		if !(off <= allowed) {
			t.Fatalf("%s(%v) is %v, want %v: %.1f ulp", name, args, got, want, off)
		}
	}
	for _, x := range append(logSpread(s, n, 1e-150, 1e150), 1, 2, 0.5, math.Sqrt2, math.Sqrt(0.5), 1e-307) {
		note("ln", ln(x), math.Log(x), 1, x)
	}
	for i := range uint64(n) {
		near := 0.5 + s.U(1, i) // where digits cancel
		note("ln", ln(near), math.Log(near), 1, near)
		x := 1400*s.U(2, i) - 700
		note("exp", exp(x), math.Exp(x), 2, x) // each is right to one
		x = 2*s.U(3, i) - 1
		note("exp", exp(x), math.Exp(x), 2, x) // each is right to one
	}
	for i, x := range logSpread(s, n, 1e-10, 1e10) {
		y := 20*s.U(4, uint64(i)) - 10
		// math.Pow itself is right to a few ulp only.
		note("pow", pow(x, y), math.Pow(x, y), 8, x, y)
		if y := math.Round(y); math.Abs(y) <= 2 && y != 0 {
			want := x
			if math.Abs(y) == 2 {
				want = x * x
			}
			if y < 0 {
				want = 1 / want
			}
			note("pow of a small power", pow(x, y), want, 2, x, y)
		}
		note("pow ½", pow(x, 0.5), math.Sqrt(x), 1, x)
	}
	for _, x := range logSpread(s, n/10, 1e-3, 1e6) {
		got := lnGamma(x)
		want, _ := math.Lgamma(x)
		if math.Abs(got-want) > 1e-13*max(1, math.Abs(want)) {
			t.Fatalf("lnGamma(%v) is %v, want %v", x, got, want)
		}
	}
	for i := range uint64(n) {
		u := s.U(5, i)
		if i%2 == 0 {
			u = math.Pow(u, 8) // far into the tail
		}
		z := normalQuantile(u)
		if back := 0.5 * math.Erfc(-z/math.Sqrt2); math.Abs(back-u) > 1e-12*u {
			t.Fatalf("normalQuantile(%v) is %v, of which the distribution function is %v", u, z, back)
		}
	}
	t.Log("largest differences to package math, in ulp:", worst)
}

func TestElementaryFunctionsAtTheirEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"ln 1", ln(1), 0},
		{"exp 0", exp(0), 1},
		{"exp of much", exp(710), math.Inf(1)},
		{"exp of little", exp(-746), 0},
		{"exp to a subnormal", exp(-740), math.Exp(-740)},
		{"pow 0", pow(3, 0), 1},
		{"pow of 1", pow(1, 1e9), 1},
		{"pow too large", pow(10, 400), math.Inf(1)},
		{"pow too small", pow(10, -400), 0},
		{"pow 10³", pow(10, 3), 1000},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
}

// Nothing in this package is compiled to a fused multiply-add, on a processor
// where the compiler uses one wherever it may: else two processors would
// differ in the last bit of a draw.
func TestNothingIsFused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles for another processor")
	}
	build := exec.Command("go", "build", "-gcflags=-S", ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("go build for arm64: %v\n%s", err, out)
	}
	products := 0
	for line := range strings.Lines(string(out)) {
		for _, fused := range []string{"FMADD", "FMSUB", "FNMADD", "FNMSUB"} {
			if strings.Contains(line, "\t"+fused) {
				t.Errorf("fused: %s", line)
			}
		}
		if strings.Contains(line, "\tFMULD\t") {
			products++
		}
	}
	if products < 100 {
		t.Errorf("found %d products in the listing: this test does not see what it should", products)
	}
}
