package expr_test

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/expr"
)

func TestTemplate(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		``:                                    ``,
		`plain`:                               `plain`,
		`sip:${e164(contact.uri)}@gw.example`: `sip:+19005551212@gw.example`,
		`${contact.uri.port}/${attempts.size()}/${edge.shadow}`: `5070/1/false`,
		`${uint(7)}`:                        `7`,
		`$${x} costs $5, 100$ or $`:         `${x} costs $5, 100$ or $`,
		`$$${call.trunk}`:                   `$${call.trunk}`,
		`a${"}"}b${'}'}c${"\"}"}d`:          `a}b}c"}d`,
		`${{"a": "b"}["a"]}`:                `b`,
		`${r"\"}|${"""}"'"""}`:              `\|}"'`,
		`${call.trunk + "}" + '{'}`:         `carrier-a}{`,
		`${ call.trunk }${call.transport}`:  `carrier-audp`,
		`${string(q(contact))}`:             `0.5`,
		"${\n  call.trunk\n}":               `carrier-a`,
		`${call.trunk == "x" ? "a" : "b"}ü`: `bü`,
	} {
		tmpl, err := env.Template(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		if got, err := tmpl.Eval(ask()); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", src, got, err, want)
		}
		if tmpl.Source() != src || tmpl.UsesContact() != strings.Contains(src, "contact") {
			t.Errorf("%s: source %q, uses contact %v", src, tmpl.Source(), tmpl.UsesContact())
		}
		if s, ok := tmpl.Literal(); ok != !strings.Contains(strings.ReplaceAll(src, "$${x", ""), "${") && !strings.HasPrefix(src, "$$$") || ok && s != want {
			t.Errorf("%s: literal %q, %v", src, s, ok)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`sip:${contct.uri.user}@h`:            "undeclared reference to \"contct\" (did you mean \"contact\"?)\n  sip:${contct.uri.user}@h\n        ^",
		"a\nbü${call.trunk +\n call.trnk}":    "a Call has no field \"trnk\" (did you mean \"trunk\"?)\n   call.trnk}\n        ^",
		`ab${call`:                            "\"${\" has no \"}\"; write \"$${\" for a literal \"${\"\n  ab${call\n    ^",
		`ab${"call}`:                          `"${" has no "}"`,
		`ab${}`:                               "the expression is empty; want one such as contact.uri.host == \"a.example\"\n  ab${}\n      ^",
		`x${contact.uri}`:                     "this is a SipUri, which has no one way to be written; make it a string, as string(...) does\n  x${contact.uri}\n     ^",
		`x${q(contact)}`:                      `this is a double, which has no one way to be written`,
		`x${attempts}`:                        `this is a list(Attempt), which has no one way to be written`,
		`x${now}`:                             `this is a timestamp, which has no one way to be written`,
		strings.Repeat("x", expr.MaxSource+1): `the text has 4097 bytes, which is more than 4096`,
	} {
		if _, err := env.Template(src); err == nil || !strings.HasPrefix(rendered(err), want) {
			t.Errorf("%.80s:\n got %s\nwant %s", src, rendered(err), want)
		}
	}
}

func TestTemplateFails(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`ab${call.attributes["x"]}`:                  "there is no key \"x\"\n  ab${call.attributes[\"x\"]}\n                     ^",
		"a\n${100 / attempts[0].provisional_status}": "it divides by zero\n  ${100 / attempts[0].provisional_status}\n        ^",
		`${dyn(attempts)}`:                           "this is a dyn, which",
		strings.Repeat(`${call.trunk.replace("", "0123456789012345678901234567890123456789")}`, 30): "the text is longer than 8192 bytes",
	} {
		tmpl, err := env.Template(src)
		if err == nil {
			var got string
			if got, err = tmpl.Eval(ask()); got != "" {
				t.Errorf("%.80s: %q", src, got)
			}
		}
		if err == nil || !strings.HasPrefix(rendered(err), want) {
			t.Errorf("%.80s:\n got %s\nwant %s", src, rendered(err), want)
		}
	}
}
