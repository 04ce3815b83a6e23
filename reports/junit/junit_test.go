package junit

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	s := Suite{Name: "month-end", Properties: []Property{{"seed", "7"}, {"cut", "<\x01>"}}, Cases: []Case{
		{Name: "converged", Class: "property", Verdict: result.Pass},
		{Name: "no-echo", Class: "property", Verdict: result.Fail, Message: `record "<&>` + "\x00", Text: "twice"},
		{Name: "slo", Class: "expectation", Verdict: result.Inconclusive, Message: "nothing was measured"},
		{Name: "primary-wins", Class: "property", Verdict: result.NoOccasion, Message: "no two changes met"},
		{Name: "odd", Class: "expectation"}, // no verdict at all is no pass either
	}}
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="5" failures="1" errors="2">
  <testsuite name="month-end" tests="5" failures="1" errors="2" skipped="1">
    <properties>
      <property name="seed" value="7"></property>
      <property name="cut" value="&lt;` + "\ufffd" + `&gt;"></property>
    </properties>
    <testcase name="converged" classname="month-end.property"></testcase>
    <testcase name="no-echo" classname="month-end.property">
      <failure message="record &#34;&lt;&amp;&gt;` + "\ufffd" + `" type="fail">twice</failure>
    </testcase>
    <testcase name="slo" classname="month-end.expectation">
      <error message="nothing was measured" type="inconclusive"></error>
    </testcase>
    <testcase name="primary-wins" classname="month-end.property">
      <skipped message="no two changes met" type="no occasion"></skipped>
    </testcase>
    <testcase name="odd" classname="month-end.expectation">
      <error message="" type=""></error>
    </testcase>
  </testsuite>
</testsuites>
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
