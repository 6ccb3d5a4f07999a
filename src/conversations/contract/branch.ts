import type { Activation, ChatStoreUnit, StoredMessage } from '../storage/index.ts'
import { TurnIndex } from './turn-index.ts'

/** A user message with what answers it and what comes after, active or not, in the order of the store. */
export interface Branch {
  readonly question: StoredMessage
  /** The messages of all answers: tool calls, tool results and texts. */
  readonly answers: readonly StoredMessage[]
  /** The messages after this turn: later user messages with their answers. */
  readonly later: readonly StoredMessage[]
  /** Answers to earlier user messages that were stored after this user message. */
  readonly earlier: readonly StoredMessage[]
}

type Reader = Pick<ChatStoreUnit, 'messages'>

/** Reads the branch of a user message. In a transaction, lock the conversation with `conversations.get` first. */
export async function readBranch(
  unit: Reader,
  question: StoredMessage,
  signal?: AbortSignal,
): Promise<Branch> {
  const index = new TurnIndex()
  index.add(question)
  const branch = {
    question,
    answers: [] as StoredMessage[],
    later: [] as StoredMessage[],
    earlier: [] as StoredMessage[],
  }
  for (const message of await listAfter(unit, question, signal)) {
    const questionId = index.assign(message)
    const place = questionId === undefined ? message.sequence : (index.sequenceOf(questionId) ?? 0)
    if (questionId === question.id) branch.answers.push(message)
    else if (place < question.sequence) branch.earlier.push(message)
    // A thread is a branch of its own; what comes after a message of no thread takes the threads along.
    else if (question.parentId === undefined || message.parentId === question.parentId)
      branch.later.push(message)
  }
  return branch
}

async function listAfter(
  { messages }: Reader,
  { conversationId, sequence }: StoredMessage,
  signal: AbortSignal | undefined,
): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = []
  let cursor: string | undefined
  do {
    const query = { after: sequence, inactive: true, limit: 200, cursor }
    const page = await messages.list(conversationId, query, { signal })
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

/** The later messages of the turns that began up to a sequence. */
export function laterUpTo({ question, later }: Branch, sequence: number): readonly StoredMessage[] {
  const index = new TurnIndex()
  index.add(question)
  return later.filter((message) => {
    const questionId = index.assign(message)
    const place = questionId === undefined ? undefined : index.sequenceOf(questionId)
    return (place ?? message.sequence) <= sequence
  })
}

/** The answers of a branch, each with all of its messages, oldest first. */
export function answersOf({ answers }: Pick<Branch, 'answers'>): readonly (readonly StoredMessage[])[] {
  const groups = new Map<string, StoredMessage[]>()
  for (const message of answers) {
    const key = message.requestId ?? ''
    groups.set(key, [...(groups.get(key) ?? []), message])
  }
  return [...groups.values()].flatMap((group) => {
    const whole = group.filter(({ partial }) => !partial)
    const cut = group.filter(({ partial }) => partial)
    // What broke off is an answer of its own, after the tool rounds that led to it.
    const broken = cut.map((message) => [...whole.filter((row) => row.sequence < message.sequence), message])
    const wentOn = (whole.at(-1)?.sequence ?? 0) > (cut.at(-1)?.sequence ?? 0)
    return wentOn ? [...broken, whole] : broken
  })
}

/** The message that stands for an answer: its last one of the model. */
export function endOf(answer: readonly StoredMessage[]): StoredMessage | undefined {
  return answer.findLast(({ role }) => role === 'assistant')
}

/** The change that makes `on` all that counts of a turn: its other answers, and `left`, leave the history. */
export function onlyCounts(
  on: readonly StoredMessage[],
  left: readonly StoredMessage[],
): Required<Pick<Activation, 'on' | 'off'>> | undefined {
  const kept = new Set(on.map(({ id }) => id))
  const change = {
    on: on.filter(({ active }) => !active).map(({ id }) => id),
    off: left.filter(({ id, active }) => active && !kept.has(id)).map(({ id }) => id),
  }
  return change.on.length + change.off.length === 0 ? undefined : change
}

/** The user message that a message belongs to; itself for a user message. */
export async function questionFor(
  { messages }: Reader,
  message: StoredMessage,
  signal?: AbortSignal,
): Promise<StoredMessage | undefined> {
  const { conversationId: id, requestId, sequence, role } = message
  if (role === 'user') return message
  const written =
    requestId === undefined ? [message] : await messages.findByRequest(id, requestId, { signal })
  const index = new TurnIndex()
  for (const row of written) index.add(row)
  const questionId = index.add(message)
  if (questionId !== undefined) {
    const question = await messages.get(id, questionId, { signal })
    if (question !== undefined) return question
  }
  // An imported answer does not name its user message, so the one before it is taken.
  const before = { before: sequence, order: 'newest', roles: ['user'], limit: 1 } as const
  return (await messages.list(id, before, { signal })).items[0]
}
