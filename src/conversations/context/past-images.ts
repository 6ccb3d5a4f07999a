import { partsOf, type Message, type ToolResultPart, type UserPart } from '../../core/message.ts'
import type { ImageMode } from '../contract/index.ts'

/** Applies an image mode to past messages. `current` is the message being sent. */
export function placeImages(
  past: readonly Message[],
  mode: ImageMode,
  current?: Message,
): readonly Message[] {
  if (mode === 'send-all' || !past.some(hasImage)) return past
  const kept =
    mode === 'send-last-user-image' && !(current !== undefined && hasImage(current))
      ? past.findLast((message) => message.role === 'user' && hasImage(message))
      : undefined
  return past.map((message) => {
    if (!hasImage(message)) return message
    if (message === kept) return withLastImage(message)
    return mode === 'describe-past' ? described(message) : withoutImages(message)
  })
}

/** Whether a message contains an image. */
export function hasImage({ content }: Message): boolean {
  return typeof content !== 'string' && content.some(isImage)
}

function isImage(part: { readonly type: string }): boolean {
  return part.type === 'image'
}

function described(message: Message): Message {
  let index = 0
  return mapped(message, (part) => (isImage(part) ? [{ type: 'text', text: `<image ${++index}>` }] : [part]))
}

// A message of images alone becomes a text, because providers reject empty messages.
function withoutImages(message: Message): Message {
  const images = partsOf<{ type: string }>(message.content).filter(isImage).length
  const rest = mapped(message, (part) => (isImage(part) ? [] : [part]))
  if (rest.content.length > 0) return rest
  return { ...message, content: images === 1 ? '[1 image]' : `[${images} images]` }
}

function withLastImage(message: Message): Message {
  const last = partsOf<{ type: string }>(message.content).findLast(isImage)
  return mapped(message, (part) => (isImage(part) && part !== last ? [] : [part]))
}

type ContentPart = UserPart | ToolResultPart

function mapped(message: Message, change: (part: ContentPart) => readonly ContentPart[]): Message {
  if (message.role !== 'user' && message.role !== 'tool') return message
  const parts = partsOf<ContentPart>(message.content).flatMap(change)
  return { ...message, content: parts } as Message
}
