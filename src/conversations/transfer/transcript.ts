import { LlmError } from '../../core/error.ts'
import { isObject, parseJson, type JsonObject } from '../../core/json.ts'
import type { Conversation, NewMessage, StoredMessage, StoredPart, StoredRole } from '../storage/index.ts'

/** A conversation as a file: what was said, by whom and when. No ids of users, no costs. */
export interface ConversationFile {
  readonly format: 'llm-switchyard/conversation'
  readonly version: 1
  readonly title?: string | undefined
  readonly summary?: string | undefined
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  readonly personaId?: string | undefined
  readonly createdAt?: number | undefined
  readonly metadata?: JsonObject | undefined
  readonly messages: readonly FileMessage[]
}

/** A message in a {@link ConversationFile}. */
export interface FileMessage {
  readonly id?: string | undefined
  readonly role: StoredRole
  readonly content: string | readonly StoredPart[]
  readonly name?: string | undefined
  readonly toolCallId?: string | undefined
  readonly isError?: boolean | undefined
  readonly parentId?: string | undefined
  readonly partial?: boolean | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly createdAt?: number | undefined
  readonly metadata?: JsonObject | undefined
}

const FORMAT = 'llm-switchyard/conversation'

/** A conversation and its messages as a file. */
export function fileOf(conversation: Conversation, messages: readonly StoredMessage[]): ConversationFile {
  const { title, summary, model, temperature, personaId, createdAt, metadata } = conversation
  const head = { title, summary, model, temperature, personaId, createdAt, metadata }
  return { format: FORMAT, version: 1, ...head, messages: messages.map((message) => fileMessage(message)) }
}

function fileMessage(message: StoredMessage): FileMessage {
  const { id, role, content, name, toolCallId, isError, parentId, partial } = message
  const { provider, model, createdAt, metadata } = message
  const fields = {
    id,
    role,
    content,
    name,
    toolCallId,
    isError,
    parentId,
    provider,
    model,
    createdAt,
    metadata,
  }
  return partial ? { ...fields, partial } : fields
}

/** The file as JSON text. */
export function toJson(file: ConversationFile): string {
  return `${JSON.stringify(file, undefined, 2)}\n`
}

const HEADING = /^## (System|User|Assistant|Tool)(?: \((.*)\))?$/
const TITLES: Readonly<Record<StoredRole, string>> = {
  system: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
}

/** The file as Markdown, for people. Reads back as the same turns; what is no text is named only. */
export function toMarkdown({ title, messages }: ConversationFile): string {
  const head = `# ${(title ?? 'Conversation').replaceAll(/\s+/g, ' ')}\n`
  const turns = messages.map(({ role, name, content, partial }) => {
    const marks = [name, partial === true ? 'cut off' : undefined].filter((mark) => mark !== undefined)
    const suffix = marks.length === 0 ? '' : ` (${marks.join(', ').replaceAll(/\s+/g, ' ')})`
    return `## ${TITLES[role]}${suffix}\n\n${escapeHeadings(markdownText(content))}\n`
  })
  return [head, ...turns].join('\n')
}

// A line of the text that looks like the heading of a turn must not begin one when it is read back.
function escapeHeadings(text: string): string {
  return text.replaceAll(/^(\\*)(?=## (?:System|User|Assistant|Tool)\b)/gm, '$1\\')
}

function markdownText(content: string | readonly StoredPart[]): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => markdownPart(part)).join('\n\n')
}

function markdownPart(part: StoredPart): string[] {
  switch (part.type) {
    case 'text':
      return [part.text]
    case 'reasoning':
      return []
    case 'tool-call':
      return [`\`${part.name}(${JSON.stringify(part.arguments)})\``]
    case 'image':
      return [isRemote(part.url) ? `![image](${part.url})` : '[image]']
    case 'audio':
      return ['[sound]']
    case 'file':
      return [`[file${part.filename === undefined ? '' : `: ${part.filename}`}]`]
  }
}

function isRemote(url: string | undefined): boolean {
  return url !== undefined && /^https?:/.test(url)
}

/** Reads a file, JSON or Markdown. Throws `invalid-request` that says where it is wrong. */
export function readFile(source: string | object): ConversationFile {
  if (typeof source !== 'string') return checkFile(source)
  const text = source.trimStart()
  if (!text.startsWith('{')) return readMarkdown(text)
  const json = parseJson(text)
  if (json === undefined) refuse('file', 'begins like JSON and is none')
  return checkFile(json)
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'user', 'assistant', 'tool'])
const PARTS: ReadonlySet<unknown> = new Set(['text', 'image', 'file', 'audio', 'reasoning', 'tool-call'])
const MOST_MESSAGES = 100_000

