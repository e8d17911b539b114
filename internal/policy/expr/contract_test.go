package expr

import (
	"slices"
	"testing"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// TestEveryFieldOfTheContract walks the descriptors from the variables on: each
// message and field that can be reached is there, with the type, the value and
// the presence that protobuf gives it.
func TestEveryFieldOfTheContract(t *testing.T) {
	seen := make(map[protoreflect.FullName]bool)
	enumsSeen := make(map[protoreflect.FullName]bool)
	var walk func(d protoreflect.MessageDescriptor)
	walk = func(d protoreflect.MessageDescriptor) {
		if seen[d.FullName()] || isTime(d) {
			return
		}
		seen[d.FullName()] = true
		mt := contractTypes.byName[string(d.FullName())]
		if mt == nil {
			t.Errorf("%s is not in the table", d.FullName())
			return
		}
		var names []string
		for i := range d.Fields().Len() {
			f := d.Fields().Get(i)
			names = append(names, string(f.Name()))
			checkField(t, mt, d, f)
			switch {
			case f.IsMap():
			case f.Message() != nil:
				walk(f.Message())
			case f.Enum() != nil:
				enumsSeen[f.Enum().FullName()] = true
			}
		}
		if !slices.Equal(mt.names, names) {
			t.Errorf("%s: the table has %v, the contract %v", d.FullName(), mt.names, names)
		}
	}
	for _, m := range []proto.Message{
		&redirectv1.Call{}, &redirectv1.Redirect{}, &redirectv1.SipResponse{}, &redirectv1.Contact{}, &redirectv1.Attempt{}, &redirectv1.Edge{},
	} {
		walk(m.ProtoReflect().Descriptor())
	}
	if len(seen) != len(messageTypes) {
		t.Errorf("%d messages can be reached, the table has %d", len(seen), len(messageTypes))
	}
	for _, e := range enums {
		delete(enumsSeen, e.FullName())
	}
	if len(enumsSeen) > 0 {
		t.Errorf("enums that are not in the table: %v", enumsSeen)
	}
}

func checkField(t *testing.T, mt *messageType, d protoreflect.MessageDescriptor, f protoreflect.FieldDescriptor) {
	t.Helper()
	ft := mt.fields[string(f.Name())]
	if ft == nil {
		t.Errorf("%s is not in the table", f.FullName())
		return
	}
	if want := typeOfField(f); !ft.Type.IsExactType(want) {
		t.Errorf("%s: type %v, want %v", f.FullName(), ft.Type, want)
	}
	typ, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		t.Fatal(err)
	}
	absent, empty, filled := typ.Zero().Interface(), typ.New(), typ.New()
	filled.Set(f, sample(t, filled, f))
	if f.HasPresence() && f.Message() == nil {
		empty.Set(f, f.Default()) // there, and zero
	}
	for name, m := range map[string]proto.Message{"absent": absent, "empty": empty.Interface(), "filled": filled.Interface()} {
		if got, want := ft.IsSet(m), m.ProtoReflect().Has(f); got != want {
			t.Errorf("%s, %s: has is %v, want %v", f.FullName(), name, got, want)
		}
		got, err := ft.GetFrom(m)
		if err != nil {
			t.Fatalf("%s, %s: %v", f.FullName(), name, err)
		}
		checkValue(t, f, name, got, m.ProtoReflect().Get(f))
	}
	if ft.IsSet("a text") {
		t.Errorf("%s: a text has it", f.FullName())
	}
	if _, err := ft.GetFrom("a text"); err == nil {
		t.Errorf("%s can be read from a text", f.FullName())
	}
}

