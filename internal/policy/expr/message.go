package expr

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// CEL reads protobuf by reflection, which costs some 0.2 us a field. The
// contract is known when this is compiled, so its getters are called directly:
// a fieldType for each field of each message that an expression can reach
// (contract.go), and a value for a message that nothing copies.

// messageType is a message of the contract as a type of CEL.
type messageType struct {
	name   string // "SipUri"
	typ    *types.Type
	fields map[string]*types.FieldType
	names  []string     // of the fields, in the order of the contract
	native reflect.Type // the pointer
	wrap   func(m any) ref.Val
}

// field is one field, before its message is known.
type field[M any] struct {
	name string
	typ  *types.Type
	has  func(M) bool
	get  func(M) any // a ref.Val, or a pointer to a message
}

// describe makes the type of a message from its fields.
func describe[M proto.Message](fields ...field[M]) *messageType {
	var none M
	desc := none.ProtoReflect().Descriptor()
	t := &messageType{
		name:   string(desc.Name()),
		typ:    types.NewObjectType(string(desc.FullName())),
		fields: make(map[string]*types.FieldType, len(fields)),
		native: reflect.TypeFor[M](),
	}
	t.wrap = func(m any) ref.Val { return &message{typ: t, m: m.(M)} }
	for _, f := range fields {
		t.names = append(t.names, f.name)
		t.fields[f.name] = &types.FieldType{
			Type: f.typ,
			IsSet: func(obj any) bool {
				m, ok := obj.(M)
				return ok && f.has(m)
			},
			GetFrom: func(obj any) (any, error) {
				m, ok := obj.(M)
				if !ok {
					return nil, fmt.Errorf("%s is no field of this value", f.name)
				}
				return f.get(m), nil
			},
		}
	}
	return t
}

func text[M any](name string, get func(M) string) field[M] {
	return field[M]{
		name, types.StringType,
		func(m M) bool { return get(m) != "" },
		func(m M) any { return types.String(get(m)) },
	}
}

func bytesOf[M any](name string, get func(M) []byte) field[M] {
	return field[M]{
		name, types.BytesType,
		func(m M) bool { return len(get(m)) > 0 },
		func(m M) any { return types.Bytes(get(m)) },
	}
}

func flag[M any](name string, get func(M) bool) field[M] {
	return field[M]{
		name, types.BoolType,
		get,
		func(m M) any { return types.Bool(get(m)) },
	}
}

// number is a uint32 or an enum of the contract: an int of CEL, so that it can
// be compared with 302 and not only with 302u.
func number[M any, N ~uint32 | ~int32](name string, get func(M) N) field[M] {
	return field[M]{
		name, types.IntType,
		func(m M) bool { return get(m) != 0 },
		func(m M) any { return types.Int(get(m)) },
	}
}

// optional is a number whose absence is not zero.
func optional[M any](name string, has func(M) bool, get func(M) uint32) field[M] {
	f := number(name, get)
	f.has = has
	return f
}

func moment[M any](name string, get func(M) *timestamppb.Timestamp) field[M] {
	return field[M]{
		name, types.TimestampType,
		func(m M) bool { return get(m) != nil },
		func(m M) any { return types.Timestamp{Time: get(m).AsTime()} },
	}
}

func period[M any](name string, get func(M) *durationpb.Duration) field[M] {
	return field[M]{
		name, types.DurationType,
		func(m M) bool { return get(m) != nil },
		func(m M) any { return types.Duration{Duration: get(m).AsDuration()} },
	}
}

// part is a message in a message. An absent one reads as an empty one.
func part[M any, P any](name string, get func(M) *P) field[M] {
	return field[M]{
		name, objectType[P](),
		func(m M) bool { return get(m) != nil },
		func(m M) any { return get(m) },
	}
}

// parts is a list of messages.
func parts[M any, P any](name string, get func(M) []*P) field[M] {
	return field[M]{
		name, types.NewListType(objectType[P]()),
		func(m M) bool { return len(get(m)) > 0 },
		func(m M) any { return messages[P](get(m)) },
	}
}

