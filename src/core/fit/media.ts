import { bytesOf, type ImagePart, type Message, type TextPart, type UserPart } from '../message.ts'
import type { AudioRule, ImageRule } from './rules.ts'

const SVG = 'image/svg+xml'
// A mark replaces the image, because the message may refer to it, or hold nothing else.
const LEFT_OUT: TextPart = { type: 'text', text: '[image left out]' }

/** Replaces the images that a format refuses. Returns the same list if it accepts all of them. */
export function fitImages(
  messages: readonly Message[],
  rule: ImageRule,
  note: (message: string) => void,
): readonly Message[] {
  let changed = false
  const fit = (part: UserPart): UserPart => {
    if (part.type !== 'image') return part
    const type = imageType(part)
    if (isAccepted(type, rule)) return part
    changed = true
    const source = type === SVG ? svgSource(part) : undefined
    if (source !== undefined) note('an SVG image was sent as its source: the format accepts no SVG')
    else if (rule === 'none') note('images were left out: the model accepts none')
    else note(`an image of type ${type} was left out: the format does not accept the type`)
    return source === undefined ? LEFT_OUT : { type: 'text', text: source }
  }
  const fitted = messages.map((message) =>
    (message.role === 'user' || message.role === 'tool') && typeof message.content !== 'string'
      ? ({ ...message, content: message.content.map(fit) } as Message)
      : message,
  )
  return changed ? fitted : messages
}

const NO_AUDIO: TextPart = { type: 'text', text: '[audio left out]' }

/** Replaces the sounds that a format refuses. Returns the same list if it accepts all of them. */
export function fitAudio(
  messages: readonly Message[],
  rule: AudioRule,
  note: (message: string) => void,
): readonly Message[] {
  if (rule === 'any') return messages
  let changed = false
  const fit = (part: UserPart): UserPart => {
    if (part.type !== 'audio' || (rule !== 'none' && rule.includes(part.mediaType))) return part
    changed = true
    note(
      rule === 'none'
        ? 'audio was left out: the format has none'
        : `audio of type ${part.mediaType} was left out: the format accepts ${rule.join(', ')}`,
    )
    return NO_AUDIO
  }
  const fitted = messages.map((message) =>
    message.role === 'user' && typeof message.content !== 'string'
      ? { ...message, content: message.content.map(fit) }
      : message,
  )
  return changed ? fitted : messages
}

function isAccepted(type: string | undefined, rule: ImageRule): boolean {
  if (rule === 'none') return false
  if (type === undefined) return true
  return rule === 'any' ? type !== SVG : rule.includes(type)
}

// The type of a remote image is known to its server only.
function imageType(part: ImagePart): string | undefined {
  return part.data === undefined ? /^data:([^;,]+)/.exec(part.url ?? '')?.[1] : part.mediaType
}

function svgSource(part: ImagePart): string | undefined {
  const bytes = bytesOf(part)
  if (bytes === undefined) return undefined
  return new TextDecoder().decode(Uint8Array.from(atob(bytes.data), (unit) => unit.charCodeAt(0)))
}
