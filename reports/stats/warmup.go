package stats

import "math"

// MSER5 suggests how much of the beginning of a series to leave out before it is
// taken for a steady state: the cut with the least standard error of what
// remains (White, 1997), over means of five successive values. It returns the
// number of values to leave out. Known is false when the best cut lies in the
// second half: the series has then not been seen long enough to tell.
func MSER5(values []float64) (cut int, known bool) {
	const batch = 5
	n := len(values) / batch
	if n < 4 {
		return 0, false
	}
	means := make([]float64, n)
	for i := range means {
		for _, v := range values[i*batch : (i+1)*batch] {
			means[i] += v / batch
		}
	}
	// From the back, so that each further value updates mean and squares in
	// place (Welford).
	best, at := math.Inf(1), 0
	var mean, squares float64
	for i := n - 1; i >= 0; i-- {
		count := float64(n - i)
		delta := means[i] - mean
		mean += delta / count
		squares += float64(delta * (means[i] - mean))
		if count < 4 {
			continue // a handful of equal values at the end tells nothing
		}
		if error2 := squares / (count * count); error2 <= best {
			best, at = error2, i
		}
	}
	return at * batch, at <= n/2
}
