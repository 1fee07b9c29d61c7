package grant

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A family is a session and the refresh tokens it gave out, by generation
// from 1.
type family struct {
	session Session
	secrets []string
}

func newFamily() family {
	s, token := fresh().first(key)
	_, secret, _ := token.Family()
	return family{s.Use(0, noon), []string{"", secret}}
}

// rotate presents a generation; it returns the one that came of it.
func (f *family) rotate(generation int, now time.Time) (int, error) {
	s, token, err := f.session.Rotate(f.secrets[generation], key, now)
	f.session = s
	if err != nil {
		return 0, err
	}
	_, secret, _ := token.Family()
	for g, known := range f.secrets {
		if known == secret {
			return g, nil
		}
	}
	f.secrets = append(f.secrets, secret)
	return len(f.secrets) - 1, nil
}

func TestRotate(t *testing.T) {
	type step struct {
		after   time.Duration // since noon
		present int           // generation
		gives   int
		err     error
	}
	useOf := func(generation int, after time.Duration) step { return step{after: after, present: -generation} }
	for name, steps := range map[string][]step{
		"one after the other":                       {{0, 1, 2, nil}, {1, 2, 3, nil}, {2, 3, 4, nil}},
		"the same twice at once: one successor":     {{0, 1, 2, nil}, {0, 1, 2, nil}, {0, 2, 3, nil}},
		"lost answer, a second before a day":        {{0, 1, 2, nil}, {day - time.Second, 1, 2, nil}},
		"lost answer, a day later":                  {{0, 1, 2, nil}, {day, 1, 0, ErrUsed}, {day, 2, 0, ErrEnded}},
		"successor's access token used, 59 seconds": {{0, 1, 2, nil}, useOf(2, time.Second), {59 * time.Second, 1, 2, nil}},
		"successor's access token used, 60 seconds": {{0, 1, 2, nil}, useOf(2, time.Second), {60 * time.Second, 1, 0, ErrUsed}},
		"predecessor's access token still in use":   {{0, 1, 2, nil}, useOf(1, time.Second), {time.Hour, 1, 2, nil}},
		"successor presented: the first is reuse":   {{0, 1, 2, nil}, {1, 2, 3, nil}, {2, 1, 0, ErrUsed}, {3, 3, 0, ErrEnded}},
		"a retry does not renew the day":            {{0, 1, 2, nil}, {23 * time.Hour, 1, 2, nil}, {25 * time.Hour, 1, 0, ErrUsed}},
		"past the idle end":                         {{30 * day, 1, 0, ErrEnded}},
		"a second before the idle end":              {{30*day - time.Second, 1, 2, nil}},
		"clock set back after a rotation":           {{time.Hour, 1, 2, nil}, {0, 1, 2, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFamily()
			for i, s := range steps {
				if s.present < 0 {
					f.session = f.session.Use(-s.present, noon.Add(s.after))
					continue
				}
				gives, err := f.rotate(s.present, noon.Add(s.after))
				if gives != s.gives || !errors.Is(err, s.err) {
					t.Fatalf("step %d gives %d, %v; want %d, %v", i, gives, err, s.gives, s.err)
				}
				if errors.Is(err, ErrUsed) && (f.session.Why != WhyReuse || f.session.Live(noon.Add(s.after))) {
					t.Errorf("reuse did not end the session: %+v", f.session)
				}
			}
		})
	}
}

func TestRotateGarbage(t *testing.T) {
	f := newFamily()
	other, _ := fresh().first(key)
	_, foreign, _ := other.token(tagged(key, other.ID, "x")).Family()
	for name, secret := range map[string]string{
		"empty":                "",
		"a tag's length":       strings.Repeat("A", tagLen),
		"invented":             strings.Repeat("A", 54),
		"cut off":              f.secrets[1][:53],
		"one bit":              "_" + f.secrets[1][1:],
		"another family's":     foreign,
		"under another key":    tagged([]byte("another key"), f.session.ID, "x"),
		"whole, not its part":  string(f.session.token(f.secrets[1])),
		"with something after": f.secrets[1] + "A",
	} {
		t.Run(name, func(t *testing.T) {
			s, token, err := f.session.Rotate(secret, key, noon)
			if !errors.Is(err, ErrInvalid) || token != "" || !s.EndedAt.IsZero() {
				t.Errorf("%v, ended %s", err, s.EndedAt)
			}
		})
	}
}

