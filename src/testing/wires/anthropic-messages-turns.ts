import type { Fields, Refuse } from './fields.ts'

/** Neighbours of one role are one turn here, as the vendor takes them. */
interface Turn {
  readonly role: string
  readonly path: string
  readonly blocks: Fields[]
}

/** The first turn is the user's; every tool_use is answered by a tool_result in the next turn, before anything else in it. */
export function checkTurns(messages: readonly Fields[], refuse: Refuse): void {
  const turns = turnsOf(messages)
  if (turns[0]?.role !== 'user') refuse('messages.0.role', 'the first message must be of role user')
  for (const [index, turn] of turns.entries()) {
    const calls = turn.role === 'assistant' ? idsOf(turn, 'tool_use', 'id') : []
    const next = turns[index + 1]
    const results = next === undefined ? [] : idsOf(next, 'tool_result', 'tool_use_id')
    const open = calls.filter((id) => !results.includes(id))
    if (open.length > 0)
      refuse(turn.path, `tool_use blocks need tool_result blocks right after them: ${open.join(', ')}`)
    if (turn.role === 'user') checkResults(turn, turns[index - 1], refuse)
  }
  checkLast(messages.at(-1), refuse)
}

function turnsOf(messages: readonly Fields[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const role = message.text('role') ?? ''
    if (role === 'system') continue
    const blocks = Array.isArray(message.value['content']) ? (message.objects('content') ?? []) : []
    const last = turns.at(-1)
    if (last?.role === role) last.blocks.push(...blocks)
    else turns.push({ role, path: message.path, blocks: [...blocks] })
  }
  return turns
}

function idsOf(turn: Turn, type: string, field: string): string[] {
  return turn.blocks.filter((block) => block.text('type') === type).map((block) => block.required(field))
}

function checkResults(turn: Turn, before: Turn | undefined, refuse: Refuse): void {
  const calls = before === undefined ? [] : idsOf(before, 'tool_use', 'id')
  const seen = new Set<string>()
  for (const id of idsOf(turn, 'tool_result', 'tool_use_id')) {
    if (!calls.includes(id)) refuse(turn.path, `a tool_result names no tool_use of the message before: ${id}`)
    if (seen.has(id)) refuse(turn.path, `each tool_use must have a single tool_result: ${id}`)
    seen.add(id)
  }
  const firstOther = turn.blocks.findIndex((block) => block.text('type') !== 'tool_result')
  const lastResult = turn.blocks.findLastIndex((block) => block.text('type') === 'tool_result')
  if (firstOther >= 0 && firstOther < lastResult)
    refuse(turn.path, 'tool_result blocks must come before all other content')
}

// A final assistant turn is a prefix to continue.
function checkLast(message: Fields | undefined, refuse: Refuse): void {
  if (message?.text('role') !== 'assistant') return
  const { content } = message.value
  const text = typeof content === 'string' ? content : message.objects('content')?.at(-1)?.text('text')
  if (text !== undefined && /\s$/.test(text))
    refuse('messages', 'final assistant content cannot end with white space')
}

interface ThinkingRules {
  readonly maxTokens: number
  readonly betas: string
}

/** What else a request may hold when thinking is on. */
export function checkThinking(
  fields: Fields,
  messages: readonly Fields[],
  { maxTokens, betas }: ThinkingRules,
): void {
  const thinking = fields.object('thinking')
  const type = thinking?.word('type', ['enabled', 'adaptive', 'disabled']) ?? 'disabled'
  if (thinking === undefined || type === 'disabled') return
  const budget = thinking.integer('budget_tokens', 1024, Number.MAX_SAFE_INTEGER)
  if (type === 'enabled' && budget === undefined) thinking.refuse('budget_tokens', 'is required')
  if (budget !== undefined && budget >= maxTokens && !betas.includes('interleaved-thinking'))
    fields.refuse('max_tokens', 'must be greater than thinking.budget_tokens')
  if ((fields.number('temperature', 0, 1) ?? 1) !== 1)
    fields.refuse('temperature', 'may only be 1 when thinking is enabled')
  if (fields.has('top_k')) fields.refuse('top_k', 'must be unset when thinking is enabled')
  if ((fields.number('top_p', 0, 1) ?? 1) < 0.95)
    fields.refuse('top_p', 'must be 0.95 or more when thinking is enabled')
  const choice = fields.object('tool_choice')?.text('type')
  if (choice === 'any' || choice === 'tool')
    fields.refuse('thinking', 'cannot be enabled while tool use is forced')
  if (type === 'enabled') checkThinksFirst(messages)
}

// A tool round with thinking on has to start with the thought that led to it.
function checkThinksFirst(messages: readonly Fields[]): void {
  const turns = turnsOf(messages)
  if (turns.at(-1)?.blocks.at(0)?.text('type') !== 'tool_result') return
  const first = turns.at(-2)?.blocks.at(0)
  if (first !== undefined && !(first.text('type') ?? '').endsWith('thinking'))
    first.refuse(
      'type',
      'must be thinking or redacted_thinking: the last assistant turn has to start with its thinking',
    )
}
