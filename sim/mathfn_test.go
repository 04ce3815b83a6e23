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
		// math.Pow itself is only right to a dozen ulp; see TestPowIsExact.
		note("pow", pow(x, y), math.Pow(x, y), 32, x, y)
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

// Against values computed to 80 digits.
func TestPowIsExact(t *testing.T) {
	t.Parallel()
	for _, c := range [...][3]float64{
		{287.10046625295615, 4.835739785214589, 7.698609884556547011235847e+11},
		{801440.5480210349, 8.849005675541008, 1.751421761280733854166182e+52},
		{62801.71371463978, 8.446499933308338, 3.357885714289528350220090e+40},
		{3.802809460587467e-10, -0.6875469124378935, 2.996539599876734039853216e+6},
		{736434863.0754453, 2.979491062738484, 2.627529000013924623659482e+26},
		{104234103.39321606, -7.735880706937113, 9.410927101003173386976054e-63},
		{0.24064727909532801, -5.068543347603393, 1.366147028964914341191676e+3},
		{7.502693149343799, 1.4788237585620152, 1.969209701338271022840665e+1},
		{1.8292951872405265e-10, -5.665403990723037, 1.472638894358711458554234e+55},
		{3.8872933932708983e-05, 8.326907436171037, 1.885391195338242381340877e-37},
		{206304.6574706663, -6.807915752839236, 6.595841919150835551118974e-37},
		{876879.3213484671, -7.224651632021937, 1.159658373211623946026520e-43},
		{223.3831492523111, -7.466015348994606, 2.897033975067596742529511e-18},
		{1.0851686633391697e-10, 7.428094894485643, 9.610101009182617067703522e-75},
		{1.5457086948374046e-06, -5.690376615505355, 1.164265790136686238756126e+33},
		{4450637024.999757, 7.4481553087360375, 7.293682512926444466649860e+71},
		{6.110874363539291e-05, 9.229559779001669, 1.281117642178936164957069e-39},
		{6.0879261760781045, 3.5566095450118453, 6.166678051721644514183283e+2},
		{1.2462072992854638e-06, 8.819520021759981, 8.432189381335420536158208e-53},
		{6498.884552464234, 9.331286246343907, 3.790447279788629945129985e+35},
		{74960685.86216879, -4.024222042922645, 2.041367694457333192138679e-32},
		{0.0016741666811112446, -6.680878857405088, 3.527480374287240467905629e+18},
		{8.204236872462986e-08, -8.697205732486475, 4.246857286961312974386878e+61},
		{0.00010645891003363874, 2.0621999481530864, 6.415861173600156416476304e-9},
		{1.1685905970686234e-10, 3.558684990953825, 4.507536096616270326008575e-36},
		{0.0005727132522594517, -3.8008413679374247, 2.101678512045457262611239e+12},
		{2346180.8892850815, -0.38509626739922, 3.522066625530224747581960e-3},
		{0.0002069484209103347, -0.37563227526272236, 2.420366288863146002923186e+1},
		{12398.886452924035, -8.8599814092842, 5.403877918888909321521007e-37},
		{3176810159.094389, -9.542688734945585, 2.115704530878050008663302e-91},
		{99060.4840576544, 6.8976177877625915, 2.882781862875215865031407e+34},
		{2.2980036151437274e-10, 5.754766079608684, 3.402733985248065963111199e-56},
		{0.002107121201087722, 1.5703765811374915, 6.268804028276101221023096e-5},
		{1.5190348456034035e-10, -9.06545762602117, 1.019956475870567497311628e+89},
		{4.153266116707032e-07, 9.103597991823328, 8.023905876924103447177061e-59},
		{8.51987867306007e-07, 5.114728249026355, 9.032673330345178438462318e-32},
		{391837856.42506427, 8.84087658855399, 9.345297332136375197893853e+75},
		{0.000772033705237947, -2.904135898841755, 1.093269580980757158795022e+9},
		{3.11915110152566, 5.512060293979905, 5.286381489812561271695077e+2},
		{1.448963285633291e-08, 4.967961129693261, 1.138774601576497851266590e-39},
	} {
		if got := pow(c[0], c[1]); ulps(got, c[2]) > 1 {
			t.Errorf("pow(%v, %v) is %v, want %v", c[0], c[1], got, c[2])
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
