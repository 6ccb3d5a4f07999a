import { base64Of, bytesOf, type FilePart } from './message.ts'

const TEXT_TYPE = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|x-yaml|javascript)\b)/i

/** The text of a file that is text and that the part contains; `undefined` for any other file. */
export function textOfFile(part: FilePart): string | undefined {
  const bytes = bytesOf(part)
  if (bytes === undefined || !TEXT_TYPE.test(bytes.mediaType)) return undefined
  try {
    const binary = atob(bytes.data.replaceAll('-', '+').replaceAll('_', '/'))
    return new TextDecoder().decode(Uint8Array.from(binary, (one) => one.charCodeAt(0)))
  } catch {
    return undefined
  }
}

/** The file with another text. */
export function fileWithText({ url: _url, ...part }: FilePart, text: string): FilePart {
  const mediaType = part.mediaType ?? readType(_url)
  return { ...part, mediaType, data: base64Of(new TextEncoder().encode(text)) }
}

function readType(url: string | undefined): string {
  return bytesOf({ url })?.mediaType ?? 'text/plain'
}
