package words_test

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/words"
)

func TestEvery(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{2: "every 2nd", 4: "every 4th", 32: "every 32nd", 21: "every 21st", 11: "every 11th", 112: "every 112th", 1024: "every 1,024th", 3: "every 3rd"} {
		if got := words.Every(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{7, "7ns"},
		{1500, "1.5µs"},
		{84 * time.Millisecond, "84ms"},
		{999_499_999, "999ms"},
		{999_600_000, "1s"},
		{1_250 * time.Millisecond, "1.25s"},
		{9_999 * time.Millisecond, "10s"},
		{12_440 * time.Millisecond, "12.4s"},
		{59_940 * time.Millisecond, "59.9s"},
		{59_960 * time.Millisecond, "1m"},
		{200 * time.Second, "3m 20s"},
		{time.Hour - 400*time.Millisecond, "1h"},
		{2*time.Hour + 5*time.Minute, "2h 05m"},
		{24*time.Hour - 20*time.Second, "1d"},
		{28 * time.Hour, "1d 04h"},
		{-90 * time.Second, "−1m 30s"},
	} {
		if got := words.Duration(c.d); got != c.want {
			t.Errorf("Duration(%d) = %q, want %q", c.d, got, c.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	censored := stats.Quantile{Value: 2 * time.Hour, Censored: true, Known: true}
	if got := words.Quantile(censored); got != "> 2h (censored)" {
		t.Errorf("got %q", got)
	}
	if got := words.ShortQuantile(censored); got != "> 2h*" {
		t.Errorf("got %q", got)
	}
	if got := words.Quantile(stats.Quantile{}); got != words.None {
		t.Errorf("nothing measured: got %q", got)
	}
}

func TestShareNeverRoundsToAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part, whole uint64
		want        string
	}{
		{0, 0, words.None},
		{0, 5, "0 %"},
		{5, 5, "100 %"},
		{1, 1_000_000, "< 0.01 %"},
		{999_999, 1_000_000, "> 99.99 %"},
		{199_996, 200_000, "> 99.99 %"},
		{19, 6000, "0.32 %"},
		{1, 3, "33.3 %"},
		{5990, 6000, "99.83 %"},
	} {
		if got := words.Share(c.part, c.whole); got != c.want {
			t.Errorf("Share(%d, %d) = %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -12345: "−12,345", 1234567: "1,234,567"} {
		if got := words.Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestClockNamesTheDayOnlyWhenThereAreSeveral(t *testing.T) {
	t.Parallel()
	start := time.Date(2011, 10, 31, 8, 29, 0, 0, time.UTC)
	if got := words.NewClock(start, 9*time.Hour).Second(time.Minute); got != "08:30:00" {
		t.Errorf("one day: %q", got)
	}
	if got := words.NewClock(start, 30*time.Hour).Minute(24 * time.Hour); got != "1 Nov 08:29" {
		t.Errorf("two days: %q", got)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	got := words.Bind("99 % within 6m 20s, n = 5, > 2h after 3 runs")
	if want := "99\u00a0% within 6m\u00a020s, n =\u00a05, >\u00a02h after 3\u00a0runs"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	if got := words.List([]string{"a", "b", "c"}); got != "a, b and c" {
		t.Errorf("got %q", got)
	}
}

// TestInstants: a message of the oracle is told in times of day, and its spans
// without nanoseconds.
func TestInstants(t *testing.T) {
	t.Parallel()
	clock := words.NewClock(time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC), time.Hour)
	got := clock.Instants("change 1.3 of finops waited 21m51.123456789s with nothing broken, and 2m0s are allowed; seen at 1h19m26.6s, version 4.5")
	want := "change 1.3 of finops waited 21m 51s with nothing broken, and 2m0s are allowed; seen at 09:19:27, version 4.5"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestDays: a caption names the last day of a scenario, too, when that is another.
func TestDays(t *testing.T) {
	t.Parallel()
	start := time.Date(2011, 10, 31, 8, 0, 0, 0, time.UTC)
	for end, want := range map[time.Duration]string{
		15 * time.Hour: "31 October 2011", 17 * time.Hour: "31 October 2011 to 1 November 2011", 365 * 24 * time.Hour: "31 October 2011 to 30 October 2012",
	} {
		if got := words.NewClock(start, end).Days(); got != want {
			t.Errorf("a scenario of %v is of %s, want %s", end, got, want)
		}
	}
}
