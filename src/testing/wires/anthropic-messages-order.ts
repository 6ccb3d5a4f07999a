import type { StrictReader, Reject } from './strict-reader.ts'

/** Neighbouring messages of one role, which the vendor treats as one. */
interface JoinedMessage {
  readonly role: string
  readonly path: string
  readonly blocks: StrictReader[]
}

/** Checks that the user begins, and that the next message answers every tool_use by a tool_result before anything else. */
export function checkOrder(messages: readonly StrictReader[], reject: Reject): void {
  const joinedMessages = join(messages)
  if (joinedMessages[0]?.role !== 'user') reject('messages.0.role', 'the first message must be of role user')
  for (const [index, joined] of joinedMessages.entries()) {
    const calls = joined.role === 'assistant' ? idsOf(joined, 'tool_use', 'id') : []
    const next = joinedMessages[index + 1]
    const results = next === undefined ? [] : idsOf(next, 'tool_result', 'tool_use_id')
    const open = calls.filter((id) => !results.includes(id))
    if (open.length > 0)
      reject(joined.path, `tool_use blocks need tool_result blocks right after them: ${open.join(', ')}`)
    if (joined.role === 'user') checkResults(joined, joinedMessages[index - 1], reject)
  }
  checkLast(messages.at(-1), reject)
}

function join(messages: readonly StrictReader[]): JoinedMessage[] {
  const joinedMessages: JoinedMessage[] = []
  for (const message of messages) {
    const role = message.text('role') ?? ''
    if (role === 'system') continue
    const blocks = Array.isArray(message.value['content']) ? (message.objects('content') ?? []) : []
    const last = joinedMessages.at(-1)
    if (last?.role === role) last.blocks.push(...blocks)
    else joinedMessages.push({ role, path: message.path, blocks: [...blocks] })
  }
  return joinedMessages
}

function idsOf(joined: JoinedMessage, type: string, field: string): string[] {
  return joined.blocks
    .filter((block) => block.text('type') === type)
    .map((block) => block.requiredString(field))
}

function checkResults(joined: JoinedMessage, before: JoinedMessage | undefined, reject: Reject): void {
  const calls = before === undefined ? [] : idsOf(before, 'tool_use', 'id')
  const seen = new Set<string>()
  for (const id of idsOf(joined, 'tool_result', 'tool_use_id')) {
    if (!calls.includes(id))
      reject(joined.path, `a tool_result names no tool_use of the message before: ${id}`)
    if (seen.has(id)) reject(joined.path, `each tool_use must have a single tool_result: ${id}`)
    seen.add(id)
  }
  const firstOther = joined.blocks.findIndex((block) => block.text('type') !== 'tool_result')
  const lastResult = joined.blocks.findLastIndex((block) => block.text('type') === 'tool_result')
  if (firstOther >= 0 && firstOther < lastResult)
    reject(joined.path, 'tool_result blocks must come before all other content')
}

// A final assistant message is a prefix to continue.
function checkLast(message: StrictReader | undefined, reject: Reject): void {
  if (message?.text('role') !== 'assistant') return
  const { content } = message.value
  const text = typeof content === 'string' ? content : message.objects('content')?.at(-1)?.text('text')
  if (text !== undefined && /\s$/.test(text))
    reject('messages', 'final assistant content cannot end with white space')
}

interface ThinkingRules {
  readonly maxTokens: number
  readonly betas: string
}

/** Checks the rules that apply when thinking is on. */
export function checkThinking(
  fields: StrictReader,
  messages: readonly StrictReader[],
  { maxTokens, betas }: ThinkingRules,
): void {
  const thinking = fields.object('thinking')
  const type = thinking?.oneOf('type', ['enabled', 'adaptive', 'disabled', 'between_tools']) ?? 'disabled'
  if (thinking === undefined || type === 'disabled' || type === 'between_tools') return
  const budget = thinking.number('budget_tokens', { whole: true, min: 1024, max: Number.MAX_SAFE_INTEGER })
  if (type === 'enabled' && budget === undefined) thinking.reject('budget_tokens', 'is required')
  if (budget !== undefined && budget >= maxTokens && !betas.includes('interleaved-thinking'))
    fields.reject('max_tokens', 'must be greater than thinking.budget_tokens')
  if ((fields.number('temperature', { min: 0, max: 1 }) ?? 1) !== 1)
    fields.reject('temperature', 'may only be 1 when thinking is enabled')
  if (fields.has('top_k')) fields.reject('top_k', 'must be unset when thinking is enabled')
  if ((fields.number('top_p', { min: 0, max: 1 }) ?? 1) < 0.95)
    fields.reject('top_p', 'must be 0.95 or more when thinking is enabled')
  const choice = fields.object('tool_choice')?.text('type')
  if (choice === 'any' || choice === 'tool')
    fields.reject('thinking', 'cannot be enabled while tool use is forced')
  if (type === 'enabled') checkThinksFirst(messages)
}

// With thinking on, the assistant message of a tool round must start with its thinking.
function checkThinksFirst(messages: readonly StrictReader[]): void {
  const joinedMessages = join(messages)
  if (joinedMessages.at(-1)?.blocks.at(0)?.text('type') !== 'tool_result') return
  const first = joinedMessages.at(-2)?.blocks.at(0)
  if (first !== undefined && !(first.text('type') ?? '').endsWith('thinking'))
    first.reject(
      'type',
      'must be thinking or redacted_thinking: the last assistant message has to start with its thinking',
    )
}
