package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"testing/synctest"
)

// Docker Hub may not answer for a while: what is known is printed before.
func TestStatusIsPrintedBeforeDockerHubAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		answered := make(chan *pullsReport)
		go func() {
			err := showStatus(terminal{Out: in}, statusReport{Service: serviceReport{State: "stopped"}}, false, func() *pullsReport { return <-answered })
			_ = in.CloseWithError(err) // nil: the end
		}()
		var lines []string
		for said := bufio.NewScanner(out); said.Scan(); {
			if lines = append(lines, said.Text()); len(lines) == 1 {
				answered <- &pullsReport{Left: 164, Limit: 200}
			}
		}
		if len(lines) != 2 || lines[0] != "own service: stopped" || lines[1] != "pulls left at Docker Hub: 164 of 200" {
			t.Errorf("%q", lines)
		}
	})
}

// With --json the answer is one object, and lacks what Docker Hub did not say.
func TestStatusAsJSONHasPulls(t *testing.T) {
	for _, pulls := range []*pullsReport{nil, {Left: 164, Limit: 200}} {
		var out bytes.Buffer
		if err := showStatus(terminal{Out: &out}, statusReport{}, true, func() *pullsReport { return pulls }); err != nil {
			t.Fatal(err)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if _, has := got["docker_hub_pulls"]; has != (pulls != nil) {
			t.Errorf("%s", out.Bytes())
		}
	}
}
