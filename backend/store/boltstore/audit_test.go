package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"lanyard/backend/account"
	"lanyard/backend/grant"
)

// Audit says what is wrong between rows and indexes: an index has an entry for
// each row and no other, and whatever is to be dropped one day is due by then.
func (db *DB) Audit() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	err := db.view(context.Background(), func(t *txn) error {
		want := map[string]map[string]string{}
		for _, index := range []string{byName, byEmail, byAdmin, byHash, byTokenID, byTokenSession, byCode, byUserCode, byAccountSession} {
			want[index] = map[string]string{}
		}
		due := map[string]uint64{} // the earliest, by kind and id
		if err := t.under(byDue, nil, func(k, _ []byte) (bool, error) {
			if at, seen := binary.BigEndian.Uint64(k), due[string(k[8:])]; seen == 0 || at < seen {
				due[string(k[8:])] = at + 1 // so that 0 is none
			}
			return true, nil
		}); err != nil {
			return err
		}
		dueBy := func(kind byte, id string, by uint64) {
			if at := due[string(kind)+id]; at == 0 || at-1 > by {
				say("%c %q is due at %d, want by %d", kind, id, at, by)
			}
		}
		if err := t.under(inAccounts, nil, func(k, v []byte) (bool, error) {
			var a account.Account
			err := decode(inAccounts, v, &a)
			want[byName][account.Key(a.Name)] = a.ID
			if a.Email != "" {
				want[byEmail][account.Key(a.Email)] = a.ID
			}
			if a.Admin && !a.Disabled {
				want[byAdmin][a.ID] = a.ID
			}
			return true, err
		}); err != nil {
			return err
		}
		if err := t.under(inTokens, nil, func(k, v []byte) (bool, error) {
			one, err := decodeToken(t, v)
			if !bytes.Equal(k, key(one.Owner, one.ID)) {
				say("token %s of %s stands at %q", one.ID, one.Owner, k)
			}
			want[byHash][string(one.Hash[:])] = string(k)
			want[byTokenID][one.ID] = one.Owner
			if one.Session != "" {
				want[byTokenSession][string(key(one.Session, one.Owner, one.ID))] = ""
				if _, found, _ := sessionOf(t, one.Session); !found {
					dueBy(dueSession, one.Session, 0)
				}
			}
			return true, err
		}); err != nil {
			return err
		}
		if err := t.under(inSessions, nil, func(k, v []byte) (bool, error) {
			s, _, err := sessionOf(t, string(k))
			want[byAccountSession][string(key(s.Account, s.ID))] = ""
			// Over already: looked at again and again until it is forgotten.
			end := s.EndedAt
			if end.IsZero() {
				end = s.Until()
			}
			dueBy(dueSession, s.ID, micros(end.AddDate(0, 1, 1)))
			return true, err
		}); err != nil {
			return err
		}
		if err := t.under(inRequests, nil, func(k, v []byte) (bool, error) {
			var r grant.Request
			err := decode(inRequests, v, &r)
			if r.Code != [32]byte{} {
				want[byCode][string(r.Code[:])] = r.ID
			}
			if due[string(rune(dueRequest))+r.ID] == 0 {
				say("request %s is never due", r.ID)
			}
			return true, err
		}); err != nil {
			return err
		}
		for _, of := range []struct{ uses, rows string }{{inTokenUses, inTokens}, {inSessionUses, inSessions}} {
			if err := t.under(of.uses, nil, func(k, _ []byte) (bool, error) {
				if t.get(of.rows, k) == nil {
					say("%s has %q, which is gone", of.uses, k)
				}
				return true, nil
			}); err != nil {
				return err
			}
		}
		for index, entries := range want {
			if err := t.under(index, nil, func(k, v []byte) (bool, error) {
				if row, ok := entries[string(k)]; !ok {
					say("%s has %q, which is nobody's", index, k)
				} else if row != string(v) {
					say("%s has %q for %q, want %q", index, v, k, row)
				}
				delete(entries, string(k))
				return true, nil
			}); err != nil {
				return err
			}
			for k := range entries {
				say("%s lacks %q", index, k)
			}
		}
		return nil
	})
	if err != nil {
		say("%v", err)
	}
	return wrong
}
