package app

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/ledger"
	"lanyard/backend/registryauth"
	"lanyard/backend/signin"
)

// Home is bound: what was going on lately.
type Home struct{ core *core }

// HomeView is that.
type HomeView struct {
	Uses          []UseView `json:"uses"` // the newest first
	Elsewhere     int       `json:"elsewhere"`
	ElsewhereFrom []string  `json:"elsewhereFrom"`
	Hub           *HubView  `json:"hub"` // pulls left at Docker Hub; null: not known
}

// UseView is what a tool asked on this computer.
type UseView struct {
	At         string `json:"at"`
	Tool       string `json:"tool"`
	Host       string `json:"host"`
	Account    string `json:"account"`
	Repository string `json:"repository"` // "": a helper is not told
	Refused    string `json:"refused"`
	Folder     string `json:"folder"`
}

// HubView is how many pulls Docker Hub leaves.
type HubView struct {
	Left  int    `json:"left"`
	Limit int    `json:"limit"`
	Until string `json:"until"`
}

const (
	usesAtHome = 20
	hubWithin  = 3 * time.Second
)

// Look asks the ledger, the service and Docker Hub side by side; who does not
// answer in time is left out.
func (h *Home) Look() (HomeView, error) {
	ctx, cancel := h.core.context(glance)
	defer cancel()
	v := HomeView{Uses: []UseView{}, ElsewhereFrom: []string{}}
	pulls := make(chan *HubView, 1)
	go func() { pulls <- h.pulls(ctx) }()
	elsewhere := make(chan []client.TokenUse, 1)
	go func() { elsewhere <- h.elsewhere(ctx) }()
	all, err := ledger.Ledger{Dir: h.core.Computer.Dirs.State}.Read(usesAtHome)
	if err != nil {
		return v, err
	}
	for _, u := range all {
		v.Uses = append(v.Uses, UseView{
			At: stamp(u.At), Tool: toolName(u.Tool), Host: ledger.Shown(u.Host), Account: ledger.Shown(u.Account),
			Refused: ledger.Shown(u.Refused), Folder: ledger.Shown(u.Folder),
		})
	}
	for _, use := range <-elsewhere {
		v.Elsewhere += int(use.Count)
		if !slices.Contains(v.ElsewhereFrom, use.IP) {
			v.ElsewhereFrom = append(v.ElsewhereFrom, use.IP)
		}
	}
	v.Hub = <-pulls
	return v, nil
}

func (h *Home) pulls(ctx context.Context) *HubView {
	ctx, cancel := context.WithTimeout(ctx, hubWithin)
	defer cancel()
	got, err := h.core.Computer.HubPulls(ctx)
	if err != nil || got == (registryauth.Pulls{}) || got.Limit == 0 {
		return nil
	}
	return &HubView{Left: got.Left, Limit: got.Limit, Until: stamp(got.Resets)}
}

// elsewhere are the uses of this computer's token that did not come from it. A
// service that was not asked, or does not know, has none to tell.
func (h *Home) elsewhere(ctx context.Context) []client.TokenUse {
	var all []client.TokenUse
	err := h.core.ask(ctx, func(a signin.Access) error {
		st, err := h.core.Computer.Look(ctx, a.Account, false)
		if err != nil || st.TokenID == "" {
			return err
		}
		uses, err := a.Server.Holder(a.Token, "").Uses(ctx, st.TokenID)
		if err != nil {
			return err
		}
		sessions, err := a.Server.Sessions(ctx, a.Token)
		if err != nil {
			return err
		}
		all = notFromHere(uses, addressOf(sessions), ownAddresses())
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil
	}
	return all
}

// notFromHere leaves out what came from this computer: from its own addresses,
// from the loopback, or from the one that the service sees this window under.
// Behind one router, another computer looks the same, and is left out too.
func notFromHere(uses []client.TokenUse, seen string, own []string) []client.TokenUse {
	return slices.DeleteFunc(slices.Clone(uses), func(u client.TokenUse) bool {
		ip := net.ParseIP(strings.Trim(u.IP, "[]"))
		return ip == nil || ip.IsLoopback() || u.IP == seen || slices.Contains(own, ip.String())
	})
}

// addressOf is where the service sees this computer; "": it does not say.
func addressOf(sessions []client.SessionRow) string {
	for _, s := range sessions {
		if s.Current {
			return s.IP
		}
	}
	return ""
}

// ownAddresses are those of this computer's network interfaces.
func ownAddresses() []string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var own []string
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok {
			own = append(own, n.IP.String())
		}
	}
	return own
}

// toolName is a program as a person calls it.
func toolName(path string) string {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	return ledger.Shown(path)
}
