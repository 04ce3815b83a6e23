package lint

import (
	"bytes"
	"os"
	"path/filepath"
)

// outside are folders beside a checkout that some of its authors have and its
// readers have not. They are written in two halves, so that this file does not
// mention them.
var outside = [][]byte{[]byte("../" + "shared"), []byte("/work/" + "shared")}

// mentions looks for such folders in every text file below root.
func mentions(root string) ([]finding, error) {
	var found []finding
	err := walk(root, func(rel string) error {
		text, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			return err
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			return nil // not text
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			for _, folder := range outside {
				if bytes.Contains(line, folder) {
					found = append(found, finding{rel, i + 1, "mention", "this points outside the repository, where a reader has nothing; say it here in own words"})
				}
			}
		}
		return nil
	})
	return found, err
}
