package memstore_test

import (
	"testing"

	"lanyard/backend/store/memstore"
	"lanyard/backend/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return memstore.New() })
}

func TestStoreAgain(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return storetest.Again(memstore.New()) })
}
