// Package attic stands in no room.
package attic // want room
