package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// saveCertificate writes the files of TLS that a configuration may name.
func saveCertificate(t *testing.T, dir string) {
	t.Helper()
	ca := siptest.NewCA(t)
	pair := ca.Issue("edge1.example.com")
	for name, file := range map[string]string{"edge.pem": pair.Cert, "edge.key": pair.Key, "ca.pem": ca.File} {
		if err := os.Rename(file, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}
