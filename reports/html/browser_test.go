package html_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	page "github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/internal/browser"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// axeCore is the checker of accessibility, as 'make browser' installs it.
const axeCore = "../../.ci/browser/node_modules/axe-core/axe.min.js"

// hostileKey would be markup, end an attribute, and turn what follows around.
const hostileKey = `<script>document.title="hacked"</script>"' onerror="x` + "\u202e"

// opened is a browser with the checker. Without them the test is skipped, but for
// continuous integration, which installs them.
func opened(t *testing.T) (b *browser.Browser, axe string) {
	t.Helper()
	path := browser.Find()
	text, err := os.ReadFile(axeCore)
	if path == "" || err != nil {
		lacks := fmt.Sprintf("chromium found at %q, axe-core: %v", path, err)
		if os.Getenv("CI") != "" {
			t.Fatalf("%s; 'make browser' installs them", lacks)
		}
		t.Skipf("pages are not tested in a browser: %s; 'make browser' installs them", lacks)
	}
	return browser.Start(t, path), string(text)
}

// pages are one of each kind, with hostile text where records are named.
func pages(t *testing.T) map[string]string {
	t.Helper()
	one, many := fixture.Broken(), fixture.Runs(3)
	for _, set := range []*result.Set{one, many} {
		set.Scenario.Inputs = append(set.Scenario.Inputs, result.Input{Path: "purpose", Given: true, Value: strings.Repeat("Is everything there in the evening? ", 5)})
		for i := range set.Runs {
			r := &set.Runs[i]
			for k := range r.Worst {
				r.Worst[k].Record = fmt.Sprint(hostileKey, k)
			}
			for k := range r.Errors {
				r.Errors[k].Example, r.Errors[k].Message = hostileKey, hostileKey
			}
		}
	}
	compare := fixture.Compared(3)
	compare.Settings[1].Name = hostileKey
	h := &result.History{Title: "parties " + hostileKey, Spans: []result.Stretch{{What: hostileKey, To: time.Minute}}}
	for i, kind := range []result.StepKind{result.EditStep, result.WriteStep, result.SettledStep} {
		h.Steps = append(h.Steps, result.Step{At: time.Duration(i) * time.Second, Kind: kind, Lane: result.Lane(i), What: hostileKey, Short: hostileKey})
	}
	var told bytes.Buffer
	if err := page.WriteHistory(&told, h, "twinwrite explain "+hostileKey); err != nil {
		t.Fatal(err)
	}
	swept, _, tornado := sweptPages(t)
	return map[string]string{
		"one": write(t, one), "many": write(t, many), "none": write(t, fixture.None()), "compared": compared(t, compare), "history": told.String(),
		"swept": swept, "tornado": tornado,
	}
}

// TestInBrowser opens every kind of page as a reader does: light and dark, wide
// and narrow, with scripts and without. Nothing may complain or be fetched,
// nothing may stand in the way of a screen reader, and text stays text.
func TestInBrowser(t *testing.T) {
	t.Parallel()
	b, axe := opened(t)
	dir := t.TempDir()
	for name, text := range pages(t) {
		if testing.Short() && name != "one" { // the other kinds share its parts
			continue
		}
		path := filepath.Join(dir, name+".html")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, scheme := range []string{"light", "dark"} {
			b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
			b.Open(path)
			quiet(t, b, name, path)
			apart(t, b, name)
			within(t, b, name)
			accessible(t, b, name+" in "+scheme, axe)
		}
		interacts(t, b, name)
		narrow(t, b, name, path)

		b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
		b.Open(path)
		quiet(t, b, name+" without scripts", path)
		readable(t, b, name)
		b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": false}, nil)
	}
}

// quiet demands that nothing complained and nothing but the page was loaded.
func quiet(t *testing.T, b *browser.Browser, name, path string) {
	t.Helper()
	for _, c := range b.Complaints() {
		t.Errorf("%s: the browser complains: %s", name, c)
	}
	if got := b.Requests(); !slices.Equal(got, []string{"file://" + path}) {
		t.Errorf("%s: loaded %q, and should load itself alone", name, got)
	}
}

// apart demands room above the line that makes the page again, whatever stands there.
func apart(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	const least = 16
	var room float64
	b.Eval(`(() => { const c = document.querySelector(".command"); return c.getBoundingClientRect().top - c.previousElementSibling.getBoundingClientRect().bottom; })()`, &room)
	if room < least {
		t.Errorf("%s: %v pixels above the line that makes the page again, want %d", name, room, least)
	}
}

// within demands that a wide window shows what was given whole: what is to be read stands
// beside what it is of.
func within(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	var over float64
	b.Eval(`(() => { const h = document.getElementById("inputs"); return h ? Math.max(0, ...[...h.parentElement.querySelectorAll(".scroll")].map(s => s.scrollWidth - s.clientWidth)) : 0; })()`, &over)
	if over > 0 {
		t.Errorf("%s: a table of the inputs is %v pixels wider than the page", name, over)
	}
}

