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

/** The texts of a call as they come: nothing is filled in, nothing changed. */
export interface TextTransforms {
  readonly context: TextContext
  readonly template: ComposeInput['template']
  /** Past turns and the turn being sent. */
  readonly past: readonly Message[]
  readonly current: Message
}

/** The texts as a model is to read them. */
export interface ReadyTextTransforms {
  readonly system: string | undefined
  /** Each in the place of its raw one. */
  readonly past: readonly Message[]
  readonly current: Message
  /** Instructions behind the turn being sent. */
  readonly after: readonly Message[]
  readonly warnings: readonly Warning[]
}

/** Makes the texts ready: by the host's composer where it has one, else by its single changes. */
export function prepareTextTransforms(
  service: ServiceContext,
  raw: TextTransforms,
): Promise<ReadyTextTransforms> {
  const { composer } = service.options
  return composer === undefined ? changed(service, raw) : composed(composer, raw)
}

async function changed(
  service: ServiceContext,
  { context, past, current }: TextTransforms,
): Promise<ReadyTextTransforms> {
  const { placeholders, system: change, message } = service.options.texts ?? {}
  const { persona } = context
  const fill = (text: string): string => placeholders?.(text, context) ?? text
  const asked = context.system ?? persona?.systemPrompt
  const filled = asked === undefined ? undefined : fill(asked)
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
    past: placeholders === undefined ? past : past.map((turn) => mapText(turn, fill)),
    current: ready as Message,
    after: after.trim() === '' ? [] : [{ role: 'system', content: fill(after) }],
    warnings: [],
  }
}

// The composer takes system turns for instructions of the request: those of the history stay where they are.
async function composed(
  composer: NonNullable<ServiceContext['options']['composer']>,
  { context, template, past, current }: TextTransforms,
): Promise<ReadyTextTransforms> {
  const { persona, system, userName: user, templateData: data } = context
  const turns = [...past, current]
  const spoken = turns.filter((turn) => turn.role !== 'system' && turn.role !== 'developer')
  const made = await composer.compose({ messages: spoken, system, persona, template, data, user })
  const results = made.messages as readonly Message[]
  const ready = new Map(spoken.map((turn, at) => [turn, results[at] ?? turn]))
  return {
    system: made.system,
    past: past.map((turn) => ready.get(turn) ?? turn),
    current: ready.get(current) ?? current,
    after: results.slice(spoken.length),
    warnings: made.warnings,
  }
}
