import { LlmError } from '../../core/error.ts'
import type { Message } from '../../core/message.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { Conversation, Page, PageQuery, StoredMessage, Summary } from '../storage/index.ts'
import {
  type ConversationRequest,
  type Identity,
  type ServiceContext,
  type TurnSettings,
  type UtilityCall,
  charge,
  messageOf,
  refuse,
  textOfContent,
} from '../contract/index.ts'
import { mergeSettings } from './merge-settings.ts'

const SUMMARY_PROMPT =
  'Summarise the conversation below in at most four sentences. Keep names, numbers, decisions and open questions. Answer with the summary alone.'
const TITLE_PROMPT =
  'Give the conversation that begins below a title of three to six words, in its language, without quotation marks. Answer with the title alone.'
const SUMMARY_TOKENS = 100
const TITLE_TOKENS = 20
const LAST_MESSAGES = 10
const LEAST_MESSAGES = 2
const LONGEST_TITLE = 120

/** What is to be told in short. */
export interface SummaryTask {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly settings: TurnSettings
  readonly messages: readonly Message[]
  /** The summary of what came before them. */
  readonly before?: string | undefined
  readonly upToSequence: number
}

/** Asks a model for a summary, counts what it costs, and keeps it. */
export async function summarizeTurns(service: ServiceContext, job: SummaryTask): Promise<Summary> {
  const { summary = {} } = service.options
  const { conversation, messages, before, upToSequence } = job
  const talk = transcript(messages)
  const text = before === undefined ? talk : `Summary so far: ${before}\n\n${talk}`
  const response = await sideCall(service, job, {
    call: { maxTokens: SUMMARY_TOKENS, prompt: SUMMARY_PROMPT, ...defined(summary) },
    text,
  })
  const said = response.text.trim()
  if (said === '') throw new LlmError('reply-malformed', 'the model gave an empty summary')
  return service.store.summaries.save(conversation.id, {
    text: said,
    upToSequence,
    model: response.model,
    usage: response.usage,
  })
}

/** A summary on demand: of the newest messages, on top of the summary so far. */
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

interface NewestJob {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly last: number
  readonly signal?: AbortSignal | undefined
}

async function summarizeNewest(
  service: ServiceContext,
  { identity, conversation, last, signal }: NewestJob,
): Promise<Summary> {
  if (!(Number.isSafeInteger(last) && last >= LEAST_MESSAGES && last <= 200))
    refuse('lastMessages', `takes a whole number from ${LEAST_MESSAGES} to 200`)
  const { id } = conversation
  const turns = await service.store.messages.history(id, { limit: last }, { signal })
  if (turns.length < LEAST_MESSAGES)
    throw new LlmError(
      'invalid-request',
      'there is nothing to summarise yet: the conversation has fewer than 2 messages',
    )
  const latest = await service.store.summaries.latest(id, { signal })
  const settings = mergeSettings(service, { identity, signal }, conversation)
  const made = await summarizeTurns(service, {
    identity,
    conversation,
    settings,
    messages: turns.map((turn) => messageOf(turn)),
    before: latest?.text,
    upToSequence: turns.at(-1)?.sequence ?? 0,
  })
  await service.store.conversations.update(id, { summary: made.text })
  return made
}

/** The summaries of a conversation, the one that reaches furthest first. */
export async function summaries(
  service: ServiceContext,
  { limit, cursor, ...request }: ConversationRequest & Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Page<Summary>> {
  const { conversation } = await service.open(request, 'summaries')
  return service.store.summaries.list(conversation.id, { limit, cursor }, { signal: request.signal })
}

/** After a turn: a title for a conversation that has none, and a summary where it has grown by enough. Nobody waits for it. */
export function afterTurn(
  service: ServiceContext,
  turn: { readonly identity: Identity; readonly conversationId: string; readonly settings: TurnSettings },
): void {
  // Whoever leaves after the answer does not take the title along.
  const settings = { ...turn.settings, signal: undefined }
  const { autoTitle, summary } = service.options
  const every = summary?.everyMessages
  if (autoTitle !== undefined && autoTitle !== false)
    service.inBackground('the title of a conversation', () => giveTitle(service, { ...turn, settings }))
  if (every !== undefined)
    service.inBackground('the summary of a conversation', async () => {
      const conversation = await service.store.conversations.get(turn.conversationId)
      if (conversation === undefined) return
      const latest = await service.store.summaries.latest(conversation.id)
      const grown = conversation.lastSequence - (latest?.upToSequence ?? 0)
      if (grown < every) return
      await summarizeNewest(service, {
        identity: turn.identity,
        conversation,
        last: Math.min(200, Math.max(grown, 2)),
      })
    })
}

/** Sums up a conversation that was completed, where the service makes summaries. Nobody waits for it. */
export function summarizeLater(
  service: ServiceContext,
  identity: Identity,
  conversation: Conversation,
): void {
  const { summary } = service.options
  if (summary === undefined || conversation.messageCount < LEAST_MESSAGES) return
  const last = summary.lastMessages ?? LAST_MESSAGES
  service.inBackground('the summary of a conversation', () =>
    summarizeNewest(service, { identity, conversation, last }),
  )
}

async function giveTitle(
  service: ServiceContext,
  { identity, conversationId, settings }: Parameters<typeof afterTurn>[1],
): Promise<void> {
  const { store, options } = service
  const conversation = await store.conversations.get(conversationId)
  if (conversation === undefined || conversation.title !== undefined) return
  const { items } = await store.messages.list(conversationId, { limit: 1, roles: ['user'] })
  const [first] = items
  const text = first === undefined ? '' : textOfContent(first.content).trim()
  if (first === undefined) return
  const call = typeof options.autoTitle === 'object' ? options.autoTitle : {}
  const title =
    text === '' ? 'Untitled' : await askTitle(service, { identity, conversation, settings }, { call, text })
  if (title !== '') await store.conversations.titleOnce(conversationId, title)
}

async function askTitle(
  service: ServiceContext,
  job: Pick<SummaryTask, 'identity' | 'conversation' | 'settings'>,
  { call, text }: { readonly call: UtilityCall; readonly text: string },
): Promise<string> {
  const asked = { maxTokens: TITLE_TOKENS, prompt: TITLE_PROMPT, ...defined(call) }
  const response = await sideCall(service, job, { call: asked, text: text.slice(0, 2_000) })
  const [line = ''] = response.text.trim().split('\n')
  return line.replaceAll(/^["'“”«»\s]+|["'“”«»\s.]+$/g, '').slice(0, LONGEST_TITLE)
}

// The model and the access of the turn, and none of its other settings: neither its tools nor its temperature.
async function sideCall(
  service: ServiceContext,
  { identity, conversation, settings }: Pick<SummaryTask, 'identity' | 'conversation' | 'settings'>,
  { call, text }: { readonly call: UtilityCall; readonly text: string },
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
    userId: identity.userId,
    conversationId: conversation.id,
    priority: 'low',
  })
  const costUsd = service.costOf(response)
  await charge(service.store, identity.userId, { usage: response.usage, costUsd })
  return response
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

function transcript(messages: readonly Message[]): string {
  return messages
    .map((message) => `${message.role}: ${textOfContent(message.content as StoredMessage['content'])}`)
    .join('\n')
}
