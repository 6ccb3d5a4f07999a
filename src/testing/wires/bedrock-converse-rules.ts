import type { StrictReader } from './strict-reader.ts'

/** Checks that roles alternate, that the user begins, and that a prefix to continue ends without white space. */
export function checkOrder(messages: readonly StrictReader[], model: string): void {
  for (const [index, message] of messages.entries()) {
    const role = message.text('role')
    if (index === 0 && role !== 'user')
      message.reject('role', 'a conversation must start with a user message')
    if (index > 0 && role === messages[index - 1]?.text('role') && !model.includes('titan'))
      message.reject('role', 'a conversation must alternate between user and assistant roles')
  }
  const last = messages.at(-1)
  const text = last?.objects('content')?.at(-1)?.text('text')
  if (last?.text('role') === 'assistant' && text !== undefined && text.trimEnd() !== text)
    last.reject('content', 'the final assistant content cannot end with white space')
}

/** Checks that the next message answers every call once and nothing else, and that the request has tools. */
export function checkToolResults(fields: StrictReader, messages: readonly StrictReader[]): void {
  const tools = messages.flatMap((message) => [...callsIn(message), ...resultsIn(message)])
  if (tools.length > 0 && !fields.has('toolConfig'))
    fields.reject('toolConfig', 'must be defined when using toolUse and toolResult content blocks')
  for (const [index, message] of messages.entries()) {
    if (message.text('role') !== 'user') continue
    const before = messages[index - 1]
    const calls = before === undefined ? [] : callsIn(before)
    const results = resultsIn(message)
    if (new Set(results).size < results.length || results.some((id) => !calls.includes(id)))
      message.reject('content', 'the toolResult blocks exceed the toolUse blocks of the previous turn')
    const open = calls.filter((id) => !results.includes(id))
    if (open.length > 0)
      message.reject('content', `expected toolResult blocks for the following ids: ${open.join(', ')}`)
  }
  const last = messages.at(-1)
  if (last?.text('role') === 'assistant' && callsIn(last).length > 0)
    last.reject('content', 'a conversation cannot end with toolUse blocks')
}

function callsIn(message: StrictReader): string[] {
  return (message.objects('content') ?? []).flatMap((block) => {
    const use = block.object('toolUse')
    return use === undefined || use.text('type') === 'server_tool_use'
      ? []
      : [use.requiredString('toolUseId')]
  })
}

// Results in an assistant message are of tools that the vendor ran itself.
function resultsIn(message: StrictReader): string[] {
  if (message.text('role') !== 'user') return []
  return (message.objects('content') ?? []).flatMap(
    (block) => block.object('toolResult')?.requiredString('toolUseId') ?? [],
  )
}

/** Checks the rules that apply when thinking is on. */
export function checkThinking(fields: StrictReader, messages: readonly StrictReader[]): void {
  const extra = fields.object('additionalModelRequestFields')
  const thinking = extra?.object('thinking')
  const type = thinking?.oneOf('type', ['enabled', 'adaptive', 'disabled'])
  if (thinking === undefined || extra === undefined || type === undefined || type === 'disabled') return
  const inference = fields.object('inferenceConfig')
  const limit = inference?.number('maxTokens', { whole: true, min: 1, max: Number.MAX_SAFE_INTEGER })
  if (type === 'enabled') {
    const least = thinking.number('budget_tokens', { whole: true, min: 1024, max: Number.MAX_SAFE_INTEGER })
    const budget = least ?? thinking.reject('budget_tokens', 'is required')
    if (limit !== undefined && budget >= limit)
      thinking.reject('budget_tokens', 'must be less than maxTokens')
    checkThinksFirst(messages)
  }
  if ((inference?.number('temperature', { min: 0, max: 1 }) ?? 1) !== 1)
    inference?.reject('temperature', 'may only be set to 1 when thinking is enabled')
  if ((inference?.number('topP', { min: 0, max: 1 }) ?? 1) < 0.95)
    inference?.reject('topP', 'must be 0.95 or more when thinking is enabled')
  if (extra.has('top_k')) extra.reject('top_k', 'must be unset when thinking is enabled')
  const choice = fields.object('toolConfig')?.object('toolChoice')
  if (choice?.has('any') === true || choice?.has('tool') === true)
    fields.reject('toolConfig.toolChoice', 'thinking may not be enabled when tool use is forced')
}

// With thinking on, the assistant message of a tool round must start with its thinking.
function checkThinksFirst(messages: readonly StrictReader[]): void {
  const last = messages.at(-1)
  if (last === undefined || resultsIn(last).length === 0) return
  const first = messages.at(-2)?.objects('content')?.at(0)
  if (first !== undefined && !first.has('reasoningContent'))
    first.reject('reasoningContent', 'the last assistant turn must start with its thinking')
}
