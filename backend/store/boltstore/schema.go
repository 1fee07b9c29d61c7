package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"
)

// schema is the number of the form in which rows are kept. A change of form
// raises it and adds the step from the number before to migrations.
const schema = 3

// magic says that a bbolt file is ours.
const magic = "lanyard account service"

// The buckets. A listing is a prefix scan: parts of a key are joined by a zero
// byte. "by" buckets are indexes, kept in the transaction of the row.
const (
	inMeta           = "meta"             // magic, schema, instance
	inAccounts       = "accounts"         // id: row
	byName           = "names"            // key of the name: account id
	byEmail          = "emails"           // key of the e-mail address: account id
	byAdmin          = "admins"           // id of an enabled administrator
	inTokens         = "tokens"           // owner, id: row
	inHoldings       = "holdings"         // owner: losses and evictions
	byHash           = "token_hashes"     // SHA-256 of the secret: owner, id
	byTokenID        = "token_ids"        // id: owner
	byTokenSession   = "token_sessions"   // session, owner, id
	inTokenUses      = "token_uses"       // owner, id: what was noted of a token's uses, see uses.go
	inSessionUses    = "session_uses"     // session: what was noted of its uses
	inNoted          = "noted_uses"       // number: uses that are not in the two above yet
	inRequests       = "requests"         // id: row
	byCode           = "codes"            // SHA-256 of the code: request id
	inDevices        = "devices"          // SHA-256 of the device code: row
	byUserCode       = "user_codes"       // user code: device id
	inSessions       = "sessions"         // id: row
	byAccountSession = "account_sessions" // account, session id
	inBrowsers       = "browser_sessions" // id: row
	byLostHash       = "lost_hashes"      // SHA-256 of the secret of a token that gave way: owner
	inOrganizations  = "organizations"    // name: row
	byOrganization   = "organization_ids" // id: name
	inRepositories   = "repositories"     // name: row
	inActivity       = "activity"         // account, event id: row
	byDay            = "activity_days"    // day, account: that there are events
	byDue            = "due"              // time, kind, id: to be looked at by Sweep
)

func buckets() []string {
	return []string{
		inMeta, inAccounts, byName, byEmail, byAdmin, inTokens, inHoldings, byHash, byTokenID, byTokenSession,
		inRequests, byCode, inDevices, byUserCode, inSessions, byAccountSession, inBrowsers,
		byLostHash, inOrganizations, byOrganization, inRepositories, inActivity, byDay, byDue,
		inTokenUses, inSessionUses, inNoted,
	}
}

// A migration brings the rows from its number to the next, within the one
// transaction of all steps.
type migration func(tx *bbolt.Tx) error

// migrations are the steps by the number they begin at.
func migrations() map[int]migration {
	return map[int]migration{
		1: withBuckets(byLostHash, inOrganizations, byOrganization, inRepositories, inActivity, byDay),
		2: withBuckets(inTokenUses, inSessionUses, inNoted),
	}
}

// withBuckets is the step that needs no more than room for what is new.
func withBuckets(names ...string) migration {
	return func(tx *bbolt.Tx) error {
		for _, name := range names {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	}
}

// head is what the meta bucket says.
type head struct {
	schema   int
	instance string
}

func (h head) write(tx *bbolt.Tx) error {
	meta := tx.Bucket([]byte(inMeta))
	return errors.Join(
		meta.Put([]byte("magic"), []byte(magic)),
		meta.Put([]byte("schema"), []byte(strconv.Itoa(h.schema))),
		meta.Put([]byte("instance"), []byte(h.instance)),
	)
}

// readHead says what a file is: ErrForeign if it is not ours.
func readHead(db *bbolt.DB) (h head, err error) {
	defer func() {
		if r := recover(); r != nil { // bbolt panics on what it cannot read
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	err = db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte(inMeta))
		if meta == nil || string(meta.Get([]byte("magic"))) != magic {
			return ErrForeign
		}
		h.instance = string(meta.Get([]byte("instance")))
		if h.schema, err = strconv.Atoi(string(meta.Get([]byte("schema")))); err != nil || h.schema < 1 || h.instance == "" {
			return fmt.Errorf("%w: no schema number or instance", ErrDamaged)
		}
		if h.schema != schema {
			return nil // its buckets are another Lanyard's
		}
		for _, name := range buckets() {
			if tx.Bucket([]byte(name)) == nil {
				return fmt.Errorf("%w: it has no %s", ErrDamaged, name)
			}
		}
		return nil
	})
	return h, err
}

// migrate copies the file to backup/ and takes every step from have to want,
// in one transaction.
func (db *DB) migrate(have, want int, steps map[int]migration) error {
	copied, err := db.backUp(have)
	if err != nil {
		return fmt.Errorf("back up before the migration from schema %d: %w", have, err)
	}
	db.log.Info("migrating the database", "file", db.path, "from", have, "to", want, "backup", copied)
	err = db.bolt.Update(func(tx *bbolt.Tx) error {
		for at := have; at < want; at++ {
			step, ok := steps[at]
			if !ok {
				return fmt.Errorf("no migration from schema %d", at)
			}
			if err := step(tx); err != nil {
				return fmt.Errorf("from schema %d: %w", at, err)
			}
		}
		return head{schema: want, instance: db.instance}.write(tx)
	})
	if err != nil {
		return fmt.Errorf("migrate (the state before is in %s): %w", copied, err)
	}
	return nil
}

// backUp writes a copy to backup/ beside the file, over nothing that is there.
func (db *DB) backUp(schema int) (copied string, err error) {
	dir := filepath.Join(filepath.Dir(db.path), "backup")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	err = db.bolt.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(temp)
		return err
	})
	if err := errors.Join(err, temp.Close()); err != nil {
		return "", err
	}
	if err := db.isCopy(temp.Name(), schema); err != nil {
		return "", err
	}
	base := strings.TrimSuffix(filepath.Base(db.path), filepath.Ext(db.path))
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.schema-%d%s", base, schema, filepath.Ext(db.path))
		if n > 1 {
			name = fmt.Sprintf("%s.schema-%d.%d%s", base, schema, n, filepath.Ext(db.path))
		}
		copied = filepath.Join(dir, name)
		if err := settleFile(temp.Name(), copied); !errors.Is(err, fs.ErrExist) {
			return copied, errors.Join(err, syncDir(filepath.Dir(db.path)))
		}
	}
}

// isCopy opens a copy, so that nothing is migrated on the strength of one that
// cannot be read.
func (db *DB) isCopy(path string, schema int) error {
	bolt, err := mapped(path, Options{Logger: db.log}.filled(), true)
	if err != nil {
		return err
	}
	copied, err := readHead(bolt)
	if err == nil && copied != (head{schema: schema, instance: db.instance}) {
		err = ErrDamaged
	}
	return errors.Join(err, bolt.Close())
}
