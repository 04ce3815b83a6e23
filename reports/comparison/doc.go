// Package comparison sets the figures of several settings side by side: every
// setting is scored on the same five questions, and each difference comes with
// its interval over runs.
//
// [Of] computes it once; text, Markdown, page and JSON read the same
// [Comparison]. metric.go lists the figures, sentences.go says what follows from
// them, and baseline.go decides whether one setting is worse than another.
//
// A difference is shown when its interval is clear of zero after the correction
// for all the differences that are looked at (Holm), and when it is at least
// [Threshold] of the first setting's figure. Where a figure is a lower bound,
// because changes never converged, only what holds for every greater value is
// claimed.
package comparison
