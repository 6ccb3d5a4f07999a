import type { ChatMessage, ChatPart, ChatSnapshot, SnapshotStorage } from 'llm-switchyard/client'
import { call, type Opened, type Stored, type StoredPart } from './api.ts'

/** What the handler says about the newest stream of a conversation. */
interface RunStatus {
  readonly streamId: string
  readonly status: string
}

/**
 * Reads a conversation from the server: its messages, and the answer that runs now, whoever asked for it. Nothing is
 * saved, because the server has stored it.
 */
export function serverStorage(id: string, onOpen: (opened: Opened) => void): SnapshotStorage {
  return {
    load: async () => {
      const [opened, run] = await Promise.all([
        call<Opened>('GET', `/conversations/${id}`),
        call<RunStatus>('GET', `/chat/${id}/status`).catch(() => undefined),
      ])
      onOpen(opened)
      return snapshotOf(
        opened,
        run?.status === 'waiting' || run?.status === 'streaming' ? run.streamId : undefined,
      )
    },
    save: () => undefined,
    clear: () => undefined,
  }
}

function snapshotOf(opened: Opened, runId: string | undefined): ChatSnapshot {
  const waiting = new Set(opened.pending.map(({ toolCallId }) => toolCallId))
  const messages = messagesOf(opened.messages).map((message) => ({
    ...message,
    parts: message.parts.map((part): ChatPart =>
      part.type === 'tool' && waiting.has(part.id) ? { ...part, state: 'needs-approval' } : part,
    ),
  }))
  const head = { version: 1, conversationId: opened.id, queue: [] } as const
  if (runId === undefined) return { ...head, messages }
  // What is stored of the running answer comes again with its stream.
  const asked = messages.findLastIndex(({ role }) => role === 'user') + 1
  const open: ChatMessage = { ...blank(runId, Date.now()), status: 'waiting' }
  return { ...head, messages: [...messages.slice(0, asked), open], open: { run: { id: runId } } }
}

/** The stored messages as the page shows them: the rounds of a turn are one message, with the results of its tools. */
export function messagesOf(stored: readonly Stored[]): readonly ChatMessage[] {
  const shown: ChatMessage[] = []
  let answer: ChatMessage | undefined
  for (const message of stored) {
    if (message.deletedAt !== undefined || message.role === 'system') continue
    if (message.role === 'user') {
      answer = undefined
      shown.push({ ...blank(message.id, message.createdAt), role: 'user', ...contentOf(message) })
      continue
    }
    if (answer === undefined) shown.push(blank(message.id, message.createdAt))
    answer = extended(answer ?? shown.at(-1)!, message)
    shown[shown.length - 1] = answer
  }
  return shown
}

function blank(id: string, createdMs: number): ChatMessage {
  return { id, role: 'assistant', status: 'complete', text: '', parts: [], createdMs }
}

function extended(answer: ChatMessage, message: Stored): ChatMessage {
  if (message.role === 'tool')
    return { ...answer, parts: answer.parts.map((part) => withResult(part, message)) }
  const { text, parts } = contentOf(message)
  return {
    ...answer,
    id: message.id,
    status: message.partial ? 'stopped' : 'complete',
    text: answer.text + text,
    parts: [...answer.parts, ...parts],
    model: message.model ?? undefined,
    usage: sumOf(answer.usage, message.usage),
  }
}

function withResult(part: ChatPart, { toolCallId, isError, content }: Stored): ChatPart {
  if (part.type !== 'tool' || part.id !== toolCallId) return part
  const text = typeof content === 'string' ? content : content.map((piece) => piece.text ?? '').join('')
  return isError === true
    ? { ...part, state: 'failed', error: text }
    : { ...part, state: 'completed', result: text }
}

function contentOf({ content }: Stored): Pick<ChatMessage, 'text' | 'parts'> {
  const stored: readonly StoredPart[] =
    typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const parts = stored.map(partOf).filter((part) => part !== undefined)
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { text, parts }
}

function partOf(part: StoredPart): ChatPart | undefined {
  const { type, text = '', id = '', name = '', mediaType, filename, url } = part
  if (type === 'text' || type === 'reasoning') return { type, text }
  if (type === 'image' || type === 'file') return { type, mediaType, filename, url }
  if (type !== 'tool-call') return undefined
  return { type: 'tool', id, name, arguments: part.arguments ?? {}, state: 'running' }
}

function sumOf(a: ChatMessage['usage'], b: Stored['usage']): ChatMessage['usage'] {
  if (a === undefined || b === undefined) return a ?? b
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  }
}
