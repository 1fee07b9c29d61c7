package account

import "golang.org/x/sync/semaphore"

// CodesOf is what is read out of typed text, for the fuzz target.
func CodesOf(typed string) (app string, isApp bool, recovery string, isRecovery bool) {
	app, isApp = appCode(typed)
	recovery, isRecovery = recoveryCode(typed)
	return app, isApp, recovery, isRecovery
}

// NoTurns is a Hasher at which everybody waits.
func NoTurns() *Hasher {
	turns := semaphore.NewWeighted(1)
	turns.TryAcquire(1)
	return &Hasher{turns: turns}
}