// The database alone, without the service key, makes no successor.
func TestSuccessorNeedsTheKey(t *testing.T) {
	f := newFamily()
	if f.session.successor(f.secrets[1], key, 2) == f.session.successor(f.secrets[1], []byte("another key"), 2) {
		t.Error("the key does not matter")
	}
	raw, err := json.Marshal(f.session)
	if err != nil || strings.Contains(string(raw), f.secrets[1]) {
		t.Errorf("kept in clear: %s, %v", raw, err)
	}
	if f.session.Refresh.Current != sha256.Sum256([]byte(f.secrets[1])) {
		t.Error("not kept by its SHA-256")
	}
}

// Against a model: at most one head, a reuse ends, an end is for ever.
func TestRotateHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, now := newFamily(), noon
		head, headUsed, rotated, ended := 1, false, noon, false
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "wait")))
			},
			"use": func(t *rapid.T) {
				g := rapid.IntRange(1, len(f.secrets)-1).Draw(t, "generation")
				if f.session.Live(now) && g == head {
					headUsed = true
				}
				f.session = f.session.Use(g, now)
			},
			"present": func(t *rapid.T) {
				g := rapid.IntRange(1, len(f.secrets)-1).Draw(t, "generation")
				live, since := f.session.Live(now), now.Sub(rotated)
				gives, err := f.rotate(g, now)
				switch {
				case ended || !live:
					if !errors.Is(err, ErrEnded) {
						t.Fatalf("an ended session answers %v", err)
					}
				case g == head:
					if err != nil || gives != head+1 {
						t.Fatalf("the head gives %d, %v", gives, err)
					}
					head, headUsed, rotated = gives, false, now
				case g == head-1 && (since < time.Minute || !headUsed && since < day):
					if err != nil || gives != head {
						t.Fatalf("a retry gives %d, %v, want %d", gives, err, head)
					}
				default:
					if !errors.Is(err, ErrUsed) {
						t.Fatalf("reuse of %d under %d answers %v", g, head, err)
					}
					ended = true
				}
			},
			"": func(t *rapid.T) {
				if ended && f.session.Live(noon) {
					t.Fatal("an ended session lives")
				}
				if f.session.Refresh.Current != sha256.Sum256([]byte(f.secrets[head])) {
					t.Fatal("the head is not the model's")
				}
			},
		})
	})
}

func TestRefreshTokenIsHidden(t *testing.T) {
	token := RefreshToken("lyd_ref_family_secret")
	for _, form := range []string{"%s", "%v", "%+v", "%#v"} {
		if got := fmt.Sprintf(form, token); got != "***" {
			t.Errorf("%s prints %q", form, got)
		}
	}
	if got := fmt.Sprintf("%v", struct{ T RefreshToken }{token}); strings.Contains(got, "secret") {
		t.Errorf("within a struct it prints %q", got)
	}
}

func TestFamily(t *testing.T) {
	long := strings.Repeat("s", tagLen+1)
	for name, c := range map[string]struct {
		token   string
		session string
		ok      bool
	}{
		"good":                        {"lyd_ref_abc_" + long, "abc", true},
		"a secret with an underscore": {"lyd_ref_abc_" + long + "_x", "abc", true},
		"another prefix":              {"lyd_pat_abc_" + long, "", false},
		"no family":                   {"lyd_ref__" + long, "", false},
		"no secret":                   {"lyd_ref_abc_", "", false},
		"a short secret":              {"lyd_ref_abc_short", "", false},
		"too long":                    {"lyd_ref_abc_" + strings.Repeat("s", 300), "", false},
		"empty":                       {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			session, secret, ok := RefreshToken(c.token).Family()
			if ok != c.ok || (ok && (session != c.session || !strings.HasSuffix(c.token, secret))) {
				t.Errorf("%q, %q, %v", session, secret, ok)
			}
		})
	}
	f := newFamily()
	if token := f.session.token(f.secrets[1]).Reveal(); strings.Contains(token, "..") || len(token) > 200 {
		t.Errorf("form %q", token)
	}
}

func TestRefreshTokenShowsNowhere(t *testing.T) {
	secret := RefreshToken("lyd_ref_family_secret")
	text, err := json.Marshal(map[string]any{"t": secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(secret), fmt.Sprintf("%s %v %+v %#v %q %d %x", secret, secret, secret, secret, secret, secret, secret), string(text)} {
		if strings.Contains(shown, "secret") || strings.Contains(shown, "736563") {
			t.Errorf("shows as %s", shown)
		}
	}
}
