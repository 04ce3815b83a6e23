// Package sqlite keeps the engine's durable state in one SQLite file.
//
// [Open] returns a [Store], which is a store.Store like store.Memory and means
// the same by every mutation. What it adds is that a Save which returned is on
// the disk: the file is in write-ahead mode with synchronous FULL, and each
// Save is one transaction. The driver therefore saves the mutations of several
// steps at once (group commit); one Save costs one wait for the disk, whatever
// it holds.
//
// A Save works on the lanes it touches in memory, where the rules are applied
// as plain code, and then writes what has changed in rows of many. A reference
// that comes and is settled within one Save never meets the queue's table. The
// lanes of the last Saves stay in memory up to a limit.
//
// One process owns the file at a time, and holds it until [Store.Close]. The
// tables are explained in schema.sql; the views history, error_desk and
// live show them with names for whoever looks into the file with SQL.
//
// Errors that concern the file are of type [*Error] and wrap one of the
// sentinels beside it. After any error from Save the store is broken: the
// engine knows more than the file, and must start again from what the file
// holds.
package sqlite
