import { partsOf, type Message, type ToolResultPart, type UserPart } from '../../core/message.ts'
import type { ImageMode } from '../contract/index.ts'

/** The past turns of a conversation with their images as `mode` wants them. `current` is the turn being sent. */
export function placeImages(
  past: readonly Message[],
  mode: ImageMode,
  current?: Message,
): readonly Message[] {
  if (mode === 'send_all' || !past.some(showsImage)) return past
  const spared =
    mode === 'send_last_user_image' && !(current !== undefined && showsImage(current))
      ? past.findLast((message) => message.role === 'user' && showsImage(message))
      : undefined
  return past.map((message) => {
    if (!showsImage(message)) return message
    if (message === spared) return withLastImage(message)
    return mode === 'tag_past' ? tagged(message) : withoutImages(message)
  })
}

/** True for a turn with an image in it. */
export function showsImage({ content }: Message): boolean {
  return typeof content !== 'string' && content.some(isImage)
}

function isImage(part: { readonly type: string }): boolean {
  return part.type === 'image'
}

function tagged(message: Message): Message {
  let index = 0
  return mapped(message, (part) => (isImage(part) ? [{ type: 'text', text: `<image ${++index}>` }] : [part]))
}

// A turn that held nothing else says so: an empty one would be refused.
function withoutImages(message: Message): Message {
  const images = partsOf<{ type: string }>(message.content).filter(isImage).length
  const bare = mapped(message, (part) => (isImage(part) ? [] : [part]))
  if (bare.content.length > 0) return bare
  return { ...message, content: images === 1 ? '[1 image]' : `[${images} images]` }
}

function withLastImage(message: Message): Message {
  const last = partsOf<{ type: string }>(message.content).findLast(isImage)
  return mapped(message, (part) => (isImage(part) && part !== last ? [] : [part]))
}

type Shown = UserPart | ToolResultPart

function mapped(message: Message, change: (part: Shown) => readonly Shown[]): Message {
  if (message.role !== 'user' && message.role !== 'tool') return message
  const parts = partsOf<Shown>(message.content).flatMap(change)
  return { ...message, content: parts } as Message
}
