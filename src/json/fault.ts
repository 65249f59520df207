// Why bytes were refused as JSON: a closed list, because operators count and alarm on these. What else can be wrong with a
// record is src/decode.

export type JsonFault =
  /** Not JSON by RFC 8259, or no bytes at all: an empty value is neither a delete nor JSON null. */
  | 'syntax'
  /** The bytes are not UTF-8. */
  | 'utf8'
  /** Arrays and objects are nested deeper than the limit. */
  | 'depth'
  /** More bytes than the limit. */
  | 'size'
  /** More object members than the limit, or names that are built to collide in a hash table. */
  | 'keys'
  /** One object has a name twice, so that readers would disagree on its value. */
  | 'duplicate-key'
  /** An object member is named `__proto__`, however it is spelled. */
  | 'proto-key'
  /** A number that a double cannot hold, where the source refuses these. */
  | 'number';
