import { LlmError } from '../../core/error.ts'
import type { Message } from '../../core/message.ts'
import type { ModelCapabilities } from '../../core/provider.ts'
import type { Warning } from '../../core/response.ts'
import type { Conversation, StoredMessage, Summary } from '../storage/index.ts'
import {
  type AnswerOptions,
  type ChatPersona,
  type HistoryBounds,
  type Identity,
  type ServiceContext,
  type TextContext,
  type TurnSettings,
  displayName,
  inConversationOrder,
  messageOf,
  speakerName,
} from '../contract/index.ts'
import { type FittedWindow, fitWindow } from './fit-window.ts'
import { mergeSettings } from './merge-settings.ts'
import { placeImages } from './past-images.ts'
import { DEFAULT_HISTORY, MOST_HISTORY } from './select-history.ts'
import { summarizeTurns } from './summarize.ts'
import { prepareTextTransforms } from './transform-text.ts'

/** What is sent is made of this. */
export interface ContextInput {
  readonly identity: Identity
  readonly conversation: Conversation | undefined
  readonly conversationId: string
  /** Only turns below this sequence are history. */
  readonly before?: number | undefined
  /** Only this thread is history. */
  readonly thread?: string | undefined
  /** The turn to be answered. */
  readonly current: Message
  /** What has been done for it already. */
  readonly inFlight: readonly StoredMessage[]
}

/** A call's messages, and what was found on the way. */
export interface BuiltContext {
  readonly messages: readonly Message[]
  /** Where among them the turn to be answered is. */
  readonly currentAt: number
  readonly persona: ChatPersona | undefined
  readonly changeAnswer: ((text: string) => string | Promise<string>) | undefined
  readonly warnings: readonly Warning[]
}

/** A past turn, and where it stands in the store. */
interface PastTurn {
  readonly message: Message
  readonly sequence: number
}

/** Puts together what a model is told: instructions, summary, history, the turn itself, instructions after it. */
export async function buildContext(
  service: ServiceContext,
  request: AnswerOptions,
  material: ContextInput,
): Promise<BuiltContext> {
  const { conversation, identity, conversationId } = material
  const warnings: Warning[] = []
  const persona = await findPersona(service, request, material, warnings)
  const context: TextContext = {
    identity,
    conversationId,
    persona,
    charName: displayName(persona) ?? 'Character',
    userName: request.userName ?? 'User',
    system: request.system,
    template: request.template,
    templateData: request.templateData,
  }
  const past = conversation === undefined ? [] : await readPast(service, request, material)
  const images = request.images ?? service.options.images ?? 'tag_past'
  const shown = placeImages(
    past.map(({ message }) => message),
    images,
    material.current,
  )
  const ready = await prepareTextTransforms(service, {
    context,
    template: request.template,
    past: shown,
    current: material.current,
  })
  warnings.push(...ready.warnings)
  const shape: Shape = {
    system: instructions(ready.system),
    current: [ready.current, ...ready.after, ...material.inFlight.map((stored) => messageOf(stored))],
  }
  const turns = ready.past.map((message, at) => ({ message, sequence: past[at]?.sequence ?? 0 }))
  const messages = await fit(service, request, { material, shape, past: turns, warnings })
  const { answer } = service.options.texts ?? {}
  const changeAnswer = answer === undefined ? undefined : (text: string) => answer(text, context)
  const currentAt = messages.indexOf(ready.current)
  return { messages, currentAt, persona, changeAnswer, warnings }
}

interface Shape {
  readonly system: readonly Message[]
  readonly current: readonly Message[]
}

interface Fitting {
  readonly material: ContextInput
  readonly shape: Shape
  readonly past: readonly PastTurn[]
  readonly warnings: Warning[]
}

async function fit(
  service: ServiceContext,
  request: AnswerOptions,
  fitting: Fitting,
): Promise<readonly Message[]> {
  const { shape, past, material } = fitting
  const { overflow } = service.options.window ?? {}
  const { conversation } = material
  const latest =
    overflow === 'summarise' && conversation !== undefined && material.thread === undefined
      ? await service.store.summaries.latest(conversation.id, { signal: request.signal })
      : undefined
  const first = window(service, request, fitting, latest)
  if (overflow !== 'summarise' || first.dropped.length === 0 || material.thread !== undefined)
    return joined(shape, first, latest)
  const made = await summarise(service, request, fitting, { latest, first })
  if (made === undefined) return joined(shape, first, latest)
  const rest = past.filter(({ sequence }) => sequence > made.upToSequence)
  return joined(shape, window(service, request, { ...fitting, past: rest }, made), made)
}

// What had to go is told in short, and the older half of the rest with it: so that the next turns need no new summary.
async function summarise(
  service: ServiceContext,
  request: AnswerOptions,
  { material, past, warnings }: Fitting,
  { latest, first }: { readonly latest: Summary | undefined; readonly first: FittedWindow },
): Promise<Pick<Summary, 'text' | 'upToSequence'> | undefined> {
  const gone = new Set(first.dropped)
  const uncovered = past.filter(
    ({ message, sequence }) => gone.has(message) && sequence > (latest?.upToSequence ?? 0),
  )
  if (uncovered.length === 0 || material.conversation === undefined) return undefined
  const kept = past.filter(({ message }) => first.history.includes(message))
  const upTo = kept[Math.floor(kept.length / 2) - 1]?.sequence ?? uncovered.at(-1)?.sequence ?? 0
  const turns = past.filter(({ sequence }) => sequence > (latest?.upToSequence ?? 0) && sequence <= upTo)
  try {
    return await summarizeTurns(service, {
      identity: material.identity,
      conversation: material.conversation,
      settings: mergeSettings(service, request, material.conversation),
      messages: turns.map(({ message }) => message),
      before: latest?.text,
      upToSequence: upTo,
    })
  } catch (error) {
    if (!LlmError.is(error) || error.kind === 'aborted') throw error
    warnings.push({
      type: 'other',
      message: `the oldest turns were left out: no summary could be made (${error.kind})`,
    })
    return undefined
  }
}

