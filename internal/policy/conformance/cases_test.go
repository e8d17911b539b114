package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/conformance"
)

// words are a text in one line, without the signs of comments and Markdown.
func wordsOf(text string) string {
	text = regexp.MustCompile(`(?m)^\s*(//|-|#)\s?`).ReplaceAllString(text, " ")
	text = strings.ReplaceAll(text, "`", "")
	return strings.Join(strings.Fields(strings.ReplaceAll(text, " - ", " ")), " ")
}

// TestSentencesStandInTheContract: what a case quotes is there, word for word.
func TestSentencesStandInTheContract(t *testing.T) {
	t.Parallel()
	contract := ""
	for _, file := range []string{"proto/redirect/v1/redirect.proto", "docs/contract.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		contract += " " + wordsOf(string(data))
	}
	names := make(map[string]bool)
	for _, c := range conformance.Cases() {
		if len(c.Contract) < 20 || !strings.Contains(contract, wordsOf(c.Contract)) {
			t.Errorf("%s quotes %q, which the contract does not say", c.Name, c.Contract)
		}
		if !regexp.MustCompile(`^(contract|errors|stateless|sanity|wire)/[a-z0-9-]+$`).MatchString(c.Name) || names[c.Name] {
			t.Errorf("the name %q is not good, or not the only one", c.Name)
		}
		names[c.Name] = true
		for _, text := range []string{c.Demand, c.Change} {
			if !strings.HasSuffix(text, ".") || len(text) < 20 {
				t.Errorf("%s: %q is no sentence", c.Name, text)
			}
		}
	}
}
