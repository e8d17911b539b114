package callrecord

import (
	"reflect"
	"unicode/utf8"
)

const ellipsis = "…"

func (c *Call) shorten(text, list int) {
	c.Shortened = cut(reflect.ValueOf(c).Elem(), text, list) || c.Shortened
}

func (l *Late) shorten(text, list int) {
	l.Shortened = cut(reflect.ValueOf(l).Elem(), text, list) || l.Shortened
}

func (s *Shadow) shorten(text, list int) {
	s.Shortened = cut(reflect.ValueOf(s).Elem(), text, list) || s.Shortened
}

// cut shortens every text and every list of a record, whatever fields it has, and
// reports whether it changed anything.
func cut(v reflect.Value, text, list int) (changed bool) {
	switch {
	case v.Kind() == reflect.String:
		if v.Len() > text {
			v.SetString(clip(v.String(), text))
			return true
		}
	case v.Kind() == reflect.Pointer:
		return !v.IsNil() && cut(v.Elem(), text, list)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			changed = cut(v.Index(i), text, list) || changed
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() > list {
				omitted := keepEnds(f, list)
				if counter := v.FieldByName(v.Type().Field(i).Name + "Omitted"); counter.IsValid() {
					counter.SetInt(counter.Int() + int64(omitted))
				}
				changed = true
			}
			changed = cut(v.Field(i), text, list) || changed
		}
	}
	return changed
}

// keepEnds keeps the first and the last n/2 elements of a slice: how it began, and
// what came of it.
func keepEnds(slice reflect.Value, n int) (omitted int) {
	length := slice.Len()
	kept := reflect.AppendSlice(slice.Slice3(0, n/2, n/2), slice.Slice(length-n/2, length))
	slice.Set(kept)
	return length - kept.Len()
}

// clip cuts a text at a rune, to limit bytes with the ellipsis.
func clip(s string, limit int) string {
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}
