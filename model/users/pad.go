package users

import "strings"

// pad is the paper that names and values are written on, many to the sheet: each
// would otherwise be an allocation of its own.
type pad struct{ sheet strings.Builder }

// sheetSize keeps a sheet small: it stays as long as anything on it is known.
const sheetSize = 256

// keep writes a text down.
func (p *pad) keep(text []byte) string {
	if p.sheet.Cap()-p.sheet.Len() < len(text) {
		p.sheet = strings.Builder{}
		p.sheet.Grow(max(sheetSize, len(text)))
	}
	from := p.sheet.Len()
	p.sheet.Write(text)
	return p.sheet.String()[from:]
}
