package model

import (
	"golang.org/x/text/unicode/norm"

	"github.com/twinwrite/twinwrite/engine"
)

// KeyForm returns how the two systems compare the keys of a table map: letter case,
// trailing blanks and the way in which accents are encoded do not count, and
// Dataverse finds no record by a key with certain characters.
func KeyForm() engine.KeyForm {
	return engine.KeyForm{
		Compose: norm.NFC.String,
		Refused: [2]string{engine.Dataverse: engine.DataverseRefuses},
	}
}
