package machine

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// RefreshEvery: a refresh in the background is begun at most so often.
	RefreshEvery = time.Hour
	// refreshUnknown stands for the idle period of a session that has none:
	// it is refreshed to learn whether it still lives.
	refreshUnknown = 3 * 24 * time.Hour
	// clockSlack is what two looks at one clock may differ by.
	clockSlack = 5 * time.Minute
)

// RefreshDue says whether the session behind the entry name ought to be
// refreshed in the background: a third of its idle period has passed since the
// service was last heard of it. Uses do not count, as only a refresh learns
// what became of the session. A time that is unknown, or that lies ahead since
// the clock was set back, is due now; a session that is past its end, or to be
// removed, is never due: nothing would come of it.
func (s State) RefreshDue(name string, life Life, now time.Time) bool {
	if s.Buried(name) || life.Over(now, s.HighWater) {
		return false
	}
	touched, now := wall(life.Touched), wall(now)
	if touched.IsZero() || touched.After(now.Add(clockSlack)) {
		return true
	}
	idle := life.Idle
	if idle <= 0 {
		idle = refreshUnknown
	}
	return !now.Before(touched.Add(idle / 3))
}

// ClaimRefresh says whether this program is the one to begin a refresh in the
// background now, and notes it in STATE/refresh.stamp: of all programs that
// ask, one in an hour is told yes. It waits for nobody. A stamp that lies
// ahead, as the clock was set back, holds nobody up.
func (f StateFile) ClaimRefresh(now time.Time) (bool, error) {
	now = wall(now)
	if f.recently(now) { // the common answer costs one look
		return false, nil
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return false, err
	}
	lock := flock.New(f.stampPath()+".lock", flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil || !ok {
		return false, err
	}
	defer func() { _ = lock.Close() }()
	if f.recently(now) { // another was faster
		return false, nil
	}
	return true, f.stamp(now)
}

// stamp sets the time of an empty file, and makes it where it is missing.
func (f StateFile) stamp(at time.Time) error {
	file, err := os.OpenFile(f.stampPath(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Chtimes(f.stampPath(), at, at))
}

// recently says whether the stamp is of the last hour.
func (f StateFile) recently(now time.Time) bool {
	info, err := os.Stat(f.stampPath())
	if err != nil {
		return false
	}
	at := wall(info.ModTime())
	return at.Before(now.Add(clockSlack)) && now.Before(at.Add(RefreshEvery))
}

func (f StateFile) stampPath() string { return filepath.Join(f.Dir, "refresh.stamp") }