func texts[M any](name string, get func(M) []string) field[M] {
	return field[M]{
		name, types.NewListType(types.StringType),
		func(m M) bool { return len(get(m)) > 0 },
		func(m M) any { return types.NewStringList(types.DefaultTypeAdapter, get(m)) },
	}
}

func textMap[M any](name string, get func(M) map[string]string) field[M] {
	return field[M]{
		name, types.NewMapType(types.StringType, types.StringType),
		func(m M) bool { return len(get(m)) > 0 },
		func(m M) any { return types.NewStringStringMap(types.DefaultTypeAdapter, get(m)) },
	}
}

// chosen is a field of a oneof that holds no message: it is there if it is the
// one that was chosen, empty or not.
func chosen[M any](f field[M], has func(M) bool) field[M] {
	f.has = has
	return f
}

// objectType is the type of a message before its messageType is made.
func objectType[P any]() *types.Type {
	return types.NewObjectType(string(any(new(P)).(proto.Message).ProtoReflect().Descriptor().FullName()))
}

// message is a message of the contract as a value of CEL. It implements
// traits.Indexer and traits.FieldTester.
type message struct {
	typ *messageType
	m   proto.Message
}

// wrap makes a value of a pointer to a message.
func wrap(m any) (ref.Val, bool) {
	t, ok := messageTypes[reflect.TypeOf(m)]
	if !ok {
		return nil, false
	}
	return t.wrap(m), true
}

// ConvertToNative implements ref.Val.
func (v *message) ConvertToNative(typ reflect.Type) (any, error) {
	if reflect.TypeOf(v.m).AssignableTo(typ) {
		return v.m, nil
	}
	return nil, fmt.Errorf("a %s cannot be converted to %v", v.typ.name, typ)
}

// ConvertToType implements ref.Val.
func (v *message) ConvertToType(typ ref.Type) ref.Val {
	switch typ.TypeName() {
	case v.typ.typ.TypeName():
		return v
	case types.TypeType.TypeName():
		return v.typ.typ
	}
	return types.NewErr("a %s cannot be converted to %s", v.typ.name, typ.TypeName())
}

// Equal implements ref.Val. An absent message is equal to an empty one.
func (v *message) Equal(other ref.Val) ref.Val {
	o, ok := other.(*message)
	if !ok || o.typ != v.typ {
		return types.False
	}
	if v.m == o.m {
		return types.True
	}
	a, b := v.m.ProtoReflect(), o.m.ProtoReflect()
	if !a.IsValid() {
		a = a.New()
	}
	if !b.IsValid() {
		b = b.New()
	}
	return types.Bool(proto.Equal(a.Interface(), b.Interface()))
}

// Type implements ref.Val.
func (v *message) Type() ref.Type { return v.typ.typ }

// Value implements ref.Val: the pointer to the message.
func (v *message) Value() any { return v.m }

// Get implements traits.Indexer, for a value whose type was not known when the
// expression was compiled.
func (v *message) Get(name ref.Val) ref.Val {
	f, err := v.field(name)
	if err != nil {
		return err
	}
	got, _ := f.GetFrom(v.m) // v.m is of the type that f is of
	return contractTypes.NativeToValue(got)
}

// IsSet implements traits.FieldTester.
func (v *message) IsSet(name ref.Val) ref.Val {
	f, err := v.field(name)
	if err != nil {
		return err
	}
	return types.Bool(f.IsSet(v.m))
}

func (v *message) field(name ref.Val) (*types.FieldType, ref.Val) {
	s, ok := name.(types.String)
	if !ok {
		return nil, types.MaybeNoSuchOverloadErr(name)
	}
	f, ok := v.typ.fields[string(s)]
	if !ok {
		return nil, types.NewErr("%s has no field %q%s", v.typ.name, string(s), didYouMean(string(s), v.typ.names))
	}
	return f, nil
}
