import { LlmError } from '../../core/error.ts'
import { objectOf, textOf } from '../../core/json.ts'
import type { Message } from '../../core/message.ts'
import type { ModelCapabilities } from '../../core/provider.ts'
import type { Warning } from '../../core/response.ts'
import { estimateUsage } from '../../core/tokens.ts'
import { insertPlaced } from '../../prompts/index.ts'
import type { Conversation, StoredMessage, Summary } from '../storage/index.ts'
import {
  type TokenCounter,
  type AnswerOptions,
  type ChatPersona,
  type HistoryBounds,
  type Identity,
  type ServiceContext,
  type TextContext,
  TurnIndex,
  type TurnSettings,
  displayName,
  inConversationOrder,
  messageOf,
  speakerName,
} from '../contract/index.ts'
import { type FittedWindow, fitWindow } from './fit-window.ts'
import { mergeSettings } from './merge-settings.ts'
import { placeImages } from './past-images.ts'
import { DEFAULT_HISTORY, MAX_HISTORY } from './select-history.ts'
import { summarizeMessages } from './summarize.ts'
import { findPersona, personaKey } from './find-persona.ts'
import { type TransformedTexts, transformTexts } from './transform-text.ts'

/** What the messages of a call are built from. */
export interface ContextInput {
  readonly identity: Identity
  readonly conversation: Conversation | undefined
  readonly conversationId: string
  /** Only messages below this sequence are history. */
  readonly before?: number | undefined
  /** Answers to messages before `before` that were stored after it. */
  readonly late?: readonly StoredMessage[] | undefined
  /** Only this thread is history. */
  readonly thread?: string | undefined
  /** The user message to answer. */
  readonly current: Message
  /** Messages of tool rounds that an interrupted turn completed. */
  readonly completedRounds: readonly StoredMessage[]
}

/** The messages of a call, with the persona and the warnings. */
export interface BuiltContext {
  readonly messages: readonly Message[]
  /** Index of the user message to answer. */
  readonly currentAt: number
  /** Whether the first message holds the instructions of the application or the persona, which are not moderated. */
  readonly isInstructed: boolean
  readonly persona: ChatPersona | undefined
  /** What a new conversation stores of the persona. */
  readonly personaId: string | undefined
  readonly transformAnswer: ((text: string) => string | Promise<string>) | undefined
  readonly warnings: readonly Warning[]
}

const NO_COMPOSER = 'the chat service has no composer'

/** A message of the history, with its sequence in the store. */
interface PastMessage {
  readonly message: Message
  readonly sequence: number
}

/**
 * Builds the messages of a call: instructions, summary, history, the user message, and instructions after it. Rejects with
 * `context-too-long` if they cannot fit the model's context window.
 */
export async function buildContext(
  service: ServiceContext,
  request: AnswerOptions,
  input: ContextInput,
): Promise<BuiltContext> {
  const { conversation, identity, conversationId } = input
  const warnings: Warning[] = []
  const kept = conversation?.personaId
  const { found, problem } = await findPersona(service, { identity, asked: request.persona, kept })
  if (problem !== undefined) warnings.push({ type: 'other', message: problem })
  const { composer, texts } = service.options
  if (request.template !== undefined && composer === undefined && texts === undefined)
    warnings.push({ type: 'other', message: `template "${request.template}" was not used: ${NO_COMPOSER}` })
  const persona = found?.persona
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
  const plan = historyPlan(service, request, conversation)
  const past = conversation === undefined ? [] : await readPast(service, request, { ...input, plan })
  const images = request.images ?? service.options.images ?? (plan.isBound ? 'send-all' : 'describe-past')
  const shown = placeImages(
    past.map(({ message }) => message),
    images,
    input.current,
  )
  const ready = await transformTexts(service, {
    context,
    found,
    template: request.template,
    examples: request.examples,
    past: shown,
    current: input.current,
  })
  warnings.push(...ready.warnings)
  const frame: Frame = {
    system: instructions(ready.system),
    current: [ready.current, ...ready.after, ...input.completedRounds.map((stored) => messageOf(stored))],
    placed: ready.placed,
  }
  const sequenced = [
    // The sequence 0 is before all of them: the window drops these first, and no summary covers them.
    ...ready.opening.map((message) => ({ message, sequence: 0 })),
    ...ready.past.map((message, at) => ({ message, sequence: past[at]?.sequence ?? 0 })),
  ]
  const messages = await fit(service, request, { input, frame, plan, past: sequenced, warnings })
  const { answer } = service.options.texts ?? {}
  const transformAnswer = answer === undefined ? undefined : (text: string) => answer(text, context)
  const currentAt = messages.indexOf(ready.current)
  const asked = conversation === undefined ? request.persona : undefined
  const personaId = asked === undefined ? undefined : await personaKey(service, identity, { asked, found })
  const isInstructed = frame.system.length > 0
  return { messages, currentAt, isInstructed, persona, personaId, transformAnswer, warnings }
}

