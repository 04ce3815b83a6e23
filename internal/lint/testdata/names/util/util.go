// Package util holds anything.
package util // want name
