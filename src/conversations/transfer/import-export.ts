import { LlmError } from '../../core/error.ts'
import type { ChatStoreUnit, Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type ConversationRequest,
  type Identity,
  type ServiceContext,
  messageOf,
  ownerScope,
  refuse,
} from '../contract/index.ts'
import { type ConversationFile, fileOf, readFile, rowsOf, toJson, toMarkdown } from './transcript.ts'

/** In which form a conversation is wanted. */
export interface ExportRequest extends ConversationRequest {
  /** `json` keeps everything that was said, `markdown` is for people. Default `json`. */
  readonly format?: 'json' | 'markdown' | undefined
}

/** A conversation as a text, with a name for the file. */
export interface ExportedConversation {
  readonly text: string
  readonly filename: string
  readonly mediaType: 'application/json' | 'text/markdown'
}

/** The messages that count, as a file. */
export async function exportConversation(
  service: ServiceContext,
  request: ExportRequest,
): Promise<ExportedConversation> {
  const { conversation } = await service.open(request, 'export')
  const { format = 'json', signal } = request
  if (format !== 'json' && format !== 'markdown') refuse('format', 'is json or markdown')
  const messages: StoredMessage[] = []
  let cursor: string | undefined
  do {
    const page = await service.store.messages.list(conversation.id, { limit: 200, cursor }, { signal })
    messages.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  const file = fileOf(conversation, messages)
  const name = filenameOf(conversation, messages)
  if (format === 'json')
    return { text: toJson(file), filename: `${name}.json`, mediaType: 'application/json' }
  return { text: toMarkdown(file), filename: `${name}.md`, mediaType: 'text/markdown' }
}

/** A conversation to be read in. */
export interface ImportRequest {
  readonly identity: Identity
  /** JSON or Markdown as `export` writes it, or a JSON file that was parsed already. */
  readonly file: string | ConversationFile
  /** Takes the place of what this conversation holds, which leaves the history and is kept aside. Left out: a new conversation. */
  readonly conversationId?: string | undefined
  /** In place of the file's own. */
  readonly title?: string | undefined
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Reading it in again with the same id gives the one that is there. */
  readonly requestId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

async function replaceMessages(
  service: ServiceContext,
  request: ImportRequest & { readonly conversationId: string },
): Promise<Conversation> {
  const { identity, conversation } = await service.open(request, 'import')
  const rows = await checkedRows(rowsOf(readFile(request.file), identity.userId, true))
  const { id } = conversation
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

// What no model could be told later is refused now, with its place.
async function checkedRows(rows: readonly NewMessage[]): Promise<readonly NewMessage[]> {
  const { parseRequest: admitRequest } = await import('../../core/parse-request.ts')
  if (rows.length > 0) admitRequest({ messages: rows.map((row) => messageOf(row)) })
  return rows
}

async function appendAll(unit: ChatStoreUnit, id: string, rows: readonly NewMessage[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 200) await unit.messages.append(id, rows.slice(at, at + 200))
}

/** Reads a file into a new conversation, or into the place of what one holds; all of it or nothing. */
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
  const rows = await checkedRows(rowsOf(file, identity.userId))
  const { title, summary, model, temperature, personaId, createdAt, metadata } = file
  const said = { title: request.title ?? title, summary, model, temperature, personaId, createdAt, metadata }
  try {
    return await service.store.transaction(
      async (unit) => {
        const made = await unit.conversations.create({ ...place, ...said, requestId })
        await appendAll(unit, made.id, rows)
        return (await unit.conversations.get(made.id)) ?? made
      },
      { signal },
    )
  } catch (error) {
    const known =
      requestId === undefined || !LlmError.is(error, 'conflict')
        ? undefined
        : await service.store.conversations.findByRequest(identity.userId, requestId, { signal })
    if (known === undefined) throw error
    return known
  }
}

// From the title, else from the first words, else from the first file.
function filenameOf({ title, createdAt }: Conversation, messages: readonly StoredMessage[]): string {
  const words = title ?? messages.map(({ content }) => firstWords(content)).find((text) => text !== '') ?? ''
  const slug = words
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
  return `${slug.slice(0, 60) || 'conversation'}-${new Date(createdAt).toISOString().slice(0, 10)}`
}

function firstWords(content: StoredMessage['content']): string {
  if (typeof content === 'string') return content.slice(0, 60)
  for (const part of content) {
    if (part.type === 'text') return part.text.slice(0, 60)
    if (part.type === 'file' && part.filename !== undefined) return part.filename
  }
  return ''
}
