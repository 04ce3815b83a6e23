package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// TestDefaultsAreWhatIsDocumented: a setting that the catalog names for a number of
// the real systems begins with that number, and says that it is documented.
func TestDefaultsAreWhatIsDocumented(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, p := range catalog.Parameters() {
		for _, path := range p.Paths {
			i := slices.IndexFunc(Defaults(), func(d Default) bool { return d.Path == path })
			switch {
			case path == "systems.dataverse.plug-ins": // none by default: the number is advice
				continue
			case i < 0:
				t.Errorf("%s: a scenario has no setting %s with a default", p.Name, path)
				continue
			case p.Value == "":
				continue
			}
			d := Defaults()[i]
			if plain(d.Value) != plain(p.Value) {
				t.Errorf("%s is %s, and %s begins with %s", p.Name, p.Value, path, d.Value)
			}
			if p.Basis == catalog.Documented && !strings.HasPrefix(d.Source, "documented") && path != "systems.dataverse.throttle.web-servers" {
				t.Errorf("%s is documented, and %s says: %s", p.Name, path, d.Source)
			}
			compared++
		}
	}
	if compared < 20 {
		t.Errorf("only %d settings were compared", compared)
	}
}

// plain writes a value in its base unit.
func plain(value string) string {
	if d, err := readSpan(value); err == nil {
		return d.String()
	}
	if n, err := size(0).read(value); err == nil {
		return strconv.Itoa(int(as[Size](n))) + "B"
	}
	return value
}

// TestTheModelsOwnNumbers: what the catalog says of them is what the code has.
func TestTheModelsOwnNumbers(t *testing.T) {
	t.Parallel()
	s, d, e := system.Config{}.WithDefaults(), driver.Config{}.WithDefaults(), engine.Config{}.WithDefaults()
	seconds := func(x sim.Dist) string { return time.Duration(x.Mean() * float64(time.Second)).String() }
	has := map[string]string{
		"model-store-sync":  seconds(d.Sync),
		"model-held-end":    seconds(s.EndHeld),
		"model-connect":     s.ConnectDelay.String(),
		"model-cut-lands":   strconv.Itoa(int(100*s.CutLands)) + "%",
		"model-record-size": strconv.Itoa(int(s.Live.RecordBytes)),
		"model-write-life":  e.WriteLife.String(),
		"model-answers":     strconv.Itoa(e.AnswersMax),
	}
	told := 0
	for _, p := range catalog.Parameters() {
		if !strings.HasPrefix(p.Name, "model-") {
			continue
		}
		told++
		if has[p.Name] != p.Value {
			t.Errorf("%s is told as %q and is %q", p.Name, p.Value, has[p.Name])
		}
	}
	if told != len(has) {
		t.Errorf("%d numbers are told, want %d", told, len(has))
	}
}
