package registryauth

import (
	"net/http"
	"testing"
	"time"
)

func TestReadPulls(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, one := range map[string]struct {
		limit, left, reset string
		want               Pulls
	}{
		"as documented":   {"200;w=21600", "164;w=21600", "", Pulls{Left: 164, Limit: 200, Window: 6 * time.Hour}},
		"with a reset":    {"200;w=21600", "164;w=21600", "8400", Pulls{Left: 164, Limit: 200, Window: 6 * time.Hour, Resets: now.Add(140 * time.Minute)}},
		"without windows": {"100", "0", "", Pulls{Limit: 100}},
		"none set":        {"", "", "", Pulls{}},
		"half said":       {"200;w=21600", "", "", Pulls{}},
		"more than all":   {"100;w=1", "900;w=1", "", Pulls{Left: 100, Limit: 100, Window: time.Second}},
		"no number":       {"many", "few", "", Pulls{}},
		"negative":        {"-1;w=5", "-1", "", Pulls{}},
		"huge":            {"99999999999999999999", "1", "", Pulls{}},
		"a bad window":    {"100;w=-5;w=x", "7", "", Pulls{Left: 7, Limit: 100}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			for key, value := range map[string]string{"RateLimit-Limit": one.limit, "RateLimit-Remaining": one.left, "RateLimit-Reset": one.reset} {
				if value != "" {
					h.Set(key, value)
				}
			}
			if got := readPulls(h, now); got != one.want {
				t.Errorf("read %+v, want %+v", got, one.want)
			}
		})
	}
}
