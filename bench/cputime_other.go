//go:build !unix

package main

import "time"

var begun = time.Now()

// cpuTime stands in for processor time, which this system does not tell by
// portable means.
func cpuTime() time.Duration { return time.Since(begun) }
