// What a content type says about the bytes that it is of. https://www.rfc-editor.org/rfc/rfc9110#name-media-type

/** `application/json` of `Application/JSON; charset=utf-8`. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

export function isJsonType(mediaType: string): boolean {
  return /^[^/]+\/(json|[^/]+\+json)$/.test(mediaType);
}

export function isTextType(mediaType: string): boolean {
  return mediaType.startsWith('text/');
}
