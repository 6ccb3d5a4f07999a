import { parseRequest } from '../../core/parse-request.ts'
import { LlmError } from '../../core/error.ts'
import type { ChatStoreUnit, Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type ConversationRequest,
  type Identity,
  type ServiceContext,
  admitMessages,
  inConversationOrder,
  messageOf,
  ownerScope,
  refuse,
} from '../contract/index.ts'
import { type ConversationFile, fileOf, readFile, rowsOf, toJson, toMarkdown } from './transcript.ts'

/** The conversation to export, and the format. */
export interface ExportRequest extends ConversationRequest {
  /** `json` keeps all message content, `markdown` is for reading. Default `json`. */
  readonly format?: 'json' | 'markdown' | undefined
}

/** An exported conversation: the text and name of a file. */
export interface ExportedConversation {
  readonly text: string
  readonly filename: string
  readonly mediaType: 'application/json' | 'text/markdown'
}

/** Exports the active messages of a conversation. */
export async function exportConversation(
  service: ServiceContext,
  request: ExportRequest,
): Promise<ExportedConversation> {
  const { conversation } = await service.open(request, 'export')
  const { format = 'json', signal } = request
  if (format !== 'json' && format !== 'markdown')
    refuse('format', `is ${JSON.stringify(format)}; takes json or markdown`)
  const messages: StoredMessage[] = []
  let cursor: string | undefined
  do {
    const page = await service.store.messages.list(conversation.id, { limit: 200, cursor }, { signal })
    messages.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  const file = fileOf(conversation, inConversationOrder(messages))
  const name = filenameOf(conversation, messages)
  if (format === 'json')
    return { text: toJson(file), filename: `${name}.json`, mediaType: 'application/json' }
  return { text: toMarkdown(file), filename: `${name}.md`, mediaType: 'text/markdown' }
}

/** A file to import. */
export interface ImportRequest {
  readonly identity: Identity
  /** JSON or Markdown text as `export` writes it, or parsed JSON. */
  readonly file: string | ConversationFile
  /** Replaces the history of this conversation; its present messages become inactive. Default: a new conversation. */
  readonly conversationId?: string | undefined
  /** Overrides the title of the file. */
  readonly title?: string | undefined
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** A repeated import with the same id returns the conversation of the first. */
  readonly requestId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

async function replaceMessages(
  service: ServiceContext,
  request: ImportRequest & { readonly conversationId: string },
): Promise<Conversation> {
  const { identity, conversation } = await service.open(request, 'import')
  const { id } = conversation
  const rows = await checkedRows(service, rowsOf(readFile(request.file), identity.userId, true), {
    ...request,
    identity,
  })
  return service.store.transaction(
    async (unit) => {
      await unit.messages.activate(id, { offAfter: 0 })
      await appendAll(unit, id, rows)
      if (request.title !== undefined) await unit.conversations.update(id, { title: request.title })
      return (await unit.conversations.get(id)) ?? conversation
    },
    { signal: request.signal },
  )
}

// Rejects messages that could not be sent to a model later, with their path.
async function checkedRows(
  service: ServiceContext,
  rows: readonly NewMessage[],
  { identity, conversationId, signal }: Pick<ImportRequest, 'identity' | 'conversationId' | 'signal'>,
): Promise<readonly NewMessage[]> {
  if (rows.length === 0) return rows
  parseRequest({ messages: rows.map((row) => messageOf(row)) })
  const pathOf = (at: number): string => `file.messages.${at}.content`
  return admitMessages(service, rows, { identity, conversationId, operation: 'import', signal, pathOf })
}

async function appendAll(unit: ChatStoreUnit, id: string, rows: readonly NewMessage[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 200) await unit.messages.append(id, rows.slice(at, at + 200))
}

/** Imports a file into a new conversation or over an existing one, in one transaction. */
export async function importConversation(
  service: ServiceContext,
  request: ImportRequest,
): Promise<Conversation> {
  const identity = service.guard.identify(request.identity)
  const { conversationId } = request
  if (conversationId !== undefined) return replaceMessages(service, { ...request, conversationId })
  const place = ownerScope(request)
  await service.guard.checkPlace(identity, 'import', place)
  const { requestId, signal } = request
  const file = readFile(request.file)
  const id = crypto.randomUUID()
  const rows = await checkedRows(service, rowsOf(file, identity.userId), {
    identity,
    conversationId: id,
    signal,
  })
  const { title, summary, model, temperature, personaId, createdAt, metadata } = file
  const fields = {
    title: request.title ?? title,
    summary,
    model,
    temperature,
    personaId,
    createdAt,
    metadata,
  }
  try {
    return await service.store.transaction(
      async (unit) => {
        const made = await unit.conversations.create({ ...place, ...fields, id, requestId })
        await appendAll(unit, made.id, rows)
        return (await unit.conversations.get(made.id)) ?? made
      },
      { signal },
    )
  } catch (error) {
    const known =
      requestId === undefined || !LlmError.is(error, 'conflict')
        ? undefined
        : await service.store.conversations.findByRequest(place, requestId, { signal })
    if (known === undefined) throw error
    return known
  }
}

// Made of the title, else of the first text, else of the name of the first file.
function filenameOf({ title, createdAt }: Conversation, messages: readonly StoredMessage[]): string {
  const name = title ?? messages.map(({ content }) => firstText(content)).find((text) => text !== '') ?? ''
  const slug = name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
  return `${slug.slice(0, 60) || 'conversation'}-${new Date(createdAt).toISOString().slice(0, 10)}`
}

function firstText(content: StoredMessage['content']): string {
  if (typeof content === 'string') return content.slice(0, 60)
  for (const part of content) {
    if (part.type === 'text') return part.text.slice(0, 60)
    if (part.type === 'file' && part.filename !== undefined) return part.filename
  }
  return ''
}
