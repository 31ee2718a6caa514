// Reads targets with go-tuf's own client.
// Run with: tuf METADATA_URL TARGETS_URL ROOT_FILE STATE_FOLDER PATH...
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

func read(metadata, targets, rootFile, state string, paths []string) error {
	root, err := os.ReadFile(rootFile)
	if err != nil {
		return err
	}
	settings, err := config.New(metadata, root)
	if err != nil {
		return err
	}
	settings.LocalMetadataDir = state
	settings.LocalTargetsDir = filepath.Join(state, "targets")
	settings.RemoteTargetsURL = targets
	client, err := updater.New(settings)
	if err != nil {
		return err
	}
	if err := client.Refresh(); err != nil {
		return err
	}
	for _, path := range paths {
		info, err := client.GetTargetInfo(path)
		if err != nil {
			return err
		}
		_, octets, err := client.DownloadTarget(info, "", "")
		if err != nil {
			return err
		}
		fmt.Printf("%x %s\n", sha256.Sum256(octets), path)
	}
	return nil
}

func main() {
	if err := read(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintf(os.Stderr, "%T: %v\n", err, err)
		os.Exit(1)
	}
}
