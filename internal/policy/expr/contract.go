package expr

import (
	"reflect"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"google.golang.org/protobuf/reflect/protoreflect"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// messageTypes has every message that an expression can reach. A test walks the
// descriptors of the contract and compares.
var messageTypes = byType(
	describe(
		text("method", (*redirectv1.Call).GetMethod),
		part("request_uri", (*redirectv1.Call).GetRequestUri),
		part("caller", (*redirectv1.Call).GetCaller),
		part("callee", (*redirectv1.Call).GetCallee),
		text("call_id", (*redirectv1.Call).GetCallId),
		text("source_address", (*redirectv1.Call).GetSourceAddress),
		text("transport", (*redirectv1.Call).GetTransport),
		text("trunk", (*redirectv1.Call).GetTrunk),
		text("profile", (*redirectv1.Call).GetProfile),
		parts("headers", (*redirectv1.Call).GetHeaders),
		moment("received_at", (*redirectv1.Call).GetReceivedAt),
		period("time_left", (*redirectv1.Call).GetTimeLeft),
		textMap("attributes", (*redirectv1.Call).GetAttributes),
	),
	describe(
		text("text", (*redirectv1.SipUri).GetText),
		text("scheme", func(m *redirectv1.SipUri) string { return reading(m).GetScheme() }),
		text("user", func(m *redirectv1.SipUri) string { return reading(m).GetUser() }),
		text("host", func(m *redirectv1.SipUri) string { return reading(m).GetHost() }),
		number("port", func(m *redirectv1.SipUri) uint32 { return reading(m).GetPort() }),
		parts("params", func(m *redirectv1.SipUri) []*redirectv1.Param { return reading(m).GetParams() }),
		text("display_name", (*redirectv1.SipUri).GetDisplayName),
		parts("headers", func(m *redirectv1.SipUri) []*redirectv1.Param { return reading(m).GetHeaders() }),
	),
	describe(
		text("name", (*redirectv1.Param).GetName),
		text("value", (*redirectv1.Param).GetValue),
	),
	describe(
		text("name", (*redirectv1.Header).GetName),
		text("value", (*redirectv1.Header).GetValue),
		bytesOf("raw_value", (*redirectv1.Header).GetRawValue),
	),
	describe(
		part("response", (*redirectv1.Redirect).GetResponse),
		parts("contacts", (*redirectv1.Redirect).GetContacts),
		number("contacts_omitted", (*redirectv1.Redirect).GetContactsOmitted),
	),
	describe(
		number("status", (*redirectv1.SipResponse).GetStatus),
		text("reason_phrase", (*redirectv1.SipResponse).GetReasonPhrase),
		parts("headers", (*redirectv1.SipResponse).GetHeaders),
		text("source_address", (*redirectv1.SipResponse).GetSourceAddress),
	),
	describe(
		part("uri", (*redirectv1.Contact).GetUri),
		optional("q_milli", func(m *redirectv1.Contact) bool { return m != nil && m.QMilli != nil }, (*redirectv1.Contact).GetQMilli),
		optional("expires_seconds", func(m *redirectv1.Contact) bool { return m != nil && m.ExpiresSeconds != nil }, (*redirectv1.Contact).GetExpiresSeconds),
		parts("params", (*redirectv1.Contact).GetParams),
		text("unreadable", (*redirectv1.Contact).GetUnreadable),
	),
	describe(
		part("target", (*redirectv1.Attempt).GetTarget),
		moment("started_at", (*redirectv1.Attempt).GetStartedAt),
		period("duration", (*redirectv1.Attempt).GetDuration),
		number("provisional_status", (*redirectv1.Attempt).GetProvisionalStatus),
		number("outcome", (*redirectv1.Attempt).GetOutcome),
		part("response", (*redirectv1.Attempt).GetResponse),
		text("destination_address", (*redirectv1.Attempt).GetDestinationAddress),
		text("trunk", (*redirectv1.Attempt).GetTrunk),
		flag("rang", (*redirectv1.Attempt).GetRang),
		text("detail", (*redirectv1.Attempt).GetDetail),
	),
	describe(
		text("uri", (*redirectv1.Target).GetUri),
		texts("routes", (*redirectv1.Target).GetRoutes),
		text("next_hop", (*redirectv1.Target).GetNextHop),
		parts("header_ops", (*redirectv1.Target).GetHeaderOps),
		period("response_timeout", (*redirectv1.Target).GetResponseTimeout),
		period("answer_timeout", (*redirectv1.Target).GetAnswerTimeout),
		part("advance", (*redirectv1.Target).GetAdvance),
		text("label", (*redirectv1.Target).GetLabel),
		part("contact", (*redirectv1.Target).GetContact),
	),
	describe(
		number("attempt", (*redirectv1.ContactRef).GetAttempt),
		number("index", (*redirectv1.ContactRef).GetIndex),
	),
	describe(
		parts("statuses", (*redirectv1.AdvanceRule).GetStatuses),
		flag("timeout", (*redirectv1.AdvanceRule).GetTimeout),
		flag("transport_error", (*redirectv1.AdvanceRule).GetTransportError),
		flag("stop_after_ringing", (*redirectv1.AdvanceRule).GetStopAfterRinging),
	),
	describe(
		number("first", (*redirectv1.StatusRange).GetFirst),
		number("last", (*redirectv1.StatusRange).GetLast),
	),
	describe(
		part("add", (*redirectv1.HeaderOp).GetAdd),
		part("set", (*redirectv1.HeaderOp).GetSet),
		chosen(text("remove", (*redirectv1.HeaderOp).GetRemove), func(m *redirectv1.HeaderOp) bool {
			_, ok := m.GetOp().(*redirectv1.HeaderOp_Remove)
			return ok
		}),
		part("copy", (*redirectv1.HeaderOp).GetCopy),
	),
	describe(
		number("source", (*redirectv1.HeaderCopy).GetSource),
		text("name", (*redirectv1.HeaderCopy).GetName),
		text("rename", (*redirectv1.HeaderCopy).GetRename),
		flag("replace", (*redirectv1.HeaderCopy).GetReplace),
		optional("attempt", func(m *redirectv1.HeaderCopy) bool { return m != nil && m.Attempt != nil }, (*redirectv1.HeaderCopy).GetAttempt),
	),
	describe(
		text("instance", (*redirectv1.Edge).GetInstance),
		text("version", (*redirectv1.Edge).GetVersion),
		text("zone", (*redirectv1.Edge).GetZone),
		optional("attempts_left", func(m *redirectv1.Edge) bool { return m != nil && m.AttemptsLeft != nil }, (*redirectv1.Edge).GetAttemptsLeft),
		flag("shadow", (*redirectv1.Edge).GetShadow),
		texts("features", (*redirectv1.Edge).GetFeatures),
		texts("allowed_headers", (*redirectv1.Edge).GetAllowedHeaders),
		texts("own_addresses", (*redirectv1.Edge).GetOwnAddresses),
	),
)

// enums has the enums that an expression can reach. Their values are constants
// by their names in the contract, alone and behind that of the enum:
// OUTCOME_REFUSED and Outcome.OUTCOME_REFUSED.
var enums = []protoreflect.EnumDescriptor{
	redirectv1.Outcome(0).Descriptor(),
	redirectv1.MessageRef(0).Descriptor(),
}

func byType(all ...*messageType) map[reflect.Type]*messageType {
	m := make(map[reflect.Type]*messageType, len(all))
	for _, t := range all {
		m[t.native] = t
	}
	return m
}

// contract is what CEL knows of the messages: a types.Provider and a
// types.Adapter.
type contract struct {
	*types.Registry
	byName map[string]*messageType // by full name
}

var contractTypes = newContract()

func newContract() *contract {
	c := &contract{Registry: baseRegistry(), byName: make(map[string]*messageType, len(messageTypes))}
	for _, t := range messageTypes {
		c.byName[t.typ.TypeName()] = t
	}
	return c
}

// NativeToValue implements types.Adapter.
func (c *contract) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case bool:
		return types.Bool(v)
	}
	if m, ok := wrap(v); ok {
		return m
	}
	return c.Registry.NativeToValue(v)
}

