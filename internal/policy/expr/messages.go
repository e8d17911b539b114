package expr

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// messages is a list of messages as a value of CEL. It implements
// traits.Lister.
type messages[P any] []*P

func wrapOne[P any](m *P) ref.Val {
	v, _ := wrap(m) // every message that a field leads to is in the table
	return v
}

// Add implements traits.Adder: list + list.
func (l messages[P]) Add(other ref.Val) ref.Val {
	o, ok := other.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	vals := make([]ref.Val, 0, len(l))
	for _, m := range l {
		vals = append(vals, wrapOne(m))
	}
	for it := o.Iterator(); it.HasNext() == types.True; {
		vals = append(vals, it.Next())
	}
	return types.NewRefValList(contractTypes, vals)
}

// Contains implements traits.Container: x in list.
func (l messages[P]) Contains(elem ref.Val) ref.Val {
	for _, m := range l {
		if wrapOne(m).Equal(elem) == types.True {
			return types.True
		}
	}
	return types.False
}

// ConvertToNative implements ref.Val.
func (l messages[P]) ConvertToNative(typ reflect.Type) (any, error) {
	if native := reflect.TypeFor[[]*P](); native.AssignableTo(typ) {
		return []*P(l), nil
	}
	return nil, fmt.Errorf("a list of messages cannot be converted to %v", typ)
}

// ConvertToType implements ref.Val.
func (l messages[P]) ConvertToType(typ ref.Type) ref.Val {
	switch typ.TypeName() {
	case types.ListType.TypeName():
		return l
	case types.TypeType.TypeName():
		return types.ListType
	}
	return types.NewErr("a list cannot be converted to %s", typ.TypeName())
}

// Equal implements ref.Val.
func (l messages[P]) Equal(other ref.Val) ref.Val {
	o, ok := other.(traits.Lister)
	if !ok || o.Size() != l.Size() {
		return types.False
	}
	for i, m := range l {
		if wrapOne(m).Equal(o.Get(types.Int(i))) != types.True {
			return types.False
		}
	}
	return types.True
}

// Get implements traits.Indexer.
func (l messages[P]) Get(index ref.Val) ref.Val {
	i, err := types.GetOrError(index)
	if err != nil {
		return types.WrapErr(err)
	}
	if i < 0 || i >= len(l) {
		return types.NewErr("index out of bounds: %d", i)
	}
	return wrapOne(l[i])
}

// Iterator implements traits.Iterable.
func (l messages[P]) Iterator() traits.Iterator { return &iterator[P]{list: l} }

// Size implements traits.Sizer.
func (l messages[P]) Size() ref.Val { return types.Int(len(l)) }

// Type implements ref.Val.
func (l messages[P]) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (l messages[P]) Value() any { return []*P(l) }

// iterator walks over a list of messages.
type iterator[P any] struct {
	list messages[P]
	next int
}

// HasNext implements traits.Iterator.
func (it *iterator[P]) HasNext() ref.Val { return types.Bool(it.next < len(it.list)) }

// Next implements traits.Iterator.
func (it *iterator[P]) Next() ref.Val {
	if it.next >= len(it.list) {
		return nil
	}
	it.next++
	return wrapOne(it.list[it.next-1])
}

// ConvertToNative implements ref.Val.
func (it *iterator[P]) ConvertToNative(typ reflect.Type) (any, error) {
	return nil, fmt.Errorf("an iterator cannot be converted to %v", typ)
}

// ConvertToType implements ref.Val.
func (it *iterator[P]) ConvertToType(typ ref.Type) ref.Val {
	return types.NewErr("an iterator cannot be converted to %s", typ.TypeName())
}

// Equal implements ref.Val.
func (it *iterator[P]) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (it *iterator[P]) Type() ref.Type { return types.IteratorType }

// Value implements ref.Val.
func (it *iterator[P]) Value() any { return it.list }
