/** The short name of a sound's format: `audio/mpeg` is `mp3`, others are the end of their media type. */
export function audioFormat(mediaType: string): string {
  const kind = mediaType.replace(/^audio\//, '').replace(/^x-/, '')
  return kind === 'mpeg' ? 'mp3' : kind
}

/** Whether files of this media type are text that can be sent as such. */
export function isTextType(mediaType: string): boolean {
  return /^text\/|^application\/(json|xml|yaml|x-yaml)$|\+(json|xml)$/.test(mediaType)
}

/** The UTF-8 text that base64 holds. */
export function decodeText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
}
