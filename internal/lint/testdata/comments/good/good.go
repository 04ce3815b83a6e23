// Package good has a comment.
package good
