// Package sim may say what it likes.
package sim

type Peer int
