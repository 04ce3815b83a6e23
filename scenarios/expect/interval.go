package expect

import "math"

// Interval is the mean of one figure over runs with its confidence interval.
type Interval struct {
	Mean, Low, High float64
	Runs            int
}

// Half is half of the interval's width.
func (i Interval) Half() float64 { return (i.High - i.Low) / 2 }

// MeanInterval returns mean ± t(n-1)·s/√n. One run has no interval: its own
// value is all that there is.
func MeanInterval(values []float64, confidence float64) Interval {
	n := float64(len(values))
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	mean := sum / n
	if len(values) == 1 {
		return Interval{mean, mean, mean, 1}
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	half := 0.0
	if squares > 0 {
		half = studentT(len(values)-1, confidence) * math.Sqrt(squares/(n-1)/n)
	}
	return Interval{mean, mean - half, mean + half, len(values)}
}

// studentT returns the t within ±t of which Student's distribution has a share
// of its probability.
func studentT(freedom int, within float64) float64 {
	low, high := 0.0, 1.0
	for studentWithin(freedom, high) < within && high < 1e9 {
		high *= 2
	}
	for range 200 {
		middle := (low + high) / 2
		if studentWithin(freedom, middle) < within {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// studentWithin is the probability of ±t. For a whole number of degrees of
// freedom it is a finite sum in θ = atan(t/√ν) (Abramowitz and Stegun, 26.7.3
// and 26.7.4):
//
//	ν odd:  2/π·(θ + sin θ·(cos θ + 2/3·cos³ θ + … + 2·4·…·(ν-3)/(3·5·…·(ν-2))·cos^(ν-2) θ))
//	ν even: sin θ·(1 + 1/2·cos² θ + 1·3/(2·4)·cos⁴ θ + … )
func studentWithin(freedom int, t float64) float64 {
	theta := math.Atan(t / math.Sqrt(float64(freedom)))
	sin, cos := math.Sincos(theta)
	square := cos * cos
	if freedom%2 == 1 {
		sum, term := 0.0, cos
		for k := 1; k <= freedom-2; k += 2 {
			sum += term
			term *= square * float64(k+1) / float64(k+2)
		}
		return 2 / math.Pi * (theta + sin*sum)
	}
	sum, term := 0.0, 1.0
	for k := 0; k <= freedom-2; k += 2 {
		sum += term
		term *= square * float64(k+1) / float64(k+2)
	}
	return sin * sum
}