function checkFile(value: unknown): ConversationFile {
  if (!isObject(value) || !Array.isArray(value['messages']))
    refuse('file', 'is no conversation: it has no list of messages')
  const { format, version, messages } = value
  if (format !== undefined && (format !== FORMAT || version !== 1))
    refuse(
      'file.format',
      `is ${JSON.stringify(format)}, version ${JSON.stringify(version)}; read are ${FORMAT}, version 1`,
    )
  if (messages.length > MOST_MESSAGES) refuse('file.messages', `are more than ${MOST_MESSAGES}`)
  for (const [at, message] of messages.entries()) checkMessage(message, `file.messages.${at}`)
  for (const field of ['title', 'summary', 'model', 'personaId'] as const)
    if (value[field] !== undefined && typeof value[field] !== 'string')
      refuse(`file.${field}`, 'takes a text')
  return value as unknown as ConversationFile
}

function checkMessage(message: unknown, path: string): void {
  if (!isObject(message)) refuse(path, 'is no message')
  const { role, content, toolCallId, createdAt } = message
  if (!ROLES.has(role)) refuse(`${path}.role`, 'is one of system, user, assistant, tool')
  const parts = Array.isArray(content) && content.every((part) => isObject(part) && PARTS.has(part['type']))
  if (typeof content !== 'string' && !parts) refuse(`${path}.content`, 'takes a text or a list of parts')
  if (role === 'tool' && typeof toolCallId !== 'string')
    refuse(`${path}.toolCallId`, 'is missing: the call that the result belongs to')
  if (createdAt !== undefined && !Number.isFinite(createdAt))
    refuse(`${path}.createdAt`, 'takes milliseconds since 1970')
}

function readMarkdown(text: string): ConversationFile {
  const lines = text.split(/\r?\n/)
  const [first = ''] = lines
  const title = first.startsWith('# ') ? first.slice(2).trim() : undefined
  const messages: { role: StoredRole; name?: string; partial?: boolean; lines: string[] }[] = []
  for (const line of title === undefined ? lines : lines.slice(1)) {
    const heading = HEADING.exec(line)
    if (heading !== null) messages.push({ ...readHeading(heading), lines: [] })
    else messages.at(-1)?.lines.push(line)
  }
  if (messages.length === 0) refuse('file', 'is no conversation: it has no heading such as "## User"')
  return {
    format: FORMAT,
    version: 1,
    title,
    messages: messages.map(({ lines: said, ...message }) => ({
      ...message,
      content: said
        .join('\n')
        .replaceAll(/^\\(?=\\*## (?:System|User|Assistant|Tool)\b)/gm, '')
        .trim(),
    })),
  }
}

function readHeading([, title = '', mark]: RegExpExecArray): {
  role: StoredRole
  name?: string
  partial?: boolean
} {
  const marks = mark?.split(', ') ?? []
  const partial = marks.at(-1) === 'cut off'
  const name = (partial ? marks.slice(0, -1) : marks).join(', ')
  // Results belong to calls, which Markdown does not keep: they are read as what the user told.
  const role = title === 'Tool' ? 'user' : (title.toLowerCase() as StoredRole)
  return { role, ...(name === '' ? {} : { name }), ...(partial ? { partial } : {}) }
}

/**
 * The messages of a file as a store takes them, written by `userId` where people wrote them. `renew` gives them new ids, for
 * a conversation that may hold the old ones.
 */
export function rowsOf({ messages }: ConversationFile, userId: string, renew = false): readonly NewMessage[] {
  const ids = new Map<string, string>()
  return messages.map((message) => {
    const { id, role, content, name, toolCallId, isError, parentId } = message
    const { partial, provider, model, createdAt, metadata } = message
    // Field by field: a file must not bring usage, request ids or authors of its own.
    const said = { role, content, name, toolCallId, isError, partial, provider, model, createdAt }
    const own = id === undefined || ids.has(id) ? undefined : renew ? crypto.randomUUID() : id
    if (id !== undefined && own !== undefined) ids.set(id, own)
    const answers = metadata?.['answers']
    const answered = typeof answers === 'string' ? { answers: ids.get(answers) } : {}
    return {
      id: own,
      parentId: parentId === undefined ? undefined : ids.get(parentId),
      ...said,
      metadata: metadata === undefined ? undefined : { ...metadata, ...answered },
      userId: role === 'user' ? userId : undefined,
    }
  })
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `${path} ${problem}`, { issues: [{ path, message: problem }] })
}
