package vault

// Proof is how the secret of an application is recognised. It is no secret
// that could be used, but it is kept from all output all the same.
type Proof struct {
	Kind ProofKind
	Salt []byte // argon2id only
	Sum  []byte
}

// ProofKind is how Sum was made.
type ProofKind string

// A typed secret goes through a slow hash; a generated one of 256 bits needs none.
const (
	ProofNone     ProofKind = ""
	ProofArgon2id ProofKind = "argon2id-19m-2-1" // 19 MiB, 2 passes, 1 lane, 32 bytes
	ProofSHA256   ProofKind = "sha256"
)
