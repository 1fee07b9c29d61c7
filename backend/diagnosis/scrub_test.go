package diagnosis

import "testing"

func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"open lyd_pat_0123456789: refused":        "open ***: refused",
		`got "lyd_ref_fam_secret", gone`:          `got "***", gone`,
		"https://ada:secret@registry.example/v2/": "https://***@registry.example/v2/",
		"proxy me:secret@proxy:3128":              "proxy ***@proxy:3128",
		"Authorization: Bearer abcdefgh.ijkl":     "Authorization: ***",
		"ghp_0123456789abcdef at ghcr.io":         "*** at ghcr.io",
		"AGE-SECRET-KEY-1QQQQ":                    "***",
		"anna@https://registry.example: active":   "anna@https://registry.example: active",
		"anna@http://localhost:8460":              "anna@http://localhost:8460",
		"open /home/ada/.docker/config.json: EOF": "open /home/ada/.docker/config.json: EOF",
	} {
		if got := Scrub(text); got != want {
			t.Errorf("%s becomes %s", text, got)
		}
	}
}