// FindStructType implements types.Provider.
func (c *contract) FindStructType(name string) (*types.Type, bool) {
	if t, ok := c.byName[strings.TrimPrefix(name, ".")]; ok {
		return types.NewTypeTypeWithParam(t.typ), true
	}
	return c.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (c *contract) FindStructFieldNames(name string) ([]string, bool) {
	if t, ok := c.byName[name]; ok {
		return t.names, true
	}
	return c.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (c *contract) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if t, ok := c.byName[name]; ok {
		f, ok := t.fields[field]
		return f, ok
	}
	return c.Registry.FindStructFieldType(name, field)
}

// NewValue implements types.Provider: expressions make no messages.
func (c *contract) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := c.byName[name]; ok {
		return types.NewErr("an expression cannot make a message")
	}
	return c.Registry.NewValue(name, fields)
}

// baseRegistry knows the types of CEL itself.
func baseRegistry() *types.Registry {
	r, err := types.NewRegistry()
	if err != nil {
		// It fails for messages that it is given, and there are none.
		return types.NewEmptyRegistry()
	}
	return r
}

// enumName is a value of an enum by one of its names.
type enumName struct {
	name  string
	value types.Int
}

func enumNames() []enumName {
	var names []enumName
	for _, e := range enums {
		for i := range e.Values().Len() {
			v := e.Values().Get(i)
			names = append(names,
				enumName{string(v.Name()), types.Int(v.Number())},
				enumName{string(e.Name()) + "." + string(v.Name()), types.Int(v.Number())})
		}
	}
	return names
}
