import type { Settings, Tool } from '../../core/request.ts'
import { ContentPaths } from '../content-paths.ts'
import type { JsonReader } from '../json-reader.ts'
import type { ReadBody, ReadContext } from '../protocol.ts'
import { readCache, readMark } from '../read-cache.ts'
import { readEffort, readFormat, readNumberSettings, readStop } from '../read-settings.ts'
import { readFunction, readToolChoice } from '../read-tools.ts'
import { readMessages } from './read-messages.ts'

/** Reads a body of `POST /v1/chat/completions`. Issues are added to `body`. */
export function readChatBody(body: JsonReader, { params, originOf }: ReadContext): ReadBody {
  const model = body.requiredString('model')
  const paths = new ContentPaths()
  const messages = readMessages(body, paths, originOf(model))
  const options = body.object('stream_options')
  const tools = readTools(body)
  return {
    model,
    stream: body.flag('stream') ?? false,
    includeUsage: options?.flag('include_usage'),
    paths,
    toolField: (field) => `function.${field}`,
    request: {
      messages,
      ...readSampling(body, params),
      ...readToolChoice(body, tools),
      responseFormat: readFormat(body.object('response_format')),
      reasoning: readEffort(body, 'reasoning_effort') ?? readReasoning(body.object('reasoning')),
      parallelToolCalls: body.flag('parallel_tool_calls'),
      user: body.text('user') ?? body.text('safety_identifier'),
      metadata: body.table('metadata'),
      cache: readCache(body),
    },
  }
}

function readSampling(body: JsonReader, params: ReadContext['params']): Settings {
  const { maxTokens, ...numbers } = readNumberSettings(body, params)
  return {
    ...numbers,
    maxTokens: body.number('max_completion_tokens', { whole: true, min: 1 }) ?? maxTokens,
    stop: readStop(body, 'stop'),
    logitBias: readBias(body),
    logprobs: body.flag('logprobs'),
    topLogprobs: body.number('top_logprobs', { whole: true, min: 0, max: 20 }),
  }
}

function readBias(body: JsonReader): Readonly<Record<string, number>> | undefined {
  const table = body.json('logit_bias')
  if (table === undefined) return undefined
  const entries = Object.entries(table).map(([token, bias]): [string, number] => {
    const fits = typeof bias === 'number' && bias >= -100 && bias <= 100
    if (!fits) body.addIssue(`logit_bias.${token}`, 'must be a number from -100 to 100')
    return [token, fits ? bias : 0]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

// `reasoning: { effort, max_tokens, enabled }`: the form of routers that serve many vendors.
function readReasoning(fields: JsonReader | undefined): Settings['reasoning'] {
  if (fields === undefined) return undefined
  const effort = readEffort(fields, 'effort')
  const budgetTokens = fields.number('max_tokens', { whole: true, min: 0 })
  if (effort !== undefined || budgetTokens !== undefined) return { effort, budgetTokens }
  return fields.flag('enabled')
}

function readTools(body: JsonReader): readonly Tool[] | undefined {
  if (body.has('functions')) body.addIssue('functions', 'is deprecated; send tools')
  return body.objects('tools')?.flatMap((tool) => {
    if ((tool.text('type') ?? 'function') !== 'function')
      return tool.addIssue('type', 'must be function: this server offers no other tools') ?? []
    const described = tool.requiredObject('function')
    return described === undefined ? [] : [{ ...readFunction(described), ...readMark(tool) }]
  })
}
