import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import { toolSchemas } from '../../core/fit/rules.ts'
import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { AllowedTools, CacheSetting, ToolChoice } from '../../core/request.ts'
import { encodeCache } from '../prompt-cache.ts'
import { effortChange, effortOfBudget, isOff, nearestEffort, type Reasoning } from '../effort.ts'
import { thinks } from '../samplers.ts'
import type { OpenAIResponsesQuirks } from './quirks.ts'
import { chosenServerTool, encodeServerTools } from '../server-tools.ts'

/** Where each setting goes on this wire. Samplers of single servers are dropped here and mapped in their provider's row. */
export const params: ParamMap = {
  maxTokens: { to: 'max_output_tokens' },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { drop: 'the format has no top-k' },
  minP: { drop: 'the format has no min-p' },
  stop: { drop: 'the format has no stop sequences' },
  seed: { drop: 'the format has no seed' },
  frequencyPenalty: { drop: 'the format has no frequency penalty' },
  presencePenalty: { drop: 'the format has no presence penalty' },
  repetitionPenalty: { drop: 'the format has no repetition penalty' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { to: 'include' },
  topLogprobs: { to: 'top_logprobs' },
  n: { drop: 'the format gives one answer per request' },
  responseFormat: { to: 'text.format' },
  tools: { to: 'tools' },
  serverTools: { to: 'tools' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'parallel_tool_calls' },
  reasoning: { to: 'reasoning' },
  cache: { to: 'prompt_cache_key' },
  user: { to: 'user' },
  metadata: { to: 'metadata' },
}

export const encode: EncodeMap = {
  logprobs: renderLogprobs,
  responseFormat: renderFormat,
  tools: renderTools,
  serverTools: encodeServerTools,
  toolChoice: renderToolChoice,
  reasoning: renderReasoning,
  cache: (cache: CacheSetting, context: EncodeContext) => encodeCache(cache, context, ['30m', '12h']),
}

function renderToolChoice(choice: ToolChoice | AllowedTools, context: EncodeContext): JsonValue {
  if (typeof choice === 'string') return choice
  if ('name' in choice) {
    const tool = chosenServerTool(choice, context)
    return tool === undefined ? { type: 'function', name: choice.name } : { type: tool['type'] }
  }
  const { names, mode = 'required' } = choice
  return { type: 'allowed_tools', mode, tools: names.map((name) => ({ type: 'function', name })) }
}

function renderLogprobs(wanted: boolean, { settings, quirks, warn }: EncodeContext): JsonValue | undefined {
  if (!wanted) return undefined
  const refused = quirks['samplersWhileThinking'] === 'refused' && thinks(settings.reasoning, quirks)
  if (!refused) return ['message.output_text.logprobs']
  warn('it was not sent: the model does not use it while thinking')
  return undefined
}

// False is sent too, because the default is strict and most schemas break its rules.
function renderTools(
  tools: readonly ResolvedTool[],
  { quirks, rules, schemas, warn }: EncodeContext,
): JsonValue {
  return schemas
    .fitTools(tools, toolSchemas(rules, quirks['strictTools']), warn)
    .map(({ name, description, schema, strict }, index) =>
      withFields(
        { type: 'function', name, description, parameters: schema, strict },
        tools[index] as ResolvedTool,
      ),
    )
}

function renderFormat(
  { type, schema, name = 'response', description, strict }: ResolvedFormat,
  { rules, schemas, warn }: EncodeContext,
): JsonValue {
  if (type === 'text') return { type: 'text' }
  if (schema === undefined) return { type: 'json_object' }
  const fitted = schemas.fitAnswer({ schema, strict }, rules, warn)
  const sent = fitted.strict || (strict === true ? undefined : strict)
  return { type: 'json_schema', name, description, schema: fitted.schema, strict: sent }
}

function renderReasoning(reasoning: Reasoning, { quirks, warn }: EncodeContext): JsonObject | undefined {
  const { budgetTokens, summary } = reasoning
  const { efforts }: OpenAIResponsesQuirks = quirks
  const asked = isOff(reasoning) ? 'none' : reasoning.effort
  const wish = asked ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens))
  const word = wish === undefined ? undefined : nearestEffort(wish, efforts)
  if (budgetTokens !== undefined) {
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${word}": the format has no budget`)
  } else if (wish !== undefined && word !== undefined && word !== wish)
    warn(effortChange(wish, word, efforts))
  if (word === undefined && summary === undefined) return undefined
  return word === 'none' ? { effort: word } : { effort: word, summary }
}
