package why

import (
	"errors"
	"fmt"
	"strings"

	"lanyard/backend/keychain"
	"lanyard/backend/machine"
	"lanyard/backend/registryauth"
)

// Verdict is the conclusion in one word, for programs.
type Verdict string

// The verdicts.
const (
	OK          Verdict = "ok"        // pull and push
	ReadOnly    Verdict = "read_only" // pull, no push
	Public      Verdict = "public"    // pull, by anybody
	NotFound    Verdict = "not_found" // it may be pulled, and is not there
	NoRight     Verdict = "no_right"  // the registry knows who asks, and says no
	Refused     Verdict = "refused"   // it does not take name and secret
	NotSetUp    Verdict = "not_set_up"
	SignedOut   Verdict = "signed_out"
	Ended       Verdict = "ended"
	LoggedOut   Verdict = "logged_out" // by a tool: docker logout
	Locked      Verdict = "keychain_locked"
	NoKeychain  Verdict = "keychain_missing"
	NoHelper    Verdict = "helper_missing"
	HelperFails Verdict = "helper_failed"
	BrokenFile  Verdict = "file_broken"
	Unreachable Verdict = "unreachable"
	Unclear     Verdict = "unknown"
)

// Conclusion is the reason, and the one thing to do.
type Conclusion struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	Do      string  `json:"do,omitempty"` // a command, or what to do in words; "": nothing
}

// Pulls says whether nothing stands in the way of a pull.
func (v Verdict) Pulls() bool { return v == OK || v == ReadOnly || v == Public }

// judge draws the conclusion. What is wrong on this computer counts before
// what the registry says to somebody without credentials, unless that is yes.
func judge(f facts) Conclusion {
	local, wrong := f.local()
	switch d := f.Decides; {
	case d == nil:
		if wrong {
			return local
		}
		return f.silent()
	case f.Login == nil && d.Pull == registryauth.Yes:
		return f.open(local, wrong)
	case f.Login == nil && wrong:
		return local
	default:
		return f.decided(*d)
	}
}

// local is what is wrong on this computer, so that the tool has no credentials.
func (f facts) local() (Conclusion, bool) {
	if f.Login != nil {
		return Conclusion{}, false
	}
	for _, l := range f.Looks {
		switch l.Outcome {
		case Broken:
			return Conclusion{BrokenFile, fmt.Sprintf("%s cannot be read: %s.", l.File, strings.TrimSuffix(l.Said, ".")), "lanyard docker doctor"}, true
		case Missing:
			c := Conclusion{NoHelper, fmt.Sprintf("%s names docker-credential-%s, which is not on the PATH.", place(l), l.Helper), "lanyard docker doctor"}
			if l.Helper == ourSuffix {
				c.Do = "lanyard docker setup"
			}
			return c, true
		}
	}
	var last *Look
	for i, l := range f.Looks {
		if l.Helper == ourSuffix {
			return f.ours(l), true
		}
		last = &f.Looks[i]
	}
	managed := f.Account != nil && f.Account.Name != ""
	switch {
	case managed && last != nil && last.Helper != "":
		return Conclusion{NotSetUp, fmt.Sprintf("%s asks docker-credential-%s for %s, and not Lanyard, where you are signed in as %s.", f.Tool, last.Helper, f.Image.Host, f.Account.Name), "lanyard docker setup --replace"}, true
	case managed:
		return Conclusion{NotSetUp, fmt.Sprintf("%s has no place to look for %s in, though you are signed in there as %s.", f.Tool, f.Image.Host, f.Account.Name), "lanyard docker setup"}, true
	case last != nil && last.Outcome == Failed:
		return Conclusion{HelperFails, fmt.Sprintf("docker-credential-%s could not be asked: %s.", last.Helper, strings.TrimSuffix(last.Said, ".")), "lanyard docker doctor"}, true
	}
	return f.signedOut(), true
}

// ours is why Lanyard's own helper has nothing.
func (f facts) ours(l Look) Conclusion {
	a := f.Account
	managed := a != nil && a.Name != ""
	switch {
	case f.stranger:
		return Conclusion{SignedOut, machine.AsVariable + " is set, and names no account that is signed in here.", "Unset " + machine.AsVariable + ", or see lanyard accounts."}
	case l.Outcome == Failed:
		return Conclusion{HelperFails, "Lanyard's credential helper failed: " + l.Said, "lanyard docker doctor"}
	case managed && a.Off:
		return Conclusion{LoggedOut, fmt.Sprintf("A tool logged out of %s; %s is still signed in here, and not used there.", f.Image.Host, a.Name), "lanyard accounts switch " + a.Ref()}
	case managed && a.Buried:
		return Conclusion{Ended, fmt.Sprintf("The session of %s at %s has ended.", a.Name, a.Server), f.again()}
	case managed && errors.Is(f.keychain, keychain.ErrLocked):
		return Conclusion{Locked, "The keychain is locked, so the token in it cannot be read.", "lanyard keychain unlock"}
	case managed && f.keychain != nil:
		return Conclusion{NoKeychain, "No keychain answers in this session: " + f.keychain.Error(), "lanyard keychain status"}
	case managed:
		return Conclusion{Ended, fmt.Sprintf("There is no token of %s at %s on this computer.", a.Name, a.Server), f.again()}
	}
	return f.signedOut()
}

// signedOut: nobody is signed in for this registry, or not any more.
func (f facts) signedOut() Conclusion {
	if words, ok := f.endedAs(); ok && words.Says != "" {
		return Conclusion{Ended, words.Says, f.again()}
	}
	if a := f.Account; a != nil && len(a.Others) > 0 {
		return Conclusion{SignedOut, fmt.Sprintf("Nobody answers for %s on this computer; %s could.", f.Image.Host, a.Others[0]), "lanyard accounts switch " + a.Others[0]}
	}
	return Conclusion{SignedOut, fmt.Sprintf("Nobody is signed in for %s on this computer.", f.Image.Host), f.again()}
}

