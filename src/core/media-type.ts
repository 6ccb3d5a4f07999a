import { rowOf } from './json.ts'
// Names that are written by habit, and the registered ones, which alone all providers accept.
const REGISTERED: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'image/svg': 'image/svg+xml',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'application/x-pdf': 'application/pdf',
}

/** The registered media type of a name: lower case, without parameters, `image/jpeg` for `image/jpg`. */
export function registeredType(mediaType: string): string {
  const type = mediaType.replace(/;.*$/s, '').trim().toLowerCase()
  return rowOf(REGISTERED, type) ?? type
}

// Anything but `data:type/subtype;base64,` in lower case, and white space in the data.
const UNUSUAL = /^(?!data:[a-z]+\/[a-z0-9.+-]+;base64,)|\s/

/**
 * A data URL of base64 in the one form that providers accept: registered media type, `;base64` in lower case, the standard
 * alphabet, no white space, no other parameters. Other URLs and data URLs of plain text are returned unchanged.
 */
export function canonicalUrl(url: string): string {
  if (!/^\s*data:/i.test(url)) return url
  const [, mediaType = ''] = /^data:([^;,]*)/.exec(url) ?? []
  if (!UNUSUAL.test(url) && rowOf(REGISTERED, mediaType) === undefined) return url
  const match = /^\s*data:([^;,]*)(?:;[^;,]*)*?;base64,(.*)$/is.exec(url)
  if (match === null) return url
  const [, type = '', data = ''] = match
  return `data:${registeredType(type === '' ? 'text/plain' : type)};base64,${canonicalBase64(data)}`
}

/** Base64 of the standard alphabet, without white space. */
export function canonicalBase64(data: string): string {
  if (!/[\s_-]/.test(data)) return data
  return data.replaceAll(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')
}
