package policy

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/sipuri"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// rewrite is how a rule changes the URI of a contact.
type rewrite struct {
	scheme     string // sip or sips
	user, host *expr.Template
	port       *expr.Template
	params     []rewriteParam
}

type rewriteParam struct {
	name  string
	value *expr.Template // nil: the parameter goes
}

const maxRewriteParams = 16

var (
	errNoUser = errors.New("the new user is empty")
	errNoHost = errors.New("the new host is empty")
)

func (r *reader) readRewrite(m *strictyaml.Map) *rewrite {
	if m == nil {
		return nil
	}
	w := &rewrite{}
	m.Enum("scheme", &w.scheme, "sip", "sips")
	part := func(key string) *expr.Template {
		v, ok := m.Value(key)
		if !ok {
			return nil
		}
		return r.template(v)
	}
	w.user, w.host, w.port = part("user"), part("host"), part("port")
	if v, ok := m.Value("port"); ok && w.port != nil {
		if text, literal := w.port.Literal(); literal {
			if _, err := portNumber(text); err != nil {
				v.Failf("%s", err)
			}
		}
	}
	m.Map("params").Entries(func(key, value strictyaml.Value) {
		switch {
		case !isToken(key.Text):
			key.Failf("%q is no name of a URI parameter", key.Text)
		case len(w.params) == maxRewriteParams:
			key.Failf("more than %d parameters", maxRewriteParams)
		default:
			w.params = append(w.params, rewriteParam{key.Text, r.template(value)})
		}
	})
	m.Each("remove_params", func(v strictyaml.Value) {
		if !isToken(v.Text) {
			v.Failf("%q is no name of a URI parameter", v.Text)
			return
		}
		w.params = append(w.params, rewriteParam{name: v.Text})
	})
	m.Done()
	return w
}

// apply returns the URI as a rule rewrites it.
func (w *rewrite) apply(u *sipuri.URI, in *expr.Input) (sipuri.URI, error) {
	c := sipuri.Changes{Scheme: w.scheme}
	text := func(t *expr.Template) (string, error) {
		if t == nil {
			return "", nil
		}
		return t.Eval(in)
	}
	user, err := text(w.user)
	if err != nil {
		return *u, err
	}
	if w.user != nil {
		if _, meant := w.user.Literal(); user == "" && !meant {
			return *u, errNoUser
		}
		c.User = &user
	}
	if c.Host, err = text(w.host); err != nil {
		return *u, err
	}
	if w.host != nil && c.Host == "" { // not the host of before
		return *u, errNoHost
	}
	if w.port != nil {
		p, err := text(w.port)
		if err != nil {
			return *u, err
		}
		port, err := portNumber(p)
		if err != nil {
			return *u, err
		}
		c.Port = &port
	}
	for _, p := range w.params {
		if p.value == nil {
			c.Without = append(c.Without, p.name)
			continue
		}
		value, err := p.value.Eval(in)
		if err != nil {
			return *u, err
		}
		c.Params = append(c.Params, sipuri.Param{Name: p.name, Value: value, HasValue: value != ""})
	}
	return u.Rewrite(&c)
}

// portNumber reads a port; "0" and "none" take it out.
func portNumber(text string) (uint16, error) {
	if text == "none" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no port; want 1 to 65535, or none", clean(text))
	}
	return uint16(n), nil
}