// again is the command that signs in for the registry.
func (f facts) again() string {
	named := f.Account != nil && f.Account.Name != ""
	if f.Image.Host == machine.DockerHub && !(named && f.Account.Pasted) {
		return "lanyard login --server docker-hub"
	}
	if named && !f.Account.Pasted {
		return "lanyard login --server " + f.Account.Server
	}
	if f.endedAt != "" && strings.Contains(f.endedAt, "://") {
		return "lanyard login --server " + f.endedAt
	}
	user := "NAME"
	if named {
		user = f.Account.Name
	}
	return fmt.Sprintf("lanyard login --server %s --username %s --with-token", f.Image.Host, user)
}

// silent: the registry could not be asked, and nothing is wrong here.
func (f facts) silent() Conclusion {
	if f.unreachable {
		return Conclusion{Unreachable, fmt.Sprintf("%s does not answer, so what it would decide is not known; on this computer nothing stands in the way.", f.Image.Host), "Check the network, and that the registry runs."}
	}
	return Conclusion{Unclear, fmt.Sprintf("%s could not be asked: %s.", f.Image.Host, strings.TrimSuffix(f.Unreachable, ".")), "Ask whoever runs the registry."}
}

// open: without credentials, and it may be pulled.
func (f facts) open(local Conclusion, wrong bool) Conclusion {
	c := Conclusion{Public, fmt.Sprintf("Anybody may pull %s; no sign-in is needed.", f.Image.Repository), ""}
	switch {
	case f.Decides.Found == registryauth.No:
		c = Conclusion{NotFound, fmt.Sprintf("%s has no %s of %s.", f.Image.Host, f.Image.Reference, f.Image.Repository), "Check the name and the tag."}
	case wrong && f.Account != nil && f.Account.Name != "":
		c.Reason += " But a push would not work: " + local.Reason
		c.Do = local.Do
	}
	return c
}

// decided is what the registry makes of the credentials, or of nobody.
func (f facts) decided(d Decision) Conclusion {
	words := ""
	if d.Words != "" {
		words = fmt.Sprintf(" It says: %s.", strings.TrimSuffix(d.Words, "."))
	}
	name := "somebody without a name"
	if f.Login != nil {
		name = f.Login.Username
	}
	switch {
	case d.Login == registryauth.No:
		return Conclusion{Refused, fmt.Sprintf("%s does not take the token of %s.%s", f.Image.Host, name, words), f.renew()}
	case d.Pull == registryauth.No && f.refusal("pull") != "":
		return Conclusion{NoRight, f.refusal("pull"), f.ask()}
	case d.Pull == registryauth.No && d.Push == registryauth.Yes:
		return Conclusion{NoRight, fmt.Sprintf("%s may push %s, but not pull it.%s", name, f.Image.Repository, words), f.ask()}
	case d.Pull == registryauth.No:
		return Conclusion{NoRight, fmt.Sprintf("%s may not pull %s from %s.%s", name, f.Image.Repository, f.Image.Host, words), f.ask()}
	case d.Found == registryauth.No && d.Push == registryauth.Yes:
		return Conclusion{NotFound, fmt.Sprintf("%s has no %s of %s yet; %s may push it.", f.Image.Host, f.Image.Reference, f.Image.Repository, name), ""}
	case d.Found == registryauth.No:
		return Conclusion{NotFound, fmt.Sprintf("%s has no %s of %s, as far as %s may see.", f.Image.Host, f.Image.Reference, f.Image.Repository, name), "Check the name and the tag."}
	case d.Pull == registryauth.Yes && d.Push == registryauth.Yes:
		return Conclusion{OK, fmt.Sprintf("Nothing stands in the way: %s may pull and push %s.", name, f.Image.Repository), ""}
	case d.Pull == registryauth.Yes && d.Push == registryauth.No && f.refusal("push") != "":
		return Conclusion{ReadOnly, fmt.Sprintf("%s may pull %s, but: %s", name, f.Image.Repository, f.refusal("push")), ""}
	case d.Pull == registryauth.Yes && d.Push == registryauth.No:
		return Conclusion{ReadOnly, fmt.Sprintf("%s may pull %s, but not push it.%s", name, f.Image.Repository, words), ""}
	case d.Pull == registryauth.Yes:
		return Conclusion{OK, fmt.Sprintf("Nothing stands in the way of a pull by %s; whether a push is allowed shows at the first one.", name), ""}
	}
	return Conclusion{Unclear, fmt.Sprintf("%s does not say what it would decide.%s", f.Image.Host, words), "Try it."}
}

// renew is what to do with credentials that are refused.
func (f facts) renew() string {
	if f.Login != nil && f.Login.Lanyard {
		return f.again()
	}
	return fmt.Sprintf("%s logout %s, and then: %s", f.Tool, f.Image.Domain, f.again())
}

// ask is what to do about a right that is missing.
func (f facts) ask() string {
	if f.Account != nil && len(f.Account.Others) > 0 {
		return fmt.Sprintf("lanyard run --as %s -- %s pull %s", f.Account.Others[0], f.Tool, f.Image.Name)
	}
	if f.Login == nil {
		return f.again()
	}
	return "Ask whoever owns " + f.Image.Repository + " for the right, or use a path of your own."
}

func place(l Look) string {
	if l.File == "" {
		return "The configuration"
	}
	return l.File
}
