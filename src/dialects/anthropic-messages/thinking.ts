import type { RenderInput } from '../../core/dialect.ts'
import { numberOf, objectOf, setPath, type JsonDraft, type JsonValue } from '../../core/json.ts'
import type { EncodeContext } from '../../core/params.ts'
import { canThinkNow, fitSamplers, warnChanged, warnLost } from '../claude-thinking.ts'
import { budgetFor, effortFor, isEffortAlone, MIN_BUDGET, type Reasoning } from '../effort.ts'
import type { AnthropicMessagesQuirks } from './quirks.ts'

/** Minimum number of tokens for the answer if the caller sets no limit. */
const ANSWER_TOKENS = 4_096
// Efforts that a model with thinking off refuses.
const OVER_HIGH: ReadonlySet<unknown> = new Set(['xhigh', 'max'])
const ALL_EFFORTS: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max']

/** The value of `thinking`. Writes the effort beside it if the model thinks adaptively. */
export function renderThinking(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const quirks: AnthropicMessagesQuirks = context.quirks
  const adaptive = quirks.thinking === 'adaptive'
  const { effort, budgetTokens, thinking } = reasoning
  if (thinking === false || effort === 'none' || (budgetTokens === 0 && !(adaptive && effort !== undefined)))
    return turnOff(reasoning, quirks, context)
  if (adaptive) return renderAdaptive(reasoning, quirks, context)
  return { type: 'enabled', budget_tokens: budgetFor(reasoning, context) }
}

function turnOff(
  reasoning: Reasoning,
  quirks: AnthropicMessagesQuirks,
  context: EncodeContext,
): JsonValue | undefined {
  const { body, warn } = context
  if (isEffortAlone(reasoning)) setEffort(reasoning, quirks, context)
  switch (quirks.thinkingOff) {
    case 'never':
      if (isEffortAlone(reasoning)) warn('thinking was not turned off: the model always thinks')
      else {
        setPath(body, 'output_config.effort', (quirks.efforts ?? ALL_EFFORTS)[0] ?? 'low')
        warn('the lowest effort was sent: the model always thinks')
      }
      return undefined
    case 'between_tools':
      warn('thinking was turned off before tool calls only: the model always thinks between them')
      return { type: 'between_tools' }
    default:
      return { type: 'disabled' }
  }
}

function renderAdaptive(
  reasoning: Reasoning,
  quirks: AnthropicMessagesQuirks,
  context: EncodeContext,
): JsonValue {
  if (reasoning.effort !== undefined || reasoning.budgetTokens !== undefined)
    setEffort(reasoning, quirks, context)
  return { type: 'adaptive', display: quirks.thinkingDisplay }
}

// Models that take a budget have efforts only if their row lists them.
function setEffort(reasoning: Reasoning, quirks: AnthropicMessagesQuirks, context: EncodeContext): void {
  const { thinking, efforts = thinking === 'adaptive' ? ALL_EFFORTS : [] } = quirks
  if (efforts.length === 0) context.warn('the effort was not sent: the model has none')
  else setPath(context.body, 'output_config.effort', effortFor(reasoning, efforts, context))
}

/** Resolves conflicts in `body`: thinking limits `max_tokens`, the samplers and the tool choice. */
export function resolveConflicts(input: RenderInput, body: JsonDraft): void {
  const quirks: AnthropicMessagesQuirks = input.quirks
  const { type } = objectOf(body['thinking'])
  if (type === 'enabled' && input.messages.at(-1)?.role === 'assistant') {
    delete body['thinking']
    warnLost(input, 'reasoning', 'a thinking model does not continue an answer')
  } else if (type === 'enabled' && !canThinkNow(body, BLOCKS)) {
    delete body['thinking']
    warnLost(input, 'reasoning', 'the message with the tool calls holds no reasoning of this model')
  } else if (type === 'enabled' || type === 'adaptive') {
    if (type === 'enabled') fitBudget(input, body)
    fitSamplers(input, { temperature: [body, 'temperature'], topK: [body, 'top_k'], topP: [body, 'top_p'] })
    if (type === 'enabled' || quirks.forcedToolChoice === 'unthinking') fitToolChoice(input, body)
  }
  if (body['temperature'] !== undefined && body['top_p'] !== undefined) {
    delete body['top_p']
    warnLost(input, 'topP', 'the format accepts temperature or top-p, not both')
  }
}

const BLOCKS = {
  isResult: ({ type }: Readonly<Record<string, unknown>>) => type === 'tool_result',
  isThought: ({ type }: Readonly<Record<string, unknown>>) =>
    type === 'thinking' || type === 'redacted_thinking',
}

function fitBudget(input: RenderInput, body: JsonDraft): void {
  const quirks: AnthropicMessagesQuirks = input.quirks
  const { maxTokens, reasoning } = input.settings
  const asked = numberOf(objectOf(body['thinking'])['budget_tokens']) ?? MIN_BUDGET
  const limit = numberOf(body['max_tokens']) ?? ANSWER_TOKENS
  const most = quirks.maxOutput ?? Infinity
  // A budget that follows from an effort is fitted into the caller's limit; a given budget is kept, and raises the limit.
  const wanted =
    reasoning?.budgetTokens === undefined && maxTokens !== undefined
      ? Math.max(MIN_BUDGET, Math.min(asked, Math.floor(limit / 2)))
      : asked
  const room = maxTokens ?? ANSWER_TOKENS
  const raised = maxTokens === undefined || wanted >= limit ? Math.max(limit, wanted + room) : limit
  const total = Math.min(raised, most)
  const budget = wanted < total ? wanted : Math.max(MIN_BUDGET, total - Math.min(room, total / 2))
  body['max_tokens'] = total
  body['thinking'] = { type: 'enabled', budget_tokens: Math.floor(budget) }
  if (maxTokens !== undefined && total > limit)
    warnChanged(
      input,
      'maxTokens',
      `${limit} was sent as ${total}: thinking uses ${Math.floor(budget)} of them`,
    )
  if (reasoning?.budgetTokens !== undefined && budget < asked)
    warnChanged(
      input,
      'reasoning',
      `a budget of ${asked} tokens was sent as ${Math.floor(budget)}: the model gives at most ${most} tokens`,
    )
}

function fitToolChoice(input: RenderInput, body: JsonDraft): void {
  const { type, name: _name, ...rest } = objectOf(body['tool_choice'])
  if (type !== 'any' && type !== 'tool') return
  if (input.quirks['forcedToolChoice'] === 'unthinking') {
    body['thinking'] = { type: 'disabled' }
    if (OVER_HIGH.has(objectOf(body['output_config'])['effort']))
      setPath(body, 'output_config.effort', 'high')
    warnChanged(input, 'reasoning', 'thinking was turned off: the model is forced to call a tool')
    return
  }
  body['tool_choice'] = { type: 'auto', ...(rest as JsonDraft) }
  warnChanged(
    input,
    'toolChoice',
    'it was sent as "auto": a model that thinks with a budget cannot be forced to call a tool',
  )
}
