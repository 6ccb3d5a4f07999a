import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { Message } from '../../core/message.ts'
import { createAside } from '../../core/parent-call.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { Conversation, Page, PageQuery, Summary } from '../storage/index.ts'
import {
  type ConversationRequest,
  type Identity,
  type ServiceContext,
  type TurnSettings,
  type UtilityCall,
  callerOf,
  charge,
  inConversationOrder,
  messageOf,
  refuse,
  textOfContent,
} from '../contract/index.ts'
import { askWithoutRefused } from './ask-without-refused.ts'
import { cleanTitle } from './clean-title.ts'
import { mergeSettings } from './merge-settings.ts'

const SUMMARY_PROMPT =
  'Summarise the conversation below in at most four sentences. Keep names, numbers, decisions and open questions. Answer with the summary alone.'
const TITLE_PROMPT =
  'Give the conversation that begins below a title of three to six words, in its language, without quotation marks. Answer with the title alone.'
const SUMMARY_TOKENS = 100
const TITLE_TOKENS = 20
const LAST_MESSAGES = 10
const LEAST_MESSAGES = 2
// The first messages of a user, of which the first that is not refused makes the title.
const TITLED_MESSAGES = 5

/** The messages to summarize. */
export interface SummaryTask {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly settings: TurnSettings
  readonly messages: readonly Message[]
  /** Summary of the messages before these. */
  readonly before?: string | undefined
  /** Sequence of the last message. */
  readonly upToSequence: number
  /** Who asks, if it is not the user. The call is then booked under its purpose. Default: the user. */
  readonly aside?: 'turn' | 'background' | undefined
}

/** Summarizes messages with a model call, charges the call to the user or its purpose, and stores the summary. */
export async function summarizeMessages(service: ServiceContext, task: SummaryTask): Promise<Summary> {
  const { summary = {} } = service.options
  const { conversation, messages, before, upToSequence } = task
  const response = await askWithoutRefused(service, task, messages, (left) => {
    const spoken = transcript(left)
    return utilityCall(service, task, {
      call: { maxTokens: SUMMARY_TOKENS, prompt: SUMMARY_PROMPT, ...defined(summary) },
      text: before === undefined ? spoken : `Summary so far: ${before}\n\n${spoken}`,
      purpose: task.aside && 'summary',
      priority: task.aside === 'turn' ? undefined : 'low',
    })
  })
  const summaryText = response.text.trim()
  if (summaryText === '') throw new LlmError('reply-malformed', 'the model returned an empty summary')
  const { signal } = task.settings
  signal?.throwIfAborted()
  const { model, usage } = response
  return service.store.summaries.save(
    conversation.id,
    { text: summaryText, upToSequence, model, usage },
    { signal },
  )
}

/** Summarizes the newest messages, continuing the latest summary. Rejects with `invalid-request` if there are fewer than 2. */
export async function summarize(
  service: ServiceContext,
  request: ConversationRequest & { readonly lastMessages?: number | undefined },
): Promise<Summary> {
  const { identity, conversation } = await service.open(request, 'summarize')
  return summarizeNewest(service, {
    identity,
    conversation,
    last: request.lastMessages ?? service.options.summary?.lastMessages ?? LAST_MESSAGES,
    signal: request.signal,
  })
}

interface NewestTask {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly last: number
  readonly aside?: 'background' | undefined
  readonly signal?: AbortSignal | undefined
}

async function summarizeNewest(
  service: ServiceContext,
  { identity, conversation, last, aside, signal }: NewestTask,
): Promise<Summary> {
  if (!(Number.isSafeInteger(last) && last >= LEAST_MESSAGES && last <= 200))
    refuse('lastMessages', `takes a whole number from ${LEAST_MESSAGES} to 200`)
  const { id } = conversation
  const newest = await service.store.messages.history(id, { limit: last }, { signal })
  if (newest.length < LEAST_MESSAGES)
    throw new LlmError(
      'invalid-request',
      `the conversation has ${newest.length} messages; a summary needs at least ${LEAST_MESSAGES}`,
    )
  const latest = await service.store.summaries.latest(id, { signal })
  const settings = mergeSettings(service, { identity, signal }, conversation)
  const made = await summarizeMessages(service, {
    identity,
    conversation,
    settings,
    messages: inConversationOrder(newest).map((message) => messageOf(message)),
    before: latest?.text,
    upToSequence: newest.at(-1)?.sequence ?? 0,
    aside,
  })
  signal?.throwIfAborted()
  await service.store.conversations.update(id, { summary: made.text }, { signal })
  return made
}

