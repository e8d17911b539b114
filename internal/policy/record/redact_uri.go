package record

import (
	"strings"

	"github.com/redirectd/redirectd/internal/sipuri"
)

// uri changes the user of a URI, and what names one behind it. The host stays. What
// is no URI becomes another text altogether.
func (r *redactor) uri(text string, of func(string) string) string {
	if text == "" {
		return ""
	}
	u, err := sipuri.Parse(text)
	if err != nil {
		return r.mapper.Of(text)
	}
	scheme, rest := text[:len(u.Scheme)+1], text[len(u.Scheme)+1:]
	switch u.Scheme {
	case "sip", "sips":
		return scheme + r.userinfo(&u, &rest, of) + r.behindHost(rest)
	case "tel":
		number, params := cut(rest, ";")
		return scheme + r.escapedUser(number, of) + r.params(params)
	case "http", "https":
		return scheme + r.words(rest)
	case "urn":
		if strings.HasPrefix(strings.ToLower(rest), "service:") { // RFC 5031: nobody's
			return text
		}
	}
	return scheme + r.mapper.Of(rest)
}

// userinfo returns what stands before the host, changed, and takes it off rest.
func (r *redactor) userinfo(u *sipuri.URI, rest *string, of func(string) string) string {
	if !u.HasUser {
		return ""
	}
	_, *rest, _ = strings.Cut(*rest, "@")
	info := r.escapedUser(u.User, of)
	if u.HasPassword {
		info += ":" + sipuri.EscapeUser(r.mapper.Of(sipuri.Unescape(u.Password)))
	}
	return info + "@"
}

// escapedUser changes a user as it stands in a URI, with its parameters (RFC 4694).
func (r *redactor) escapedUser(user string, of func(string) string) string {
	head, params := cut(user, ";")
	plain := sipuri.Unescape(head)
	// A ";" that was escaped stays so: behind it there is no parameter.
	return strings.ReplaceAll(sipuri.EscapeUser(r.learn(plain, of(plain))), ";", "%3B") + r.params(params)
}

// user changes a user whose escapes are gone.
func (r *redactor) user(user string, of func(string) string) string {
	head, params := cut(user, ";")
	changed := r.learn(head, of(head))
	if params == "" {
		return changed
	}
	var b strings.Builder
	b.WriteString(changed)
	for p := range strings.SplitSeq(params[1:], ";") {
		name, value := cut(p, "=")
		b.WriteString(";" + name)
		if value != "" {
			b.WriteString("=" + r.paramValue(name, value[1:]))
		}
	}
	return b.String()
}

// behindHost changes what follows the host and port: parameters and headers.
func (r *redactor) behindHost(rest string) string {
	rest, headers := cut(rest, "?")
	host, params := cut(rest, ";")
	return host + r.params(params) + r.headers(headers)
}

// params changes the parameters of a URI, the first ";" included.
func (r *redactor) params(params string) string {
	return changeEach(params, ";", ";", r.paramValue)
}

// headers changes the headers of a URI, the "?" included.
func (r *redactor) headers(headers string) string {
	return changeEach(headers, "?", "&", r.headerValue)
}

// changeEach changes the values of a list of NAME=VALUE that begins with first. A
// value that stays is as it was, escapes included.
func changeEach(list, first, separator string, change func(name, value string) string) string {
	if list == "" {
		return ""
	}
	parts := strings.Split(list[1:], separator)
	for i, part := range parts {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		plain := sipuri.Unescape(value)
		if changed := change(sipuri.Unescape(name), plain); changed != plain {
			parts[i] = name + "=" + strings.ReplaceAll(sipuri.EscapeHeader(changed), "?", "%3F")
		}
	}
	return first + strings.Join(parts, separator)
}

// deviceParams are parameters that name a device or a user, in words of their own.
var deviceParams = map[string]bool{"gr": true, "+sip.instance": true, "pub-gruu": true, "temp-gruu": true}

func (r *redactor) paramValue(name, value string) string {
	if deviceParams[strings.ToLower(name)] {
		return r.mapper.Of(value)
	}
	return r.text(value)
}

// cut is strings.Cut, but the separator stays with what follows it.
func cut(s, separator string) (before, after string) {
	if i := strings.Index(s, separator); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
