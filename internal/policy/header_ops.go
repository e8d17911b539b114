package policy

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/sipuri"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

const (
	maxHeaderOps   = 64       // the contract's, of one target
	maxOpsBytes    = 24 << 10 // of one target, so that an answer stays below 64 KiB
	maxHeaderValue = 8 << 10  // bytes
)

// headerAction is one change of header fields that a rule makes.
type headerAction struct {
	kind    string // add, set, remove, copy
	name    string
	value   *expr.Template // of add and set
	from    redirectv1.MessageRef
	as      string
	replace bool
}

// readHeaderActions reads headers: a list of {add: NAME, value: TEXT}, {set: NAME,
// value: TEXT}, {remove: NAME} and {copy: NAME, from: WHICH, as: NAME, replace: true}.
func (r *reader) readHeaderActions(m *strictyaml.Map) []headerAction {
	maps := m.Maps("headers")
	if len(maps) > maxRuleHeaders {
		m.Failf("headers", "%d changes are more than %d", len(maps), maxRuleHeaders)
		maps = nil
	}
	actions := make([]headerAction, 0, len(maps))
	for _, h := range maps {
		actions = append(actions, r.readHeaderAction(h))
	}
	return actions
}

func (r *reader) readHeaderAction(m *strictyaml.Map) headerAction {
	a := headerAction{from: redirectv1.MessageRef_MESSAGE_REF_RESPONSE}
	kinds := 0
	for _, kind := range []string{"add", "set", "remove", "copy"} {
		if m.Has(kind) {
			kinds++
			a.kind, a.name = kind, readHeaderName(m, kind)
		}
	}
	if kinds != 1 {
		m.Failf("", "want one of add, set, remove and copy, with the name of a header field")
	}
	if v, ok := m.Value("value"); ok {
		a.value = r.template(v)
	}
	if hasValue := m.Has("value"); hasValue != (a.kind == "add" || a.kind == "set") {
		m.Failf("value", "add and set need a value, remove and copy have none")
	}
	choose(m, "from", &a.from, choice[redirectv1.MessageRef]{"response", redirectv1.MessageRef_MESSAGE_REF_RESPONSE},
		choice[redirectv1.MessageRef]{"request", redirectv1.MessageRef_MESSAGE_REF_REQUEST},
		choice[redirectv1.MessageRef]{"contact", redirectv1.MessageRef_MESSAGE_REF_CONTACT})
	a.as = readHeaderName(m, "as")
	m.Bool("replace", &a.replace)
	if a.kind != "copy" && (m.Has("from") || m.Has("as") || m.Has("replace")) {
		m.Failf(a.kind, "from, as and replace belong to copy")
	}
	if a.from == redirectv1.MessageRef_MESSAGE_REF_CONTACT && (isListed(notOfContact, a.name) || isListed(notOfContact, a.as)) {
		m.Failf("copy", "a Contact may not set %s: it says what the caller is or can (RFC 3261 section 19.1.5)", a.name)
	}
	m.Done()
	return a
}

// headerOps works out the changes that a rule makes, and says what could not be.
func headerOps(actions []headerAction, in *expr.Input, attempt uint32) (ops []*redirectv1.HeaderOp, notes []string) {
	for i := range actions {
		a := &actions[i]
		switch a.kind {
		case "remove":
			ops = append(ops, &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Remove{Remove: a.name}})
		case "copy":
			ops = append(ops, copyOp(a.from, a.name, a.as, a.replace, attempt))
		default:
			value, err := a.value.Eval(in)
			if err == nil {
				err = checkHeaderValue(value)
			}
			if err != nil {
				notes = append(notes, a.name+": "+clean(err.Error()))
				continue
			}
			h := &redirectv1.Header{Name: a.name, Value: value}
			if a.kind == "add" {
				ops = append(ops, addOp(h))
			} else {
				ops = append(ops, setOp(h))
			}
		}
	}
	return ops, notes
}

func addOp(h *redirectv1.Header) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Add{Add: h}}
}

func setOp(h *redirectv1.Header) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Set{Set: h}}
}

// copyOp copies from a message of the call. The attempt is always said: a target
// that is kept for later outlives the event that it came with.
func copyOp(from redirectv1.MessageRef, name, as string, replace bool, attempt uint32) *redirectv1.HeaderOp {
	c := &redirectv1.HeaderCopy{Source: from, Name: name, Rename: as, Replace: replace}
	if from != redirectv1.MessageRef_MESSAGE_REF_REQUEST {
		c.Attempt = &attempt
	}
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Copy{Copy: c}}
}

// checkHeaderValue: what a caller, or a redirect server, put into a value must not
// become a line of its own.
func checkHeaderValue(value string) error {
	switch {
	case len(value) > maxHeaderValue:
		return errLongValue
	case strings.ContainsFunc(value, func(r rune) bool { return isControl(r) && r != '\t' }):
		return errControl
	}
	return nil
}

