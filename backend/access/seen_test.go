package access

import (
	"fmt"
	"testing"
	"time"
)

func TestWhatCountsAsAPull(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	index := Seen{
		Registry: "localhost:8460", Action: Pull, Repository: "ada/app", Tag: "1", Digest: "sha256:index",
		Subject: "ada", Addr: "10.0.0.1", Agent: "docker/28", At: now, Parts: []string{"sha256:amd64", "sha256:arm64"},
	}
	child := index
	child.Tag, child.Digest, child.Parts, child.At = "", "sha256:amd64", nil, now.Add(time.Second)
	for name, row := range map[string]struct {
		change func(*Seen)
		counts bool
	}{
		"the part of an index":       {func(*Seen) {}, false},
		"a second later still":       {func(s *Seen) { s.At = now.Add(together) }, false},
		"another manifest":           {func(s *Seen) { s.Digest = "sha256:other" }, true},
		"a minute later":             {func(s *Seen) { s.At = now.Add(together + time.Second) }, true},
		"by a tag":                   {func(s *Seen) { s.Tag = "amd64" }, true},
		"by another person":          {func(s *Seen) { s.Subject = "eve" }, true},
		"from another address":       {func(s *Seen) { s.Addr = "10.0.0.2" }, true},
		"by another tool":            {func(s *Seen) { s.Agent = "crane" }, true},
		"of another repository":      {func(s *Seen) { s.Repository = "ada/other" }, true},
		"of another registry":        {func(s *Seen) { s.Registry = "registry.example" }, true},
		"a push of the same":         {func(s *Seen) { s.Action = Push }, true},
		"a deletion of the same one": {func(s *Seen) { s.Action = Delete }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var p Pulls
			if !p.Count(index) {
				t.Fatal("the index does not count")
			}
			s := child
			row.change(&s)
			if p.Count(s) != row.counts {
				t.Errorf("%+v counts: %t", s, !row.counts)
			}
		})
	}
}

func TestPullsAreForgotten(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var p Pulls
	for i := range 1000 {
		s := Seen{Action: Pull, Repository: fmt.Sprintf("ada/app%d", i), Tag: "1", At: now.Add(time.Duration(i) * time.Millisecond)}
		for j := range 2 * maxParts {
			s.Parts = append(s.Parts, fmt.Sprint(j))
		}
		p.Count(s)
		if len(p.expected) > maxRemembered {
			t.Fatalf("%d are remembered", len(p.expected))
		}
	}
	if last := (Seen{Action: Pull, Repository: "ada/app999", Digest: "1", At: now.Add(time.Second)}); p.Count(last) {
		t.Error("the newest was forgotten")
	}
}
