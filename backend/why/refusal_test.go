package why

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lanyard/backend/ledger"
)

func TestLastRefused(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	use := func(tool, host, refused string) ledger.Use {
		return ledger.Use{At: at, Tool: tool, Host: host, Refused: refused}
	}
	said := &Refusal{At: at, Tool: "/usr/bin/docker", Why: "logged out"}
	for name, c := range map[string]struct {
		uses []ledger.Use // the newest first
		want *Refusal
	}{
		"nobody asked":          {nil, nil},
		"refused":               {[]ledger.Use{use("/usr/bin/docker", "a.example", "logged out")}, said},
		"given":                 {[]ledger.Use{use("/usr/bin/docker", "a.example", "")}, nil},
		"given since":           {[]ledger.Use{use("crane", "a.example", ""), use("/usr/bin/docker", "a.example", "logged out")}, nil},
		"refused since":         {[]ledger.Use{use("/usr/bin/docker", "a.example", "logged out"), use("crane", "a.example", "")}, said},
		"another registry":      {[]ledger.Use{use("/usr/bin/docker", "b.example", "logged out")}, nil},
		"another registry last": {[]ledger.Use{use("crane", "b.example", ""), use("/usr/bin/docker", "a.example", "logged out")}, said},
		"another spelling":      {[]ledger.Use{use("/usr/bin/docker", "https://A.example/v2/", "logged out")}, said},
		"a key that is no host": {[]ledger.Use{use("/usr/bin/docker", "https://a.example/x/y", "logged out")}, nil},
		"our own look":          {[]ledger.Use{use("/opt/lanyard", "a.example", "locked"), use("/usr/bin/docker", "a.example", "logged out")}, said},
	} {
		if diff := cmp.Diff(c.want, lastRefused(c.uses, "a.example")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