function window(
  service: ServiceContext,
  request: AnswerOptions,
  { shape, past, material }: Fitting,
  summary: Pick<Summary, 'text' | 'upToSequence'> | undefined,
): FittedWindow {
  const { options } = service
  const { overflow, answerTokens, contextWindow, countTokens } = options.window ?? {}
  const settings = mergeSettings(service, request, material.conversation)
  const found = traitsOf(service, settings)
  const traits =
    contextWindow === undefined
      ? found
      : { ...found, contextWindow: Math.min(contextWindow, found.contextWindow ?? contextWindow) }
  return fitWindow({
    traits,
    fixed: [...shape.system, ...told(summary), ...shape.current],
    history: past.map(({ message }) => message),
    bounds: boundsOf(service, request),
    answerTokens: answerTokens ?? settings.maxTokens,
    extraTokens: toolTokens(settings),
    whole: overflow === 'refuse',
    countTokens,
  })
}

function joined(
  { system, current }: Shape,
  { history }: FittedWindow,
  summary: Pick<Summary, 'text'> | undefined,
): readonly Message[] {
  return [...system, ...told(summary), ...history, ...current]
}

function told(summary: Pick<Summary, 'text'> | undefined): readonly Message[] {
  return instructions(summary && `What was said before, in short:\n${summary.text}`)
}

function instructions(content: string | undefined): readonly Message[] {
  return content === undefined || content.trim() === '' ? [] : [{ role: 'system', content }]
}

function boundsOf(service: ServiceContext, request: AnswerOptions): HistoryBounds {
  const { maxMessages, maxTokens } = { ...service.options.history, ...request.history }
  // A budget of tokens alone is meant to be the bound.
  return { maxTokens, maxMessages: maxMessages ?? (maxTokens === undefined ? DEFAULT_HISTORY : MOST_HISTORY) }
}

// Instructions in a conversation stand at its beginning: they are looked for there, and in the window.
const FIRST_MESSAGES = 10

// Costs by the window, never by the length of the conversation.
async function readPast(
  service: ServiceContext,
  request: AnswerOptions,
  material: ContextInput,
): Promise<readonly PastTurn[]> {
  const { conversationId: id, before, thread, conversation } = material
  const { signal } = request
  const { maxMessages = DEFAULT_HISTORY } = boundsOf(service, request)
  const summarises = service.options.window?.overflow === 'summarise'
  const limit = Math.min(summarises ? MOST_HISTORY : maxMessages, MOST_HISTORY)
  if (limit === 0) return []
  const { messages } = service.store
  const longer = (conversation?.messageCount ?? 0) > limit && thread === undefined
  const [newest, first] = await Promise.all([
    messages.history(id, { limit, before, thread }, { signal }),
    longer ? messages.history(id, { limit: FIRST_MESSAGES, before: FIRST_MESSAGES + 1 }, { signal }) : [],
  ])
  const [oldest] = newest
  const system = first.filter(
    ({ role, sequence }) => role === 'system' && sequence < (oldest?.sequence ?? Infinity),
  )
  return inConversationOrder([...system, ...newest])
    .filter(saysSomething)
    .map((stored) => ({
      message: messageOf({ ...stored, name: speakerName(stored.name) }),
      sequence: stored.sequence,
    }))
}

// What was cut before its first word was paid for, and is no turn of the talk.
function saysSomething({ role, content }: StoredMessage): boolean {
  return role !== 'assistant' || content.length > 0
}

async function findPersona(
  service: ServiceContext,
  request: AnswerOptions,
  { conversation, identity }: ContextInput,
  warnings: Warning[],
): Promise<ChatPersona | undefined> {
  const reference = request.persona ?? conversation?.personaId
  if (reference === undefined) return undefined
  const found = await service.options.persona?.(reference, identity)
  if (found === undefined)
    warnings.push({
      type: 'other',
      message: `there is no persona "${reference}": the turn was answered without one`,
    })
  return found
}

function traitsOf(service: ServiceContext, { provider, model, api }: TurnSettings): ModelCapabilities {
  try {
    return service.options.orchestrator.registry.resolve({ provider, model, api }).capabilities
  } catch {
    // The orchestrator may know a default that the registry does not; what is wrong, the call itself will say.
    return {}
  }
}

// What a definition of a tool costs, about; schemas of a library count by their description alone.
function toolTokens({ tools = [] }: TurnSettings): number {
  let chars = 0
  for (const given of tools) {
    const { name, description = '', parameters, inputSchema } = 'function' in given ? given.function : given
    const schema = parameters ?? inputSchema ?? {}
    chars += name.length + description.length + ('~standard' in schema ? 400 : JSON.stringify(schema).length)
  }
  return Math.ceil(chars / 4)
}