// checkValue compares what the table reads with what reflection reads.
func checkValue(t *testing.T, f protoreflect.FieldDescriptor, name string, got any, want protoreflect.Value) {
	t.Helper()
	val := contractTypes.NativeToValue(got)
	if types.IsError(val) {
		t.Errorf("%s, %s: %v", f.FullName(), name, val)
		return
	}
	var wantVal ref.Val
	switch {
	case f.IsMap():
		if n := val.(traits.Mapper).Size(); n != types.Int(want.Map().Len()) {
			t.Errorf("%s, %s: %v entries, want %d", f.FullName(), name, n, want.Map().Len())
		}
		return
	case f.IsList():
		l := val.(traits.Lister)
		if n := l.Size(); n != types.Int(want.List().Len()) {
			t.Errorf("%s, %s: %v elements, want %d", f.FullName(), name, n, want.List().Len())
			return
		}
		for i := range want.List().Len() {
			elem := want.List().Get(i)
			wantElem := contractTypes.NativeToValue(elem.Interface())
			if m, ok := elem.Interface().(protoreflect.Message); ok {
				wantElem = contractTypes.NativeToValue(m.Interface())
			}
			if l.Get(types.Int(i)).Equal(wantElem) != types.True {
				t.Errorf("%s, %s: element %d is another", f.FullName(), name, i)
			}
		}
		return
	case f.Message() != nil && isTime(f.Message()):
		switch m := want.Message().Interface().(type) {
		case *timestamppb.Timestamp:
			wantVal = types.Timestamp{Time: m.AsTime()}
		case *durationpb.Duration:
			wantVal = types.Duration{Duration: m.AsDuration()}
		}
	case f.Message() != nil:
		wantVal = contractTypes.NativeToValue(want.Message().Interface())
	case f.Enum() != nil:
		wantVal = types.Int(want.Enum())
	case f.Kind() == protoreflect.Uint32Kind:
		wantVal = types.Int(want.Uint()) //nolint:gosec // of 32 bits
	case f.Kind() == protoreflect.BytesKind:
		wantVal = types.Bytes(want.Bytes())
	default:
		wantVal = contractTypes.NativeToValue(want.Interface())
	}
	if val.Equal(wantVal) != types.True {
		t.Errorf("%s, %s: %v, want %v", f.FullName(), name, val, wantVal)
	}
}

func isTime(d protoreflect.MessageDescriptor) bool {
	return d.FullName() == "google.protobuf.Timestamp" || d.FullName() == "google.protobuf.Duration"
}

func typeOfField(f protoreflect.FieldDescriptor) *types.Type {
	if f.IsMap() {
		return types.NewMapType(types.StringType, types.StringType)
	}
	t := map[protoreflect.Kind]*types.Type{
		protoreflect.StringKind: types.StringType, protoreflect.BytesKind: types.BytesType, protoreflect.BoolKind: types.BoolType,
		protoreflect.Uint32Kind: types.IntType, protoreflect.EnumKind: types.IntType,
	}[f.Kind()]
	if f.Message() != nil {
		t = types.NewObjectType(string(f.Message().FullName())) // knows timestamps and durations
	}
	if t == nil {
		return types.ErrorType // of a kind that the contract did not have
	}
	if f.IsList() {
		return types.NewListType(t)
	}
	return t
}

// sample is a value of a field that is not zero.
func sample(t *testing.T, m protoreflect.Message, f protoreflect.FieldDescriptor) protoreflect.Value {
	t.Helper()
	switch {
	case f.IsMap():
		v := m.NewField(f)
		v.Map().Set(protoreflect.ValueOfString("k").MapKey(), protoreflect.ValueOfString("v"))
		return v
	case f.IsList():
		v := m.NewField(f)
		if f.Message() != nil {
			v.List().Append(v.List().NewElement())
		}
		if f.Message() == nil {
			v.List().Append(protoreflect.ValueOfString("x"))
		}
		return v
	}
	if f.Message() != nil {
		switch f.Message().FullName() {
		case "google.protobuf.Timestamp":
			return protoreflect.ValueOfMessage(timestamppb.New(time.Unix(1, 0)).ProtoReflect())
		case "google.protobuf.Duration":
			return protoreflect.ValueOfMessage(durationpb.New(time.Second).ProtoReflect())
		}
		return m.NewField(f)
	}
	v, ok := map[protoreflect.Kind]protoreflect.Value{
		protoreflect.StringKind: protoreflect.ValueOfString("x"), protoreflect.BytesKind: protoreflect.ValueOfBytes([]byte{1}),
		protoreflect.BoolKind: protoreflect.ValueOfBool(true), protoreflect.Uint32Kind: protoreflect.ValueOfUint32(7),
		protoreflect.EnumKind: protoreflect.ValueOfEnum(2),
	}[f.Kind()]
	if !ok {
		t.Fatalf("%s is of a kind that the contract did not have", f.FullName())
	}
	return v
}