// accessible asks axe-core for faults that keep people out.
func accessible(t *testing.T, b *browser.Browser, name, axe string) {
	t.Helper()
	b.Eval(axe+";0", nil)
	var faults []struct {
		ID     string `json:"id"`
		Impact string `json:"impact"`
		Help   string `json:"help"`
		Nodes  []struct {
			HTML    string `json:"html"`
			Summary string `json:"failureSummary"`
		} `json:"nodes"`
	}
	var passed int
	b.Eval(`axe.run({resultTypes: ["violations"]}).then(r => { window.axed = r.passes.length; return r.violations.filter(v => v.impact === "serious" || v.impact === "critical"); })`, &faults)
	if b.Eval("window.axed", &passed); passed < 10 {
		t.Errorf("%s: axe-core checked %d rules only", name, passed)
	}
	for _, f := range faults {
		for _, n := range f.Nodes[:min(len(f.Nodes), 2)] {
			t.Errorf("%s: %s, %s: %s\n%s\n%s", name, f.Impact, f.ID, f.Help, n.HTML, n.Summary)
		}
	}
}

// interacts sorts a table, enlarges a picture and takes that back, and looks
// whether a hostile key did anything.
func interacts(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	var title string
	if b.Eval("document.title", &title); title == "hacked" {
		t.Errorf("%s: a record's key was run as a script", name)
	}
	var scripts int
	if b.Eval("document.scripts.length", &scripts); scripts != 1 {
		t.Errorf("%s: the page has %d scripts", name, scripts)
	}
	var shown bool
	want := strings.ReplaceAll(hostileKey, `"`, `\"`)
	if b.Eval(`document.body.textContent.includes("`+want+`")`, &shown); !shown && name != "none" && name != "swept" && name != "tornado" {
		t.Errorf("%s: the hostile key is not shown as text", name)
	}
	var sorted struct {
		Tables int    `json:"tables"`
		Wrong  string `json:"wrong"`
	}
	b.Eval(`(() => {
		let tables = 0;
		for (const table of document.querySelectorAll("table")) {
			table.querySelectorAll(".sort").forEach(button => {
				const column = button.closest("th").cellIndex;
				const cells = () => [...table.tBodies[0].rows].map(r => r.cells[column].textContent.trim());
				const before = [...cells()].sort().join("|");
				button.click();
				const up = cells();
				button.click();
				const down = cells();
				const head = button.closest("th");
				if (head.getAttribute("aria-sort") !== "descending") throw new Error("aria-sort is " + head.getAttribute("aria-sort"));
				if ([...up].sort().join("|") !== before) throw new Error("rows were lost");
				const plain = up.every(c => /^-?[\d,]+(\.\d+)?$/.test(c));
				const value = c => Number(c.replaceAll(",", ""));
				if (plain) {
					tables++;
					for (let i = 1; i < up.length; i++) {
						if (value(up[i - 1]) > value(up[i])) throw new Error("up: " + up.join(" "));
						if (value(down[i - 1]) < value(down[i])) throw new Error("down: " + down.join(" "));
					}
				}
			});
		}
		return {tables, wrong: ""};
	})()`, &sorted)
	if sorted.Tables == 0 && (name == "one" || name == "many") {
		t.Errorf("%s: no column of numbers could be sorted", name)
	}
	var zoom struct {
		Pictures, Before, Larger, Other, After float64
	}
	b.Eval(`(() => {
		const pictures = [...document.querySelectorAll(".picture svg")];
		if (pictures.length === 0) return {Pictures: 0};
		const time = ["plot-backlog", "plot-use"].map(id => document.querySelector("figure[aria-labelledby=" + id + "][data-length] .picture svg")).filter(Boolean);
		const subject = time[0] || pictures[0];
		const wide = s => s.getBoundingClientRect().width;
		const bar = subject.closest(".picture").previousElementSibling;
		const [enlarge, undo, whole] = bar.querySelectorAll("button");
		const Before = wide(subject);
		enlarge.click();
		enlarge.click();
		const Larger = wide(subject) / Before, Other = time.length > 1 ? wide(time[1]) / Before : Larger;
		undo.click();
		const undone = wide(subject) / Before;
		if (undone < 1.3 || undone >= Larger) throw new Error("undo left " + undone + " of " + Larger);
		whole.click();
		return {Pictures: pictures.length, Before, Larger, Other, After: wide(subject) / Before};
	})()`, &zoom)
	if zoom.Pictures > 0 && (zoom.Larger < 2 || math.Abs(zoom.Other-zoom.Larger) > .01 || zoom.After != 1) {
		t.Errorf("%s: enlarging gave %+v", name, zoom)
	}
	hides(t, b, name)
	reads(t, b, name)
	picks(t, b, name)
}

// hides toggles the lines of every legend off and on again.
func hides(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	var legends struct{ Buttons, Hidden, Left float64 }
	b.Eval(`(() => {
		let Buttons = 0, Hidden = 0;
		for (const toggle of document.querySelectorAll(".legend:not([hidden]) button")) {
			const drawn = toggle.closest("figure").querySelector(".picture svg");
			const off = () => drawn.querySelectorAll(".off:not(.cursor)").length;
			Buttons++;
			toggle.click();
			if (off() === 0 || toggle.getAttribute("aria-pressed") !== "false") throw new Error(toggle.textContent + " hides nothing");
			Hidden += off();
			toggle.click();
		}
		return {Buttons, Hidden, Left: document.querySelectorAll(".picture .off:not(.cursor)").length};
	})()`, &legends)
	if several := name != "none" && name != "history" && name != "tornado"; several && legends.Buttons < 2 || legends.Left != 0 {
		t.Errorf("%s: legends gave %+v", name, legends)
	}
}