/** The messages around the history, which are never dropped. */
interface Frame {
  readonly system: readonly Message[]
  readonly current: readonly Message[]
  /** Messages between those of the history, by depth; 1 is before the current message. */
  readonly placed: TransformedTexts['placed']
}

interface Fitting {
  readonly input: ContextInput
  readonly frame: Frame
  readonly plan: HistoryPlan
  readonly past: readonly PastMessage[]
  readonly warnings: Warning[]
}

async function fit(
  service: ServiceContext,
  request: AnswerOptions,
  fitting: Fitting,
): Promise<readonly Message[]> {
  const { frame, past, input } = fitting
  const { overflow } = service.options.window ?? {}
  const { conversation } = input
  const latest =
    overflow === 'summarise' && conversation !== undefined && input.thread === undefined
      ? await service.store.summaries.latest(conversation.id, { signal: request.signal })
      : undefined
  const first = window(service, request, fitting, latest)
  if (overflow !== 'summarise' || first.dropped.length === 0 || input.thread !== undefined)
    return joined(frame, first, latest)
  const made = await summarise(service, request, fitting, { latest, first })
  if (made === undefined) return joined(frame, first, latest)
  const rest = past.filter(({ sequence }) => sequence > made.upToSequence)
  return joined(frame, window(service, request, { ...fitting, past: rest }, made), made)
}

// Also covers the older half of the messages that fit, so that the next turns need no new summary.
async function summarise(
  service: ServiceContext,
  request: AnswerOptions,
  { input, past, warnings }: Fitting,
  { latest, first }: { readonly latest: Summary | undefined; readonly first: FittedWindow },
): Promise<Pick<Summary, 'text' | 'upToSequence'> | undefined> {
  const gone = new Set(first.dropped)
  const uncovered = past.filter(
    ({ message, sequence }) => gone.has(message) && sequence > (latest?.upToSequence ?? 0),
  )
  if (uncovered.length === 0 || input.conversation === undefined) return undefined
  const kept = past.filter(({ message }) => first.history.includes(message))
  const upTo = kept[Math.floor(kept.length / 2) - 1]?.sequence ?? uncovered.at(-1)?.sequence ?? 0
  const covered = past.filter(({ sequence }) => sequence > (latest?.upToSequence ?? 0) && sequence <= upTo)
  try {
    return await summarizeMessages(service, {
      identity: input.identity,
      conversation: input.conversation,
      settings: mergeSettings(service, request, input.conversation),
      messages: covered.map(({ message }) => message),
      before: latest?.text,
      upToSequence: upTo,
      aside: 'turn',
    })
  } catch (error) {
    if (!LlmError.is(error) || error.kind === 'aborted') throw error
    warnings.push({
      type: 'other',
      message: `the oldest messages were dropped, because the summary failed (${error.kind})`,
    })
    return undefined
  }
}

function window(
  service: ServiceContext,
  request: AnswerOptions,
  { frame, plan, past, input }: Fitting,
  summary: Pick<Summary, 'text' | 'upToSequence'> | undefined,
): FittedWindow {
  const { options } = service
  const { overflow, answerTokens, contextWindow } = options.window ?? {}
  const { estimateTokens } = options.orchestrator
  const countTokens: TokenCounter =
    options.window?.countTokens ?? ((message) => estimateUsage([message], '', estimateTokens).inputTokens)
  const settings = mergeSettings(service, request, input.conversation)
  const found = capabilitiesOf(service, settings)
  const capabilities =
    contextWindow === undefined
      ? found
      : { ...found, contextWindow: Math.min(contextWindow, found.contextWindow ?? contextWindow) }
  return fitWindow({
    traits: capabilities,
    fixed: [
      ...frame.system,
      ...summaryMessage(summary),
      ...frame.placed.map(({ message }) => message),
      ...frame.current,
    ],
    history: past.map(({ message }) => message),
    bounds: plan.bounds,
    answerTokens: answerTokens ?? settings.maxTokens,
    extraTokens: toolTokens(settings),
    whole: overflow === 'refuse',
    countTokens,
  })
}

function joined(
  { system, current, placed }: Frame,
  { history }: FittedWindow,
  summary: Pick<Summary, 'text'> | undefined,
): readonly Message[] {
  const [sent] = current
  const said = sent === undefined ? history : [...history, sent]
  return [...system, ...summaryMessage(summary), ...insertPlaced(said, placed), ...current.slice(1)]
}

function summaryMessage(summary: Pick<Summary, 'text'> | undefined): readonly Message[] {
  return instructions(summary && `What was said before, in short:\n${summary.text}`)
}

function instructions(content: string | undefined): readonly Message[] {
  return content === undefined || content.trim() === '' ? [] : [{ role: 'system', content }]
}

