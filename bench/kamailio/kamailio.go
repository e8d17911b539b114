// Package kamailio holds the configurations of the peer: what it does is in the
// files beside this one.
package kamailio

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed *.cfg
var files embed.FS

// Options of a Kamailio.
type Options struct {
	HTTP        bool // asks the HTTP policy; otherwise decides in process
	TCP         bool
	RecordRoute bool
	Accounting  bool
}

// Write puts the configurations into a directory.
func Write(dir string) error { return os.CopyFS(dir, files) }

// directory is that of Kamailio's modules.
func directory() (string, error) {
	found, err := filepath.Glob("/usr/lib*/*/kamailio/modules")
	if err != nil || len(found) == 0 {
		return "", errors.New("kamailio has no modules below /usr/lib: apt-get install kamailio")
	}
	return found[0], nil
}

// Modules returns the directory of Kamailio's modules, if it has all that are needed.
func Modules() (string, error) {
	dir, err := directory()
	if err != nil {
		return "", err
	}
	for module, pkg := range map[string]string{"uac_redirect.so": "kamailio", "acc.so": "kamailio", "http_client.so": "kamailio-utils-modules"} {
		if _, err := os.Stat(filepath.Join(dir, module)); err != nil {
			return "", fmt.Errorf("kamailio has no %s: apt-get install %s", module, pkg)
		}
	}
	return dir, nil
}

// Args are the arguments of a tuned Kamailio with the configurations of a
// directory: Debian's default allocator would cost it a third.
func Args(dir, modules string, o Options) []string {
	file := "redirect.cfg"
	if o.HTTP {
		file = "http.cfg"
	}
	args := []string{"-DD", "-f", filepath.Join(dir, file), "-x", "fm", "-X", "fm", "-m", "1024", "-M", "16", "-A", "MODULES=\"" + modules + "/\"", "-w", dir, "-Y", dir}
	for name, on := range map[string]bool{"WITH_TCP": o.TCP, "WITH_RR": o.RecordRoute, "WITH_ACC": o.Accounting} {
		if on {
			args = append(args, "-A", name)
		}
	}
	return args
}
