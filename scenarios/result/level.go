package result

import (
	"cmp"
	"slices"
	"time"
)

// Integrate fills in the areas of points of which none was left out.
func Integrate(points []Point) {
	for i := 1; i < len(points); i++ {
		before := &points[i-1]
		points[i].Area = before.Area + float64(before.Value*(points[i].At-before.At).Seconds())
	}
}

// Mean is the value of a series on average between two instants, 0 before its first point.
// It goes by the areas, so that it is exact between points, however few were kept; within
// what lies between two points of which others were left out it takes their mean.
func Mean(points []Point, from, to time.Duration) float64 {
	return (areaAt(points, to) - areaAt(points, from)) / (to - from).Seconds()
}

func areaAt(points []Point, at time.Duration) float64 {
	n, _ := slices.BinarySearchFunc(points, at, func(p Point, at time.Duration) int { return cmp.Compare(p.At, at+1) })
	if n == 0 {
		return 0
	}
	last := &points[n-1]
	if n == len(points) {
		return last.Area + float64(last.Value*(at-last.At).Seconds())
	}
	next := &points[n]
	return last.Area + float64((next.Area-last.Area)*((at-last.At).Seconds()/(next.At-last.At).Seconds()))
}
