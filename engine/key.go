package engine

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Side is one of the two business systems.
type Side uint8

// The two sides.
const (
	FinOps Side = iota
	Dataverse
)

// Sides lists both sides in their fixed order.
var Sides = [2]Side{FinOps, Dataverse}

// Other returns the opposite side.
func (s Side) Other() Side { return s ^ 1 }

// String returns the side's name as scenarios spell it.
func (s Side) String() string {
	if s == FinOps {
		return "finops"
	}
	return "dataverse"
}

// MapID is a table map's index in [Config.Maps].
type MapID uint16

// Key names a record pair: the same key on both sides under one map.
//
// ID is in the canonical form of its map ([KeyForm]); that of a key with several
// fields is made by [JoinKey]. Spelling is empty but for the later
// ones of several records that one side keeps apart although their keys fold
// to the same ID; such a record has no partner and cannot be carried.
type Key struct {
	Map      MapID
	Company  string // empty for a global map
	ID       string
	Spelling string
}

// Folded returns the key that the record's lookups are resolved by: a side
// finds records by canonical form, whatever their spelling.
func (k Key) Folded() Key {
	k.Spelling = ""
	return k
}

// Compare orders keys by map, company and ID, byte by byte. Listings follow it.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Map, o.Map), cmp.Compare(k.Company, o.Company),
		cmp.Compare(k.ID, o.ID), cmp.Compare(k.Spelling, o.Spelling),
	)
}

// KeyForm is the canonical form of a map's keys: it says what does not count when
// keys are compared, and which keys no side can be asked for. By the zero KeyForm
// letter case and trailing blanks do not count. It must stay as it is while the
// engine's store holds anything of the map: see [ErrKeyForm].
type KeyForm struct {
	CaseCounts   bool
	BlanksCount  bool                // ... at the end
	ScaleIgnored bool                // a decimal number is the same however many zeros it is written with: 007.50 and 7.5
	Compose      func(string) string // Unicode's canonical composition (NFC); nil: texts count as they are encoded
	Refused      [2]string           // by side: characters in a key by which its records cannot be found
}

// DataverseRefuses are the characters that break requests by an alternate key of a
// Dataverse table, as documented.
const DataverseRefuses = `/<>*%&:\?+`

// String lists the rules that differ from those of the zero KeyForm; a store keeps it.
// Which characters are refused is none of them: no key becomes another one by that.
func (f *KeyForm) String() string {
	var rules []string
	for _, r := range []struct {
		on   bool
		name string
	}{
		{f.CaseCounts, "case counts"},
		{f.BlanksCount, "blanks count"},
		{f.ScaleIgnored, "scale ignored"},
		{f.Compose != nil, "composed"},
	} {
		if r.on {
			rules = append(rules, r.name)
		}
	}
	if len(rules) == 0 {
		return "plain"
	}
	return strings.Join(rules, ", ")
}

// Between the fields of a key stands a bar; one within a field, and a backslash, has a
// backslash before it.
const (
	keyBar    = '|'
	keyEscape = '\\'
)

var keySyntax = byteSet{keyBar: true, keyEscape: true}

// joined reports whether an ID may be made of several fields.
func joined(id string) bool {
	return strings.IndexByte(id, keyBar) >= 0 || strings.IndexByte(id, keyEscape) >= 0
}

// JoinKey returns the ID of a record whose key has these fields, so that no two lists
// of fields have one ID.
func JoinKey(fields ...string) string {
	var id strings.Builder
	for i, field := range fields {
		if i > 0 {
			id.WriteByte(keyBar)
		}
		for {
			at := keySyntax.first(field)
			if at < 0 {
				break
			}
			id.WriteString(field[:at])
			id.WriteByte(keyEscape)
			id.WriteByte(field[at])
			field = field[at+1:]
		}
		id.WriteString(field)
	}
	return id.String()
}

// keyFields returns the fields of an ID. A backslash before anything but a bar or
// another one stands for itself.
func keyFields(id string) []string {
	if !joined(id) {
		return []string{id}
	}
	var fields []string
	field := make([]byte, 0, len(id))
	for i := 0; i < len(id); i++ {
		switch {
		case id[i] == keyBar:
			fields, field = append(fields, string(field)), field[:0]
			continue
		case id[i] == keyEscape && i+1 < len(id) && keySyntax[id[i+1]]:
			i++
		}
		field = append(field, id[i])
	}
	return append(fields, string(field))
}

