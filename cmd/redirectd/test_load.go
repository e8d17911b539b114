package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/rehearse"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// suite is a file of tests and the policy that it is about.
type suite struct {
	file   *rehearse.File
	policy policy.Policy
}

// loader loads files of tests and their policies, and collects what is wrong in
// all of them.
type loader struct {
	policies map[string]policy.Policy // by path; nil: it is not good
	problems strictyaml.Error
}

// loadSuites loads files, and of directories the files of tests in them. With a
// config that is the policy of all.
func loadSuites(config string, paths []string) ([]suite, error) {
	files, err := testFiles(paths)
	if err != nil {
		return nil, err
	}
	l := loader{policies: make(map[string]policy.Policy)}
	var suites []suite
	for _, name := range files {
		file, err := rehearse.Load(name)
		if err = l.collect(err); err != nil {
			return nil, err
		}
		if file == nil {
			continue
		}
		if config != "" {
			file.Policy = config
		}
		p, err := l.policy(file)
		if err != nil {
			return nil, err
		}
		suites = append(suites, suite{file, p})
	}
	if len(l.problems.Problems) > 0 {
		return nil, &l.problems
	}
	return suites, nil
}

// policy loads the policy of a file once for all files that are about it. It is nil
// if there are problems.
func (l *loader) policy(file *rehearse.File) (policy.Policy, error) {
	if file.Policy == "" {
		l.problems.Problems = append(l.problems.Problems, strictyaml.Problem{
			File: file.Name, Line: 1, Col: 1, Path: "policy", Text: "the key is missing: which policy file, or --config?",
		})
		return nil, nil
	}
	if p, ok := l.policies[file.Policy]; ok {
		return p, nil
	}
	l.policies[file.Policy] = nil
	cfg, err := policy.LoadConfig(file.Policy)
	if err != nil {
		return nil, l.collect(err)
	}
	p := policy.NewBuiltin(cfg)
	l.policies[file.Policy] = p
	return p, nil
}

// collect keeps the problems of a file, and returns any other error.
func (l *loader) collect(err error) error {
	if problems, ok := errors.AsType[*strictyaml.Error](err); ok {
		l.problems.Problems = append(l.problems.Problems, problems.Problems...)
		l.problems.Omitted += problems.Omitted
		return nil
	}
	return err
}

// testFiles returns the files that paths name, in their order and those of a
// directory by name.
func testFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read the tests: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(d.Name(), "_test.yaml") {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the tests: %w", err)
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s has no file *_test.yaml", path)
		}
	}
	return files, nil
}
