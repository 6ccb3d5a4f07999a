import type { Remedy } from '../core/dialect.ts'
import { isObject, listOf, objectOf, setPath, textOf, type JsonDraft, type JsonObject } from '../core/json.ts'

type Block = Readonly<Record<string, unknown>>

const CONTROLS = 'thinking-binding-controls-2026-08-01'

/** How a wire format holds thoughts. */
interface ThoughtForm {
  readonly isThought: (block: Block) => boolean
  readonly signatureOf: (block: Block) => unknown
}

/**
 * What helps if the provider refuses earlier thoughts because something before them was changed: it is asked to leave them
 * out (`bindingControls`), or they are removed, where it cannot be asked.
 */
export function unbind({ isThought, signatureOf }: ThoughtForm): Remedy {
  return {
    fits: ({ status, message }) => status === 400 && /bound to a different conversation/i.test(message),
    mark: (body) => {
      const thought = blocksOf(body).find(isThought)
      return thought === undefined ? undefined : textOf(signatureOf(thought))?.slice(0, 200)
    },
    apply: (body, quirks): Readonly<Record<string, string>> | undefined => {
      const { type = 'adaptive', block_binding: given } = objectOf(body['thinking'])
      if (given !== undefined) return undefined
      if (quirks['bindingControls'] === true && (type === 'adaptive' || type === 'enabled')) {
        setPath(body, 'thinking.type', type)
        setPath(body, 'thinking.block_binding', { prefix_mismatch_behavior: 'drop_block' })
        return { 'anthropic-beta': CONTROLS }
      }
      body['messages'] = withoutThoughts(body, isThought)
      return {}
    },
    warning:
      'earlier reasoning was left out: the provider refuses it, because something before it was changed',
  }
}

function blocksOf(body: JsonDraft): Block[] {
  return listOf(body['messages']).flatMap((message) => listOf(objectOf(message)['content']).map(objectOf))
}

function withoutThoughts(body: JsonDraft, isThought: ThoughtForm['isThought']): JsonObject[] {
  return (listOf(body['messages']) as readonly JsonObject[]).flatMap((message) => {
    const content = message['content']
    if (!Array.isArray(content)) return [message]
    const kept = (content as readonly JsonObject[]).filter((block) => !isObject(block) || !isThought(block))
    return kept.length === 0 ? [] : [{ ...message, content: kept }]
  })
}
