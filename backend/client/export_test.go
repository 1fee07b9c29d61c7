package client

// Take gives an attempt the verifier of another.
func (a *Attempt) Take(other Attempt) { a.verifier = other.verifier }
