package boltstore

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"lanyard/backend/account"
	"lanyard/backend/grant"
	"lanyard/backend/token"
)

// fill sets every field, so that one that was added and is not scanned shows.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(dawn.Add(time.Duration(*n) * time.Microsecond)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d, grüße", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Uint32:
		v.SetUint(uint64(*n))
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(*n + i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(fmt.Sprint(*n)))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			fill(v.Index(i), n)
		}
	default:
		panic(v.Kind())
	}
}

func rowOfSession(s grant.Session) sessionRow {
	return sessionRow{s, refreshRow{s.Refresh, s.Refresh.Current[:], s.Refresh.Previous[:]}}
}

// What is scanned by hand is what encoding/json reads, for every field there is.
func TestScanKnowsEveryField(t *testing.T) {
	var full struct {
		Token   token.Token
		Session grant.Session
		Account account.Account
	}
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	if with, err := json.Marshal(full.Account); err != nil || scanRow(with, new(account.Account)) {
		t.Errorf("an account with second factors is scanned by hand: %v", err)
	}
	full.Account.Factors = account.Factors{} // left to encoding/json, and not in a plain account's row
	for name, row := range map[string]any{
		"token": rowOf(full.Token), "empty token": rowOf(token.Token{}),
		"session": rowOfSession(full.Session), "empty session": rowOfSession(grant.Session{}),
		"account": full.Account, "empty account": account.Account{},
	} {
		value, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		byHand, byLibrary := reflect.New(reflect.TypeOf(row)), reflect.New(reflect.TypeOf(row))
		if !scanRow(value, byHand.Interface()) {
			t.Errorf("%s: left to encoding/json: %s", name, value)
			continue
		}
		if err := json.Unmarshal(value, byLibrary.Interface()); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(byHand.Interface(), byLibrary.Interface()) {
			t.Errorf("%s:\nby hand    %+v\nby library %+v", name, byHand.Elem(), byLibrary.Elem())
		}
	}
}

// Whatever bytes a row has, decode reads what encoding/json reads, or fails
// with it: each byte of real rows is changed, left out and doubled.
func TestScanNeverDiffers(t *testing.T) {
	var full struct {
		Token   token.Token
		Session grant.Session
		Account account.Account
	}
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	full.Account.Email = `"quoted" \ <tag> &` + "\t\u2028\xff"
	differs(t, rowOf(full.Token))
	differs(t, rowOfSession(full.Session))
	differs(t, full.Account)
}

func differs[R any](t *testing.T, row R) {
	t.Helper()
	value, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	same := func(value []byte) {
		var got, want R
		wantErr := json.Unmarshal(value, &want)
		gotErr := decode("test", value, &got)
		if (gotErr == nil) != (wantErr == nil) || (wantErr == nil && !reflect.DeepEqual(got, want)) {
			t.Errorf("%s\nby decode  %+v %v\nby library %+v %v", value, got, gotErr, want, wantErr)
		}
	}
	same(value)
	for i := range value {
		same(value[:i])
		same(append(append([]byte{}, value[:i]...), value[i+1:]...))
		for _, c := range []byte("\"\\,]0 t\x80") {
			changed := append([]byte{}, value...)
			changed[i] = c
			same(changed)
			same(append(append(append([]byte{}, value[:i]...), c), value[i:]...))
		}
	}
	same(append(value, value...))
	same([]byte("null"))
}
