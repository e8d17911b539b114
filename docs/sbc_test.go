package docs_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/policyhttp"
	"github.com/redirectd/redirectd/internal/proctest"
)

var (
	aToken   = regexp.MustCompile(`v1\.[\w-]+`)
	aVersion = regexp.MustCompile(`"version":"[^"]*"`)
)

// checkSession runs the commands of a session one after the other, and compares what
// they print. TOKEN is the last one that was printed.
func checkSession(t *testing.T, p *page, b block) {
	t.Helper()
	dir := p.save(t)
	rd := proctest.StartFile(t, proctest.Build(t, "redirectd"), dir, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--http", "127.0.0.1:0")
	address, token := rd.Value("msg=listening", "http"), ""
	masked := func(s string) string {
		var one bytes.Buffer // the library of JSON varies its blanks on purpose
		if json.Compact(&one, []byte(s)) == nil {
			s = one.String()
		}
		return strings.TrimSpace(aVersion.ReplaceAllString(aToken.ReplaceAllString(s, "TOKEN"), `"version":"VERSION"`))
	}
	for _, step := range strings.Split("\n"+b.text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(step, "\n")
		c := readCurl(t, dir, strings.ReplaceAll(command, "$TOKEN", token))
		if c.address != "127.0.0.1:8080" {
			t.Fatalf("%s asks %s", command, c.address)
		}
		got := c.run(t, address)
		if masked(got) != masked(want) {
			t.Errorf("%s prints\n%s\nthe page says\n%s", command, got, want)
		}
		token = aToken.FindString(got)
	}
}

// curl is a command line of curl, of which it knows what the page uses.
type curl struct {
	address, path, body string
	header              http.Header
}

func readCurl(t *testing.T, dir, command string) curl {
	t.Helper()
	c := curl{header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	var data []string
	args := words(command)
	for i := 1; i < len(args); i++ {
		value := func() string { i++; return args[i] }
		switch arg := args[i]; arg {
		case "-H":
			name, text, _ := strings.Cut(value(), ": ")
			c.header.Set(name, text)
		case "-d":
			data = append(data, value())
		case "--data-urlencode":
			name, text, _ := strings.Cut(value(), "=")
			data = append(data, name+"="+url.QueryEscape(text))
		case "--data-binary":
			text, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(value(), "@")))
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, string(text))
		default:
			u, err := url.Parse(arg)
			if err != nil || u.Scheme != "http" {
				t.Fatalf("%s: nothing here knows %s", command, arg)
			}
			c.address, c.path = u.Host, u.RequestURI()
		}
	}
	c.body = strings.Join(data, "&")
	return c
}

func (c *curl) run(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = c.header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// words splits a command line as a shell does that knows single quotes only.
func words(command string) (all []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// checkAsked: what stands on the page alone is what its sessions send.
func checkAsked(t *testing.T, p *page, b block) {
	t.Helper()
	if !strings.Contains(p.text, "@"+b.name) {
		t.Errorf("no command of the page sends %s", b.name)
	}
}

// checkUntested: what nothing runs stands below the words that say so, and asks in
// fields that there are.
func checkUntested(t *testing.T, p *page, b block) {
	t.Helper()
	if before, _, _ := strings.Cut(p.text, b.text); !strings.Contains(before, "**not tested here**") {
		t.Errorf("%s:%d: it does not say that it is not tested", p.name, b.line)
	}
	known := policyhttp.Fields()
	found := 0
	for _, m := range regexp.MustCompile(`(?:[?&"=]|\\n)([a-z_]+)=(?:[$"a-z0-9])|"(?:\\n)?([A-Z][a-z]+): `).FindAllStringSubmatch(b.text, -1) {
		name := strings.ToLower(m[1] + m[2])
		if name == "contact" {
			name = "contacts"
		}
		found++
		if !known[name] {
			t.Errorf("%s:%d: it says %s, which is no field of a question", p.name, b.line, name)
		}
	}
	if found < 3 {
		t.Errorf("%s:%d: only %d fields were found", p.name, b.line, found)
	}
}

// TestEveryFieldOfAQuestionIsDocumented, and no other.
func TestEveryFieldOfAQuestionIsDocumented(t *testing.T) {
	t.Parallel()
	p := pageOf(t, "sbc.md")
	_, table, _ := strings.Cut(p.text, "| field of a question |")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[string]bool{}
	for line := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
			documented[m[1]] = true
		}
	}
	for name := range policyhttp.Fields() {
		if !documented[name] {
			t.Errorf("%s has no field %s", p.name, name)
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("%s has the field %s, which does not exist", p.name, name)
	}
}
