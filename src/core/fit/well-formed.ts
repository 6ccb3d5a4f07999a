/**
 * JSON text in which every half of a surrogate pair without its other half is U+FFFD, because providers refuse the whole
 * request for one. `JSON.stringify` writes such a half as an escape, and pairs as characters.
 */
export function wellFormedJson(text: string): string {
  return text.includes('\\ud') ? text.replaceAll(HALF, '$1�') : text
}
// An even number of backslashes before the escape: text that holds the escape itself is left alone.
const HALF = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g