// Canonical folds what key comparison ignores, in each field of an ID by itself.
func (f *KeyForm) Canonical(id string) string {
	if !f.ScaleIgnored && plain(id) {
		return id
	}
	if !joined(id) {
		return f.folded(id)
	}
	fields := keyFields(id)
	for i := range fields {
		fields[i] = f.folded(fields[i])
	}
	return JoinKey(fields...)
}

// plain reports whether an ID is such that nothing in it ever folds: one field of
// ASCII without small letters, and without blanks at its end.
func plain(id string) bool {
	return mayFold.first(id) < 0 && (id == "" || id[len(id)-1] != ' ')
}

// byteSet holds bytes that are looked for in many keys.
type byteSet [256]bool

// first returns where in a text the first byte of the set is, or -1.
func (b *byteSet) first(text string) int {
	for i := range len(text) {
		if b[text[i]] {
			return i
		}
	}
	return -1
}

// mayFold are the bytes of what folds, or separates fields.
var mayFold = func() (b byteSet) {
	for c := range b {
		b[c] = c >= utf8.RuneSelf || c >= 'a' && c <= 'z' || c == keyBar || c == keyEscape
	}
	return b
}()

// folded is the canonical form of one field.
func (f *KeyForm) folded(id string) string {
	if f.Compose != nil {
		id = f.Compose(id)
	}
	if !f.BlanksCount {
		id = strings.TrimRight(id, " ")
	}
	if !f.CaseCounts {
		id = strings.ToUpper(id)
		if f.Compose != nil { // capitals may compose otherwise
			id = f.Compose(id)
		}
	}
	if f.ScaleIgnored {
		id = scaled(id)
	}
	return id
}

// scaled writes a decimal number without the zeros that its value does not need.
// Anything else stays as it is.
func scaled(id string) string {
	digits, minus := strings.CutPrefix(id, "-")
	whole, fraction, dotted := strings.Cut(digits, ".")
	if whole == "" || dotted && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return id
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if minus && whole != "0" {
		return "-" + whole
	}
	return whole
}

// firsts returns, by side, the bytes with which characters that a side refuses begin.
func (f *KeyForm) firsts() (sets [2]byteSet) {
	for _, side := range Sides {
		for _, r := range f.Refused[side] {
			sets[side][string(r)[0]] = true
		}
	}
	return sets
}

// refused reports why records of a key cannot be found by it, or class Open. The
// cause names the kind of the character and not the key.
func (m *TableMap) refused(k *Key) Outcome {
	text := k.ID
	if joined(text) { // what only separates its fields is none of it
		text = strings.Join(keyFields(text), "")
	}
	if text == "" {
		return Outcome{Class: ApplicationFailure, Reason: KeyRefused, Cause: causeEmptyKey}
	}
	for _, side := range Sides {
		if m.Keys.Refused[side] == "" || m.refuses[side].first(text) < 0 {
			continue
		}
		if i := strings.IndexAny(text, m.Keys.Refused[side]); i >= 0 {
			r, _ := utf8.DecodeRuneInString(text[i:])
			return Outcome{Class: ApplicationFailure, Reason: KeyRefused, Cause: fmt.Sprintf(causeKeyRefused, kindOf(r), side)}
		}
	}
	return Outcome{}
}

// Named names a record of the map as people know it.
func (m *TableMap) Named(k *Key) string {
	name := m.Name
	if k.Company != "" {
		name += " " + k.Company
	}
	if k.Spelling != "" {
		return name + " " + k.Spelling
	}
	return name + " " + k.ID
}

// Causes of a key that cannot be carried.
const (
	causeEmptyKey   = "the key is empty: fill in its columns"
	causeKeyRefused = "the key has %s, by which %s cannot find records: change the key"
)

// kindOf names a character that keys cannot have.
func kindOf(r rune) string {
	switch r {
	case '/':
		return "a slash"
	case '\\':
		return "a backslash"
	case '<', '>':
		return "an angle bracket"
	case '*':
		return "an asterisk"
	case '%':
		return "a percent sign"
	case '&':
		return "an ampersand"
	case ':':
		return "a colon"
	case '?':
		return "a question mark"
	case '+':
		return "a plus sign"
	default:
		return "a character"
	}
}
