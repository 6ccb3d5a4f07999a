import type { Message } from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { Warning } from '../../core/response.ts'
import { composePersona, type PersonaParts } from '../../prompts/index.ts'
import type { StoredPart } from '../storage/index.ts'
import {
  type ChatPersona,
  type ComposeInput,
  type ComposeParts,
  type ServiceContext,
  type TextContext,
  mapText,
  mapTextAsync,
} from '../contract/index.ts'
import type { FoundPersona } from './find-persona.ts'

/** The texts of a call before transforms are applied. */
export interface RawTexts {
  readonly context: TextContext
  readonly found: FoundPersona | undefined
  readonly template: ComposeInput['template']
  readonly examples: boolean | undefined
  /** Messages of the history. */
  readonly past: readonly Message[]
  /** The message being sent. */
  readonly current: Message
}

/** The texts of a call after transforms were applied. */
export interface TransformedTexts {
  readonly system: string | undefined
  /** Example dialogue, before the history. */
  readonly opening: readonly Message[]
  /** Messages of the history, at the same indexes. */
  readonly past: readonly Message[]
  readonly current: Message
  /** Messages between those of the history and the current one, by depth. */
  readonly placed: readonly { readonly depth: number; readonly message: Message }[]
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
  { context, found, past, current, examples }: RawTexts,
): Promise<TransformedTexts> {
  const { placeholders, system: change, message } = service.options.texts ?? {}
  const warnings: Warning[] = []
  const parts =
    found && (await personaParts(found, { context, history: [...past, current], examples, warnings }))
  const fill = (text: string): string => placeholders?.(text, context) ?? text
  const given = parts?.system ?? context.system
  const filled = given === undefined || given === '' ? undefined : fill(given)
  const own = (messages: readonly MessageInput[] = []): readonly Message[] =>
    messages.map((one) => mapText(one as Message, fill))
  const ready =
    message === undefined || current.role !== 'user'
      ? current
      : {
          ...current,
          content: await mapTextAsync<StoredPart>(current.content, (text) => message(text, context)),
        }
  return {
    system: change === undefined ? filled : await change(filled, context),
    opening: own(parts?.opening),
    past: placeholders === undefined ? past : past.map((one) => mapText(one, fill)),
    current: ready as Message,
    placed: (parts?.placed ?? []).map(({ depth, message: one }) => ({
      depth,
      message: mapText(one as Message, fill),
    })),
    after: own(parts?.closing),
    warnings,
  }
}

interface PersonaRaw {
  readonly context: TextContext
  readonly history: readonly Message[]
  readonly examples: boolean | undefined
  readonly warnings: Warning[]
}

function personaParts(
  { persona }: FoundPersona,
  { context, history, examples, warnings }: PersonaRaw,
): Promise<PersonaParts> {
  const { charName: char, userName: user, conversationId: seed, system: host = '' } = context
  return composePersona({
    persona,
    host,
    history: history.filter(isSpoken),
    names: { char, user, seed },
    examples,
    warn: (message) => warnings.push({ type: 'other', message }),
  })
}

// System messages of the history bypass the composer, which would take them for instructions of the request.
async function composed(
  composer: NonNullable<ServiceContext['options']['composer']>,
  { context, found, template, past, current, examples }: RawTexts,
): Promise<TransformedTexts> {
  const { system, userName: user, templateData: data, conversationId: seed } = context
  const persona = found?.given as ChatPersona | undefined
  const spoken = [...past, current].filter(isSpoken)
  const input = { messages: spoken, system, persona, template, data, user, examples, seed }
  const made = await (composer.composeParts?.(input) ?? wholeParts(composer, input))
  const ready = new Map(
    spoken.map((message, at) => [message, (made.history[at] as Message | undefined) ?? message]),
  )
  return {
    system: made.system,
    opening: made.opening as readonly Message[],
    past: past.map((message) => ready.get(message) ?? message),
    current: ready.get(current) ?? current,
    placed: made.placed as TransformedTexts['placed'],
    after: made.closing as readonly Message[],
    warnings: made.warnings,
  }
}

async function wholeParts(
  composer: NonNullable<ServiceContext['options']['composer']>,
  input: ComposeInput,
): Promise<ComposeParts> {
  const { system, messages, warnings } = await composer.compose(input)
  const { length } = input.messages
  const closing = messages.slice(length)
  return { system, opening: [], history: messages.slice(0, length), placed: [], closing, warnings }
}

function isSpoken({ role }: Message): boolean {
  return role !== 'system' && role !== 'developer'
}
