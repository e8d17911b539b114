// Package callrecord holds the records that an edge writes of redirected calls:
// their shape ([Call], [Late]), and the [Writer] that puts them into a file, which
// it rotates, or onto standard output, one line of JSON each.
//
// The types are the schema: docs/call-records.md and
// docs/schema/call-record.schema.json say what they say, and tests compare. Within
// a version of [Schema] fields are only added.
package callrecord
