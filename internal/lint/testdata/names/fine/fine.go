// Package types hides in a fine folder.
package types // want name
