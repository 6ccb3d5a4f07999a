import type { Message } from '../../core/message.ts'
import type { Warning } from '../../core/response.ts'
import type { StoredPart } from '../storage/index.ts'
import {
  type ComposeInput,
  type ServiceContext,
  type TextContext,
  mapText,
  mapTextAsync,
} from '../contract/index.ts'

/** The texts of a call before transforms are applied. */
export interface RawTexts {
  readonly context: TextContext
  readonly template: ComposeInput['template']
  /** Messages of the history. */
  readonly past: readonly Message[]
  /** The message being sent. */
  readonly current: Message
}

/** The texts of a call after transforms were applied. */
export interface TransformedTexts {
  readonly system: string | undefined
  /** Messages of the history, at the same indexes. */
  readonly past: readonly Message[]
  readonly current: Message
  /** Instructions to send after the current message. */
  readonly after: readonly Message[]
  readonly warnings: readonly Warning[]
}

/** Applies the service's composer if there is one, else its text transforms. */
export function transformTexts(service: ServiceContext, raw: RawTexts): Promise<TransformedTexts> {
  const { composer } = service.options
  return composer === undefined ? transformed(service, raw) : composed(composer, raw)
}

async function transformed(
  service: ServiceContext,
  { context, past, current }: RawTexts,
): Promise<TransformedTexts> {
  const { placeholders, system: change, message } = service.options.texts ?? {}
  const { persona } = context
  const fill = (text: string): string => placeholders?.(text, context) ?? text
  const given = context.system ?? persona?.systemPrompt
  const filled = given === undefined ? undefined : fill(given)
  const after = persona?.postHistoryInstructions ?? ''
  const ready =
    message === undefined || current.role !== 'user'
      ? current
      : {
          ...current,
          content: await mapTextAsync<StoredPart>(current.content, (text) => message(text, context)),
        }
  return {
    system: change === undefined ? filled : await change(filled, context),
    past: placeholders === undefined ? past : past.map((one) => mapText(one, fill)),
    current: ready as Message,
    after: after.trim() === '' ? [] : [{ role: 'system', content: fill(after) }],
    warnings: [],
  }
}

// System messages of the history bypass the composer, which would take them for instructions of the request.
async function composed(
  composer: NonNullable<ServiceContext['options']['composer']>,
  { context, template, past, current }: RawTexts,
): Promise<TransformedTexts> {
  const { persona, system, userName: user, templateData: data } = context
  const all = [...past, current]
  const spoken = all.filter(({ role }) => role !== 'system' && role !== 'developer')
  const made = await composer.compose({ messages: spoken, system, persona, template, data, user })
  const results = made.messages as readonly Message[]
  const ready = new Map(spoken.map((message, at) => [message, results[at] ?? message]))
  return {
    system: made.system,
    past: past.map((message) => ready.get(message) ?? message),
    current: ready.get(current) ?? current,
    after: results.slice(spoken.length),
    warnings: made.warnings,
  }
}
