package expr

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// functions in the order of their documentation.
var functions = []*function{
	{
		Function: Function{
			"e164", "e164(string | SipUri | Contact) -> string",
			`The number of a text, URI or contact in E.164 form: "+" and digits, without visual separators. It is "" if there is none, and if the number does not begin with "+".`,
			`e164("tel:+1-555-0100")`, `"+15550100"`,
		},
		subjects: uriLike, result: cel.StringType, cost: 5,
		bind: withoutParams(func(subject any) ref.Val {
			return onNumber(subject, func(s string) ref.Val { return types.String(internationalNumber(s)) })
		}),
	},
	{
		Function: Function{
			"e164", "e164(string | SipUri | Contact, region string) -> string",
			`The same, and a number without "+" is read as one that is dialled in the region, by ISO 3166: "US". It is "" if no number of that region has this length.`,
			`e164("(212) 555-0100", "US")`, `"+12125550100"`,
		},
		subjects: uriLike, params: []param{{name: "region", types: textParams}}, result: cel.StringType,
		cost: 200, remembered: true, bind: bindRegion,
	},
	{
		Function: Function{
			"region", "region(string | SipUri | Contact) -> string",
			`The region that a number in E.164 form belongs to, by ISO 3166, "001" for one of no region, such as +800, and "" if it belongs to none.`,
			`region("+442079460000")`, `"GB"`,
		},
		subjects: uriLike, result: cel.StringType, cost: 200, remembered: true,
		bind: withoutParams(func(subject any) ref.Val {
			return onNumber(subject, func(s string) ref.Val { return types.String(regionOf(internationalNumber(s))) })
		}),
	},
	{
		Function: Function{
			"is_valid_number", "is_valid_number(string | SipUri | Contact) -> bool",
			`Whether the numbering plan of its country has this number, which is in E.164 form. It says nothing about a subscriber.`,
			`is_valid_number("+1555")`, `false`,
		},
		subjects: uriLike, result: cel.BoolType, cost: 200, remembered: true,
		bind: withoutParams(func(subject any) ref.Val {
			return onNumber(subject, func(s string) ref.Val { return types.Bool(isValid(internationalNumber(s))) })
		}),
	},
	{
		Function: Function{
			"in_list", "in_list(string | SipUri | Contact, list string) -> bool",
			`Whether a named list covers it: a list of prefixes its number in E.164 form, a list of domains its host, a list of networks its host if that is an address, as text also with a port.`,
			`in_list("+19005551212", "premium")`, `true`,
		},
		internal: "@in_list", // in_list is a name that CEL keeps for its operator in
		subjects: uriLike, params: []param{{name: "list", types: textParams, literal: true}}, result: cel.BoolType,
		cost: 15, bind: bindInList,
	},
	{
		Function: Function{
			"longest_prefix", "longest_prefix(string | SipUri | Contact, list string) -> string",
			`The longest prefix of a list of prefixes that the number in E.164 form begins with, or "".`,
			`longest_prefix("+19005551212", "premium")`, `"+1900"`,
		},
		subjects: uriLike, params: []param{{name: "list", types: textParams, literal: true}}, result: cel.StringType,
		cost: 15, bind: bindLongestPrefix,
	},
	{
		Function: Function{
			"in_network", "in_network(string | SipUri | Contact, network string) -> bool",
			`Whether the host is an address in a network. A text may have a port, as call.source_address has; the name of a host is in no network.`,
			`in_network("192.0.2.10:5060", "192.0.2.0/24")`, `true`,
		},
		subjects: uriLike, params: []param{{name: "network", types: textParams}}, result: cel.BoolType,
		cost: 10, bind: bindNetwork,
	},
	{
		Function: Function{
			"in_domain", "in_domain(string | SipUri | Contact, domain string) -> bool",
			`Whether the host is this domain, or with "*." below it. "*.example.com" has a.example.com and b.a.example.com, and not example.com. Case and a dot at the end do not matter.`,
			`in_domain("GW1.Example.com", "*.example.com")`, `true`,
		},
		subjects: uriLike, params: []param{{name: "domain", types: textParams}}, result: cel.BoolType,
		cost: 10, bind: bindDomain,
	},
	{
		Function: Function{
			"in_time", "in_time(timestamp, windows string, zone string) -> bool",
			`Whether a time falls into one of the windows of the week, by the clock of the zone. Windows stand apart by ";", each with days, times or both; one that ends before it begins ends on the next day.`,
			`in_time(timestamp("2026-01-05T09:30:00Z"), "Mo-Fr 08:00-12:00,13:00-18:00; Sa 22:00-02:00", "Europe/Berlin")`, `true`,
		},
		subjects: []*cel.Type{cel.TimestampType},
		params:   []param{{name: "windows", types: textParams, literal: true}, {name: "zone", types: textParams, literal: true}},
		result:   cel.BoolType, cost: 15, bind: bindTime,
	},
	{
		Function: Function{
			"uri", "uri(string) -> SipUri",
			`The URI of a text, alone or in angle brackets with a name before it. One that cannot be read has its text and nothing else.`,
			`uri("\"Bob\" <sip:bob@example.com:5070;transport=tcp>").port`, `5070`,
		},
		subjects: []*cel.Type{cel.StringType}, result: uriType, cost: 100, bind: withoutParams(parseURI),
	},
	{
		Function: Function{
			"param", "param(string | SipUri | Contact, name string) -> string",
			`The value of a parameter of a URI, or of the user part of a sip: URI as RFC 4694 has it; "" if it has none or is not there. A text is read as uri() does.`,
			`param("sip:+15550100;rn=+15550199;npdi@example.com", "rn")`, `"+15550199"`,
		},
		subjects: uriLike, params: []param{{name: "name", types: textParams}}, result: cel.StringType, cost: 10,
		bind: named(func(name string) call {
			return func(subject any) ref.Val {
				return onURI(subject, func(u *redirectv1.SipUri) ref.Val {
					v, _ := uriParam(u, name)
					return types.String(v)
				})
			}
		}),
	},
	{
		Function: Function{
			"has_param", "has_param(string | SipUri | Contact, name string) -> bool",
			`Whether a URI has a parameter, with a value or without.`,
			`has_param("sip:+15550100;rn=+15550199;npdi@example.com", "npdi")`, `true`,
		},
		subjects: uriLike, params: []param{{name: "name", types: textParams}}, result: cel.BoolType, cost: 10,
		bind: named(func(name string) call {
			return func(subject any) ref.Val {
				return onURI(subject, func(u *redirectv1.SipUri) ref.Val {
					_, ok := uriParam(u, name)
					return types.Bool(ok)
				})
			}
		}),
	},
	{
		Function: Function{
			"header", "header(Call | SipResponse | Redirect, name string) -> string",
			`The value of the first header field of this name, in any case; "" if there is none. The edge shows all of a 3xx, and of a call those that it is configured to show.`,
			`header(call, "X-Tenant")`, `"acme"`,
		},
		subjects: headerLike, params: []param{{name: "name", types: textParams}}, result: cel.StringType, cost: 20,
		bind: named(func(name string) call {
			return onHeaders(func(all []*redirectv1.Header) ref.Val {
				for _, h := range all {
					if strings.EqualFold(h.GetName(), name) {
						return types.String(h.GetValue())
					}
				}
				return types.String("")
			})
		}),
	},
	{
		Function: Function{
			"headers", "headers(Call | SipResponse | Redirect, name string) -> list(string)",
			`The values of all header fields of this name, in order.`,
			`headers(response, "Diversion").size()`, `2`,
		},
		subjects: headerLike, params: []param{{name: "name", types: textParams}}, result: cel.ListType(cel.StringType), cost: 30,
		bind: named(func(name string) call {
			return onHeaders(func(all []*redirectv1.Header) ref.Val {
				values := []string{}
				for _, h := range all {
					if strings.EqualFold(h.GetName(), name) {
						values = append(values, h.GetValue())
					}
				}
				return types.NewStringList(contractTypes, values)
			})
		}),
	},
	{
		Function: Function{
			"header_param", "header_param(string | Contact, name string) -> string",
			`The value of a header parameter: of a contact, or of the first value of a header field such as Diversion; "" if it has none or is not there.`,
			`header_param("<sip:bob@example.com>;reason=no-answer", "reason")`, `"no-answer"`,
		},
		subjects: []*cel.Type{contactType, cel.StringType}, params: []param{{name: "name", types: textParams}}, result: cel.StringType,
		cost: 15, bind: named(contactParam),
	},
	{
		Function: Function{
			"q", "q(Contact) -> double",
			`The q of a contact, from 0.0 to 1.0; 1.0 if it has none.`,
			`q(contact)`, `0.5`,
		},
		subjects: []*cel.Type{contactType}, result: cel.DoubleType, cost: 2,
		bind: withoutParams(func(subject any) ref.Val {
			c, ok := native(subject).(*redirectv1.Contact)
			if !ok {
				return types.NoSuchOverloadErr()
			}
			if c == nil || c.QMilli == nil || c.GetQMilli() > 1000 {
				return types.Double(1)
			}
			return types.Double(float64(c.GetQMilli()) / 1000)
		}),
	},
	{
		Function: Function{
			"share", "share(name string, percent number) -> bool",
			`True for this share of all calls, 0 to 100. The Call-ID and the name decide, so that the answer for a call stays the same, and those of a larger percentage include those of a smaller one.`,
			`share("canary", 100)`, `true`,
		},
		internal: "@share",
		subjects: []*cel.Type{callType},
		params: []param{
			{name: "name", types: textParams, literal: true},
			{name: "percent", types: []*cel.Type{cel.IntType, cel.DoubleType, cel.UintType}, literal: true},
		},
		result: cel.BoolType, cost: 5, bind: bindShare,
	},
}