// addsHeaders reports whether the profile itself adds header fields.
func (p *Profile) addsHeaders() bool {
	return len(p.Copy) > 0 || len(p.ContactHeaders) > 0 || p.Diversion || p.HistoryInfo
}

// addHeaders gives a target the header fields of the profile, and those of rules
// after them.
func (d *decision) addHeaders(t *redirectv1.Target, e *edits) {
	if !d.can("header_ops") {
		d.note(`the edge does not name the feature "header_ops": no header field is touched`)
		return
	}
	p := d.profile
	var ops []*redirectv1.HeaderOp
	for _, c := range p.Copy {
		ops = append(ops, copyOp(redirectv1.MessageRef_MESSAGE_REF_RESPONSE, c.Name, c.As, c.Replace, d.eventAttempt()))
	}
	ops = append(ops, d.contactHeaders(t)...)
	if p.Diversion {
		ops = append(ops, d.diversion()...)
	}
	if p.HistoryInfo {
		ops = append(ops, d.historyInfo(t)...)
	}
	if e != nil {
		ops = append(ops, e.headers...)
	}
	d.addOps(t, ops)
}

// addOps adds what the edge lets a policy touch.
func (d *decision) addOps(t *redirectv1.Target, ops []*redirectv1.HeaderOp) {
	bytes := 0
	for _, op := range ops {
		name := opName(op)
		bytes += proto.Size(op)
		switch {
		case !d.allowed(name):
			d.note(name + " is not among the header fields that the edge lets a policy touch (edge.allowed_headers)")
		case len(t.GetHeaderOps()) == maxHeaderOps || bytes > maxOpsBytes:
			d.note("more than 64 header operations for one target, or more than 24 KiB of them; the rest is left out")
			return
		default:
			t.HeaderOps = append(t.GetHeaderOps(), op)
		}
	}
}

// contactHeaders are the "?headers" of a contact that the profile honours: appended
// where a comma list is legal, overwriting otherwise (19.1.5).
func (d *decision) contactHeaders(t *redirectv1.Target) []*redirectv1.HeaderOp {
	contact := d.contactOf(t)
	if contact == nil || len(d.profile.ContactHeaders) == 0 {
		return nil
	}
	uri, err := sipuri.Parse(contact.GetUri().GetText())
	if err != nil {
		return nil
	}
	var ops []*redirectv1.HeaderOp
	var seen []string
	for _, h := range uri.Headers {
		name := sipuri.Unescape(h.Name)
		if slices.ContainsFunc(seen, func(s string) bool { return strings.EqualFold(s, name) }) {
			continue // a copy takes all of one name
		}
		seen = append(seen, name)
		switch {
		case !isToken(name) || len(name) < 2 || len(name) > 256 || isListed(structural, name) || isListed(notOfContact, name) || strings.EqualFold(name, "body"):
		case isListed(d.profile.ContactHeaders, name):
			ops = append(ops, copyOp(redirectv1.MessageRef_MESSAGE_REF_CONTACT, name, "", !isListed(commaLists, name), t.GetContact().GetAttempt()))
		}
	}
	return ops
}

// commaLists are header fields of which a message may have several.
var commaLists = []string{
	"Accept-Contact", "Alert-Info", "Call-Info", "Diversion", "Error-Info", "History-Info", "Identity", "In-Reply-To",
	"P-Asserted-Identity", "P-Preferred-Identity", "Reason", "Reject-Contact", "Request-Disposition", "Resource-Priority", "Warning",
}

// contactOf returns the contact of the event that a target came from, if it did.
func (d *decision) contactOf(t *redirectv1.Target) *redirectv1.Contact {
	ref, contacts := t.GetContact(), d.req.GetRedirect().GetContacts()
	if ref == nil || ref.GetAttempt() != d.eventAttempt() || int64(ref.GetIndex()) >= int64(len(contacts)) {
		return nil
	}
	return contacts[ref.GetIndex()]
}

// allowed reports whether the edge lets a policy touch a header field. One that
// names neither header fields nor features has not said; one that names features
// alone allows none.
func (d *decision) allowed(name string) bool {
	list := d.edge.GetAllowedHeaders()
	return len(list) == 0 && len(d.edge.GetFeatures()) == 0 || isListed(list, name)
}

// opName returns the name of the header field that an operation changes.
func opName(op *redirectv1.HeaderOp) string {
	switch o := op.GetOp().(type) {
	case *redirectv1.HeaderOp_Add:
		return o.Add.GetName()
	case *redirectv1.HeaderOp_Set:
		return o.Set.GetName()
	case *redirectv1.HeaderOp_Remove:
		return o.Remove
	case *redirectv1.HeaderOp_Copy:
		if o.Copy.GetRename() != "" {
			return o.Copy.GetRename()
		}
		return o.Copy.GetName()
	}
	return ""
}

// note keeps what a person should know beside the decision, once.
func (d *decision) note(text string) {
	if !slices.Contains(d.notes, text) {
		d.notes = append(d.notes, text)
	}
}
