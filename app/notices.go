package app

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"lanyard/backend/client"
	"lanyard/backend/notification"
	"lanyard/backend/signin"
)

// Notifier is the desktop's, as notification has it.
type Notifier interface {
	Show(ctx context.Context, s notification.Shown) (bool, error)
}

// notices are what the window has to tell without being asked. What the page
// is shown and what the desktop was shown comes from the same list.
type notices struct {
	core *core

	mu     sync.Mutex
	all    []NoticeView // true now, put away or not
	tokens []expiring   // of who was signed in when they were asked for
	of     signin.Account
}

const (
	notifying = time.Second // while the page may wait for a look
	// rememberFor is how long a notice that is true no longer is remembered:
	// one that comes again is told again.
	rememberFor = 120 * 24 * time.Hour
)

// shown are those that nobody put away.
func (n *notices) shown() []NoticeView {
	away := n.core.memory.load().Dismissed
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(append([]NoticeView{}, n.all...), func(one NoticeView) bool { return !away[one.ID].IsZero() })
}

// dismiss puts one away; one that is not there is nobody's trouble.
func (n *notices) dismiss(id string) {
	n.mu.Lock()
	there := slices.ContainsFunc(n.all, func(one NoticeView) bool { return one.ID == id })
	n.mu.Unlock()
	if !there {
		return
	}
	n.core.memory.update(func(r *remembered) bool {
		r.Dismissed = noted(r.Dismissed, id, n.core.now())
		return true
	})
	n.core.screen.Emit(eventNotices, n.shown())
}

// judge brings the list up to what is known now, tells the page where that is
// news, and the desktop of what it was not told yet.
func (n *notices) judge(v SessionView) {
	now := n.core.now()
	n.mu.Lock()
	k := known{State: v.State, Account: v.Account, Server: v.Server, Ends: moment(v.Ends), IdleEnds: moment(v.IdleEnds), By: v.By, When: moment(v.When), LastFour: v.LastFour}
	if n.of == (signin.Account{Server: v.Server, Name: v.Account}) {
		k.Tokens = n.tokens
	}
	all := noticesOf(k, now)
	news := !reflect.DeepEqual(all, n.all)
	n.all = all
	n.mu.Unlock()
	if news {
		n.core.screen.Emit(eventNotices, n.shown())
	}
	n.notify(all, now)
}

// notify has the desktop show what it did not before. What is not shown, as the
// person does not want it or no desktop shows any, is not told later either.
func (n *notices) notify(all []NoticeView, now time.Time) {
	said := n.core.memory.load()
	var fresh []NoticeView
	for _, one := range all {
		if said.Told[one.ID].IsZero() && said.Dismissed[one.ID].IsZero() {
			fresh = append(fresh, one)
		}
	}
	if len(fresh) == 0 {
		return
	}
	n.core.memory.update(func(r *remembered) bool { // first: a window that is ended meanwhile does not say it twice
		for _, one := range fresh {
			r.Told = noted(r.Told, one.ID, now)
		}
		return true
	})
	wanted, err := (&Settings{core: n.core}).Get()
	if err != nil || n.core.Notifier == nil {
		return // the window says it
	}
	for _, one := range fresh {
		if quiet(one.Kind, wanted) {
			continue
		}
		ctx, cancel := n.core.context(notifying)
		title, body := worded(one)
		_, err := n.core.Notifier.Show(ctx, notification.Shown{ID: one.ID, Title: title, Body: body, Open: "Show", Urgent: one.Kind == noticeEnded})
		cancel()
		n.core.log.logger.Debug("notification", "id", one.ID, "err", err)
	}
}

// opened: a person clicked what the desktop showed.
func (n *notices) opened(id string) {
	n.mu.Lock()
	i := slices.IndexFunc(n.all, func(one NoticeView) bool { return one.ID == id })
	place := "home"
	if i >= 0 {
		place = n.all[i].Place
	}
	n.mu.Unlock()
	n.core.screen.Raise()
	n.core.screen.Emit(eventNoticeOpened, OpenedView{ID: id, Place: place})
}

// ask learns which tokens of the account end, and says whether that is news.
// Administrators' lists of others are not theirs to be told of: it is the
// account's own.
func (n *notices) ask(ctx context.Context) (news bool) {
	var tokens []expiring
	var of signin.Account
	err := n.core.ask(ctx, func(a signin.Access) error {
		all, err := a.Server.Holder(a.Token, "").List(ctx, client.TokenQuery{Source: "manual", Status: "active"})
		if err != nil {
			return err
		}
		of, tokens = a.Account, nil
		for _, t := range all.Tokens {
			if t.ExpiresAt != nil && t.Source == "manual" && t.Active {
				tokens = append(tokens, expiring{ID: t.UUID, Description: t.Label, LastFour: t.LastFour, Expires: *t.ExpiresAt})
			}
		}
		return nil
	})
	if err != nil {
		return false // what was known before is true still
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	news = !reflect.DeepEqual(tokens, n.tokens)
	n.tokens, n.of = tokens, of
	return news
}

// noted is the memory with one more id, and without what is long past.
func noted(all map[string]time.Time, id string, now time.Time) map[string]time.Time {
	kept := map[string]time.Time{id: now.UTC().Truncate(time.Second)}
	for name, at := range all {
		if now.Sub(at) < rememberFor {
			kept[name] = at
		}
	}
	return kept
}

func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}
