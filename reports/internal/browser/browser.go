// Package browser drives a headless Chromium in tests of pages, by the DevTools
// protocol over a pipe: no port, no socket, no other module. Begin with [Start].
package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Browser is a running Chromium with one page.
type Browser struct {
	t       *testing.T
	in      io.Writer
	session string

	mu      sync.Mutex
	next    int
	waiting map[int]chan message
	heard   []message
	loaded  chan struct{}
	gone    error // why nothing more comes
}

type message struct {
	ID      int             `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// names under which Chromium is installed.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Find returns where Chromium is; empty where it is not installed.
func Find() string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Start starts Chromium, which ends with the test.
func Start(t *testing.T, path string) *Browser {
	t.Helper()
	profile := t.TempDir()
	fromUs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	theirs, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{fromUs, toUs} // its descriptors 3 and 4
	cmd.Env = append(cmd.Environ(), "HOME="+profile)
	cmd.Stderr = io.Discard // a pipe, which its helper processes hold: waiting for it is waiting for them, who write to the profile
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, in: ours, waiting: map[int]chan message{}, loaded: make(chan struct{}, 1)}
	t.Cleanup(func() {
		_ = ours.Close() // the browser ends when its pipe does
		_ = cmd.Wait()   // killed or not: the test is over
	})
	_ = fromUs.Close() // it has its own
	_ = toUs.Close()
	go b.listen(theirs)

	var targets struct {
		Infos []struct {
			ID   string `json:"targetId"`
			Type string `json:"type"`
		} `json:"targetInfos"`
	}
	b.Call("Target.getTargets", nil, &targets)
	var session struct {
		ID string `json:"sessionId"`
	}
	for _, info := range targets.Infos {
		if info.Type == "page" {
			b.Call("Target.attachToTarget", map[string]any{"targetId": info.ID, "flatten": true}, &session)
		}
	}
	if b.session = session.ID; b.session == "" {
		t.Fatal("chromium has no page")
	}
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.Call(domain+".enable", nil, nil)
	}
	return b
}

// listen takes in what the browser says, each message ended by a zero byte.
func (b *Browser) listen(from io.Reader) {
	r := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			b.gone = err
			for _, answer := range b.waiting {
				close(answer)
			}
			b.waiting = nil
			b.mu.Unlock()
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue // not for us
		}
		b.mu.Lock()
		if answer := b.waiting[m.ID]; m.ID != 0 && answer != nil {
			answer <- m
			delete(b.waiting, m.ID)
		} else {
			b.heard = append(b.heard, m)
		}
		b.mu.Unlock()
		if m.Method == "Page.loadEventFired" {
			select {
			case b.loaded <- struct{}{}:
			default:
			}
		}
	}
}

// Call calls a method of the protocol and reads its result; nil: nobody wants it.
func (b *Browser) Call(method string, params, into any) {
	b.t.Helper()
	if err := b.call(method, params, into); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *Browser) call(method string, params, into any) error {
	raw := json.RawMessage("{}")
	if params != nil {
		text, err := json.Marshal(params)
		if err != nil {
			return err
		}
		raw = text
	}
	answer := make(chan message, 1)
	b.mu.Lock()
	if b.waiting == nil {
		b.mu.Unlock()
		return fmt.Errorf("chromium is gone: %w", b.gone)
	}
	b.next++
	text, err := json.Marshal(message{ID: b.next, Method: method, Session: b.session, Params: raw})
	if err == nil {
		b.waiting[b.next] = answer
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	m, there := <-answer
	switch {
	case !there:
		return fmt.Errorf("chromium is gone: %w", b.gone)
	case m.Error != nil:
		return errors.New(m.Error.Message)
	case into == nil:
		return nil
	}
	return json.Unmarshal(m.Result, into)
}

// Open loads a file and waits for it; what was heard before is forgotten.
func (b *Browser) Open(path string) {
	b.t.Helper()
	b.mu.Lock()
	b.heard = nil
	b.mu.Unlock()
	select {
	case <-b.loaded:
	default:
	}
	b.Call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	select {
	case <-b.loaded:
	case <-b.t.Context().Done():
		b.t.Fatal("the page was not loaded before the test ended")
	}
}

// Eval evaluates an expression in the page, waits for it if it is a promise, and
// reads its value.
func (b *Browser) Eval(expression string, into any) {
	b.t.Helper()
	var out struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &out)
	if out.Exception != nil {
		b.t.Fatalf("%s %s", out.Exception.Text, out.Exception.Exception.Description)
	}
	if into != nil {
		if err := json.Unmarshal(out.Result.Value, into); err != nil {
			b.t.Fatalf("%.80s gave %s: %v", expression, out.Result.Value, err)
		}
	}
}

// Complaints lists what went wrong since the page was opened: errors and
// warnings on the console, refusals by its policy, exceptions.
func (b *Browser) Complaints() []string {
	var list []string
	for _, m := range b.all() {
		switch m.Method {
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
			list = append(list, string(m.Params))
		}
	}
	return list
}

// Requests lists what was asked of the network or of files since the page was
// opened, without what stands in the page itself.
func (b *Browser) Requests() []string {
	var list []string
	for _, m := range b.all() {
		if m.Method != "Network.requestWillBeSent" {
			continue
		}
		var p struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if json.Unmarshal(m.Params, &p) == nil && !strings.HasPrefix(p.Request.URL, "data:") {
			list = append(list, p.Request.URL)
		}
	}
	return list
}

// all is what was heard up to now: a call whose answer comes after it.
func (b *Browser) all() []message {
	b.Call("Runtime.evaluate", map[string]any{"expression": "0"}, nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.heard
}
