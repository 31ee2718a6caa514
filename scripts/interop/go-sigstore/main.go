// Verifies a bundle with sigstore-go.
// Run with: sigstore TRUSTED_ROOT BUNDLE SHA256_OF_THE_IMAGE
package main

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

func check(trustedRoot, bundleFile, digest string) error {
	trusted, err := root.NewTrustedRootFromPath(trustedRoot)
	if err != nil {
		return err
	}
	signed, err := bundle.LoadJSONFromPath(bundleFile)
	if err != nil {
		return err
	}
	octets, err := hex.DecodeString(digest)
	if err != nil {
		return err
	}
	// No transparency log: a private authority and a time stamp. Whose certificate it may be, the register says
	verifier, err := verify.NewVerifier(trusted, verify.WithSignedTimestamps(1))
	if err != nil {
		return err
	}
	policy := verify.NewPolicy(verify.WithArtifactDigest("sha256", octets), verify.WithoutIdentitiesUnsafe())
	result, err := verifier.Verify(signed, policy)
	if err != nil {
		return err
	}
	fmt.Println(result.Statement.GetPredicateType())
	return nil
}

func main() {
	if err := check(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintf(os.Stderr, "%T: %v\n", err, err)
		os.Exit(1)
	}
}
