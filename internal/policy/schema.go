package policy

import (
	"fmt"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Schema returns the JSON Schema of the policy file: what [ParseConfig] takes, as
// far as single values go. The error names keys that have no description below.
func Schema() ([]byte, error) {
	schema, err := strictyaml.Describe(func(doc *strictyaml.Document) { newReader("").read(doc) }).JSON(strictyaml.About{
		ID:          "https://raw.githubusercontent.com/redirectd/redirectd/main/docs/schema/policy.schema.json",
		Title:       "policy.yaml",
		Description: "The policy of redirectd and of sipedge: what becomes of a redirected call.",
		Keys:        descriptions,
	})
	if err != nil {
		return nil, fmt.Errorf("descriptions in internal/policy/schema.go: %w", err)
	}
	return schema, nil
}

// descriptions are what an editor shows of each key that is read. Ranges and
// words need not be said: they come from the code that reads.
var descriptions = map[string]string{
	"lists":                                            "Named lists, at most 256, for guards and expressions.",
	"lists[].name":                                     "By this name guards and expressions ask for the list.",
	"lists[].type":                                     "What its entries are: prefixes of telephone numbers, domains or networks.",
	"lists[].values":                                   "The entries; or say file.",
	"lists[].file":                                     "A file with one entry in each line, from where the policy file is; # begins a comment.",
	"profiles":                                         "Each says how the calls that name it are treated, at most 1,024.",
	"profiles[].name":                                  "By this name an edge asks for the profile, 1 to 64 bytes; a call that names none gets \"default\", or else the first.",
	"profiles[].preset":                                "What the profile starts from; the other keys change it.",
	"profiles[].redirect":                              "What becomes of a 3xx: it is followed, answered with its mapped status, or sent to the caller; default: as the preset has it.",
	"profiles[].use":                                   "What contacts are: places to send the request to, number portability data for the original target, or not needed because the header fields of the 3xx are all that counts; default: as the preset has it.",
	"profiles[].methods":                               "Methods of which a 3xx is followed, such as INVITE; default: all.",
	"profiles[].register":                              "Whether a 3xx to REGISTER is followed, or mapped like one that is not; default: as the preset has it.",
	"profiles[].follow":                                "The statuses whose contacts are tried, 300 to 399 without 380; default: those of the preset.",
	"profiles[].unknown":                               "Whether a 3xx that RFC 3261 does not know is treated as a 300, or mapped.",
	"profiles[].map":                                   "The final status, 400 to 699 without 408, for a 3xx that is not followed or of which nothing usable is left; \"default\" stands for all that are not named.",
	"profiles[].no_advice":                             "Statuses, or ranges such as 500-599, by which a redirect server says that it has no advice, so that the call goes onward; default: those of the preset.",
	"profiles[].max_contacts":                          "How many contacts of one 3xx are tried at most; default: as the preset has it.",
	"profiles[].max_attempts":                          "How many redirect targets one call may try in all, nested redirects included; default: as the preset has it.",
	"profiles[].max_nesting":                           "How many 3xx may follow from each other; with 1, a 3xx of a redirect target is not followed.",
	"profiles[].setup_time":                            "How long after its arrival a call may still be sent to another target; default: no limit but the edge's.",
	"profiles[].order":                                 "In which order the contacts of a 3xx are tried: by q, as received, by q and at random among equals by weight or evenly.",
	"profiles[].nested":                                "Where the contacts of a 3xx go while targets of another remain: before them, after them, or in their place.",
	"profiles[].response_timeout":                      "How long a target may send no response at all; default: the edge's.",
	"profiles[].answer_timeout":                        "How long a target may send no final response; default: the edge's.",
	"profiles[].advance":                               "Failures that go on to the next target: statuses, ranges such as 500-599, timeout, transport_error; default: all but 401 and 407.",
	"profiles[].stop":                                  "Failures taken out of advance: they end the search.",
	"profiles[].after_ringing":                         "Whether the search goes on once a target has answered 180 or 183; default: as the preset has it.",
	"profiles[].exhausted":                             "What the caller gets when no target is left: best (of the responses), mapped (for the 3xx), or a status from 400 to 699; default: best.",
	"profiles[].copy_headers":                          "Header fields that go from the 3xx into every request, at most 16; default: those of the preset.",
	"profiles[].copy_headers[].name":                   "The name of the header field in the 3xx.",
	"profiles[].copy_headers[].as":                     "Its name in the request; default: the same.",
	"profiles[].copy_headers[].replace":                "Whether it takes the place of what the request has of that name.",
	"profiles[].contact_headers":                       "Names of ?headers of a contact that become header fields of its request; * stands for all that the edge allows; default: none.",
	"profiles[].diversion":                             "Whether each redirect adds a Diversion header field (RFC 5806).",
	"profiles[].history_info":                          "Whether each retarget adds to History-Info (RFC 7044).",
	"profiles[].deny":                                  "Keeps contacts out: one match of anything here is enough.",
	"profiles[].deny.domains":                          "Domains of hosts, such as example.com, or *.example.com for all below it.",
	"profiles[].deny.networks":                         "Networks of numeric hosts, such as 192.0.2.0/24.",
	"profiles[].deny.prefixes":                         "Prefixes of telephone numbers in E.164 form, such as +1900.",
	"profiles[].deny.ports":                            "Ports, or ranges such as 1024-65535.",
	"profiles[].deny.schemes":                          "Schemes of URIs, such as sip, sips and tel.",
	"profiles[].deny.lists":                            "Names of lists of this file.",
	"profiles[].deny.own_address":                      "Whether a contact is kept out that is the edge itself.",
	"profiles[].allow":                                 "Lets in only contacts that match each kind of thing that is named here: host, port, scheme, number.",
	"profiles[].allow.domains":                         "Domains of hosts, such as example.com, or *.example.com for all below it.",
	"profiles[].allow.networks":                        "Networks of numeric hosts, such as 192.0.2.0/24.",
	"profiles[].allow.prefixes":                        "Prefixes of telephone numbers in E.164 form, such as +1900.",
	"profiles[].allow.ports":                           "Ports, or ranges such as 1024-65535.",
	"profiles[].allow.schemes":                         "Schemes of URIs, such as sip, sips and tel.",
	"profiles[].allow.lists":                           "Names of lists of this file.",
	"profiles[].rules":                                 "What is done with which call and contact, in this order, at most 256.",
	"profiles[].rules[].name":                          "Stands in explanations, logs and traces, 1 to 64 bytes.",
	"profiles[].rules[].on":                            "Events that the rule hears of: redirect, advice, failure; default: redirect and advice.",
	"profiles[].rules[].when":                          "A CEL expression over call, redirect, contact and attempts; default: always.",
	"profiles[].rules[].then":                          "What is done: a word, or a map of changes.",
	"profiles[].rules[].then.reject":                   "Ends the call with a final status, 400 to 699 without 408, or with more than that.",
	"profiles[].rules[].then.reject.status":            "The final status, 400 to 699 without 408.",
	"profiles[].rules[].then.reject.reason":            "The reason phrase, a text with ${expressions}; default: that of the status.",
	"profiles[].rules[].then.reject.headers":           "Changes of header fields, at most 16, each one of add, set, remove and copy.",
	"profiles[].rules[].then.reject.headers[].add":     "The name of a header field that is added, with value.",
	"profiles[].rules[].then.reject.headers[].set":     "The name of a header field that is put in the place of all of that name, with value.",
	"profiles[].rules[].then.reject.headers[].remove":  "The name of a header field of which all are removed.",
	"profiles[].rules[].then.reject.headers[].copy":    "The name of a header field that is copied from another message.",
	"profiles[].rules[].then.reject.headers[].value":   "What add and set put there: a text with ${expressions}.",
	"profiles[].rules[].then.reject.headers[].from":    "Where copy takes it from: the 3xx, the request of the caller, or the ?headers of the contact.",
	"profiles[].rules[].then.reject.headers[].as":      "The name that the copy gets; default: the same.",
	"profiles[].rules[].then.reject.headers[].replace": "Whether the copy takes the place of all that are there of its name.",
	"profiles[].rules[].then.prefer":                   "Whether the contact is tried before or after all others, whatever its q.",
	"profiles[].rules[].then.weight":                   "Its share among contacts of the same q, for order: weighted.",
	"profiles[].rules[].then.rewrite":                  "Changes the URI of the contact; a text may have ${expressions}.",
	"profiles[].rules[].then.rewrite.scheme":           "The scheme that the URI gets.",
	"profiles[].rules[].then.rewrite.user":             "The user part that the URI gets.",
	"profiles[].rules[].then.rewrite.host":             "The host that the URI gets.",
	"profiles[].rules[].then.rewrite.port":             "The port that the URI gets.",
	"profiles[].rules[].then.rewrite.params":           "URI parameters that are set, by name.",
	"profiles[].rules[].then.rewrite.remove_params":    "Names of URI parameters that are removed.",
	"profiles[].rules[].then.via":                      "SIP URIs that the request is routed by, one or a list; a text may have ${expressions}.",
	"profiles[].rules[].then.next_hop":                 "The SIP URI that the request is sent to, whatever its own; onward: the trunk's own route.",
	"profiles[].rules[].then.label":                    "Goes with the target into logs and traces, a text with ${expressions}.",
	"profiles[].rules[].then.response_timeout":         "How long the target may send no response at all.",
	"profiles[].rules[].then.answer_timeout":           "How long the target may send no final response.",
	"profiles[].rules[].then.headers":                  "Changes of header fields, at most 16, each one of add, set, remove and copy.",
	"profiles[].rules[].then.headers[].add":            "The name of a header field that is added, with value.",
	"profiles[].rules[].then.headers[].set":            "The name of a header field that is put in the place of all of that name, with value.",
	"profiles[].rules[].then.headers[].remove":         "The name of a header field of which all are removed.",
	"profiles[].rules[].then.headers[].copy":           "The name of a header field that is copied from another message.",
	"profiles[].rules[].then.headers[].value":          "What add and set put there: a text with ${expressions}.",
	"profiles[].rules[].then.headers[].from":           "Where copy takes it from: the 3xx, the request of the caller, or the ?headers of the contact.",
	"profiles[].rules[].then.headers[].as":             "The name that the copy gets; default: the same.",
	"profiles[].rules[].then.headers[].replace":        "Whether the copy takes the place of all that are there of its name.",
}
