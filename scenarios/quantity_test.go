package scenarios

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQuantities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of        quantity
		text      string
		want      any
		canonical string
	}{
		{timeSpan, "80ms", 80 * time.Millisecond, "80ms"},
		{timeSpan, "-2s", -2 * time.Second, "-2s"},
		{timeSpan, "+90s", 90 * time.Second, "1m30s"},
		{timeSpan, "1d", 24 * time.Hour, "24h"},
		{timeSpan, "-1d2h", -26 * time.Hour, "-26h"},
		{timeSpan, "0.5d", 12 * time.Hour, "12h"},
		{timeSpan, "60m", time.Hour, "1h"},
		{timeSpan, "100m", 100 * time.Minute, "1h40m"},
		{timeSpan, "20m", 20 * time.Minute, "20m"},
		{timeSpan, "10s", 10 * time.Second, "10s"},
		{timeSpan, "0s", time.Duration(0), "0s"},
		{timeSpan, "1.5us", 1500 * time.Nanosecond, "1.5µs"},
		{rate, "25/s", Rate{25, time.Second}, "25/s"},
		{rate, "0.5/d", Rate{0.5, 24 * time.Hour}, "0.5/d"},
		{rate, "1e3/h", Rate{1000, time.Hour}, "1000/h"},
		{share, "2%", Share(0.02), "2%"},
		{share, "0.3%", Share(0.003), "0.3%"},
		{share, "1e-7%", Share(1e-9), "1e-07%"},
		{share, "100%", Share(1), "100%"},
		{ppm, "-15ppm", PPB(-15000), "-15ppm"},
		{ppm, "0.0405ppm", PPB(41), "0.041ppm"},
		{ratio, "10x", Ratio(10), "10x"},
		{slewing, "500ppm", PPB(500_000), "500ppm"},
		{size(0), "116.85MB", Size(116_850_000), "116.85MB"},
		{size(0), "1e3kB", Size(1_000_000), "1MB"},
		{size(0), "1234567B", Size(1_234_567), "1234.567kB"},
		{size(0), "0B", Size(0), "0B"},
		{size(1), "0.0000015GB", Size(1500), "1.5kB"},
		{seed, "18446744073709551615", uint64(1<<64 - 1), "18446744073709551615"},
		{truth, "true", true, "true"},
		{instant, "2026-01-31T18:00:00+02:00", time.Date(2026, 1, 31, 16, 0, 0, 0, time.UTC), "2026-01-31T16:00:00Z"},
		{whole(1, 10), "007", 7, "7"},
		{number(0, 5), "-0", 0.0, "0"},
	} {
		got, err := c.of.read(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: read(%q) = %v, %v; want %v", c.of.name, c.text, got, err, c.want)
			continue
		}
		if text := c.of.write(got); text != c.canonical {
			t.Errorf("%s: %q is written as %q, want %q", c.of.name, c.text, text, c.canonical)
		}
	}
}

func TestQuantitiesRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   quantity
		text string
		want error
	}{
		{timeSpan, "80", errUnit},
		{timeSpan, "1e3", errUnit},
		{timeSpan, "--1s", errForm},
		{timeSpan, "-+1s", errForm},
		{timeSpan, "s", errForm},
		{timeSpan, "d", errForm},
		{timeSpan, "1w", errForm},
		{timeSpan, "1dd", errForm},
		{timeSpan, "1d-2h", errForm},
		{timeSpan, "3651d", errRange},
		{timeSpan, "3650d1ns", errRange},
		{timeSpan, "99999h", errRange},
		{rate, "25", errUnit},
		{rate, "25/w", errForm},
		{rate, "-1/s", errRange},
		{rate, "NaN/s", errForm},
		{rate, "inf/s", errForm},
		{rate, "0x1p4/s", errForm},
		{rate, "1_0/s", errForm},
		{rate, "/s", errForm},
		{share, "0.02", errUnit},
		{share, "101%", errRange},
		{share, "-1%", errRange},
		{share, "%", errForm},
		{ppm, "1e9ppm", errRange},
		{ratio, "0x", errRange},
		{ratio, "10", errUnit},
		{whole(1, 10), "11", errRange},
		{whole(1, 10), "99999999999999999999", errRange},
		{whole(1, 10), "2.5", errForm},
		{seed, "-1", errForm},
		{truth, "yes", errForm},
		{instant, "2026-01-31", errForm},
		{instant, "0001-01-01T00:00:00Z", errRange},
	} {
		if got, err := c.of.read(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: read(%q) = %v, %v; want the error %q", c.of.name, c.text, got, err, c.want)
		}
	}
}

// TestQuantitiesRoundTrip: what is written reads back as the same value.
func TestQuantitiesRoundTrip(t *testing.T) {
	t.Parallel()
	back := func(t *rapid.T, of quantity, v any) {
		text := of.write(v)
		if got, err := of.read(text); err != nil || got != v {
			t.Fatalf("%s: %v is written as %q and read as %v, %v", of.name, v, text, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		back(t, timeSpan, time.Duration(rapid.Int64Range(-int64(spanMax), int64(spanMax)).Draw(t, "span")))
		back(t, share, Share(rapid.Float64Range(0, 1).Draw(t, "share")))
		back(t, ppm, PPB(rapid.Int64Range(-1e8, 1e8).Draw(t, "ppb")))
		back(t, seed, rapid.Uint64().Draw(t, "seed"))
		back(t, number(-1e12, 1e12), rapid.Float64Range(-1e12, 1e12).Draw(t, "number")+0)
		per := rapid.SampledFrom(ratePeriods).Draw(t, "per").per
		back(t, rate, Rate{rapid.Float64Range(0, 1e9).Draw(t, "count"), per})
	})
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"workload", "workload", 0},
		{"worklod", "workload", 1},
		{"wrokload", "workload", 1},
		{"Rate", "rate", 0},
		{"kitten", "sitting", 3},
		{"ä", "a", 1},
	} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