/** Which part of a history is sent. */
interface HistoryPlan {
  readonly bounds: HistoryBounds
  /** By default the history grows from this number of messages to almost twice as many, then begins again with it. */
  readonly step?: number | undefined
  /** Whether the model refuses its earlier reasoning once something before it was changed or left out. */
  readonly isBound: boolean
}

/** The step for models with bound reasoning, which each new beginning costs all earlier reasoning. */
const BOUND_STEP = MAX_HISTORY / 2

function historyPlan(
  service: ServiceContext,
  request: AnswerOptions,
  conversation: ContextInput['conversation'],
): HistoryPlan {
  const { boundThoughts: isBound = false } = capabilitiesOf(
    service,
    mergeSettings(service, request, conversation),
  )
  const { maxMessages, maxTokens } = { ...service.options.history, ...request.history }
  // With a token limit alone, the message limit is lifted to its maximum.
  if (maxMessages !== undefined || maxTokens !== undefined)
    return { isBound, bounds: { maxTokens, maxMessages: maxMessages ?? MAX_HISTORY } }
  const step = isBound ? BOUND_STEP : DEFAULT_HISTORY
  return { isBound, step, bounds: { maxMessages: 2 * step - 1 } }
}

/**
 * The messages from a beginning that moves in steps, and not with every turn: what the provider caches is a prefix, which a
 * history that slides by one message would never have.
 */
function inSteps(past: readonly StoredMessage[], step: number): readonly StoredMessage[] {
  const newest = past.at(-1)?.sequence ?? 0
  let first = Math.floor(newest / step - 1) * step + 1
  const kept = (): readonly StoredMessage[] => past.filter(({ sequence }) => sequence >= first)
  // Sequences of other branches leave gaps.
  while (first > 1 && kept().length < Math.min(step, past.length)) first -= step
  return first > 1 ? kept() : past
}

// System messages of a conversation are at its beginning, so they are read from there and from the newest messages.
const FIRST_MESSAGES = 10

// The cost depends on the number of messages read, not on the length of the conversation.
async function readPast(
  service: ServiceContext,
  request: AnswerOptions,
  { plan, ...input }: ContextInput & { readonly plan: HistoryPlan },
): Promise<readonly PastMessage[]> {
  const { conversationId: id, before, thread, conversation } = input
  const { signal } = request
  const { step, bounds } = plan
  const { maxMessages = MAX_HISTORY } = bounds
  const summarizes = service.options.window?.overflow === 'summarise'
  const limit = Math.min(summarizes ? MAX_HISTORY : maxMessages, MAX_HISTORY)
  if (limit === 0) return []
  const { messages } = service.store
  const longer = (conversation?.messageCount ?? 0) > limit && thread === undefined
  const [newest, first] = await Promise.all([
    messages.history(id, { limit, before, thread }, { signal }),
    longer ? messages.history(id, { limit: FIRST_MESSAGES, before: FIRST_MESSAGES + 1 }, { signal }) : [],
  ])
  const shown = step === undefined || summarizes ? newest : inSteps(newest, step)
  const [oldest] = shown
  const system = first.filter(
    ({ role, sequence }) => role === 'system' && sequence < (oldest?.sequence ?? Infinity),
  )
  return inConversationOrder([...system, ...shown, ...answersTo(shown, input.late)])
    .filter(hasContent)
    .map((stored) => ({
      message: messageOf({ ...stored, name: speakerName(stored.name) }),
      sequence: stored.sequence,
    }))
}

function answersTo(
  shown: readonly StoredMessage[],
  late: readonly StoredMessage[] = [],
): readonly StoredMessage[] {
  const index = new TurnIndex()
  for (const message of shown) index.add(message)
  const ids = new Set(shown.map(({ id }) => id))
  return late.filter((message) => ids.has(index.add(message) ?? ''))
}

// Empty partial answers are stored for their usage only.
function hasContent({ role, content }: StoredMessage): boolean {
  return role !== 'assistant' || content.length > 0
}

function capabilitiesOf(service: ServiceContext, { provider, model, api }: TurnSettings): ModelCapabilities {
  try {
    return service.options.orchestrator.registry.resolve({ provider, model, api }).capabilities
  } catch {
    // The orchestrator may have a default that the registry lacks. If the target is invalid, the call itself reports it.
    return {}
  }
}

// Estimated tokens of tool definitions. Schemas of a schema library count as 400 characters. What is no tool counts nothing:
// the call itself reports it.
function toolTokens({ tools = [] }: TurnSettings): number {
  let chars = 0
  for (const given of tools) {
    const { name, description, parameters, inputSchema } = objectOf(
      'function' in given ? given.function : given,
    )
    for (const text of [name, description]) chars += textOf(text)?.length ?? 0
    chars += schemaChars(parameters ?? inputSchema)
  }
  return Math.ceil(chars / 4)
}

function schemaChars(schema: unknown = {}): number {
  const isLibrary = typeof schema === 'function' || '~standard' in objectOf(schema)
  return isLibrary ? 400 : (JSON.stringify(schema) ?? '').length
}
