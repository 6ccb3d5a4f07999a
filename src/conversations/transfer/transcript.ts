import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import { isObject, parseJson, type JsonObject } from '../../core/json.ts'
import { isSafeName, SAFE_NAME } from '../../core/validate-id.ts'
import type { Conversation, NewMessage, StoredMessage, StoredPart, StoredRole } from '../storage/index.ts'

/** A conversation as a JSON file: its messages with authors and times, without user ids and costs. */
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

/** Converts a conversation and its messages to a file. */
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

/** The file as indented JSON text. */
export function toJson(file: ConversationFile): string {
  checkArguments('conversationJson', { file: argument.object }, { file })
  return `${JSON.stringify(file, undefined, 2)}\n`
}

const HEADING = /^## (System|User|Assistant|Tool)(?: \((.*)\))?$/
const TITLES: Readonly<Record<StoredRole, string>> = {
  system: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
}

/** The file as Markdown for reading. It can be imported again with the same texts; other parts are only named. */
export function toMarkdown(file: ConversationFile): string {
  checkArguments('conversationMarkdown', { title: optional.text, messages: argument.objects }, file)
  const { title, messages } = file
  const head = `# ${(title ?? 'Conversation').replaceAll(/\s+/g, ' ')}\n`
  const sections = messages.map(({ role, name, content, partial }) => {
    const marks = [name, partial === true ? 'cut off' : undefined].filter((mark) => mark !== undefined)
    const suffix = marks.length === 0 ? '' : ` (${marks.join(', ').replaceAll(/\s+/g, ' ')})`
    return `## ${TITLES[role]}${suffix}\n\n${escapeHeadings(markdownText(content))}\n`
  })
  return [head, ...sections].join('\n')
}

// Escaped so that a text line that looks like a message heading is not read as one.
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
    case 'server-tool':
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

/** Reads a JSON or Markdown file. Throws `invalid-request` with the path of the first invalid field. */
export function readFile(source: string | object): ConversationFile {
  if (typeof source !== 'string') return checkFile(source)
  const text = source.trimStart()
  if (!text.startsWith('{')) return readMarkdown(text)
  const json = parseJson(text)
  if (json === undefined) refuse('file', 'starts like JSON but is not valid JSON')
  return checkFile(json)
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'user', 'assistant', 'tool'])
const PARTS: ReadonlySet<unknown> = new Set([
  'text',
  'image',
  'file',
  'audio',
  'reasoning',
  'tool-call',
  'server-tool',
])
const MOST_MESSAGES = 100_000

function checkFile(value: unknown): ConversationFile {
  if (!isObject(value) || !Array.isArray(value['messages']))
    refuse('file', 'is not a conversation: it has no array "messages"')
  const { format, version, messages } = value
  if (format !== undefined && (format !== FORMAT || version !== 1))
    refuse(
      'file.format',
      `is ${JSON.stringify(format)}, version ${JSON.stringify(version)}; takes ${FORMAT}, version 1`,
    )
  if (messages.length > MOST_MESSAGES)
    refuse('file.messages', `has ${messages.length} messages; takes at most ${MOST_MESSAGES}`)
  for (const [at, message] of messages.entries()) checkMessage(message, `file.messages.${at}`)
  for (const field of ['title', 'summary', 'model', 'personaId'] as const)
    if (value[field] !== undefined && typeof value[field] !== 'string')
      refuse(`file.${field}`, 'takes a string')
  const { personaId } = value
  if (personaId !== undefined && !isSafeName(personaId)) refuse('file.personaId', `takes ${SAFE_NAME}`)
  return value as unknown as ConversationFile
}

function checkMessage(message: unknown, path: string): void {
  if (!isObject(message)) refuse(path, 'takes a message object')
  const { role, content, toolCallId, createdAt } = message
  if (!ROLES.has(role))
    refuse(`${path}.role`, `is ${JSON.stringify(role)}; takes one of system, user, assistant, tool`)
  const parts = Array.isArray(content) && content.every((part) => isObject(part) && PARTS.has(part['type']))
  if (typeof content !== 'string' && !parts) refuse(`${path}.content`, 'takes a string or an array of parts')
  if (role === 'tool' && typeof toolCallId !== 'string')
    refuse(`${path}.toolCallId`, 'is missing: it takes the id of the tool call')
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
  if (messages.length === 0) refuse('file', 'is not a conversation: it has no heading such as "## User"')
  return {
    format: FORMAT,
    version: 1,
    title,
    messages: messages.map(({ lines: body, ...message }) => ({
      ...message,
      content: body
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
  // Markdown has no tool calls for a result to belong to, so a result is read as a user message.
  const role = title === 'Tool' ? 'user' : (title.toLowerCase() as StoredRole)
  return { role, ...(name === '' ? {} : { name }), ...(partial ? { partial } : {}) }
}

/**
 * The messages of a file as new records. `userId` becomes the author of user messages. `renew` assigns new ids, for a
 * conversation that may already use the old ones.
 */
export function rowsOf({ messages }: ConversationFile, userId: string, renew = false): readonly NewMessage[] {
  const ids = new Map<string, string>()
  return messages.map((message) => {
    const { id, role, content, name, toolCallId, isError, parentId } = message
    const { partial, provider, model, createdAt, metadata } = message
    // Copied field by field, because a file must not set usage, request ids or authors.
    const fields = { role, content, name, toolCallId, isError, partial, provider, model, createdAt }
    const own = id === undefined || ids.has(id) ? undefined : renew ? crypto.randomUUID() : id
    if (id !== undefined && own !== undefined) ids.set(id, own)
    const answers = metadata?.['answers']
    const answered = typeof answers === 'string' ? { answers: ids.get(answers) } : {}
    return {
      id: own,
      parentId: parentId === undefined ? undefined : ids.get(parentId),
      ...fields,
      metadata: metadata === undefined ? undefined : { ...metadata, ...answered },
      userId: role === 'user' ? userId : undefined,
    }
  })
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `${path} ${problem}`, { issues: [{ path, message: problem }] })
}