/** The summaries of a conversation, the one with the highest `upToSequence` first. */
export async function summaries(
  service: ServiceContext,
  { limit, cursor, ...request }: ConversationRequest & Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Page<Summary>> {
  const { conversation } = await service.open(request, 'summaries')
  return service.store.summaries.list(conversation.id, { limit, cursor }, { signal: request.signal })
}

/** Starts the automatic title and summary of a conversation in the background, if they are enabled and due. */
export function afterTurn(
  service: ServiceContext,
  turn: { readonly identity: Identity; readonly conversationId: string; readonly settings: TurnSettings },
): void {
  const { autoTitle, summary } = service.options
  const every = summary?.everyMessages
  if (autoTitle !== undefined && autoTitle !== false)
    service.inBackground('the title of a conversation', (signal) =>
      // With another signal than the caller's, because an abort after the answer must not cancel the title.
      giveTitle(service, { ...turn, settings: { ...turn.settings, signal } }),
    )
  if (every !== undefined)
    service.inBackground('the summary of a conversation', async (signal) => {
      const conversation = await service.store.conversations.get(turn.conversationId, { signal })
      if (conversation === undefined) return
      const latest = await service.store.summaries.latest(conversation.id, { signal })
      const grown = conversation.lastSequence - (latest?.upToSequence ?? 0)
      if (grown < every) return
      await summarizeNewest(service, {
        identity: turn.identity,
        conversation,
        last: Math.min(200, Math.max(grown, 2)),
        aside: 'background',
        signal,
      })
    })
}

/** Summarizes a completed conversation in the background, if the service makes summaries. */
export function summarizeLater(
  service: ServiceContext,
  identity: Identity,
  conversation: Conversation,
): void {
  const { summary } = service.options
  if (summary === undefined || conversation.messageCount < LEAST_MESSAGES) return
  const last = summary.lastMessages ?? LAST_MESSAGES
  service.inBackground('the summary of a conversation', (signal) =>
    summarizeNewest(service, { identity, conversation, last, aside: 'background', signal }),
  )
}

async function giveTitle(
  service: ServiceContext,
  { identity, conversationId, settings }: Parameters<typeof afterTurn>[1],
): Promise<void> {
  const { store, options } = service
  const { signal } = settings
  const conversation = await store.conversations.get(conversationId, { signal })
  if (conversation === undefined || conversation.title !== undefined) return
  const { items } = await store.messages.list(
    conversationId,
    { limit: TITLED_MESSAGES, roles: ['user'] },
    { signal },
  )
  const call = typeof options.autoTitle === 'object' ? options.autoTitle : {}
  const task = { identity, conversation, settings }
  const first = items.map((item) => messageOf(item))
  if (first.length === 0) return
  const title = await askWithoutRefused(service, task, first, ([spoken]) => {
    const text = spoken === undefined ? '' : textOf(spoken).trim()
    return text === '' ? Promise.resolve('Untitled') : askTitle(service, task, { call, text })
  })
  signal?.throwIfAborted()
  if (title !== '') await store.conversations.titleOnce(conversationId, title, { signal })
}

async function askTitle(
  service: ServiceContext,
  task: Pick<SummaryTask, 'identity' | 'conversation' | 'settings'>,
  { call, text }: { readonly call: UtilityCall; readonly text: string },
): Promise<string> {
  const titleCall = { maxTokens: TITLE_TOKENS, prompt: TITLE_PROMPT, ...defined(call) }
  const response = await utilityCall(service, task, {
    call: titleCall,
    text: text.slice(0, 2_000),
    purpose: 'title',
    priority: 'low',
  })
  return cleanTitle(response.text)
}

interface UtilityTask {
  readonly call: UtilityCall
  readonly text: string
  /** What the call is booked under. Default: it is a request of the user. */
  readonly purpose?: 'title' | 'summary' | undefined
  readonly priority: 'low' | undefined
}

// Uses the model and credentials of the turn but none of its other settings, such as tools or temperature.
async function utilityCall(
  service: ServiceContext,
  { identity, conversation, settings }: Pick<SummaryTask, 'identity' | 'conversation' | 'settings'>,
  { call, text, purpose, priority }: UtilityTask,
): Promise<ChatResponse> {
  const { api, apiKey, baseUrl, credentials, variables, headers, fetch, transport, signal } = settings
  const { provider, model } = call.model === undefined ? settings : { provider: undefined, model: call.model }
  const response = await service.options.orchestrator.chatApiCall({
    ...defined({ provider, model, signal }),
    ...(call.model === undefined
      ? defined({ api, apiKey, baseUrl, credentials, variables, headers, fetch, transport })
      : undefined),
    maxTokens: call.maxTokens,
    messages: [
      { role: 'system', content: call.prompt ?? '' },
      { role: 'user', content: text },
    ],
    ...callerOf(identity, settings.tags),
    conversationId: conversation.id,
    priority,
    parent: purpose && createAside({ requestId: newId('req'), purpose }),
  })
  const costUsd = service.costOf(response)
  const account = purpose === undefined ? identity : { ...identity, userId: `purpose:${purpose}` }
  await charge(service.store, account, { usage: response.usage, costUsd })
  return response
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

function transcript(messages: readonly Message[]): string {
  return messages.map((message) => `${message.role}: ${textOf(message)}`).join('\n')
}

function textOf({ content }: Message): string {
  return textOfContent(content)
}
