import type { Fields } from './fields.ts'

/** Turns alternate, the user begins, and what is to be continued ends without white space. */
export function checkTurns(messages: readonly Fields[], model: string): void {
  for (const [index, message] of messages.entries()) {
    const role = message.text('role')
    if (index === 0 && role !== 'user')
      message.refuse('role', 'a conversation must start with a user message')
    if (index > 0 && role === messages[index - 1]?.text('role') && !model.includes('titan'))
      message.refuse('role', 'a conversation must alternate between user and assistant roles')
  }
  const last = messages.at(-1)
  const text = last?.objects('content')?.at(-1)?.text('text')
  if (last?.text('role') === 'assistant' && text !== undefined && text.trimEnd() !== text)
    last.refuse('content', 'the final assistant content cannot end with white space')
}

/** Every call is answered in the next turn, once, and nothing else is; none of it without tools. */
export function checkTurnTools(fields: Fields, messages: readonly Fields[]): void {
  const told = messages.flatMap((message) => [...callsIn(message), ...resultsIn(message)])
  if (told.length > 0 && !fields.has('toolConfig'))
    fields.refuse('toolConfig', 'must be defined when using toolUse and toolResult content blocks')
  for (const [index, message] of messages.entries()) {
    if (message.text('role') !== 'user') continue
    const before = messages[index - 1]
    const calls = before === undefined ? [] : callsIn(before)
    const results = resultsIn(message)
    if (new Set(results).size < results.length || results.some((id) => !calls.includes(id)))
      message.refuse('content', 'the toolResult blocks exceed the toolUse blocks of the previous turn')
    const open = calls.filter((id) => !results.includes(id))
    if (open.length > 0)
      message.refuse('content', `expected toolResult blocks for the following ids: ${open.join(', ')}`)
  }
  const last = messages.at(-1)
  if (last?.text('role') === 'assistant' && callsIn(last).length > 0)
    last.refuse('content', 'a conversation cannot end with toolUse blocks')
}

function callsIn(message: Fields): string[] {
  return (message.objects('content') ?? []).flatMap((block) => {
    const use = block.object('toolUse')
    return use === undefined || use.text('type') === 'server_tool_use' ? [] : [use.required('toolUseId')]
  })
}

// Those of the assistant are of tools that the vendor ran itself.
function resultsIn(message: Fields): string[] {
  if (message.text('role') !== 'user') return []
  return (message.objects('content') ?? []).flatMap(
    (block) => block.object('toolResult')?.required('toolUseId') ?? [],
  )
}

/** What else a request may hold when thinking is on. */
export function checkThinking(fields: Fields, messages: readonly Fields[]): void {
  const extra = fields.object('additionalModelRequestFields')
  const thinking = extra?.object('thinking')
  const type = thinking?.word('type', ['enabled', 'adaptive', 'disabled'])
  if (thinking === undefined || extra === undefined || type === undefined || type === 'disabled') return
  const inference = fields.object('inferenceConfig')
  const limit = inference?.integer('maxTokens', 1, Number.MAX_SAFE_INTEGER)
  if (type === 'enabled') {
    const least = thinking.integer('budget_tokens', 1024, Number.MAX_SAFE_INTEGER)
    const budget = least ?? thinking.refuse('budget_tokens', 'is required')
    if (limit !== undefined && budget >= limit)
      thinking.refuse('budget_tokens', 'must be less than maxTokens')
    checkThinksFirst(messages)
  }
  if ((inference?.number('temperature', 0, 1) ?? 1) !== 1)
    inference?.refuse('temperature', 'may only be set to 1 when thinking is enabled')
  if ((inference?.number('topP', 0, 1) ?? 1) < 0.95)
    inference?.refuse('topP', 'must be 0.95 or more when thinking is enabled')
  if (extra.has('top_k')) extra.refuse('top_k', 'must be unset when thinking is enabled')
  const choice = fields.object('toolConfig')?.object('toolChoice')
  if (choice?.has('any') === true || choice?.has('tool') === true)
    fields.refuse('toolConfig.toolChoice', 'thinking may not be enabled when tool use is forced')
}

// A tool round with thinking on has to start with the thought that led to it.
function checkThinksFirst(messages: readonly Fields[]): void {
  const last = messages.at(-1)
  if (last === undefined || resultsIn(last).length === 0) return
  const first = messages.at(-2)?.objects('content')?.at(0)
  if (first !== undefined && !first.has('reasoningContent'))
    first.refuse('reasoningContent', 'the last assistant turn must start with its thinking')
}
