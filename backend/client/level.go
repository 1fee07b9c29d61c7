package client

import "errors"

// Level is the level of the service's interface that this build speaks. A
// service says its own at /.well-known/lanyard ("api"), and the least that it
// still serves ("api_least"). Builds are not compared: what counts is what is
// said on the wire. It is raised when this computer's side needs something that
// a service of before has not.
//
//	0  a service that does not say: signing in, tokens
//	1  rights, activity
//	2  sessions, uses and reach of tokens, changes as they happen, second factors
const Level = 2

// ErrTooNew: the service serves only later builds than this one.
var ErrTooNew = errors.New("the server needs a newer Lanyard")

// TooOld says whether a service has not all that this build may ask it for.
func (i Info) TooOld() bool { return i.Level < Level }

// TooNew says whether a service does not serve this build any more.
func (i Info) TooNew() bool { return i.LevelLeast > Level }