// reads moves the mouse over a picture over time and looks what the others read off.
func reads(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	var seen struct {
		Pictures, Lines float64
		Text            []string
		Left            float64
	}
	b.Eval(`(() => {
		const drawn = [...document.querySelectorAll("figure[data-length] .picture svg")];
		if (drawn.length === 0) return {Pictures: 0, Text: []};
		const box = drawn[0].getBoundingClientRect();
		const move = type => drawn[0].dispatchEvent(new PointerEvent(type, {clientX: box.left + box.width / 2, clientY: box.top + 20, bubbles: true}));
		move("pointermove");
		const Text = [...document.querySelectorAll(".readout")].map(p => p.textContent).filter(Boolean);
		const Lines = document.querySelectorAll(".cursor:not(.off)").length;
		move("pointerleave");
		return {Pictures: drawn.length, Lines, Text, Left: document.querySelectorAll(".cursor:not(.off)").length};
	})()`, &seen)
	if name == "one" || name == "many" {
		if seen.Pictures < 5 || seen.Lines != seen.Pictures || len(seen.Text) != int(seen.Pictures) || seen.Left != 0 {
			t.Fatalf("%s: the cursor gave %+v", name, seen)
		}
		for _, text := range seen.Text {
			if when, _, _ := strings.Cut(text, " · "); when != seen.Text[0][:len(when)] || !strings.Contains(text, " · ") {
				t.Errorf("%s: pictures read off %q, and the first %q", name, text, seen.Text[0])
			}
		}
	}
}

// picks shows one run alone, and all again.
func picks(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	var rows struct{ Pickers, All, One, Foreign, Again, Lines, Left float64 }
	b.Eval(`(() => {
		const pick = document.querySelector(".picker select");
		if (!pick) return {Pickers: 0};
		const shown = () => [...document.querySelectorAll("main table")].flatMap(table => {
			const column = [...table.querySelectorAll("thead th")].findIndex(h => h.textContent.trim() === "Run");
			return column < 0 ? [] : [...table.tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[column].textContent.trim());
		});
		const All = shown().length;
		pick.value = "1";
		pick.dispatchEvent(new Event("change"));
		const one = shown(), Lines = [...document.querySelectorAll(".picture .alone")].filter(p => p.getBBox().width > 100).length;
		pick.value = "";
		pick.dispatchEvent(new Event("change"));
		return {Pickers: 1, Lines, Left: document.querySelectorAll(".picture .alone").length, All, One: one.length, Foreign: one.filter(run => run !== "1").length, Again: shown().length};
	})()`, &rows)
	if (name == "many") != (rows.Pickers == 1) || rows.Pickers == 1 && (rows.One == 0 || rows.One >= rows.All || rows.Foreign > 0 || rows.Again != rows.All || rows.Lines != 2 || rows.Left != 0) {
		t.Errorf("%s: picking a run gave %+v", name, rows)
	}
}

// narrow shows the page on a phone: it must not scroll sideways as a whole.
func narrow(t *testing.T, b *browser.Browser, name, path string) {
	t.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true}, nil)
	b.Open(path)
	var over float64
	if b.Eval("document.documentElement.scrollWidth - innerWidth", &over); over > 0 {
		t.Errorf("%s: on a phone the page is %v pixels too wide", name, over)
	}
	b.Call("Emulation.clearDeviceMetricsOverride", nil, nil)
}

// readable demands that the page's headline is laid out and its tables are there
// where no script runs.
func readable(t *testing.T, b *browser.Browser, name string) {
	t.Helper()
	var doc struct {
		Root struct {
			ID int `json:"nodeId"`
		} `json:"root"`
	}
	b.Call("DOM.getDocument", nil, &doc)
	for _, selector := range []string{"h1", "main"} {
		var found struct {
			ID int `json:"nodeId"`
		}
		b.Call("DOM.querySelector", map[string]any{"nodeId": doc.Root.ID, "selector": selector}, &found)
		var box struct {
			Model struct {
				Width, Height float64
			} `json:"model"`
		}
		b.Call("DOM.getBoxModel", map[string]any{"nodeId": found.ID}, &box)
		if box.Model.Width < 100 || box.Model.Height < 20 {
			t.Errorf("%s without scripts: %s takes %vx%v", name, selector, box.Model.Width, box.Model.Height)
		}
	}
	var buttons struct {
		IDs []int `json:"nodeIds"`
	}
	b.Call("DOM.querySelectorAll", map[string]any{"nodeId": doc.Root.ID, "selector": "button"}, &buttons)
	if len(buttons.IDs) > 0 {
		t.Errorf("%s without scripts has %d buttons that do nothing", name, len(buttons.IDs))
	}
}
