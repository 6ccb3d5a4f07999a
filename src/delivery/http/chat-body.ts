import type { ChatRequest, ReasoningEffort, Settings, Tool, ToolChoice } from '../../core/request.ts'
import { readChatMessages } from './chat-messages.ts'
import type { JsonReader } from './json-reader.ts'

/** A client's request in neutral words, and what its protocol asks of the answer. */
export interface ReadBody {
  /** As the client names it. */
  readonly model: string
  readonly stream: boolean
  /** One usage chunk at the end of a stream. */
  readonly includeUsage?: boolean | undefined
  readonly request: Pick<ChatRequest, 'messages' | 'system'> & Settings
}

/** Reads a body of `/v1/chat/completions`. Problems are noted in `body`. `originOf`: whose sealed thoughts come back. */
export function readChatBody(body: JsonReader, originOf: (model: string) => string | undefined): ReadBody {
  const model = body.requiredString('model')
  const messages = readChatMessages(body, originOf(model))
  const options = body.object('stream_options')
  const tools = readTools(body)
  return {
    model,
    stream: body.flag('stream') ?? false,
    includeUsage: options?.flag('include_usage'),
    request: {
      messages,
      ...readSampling(body),
      ...restrictTools(tools, body),
      responseFormat: readFormat(body.object('response_format')),
      reasoning: readEffort(body, 'reasoning_effort') ?? readReasoning(body.object('reasoning')),
      parallelToolCalls: body.flag('parallel_tool_calls'),
      user: body.text('user') ?? body.text('safety_identifier'),
      metadata: body.table('metadata'),
    },
  }
}

const PENALTY = { min: -2, max: 2 }

function readSampling(body: JsonReader): Settings {
  const most = body.number('max_tokens', { whole: true, min: 1 })
  return {
    maxTokens: body.number('max_completion_tokens', { whole: true, min: 1 }) ?? most,
    temperature: body.number('temperature', { min: 0, max: 2 }),
    topP: body.number('top_p', { min: 0, max: 1 }),
    topK: body.number('top_k', { whole: true, min: 0 }),
    minP: body.number('min_p', { min: 0, max: 1 }),
    repetitionPenalty: body.number('repetition_penalty', { min: 0 }),
    frequencyPenalty: body.number('frequency_penalty', PENALTY),
    presencePenalty: body.number('presence_penalty', PENALTY),
    seed: body.number('seed', { whole: true }),
    n: body.number('n', { whole: true, min: 1, max: 128 }),
    stop: readStop(body, 'stop'),
    logitBias: readBias(body),
    logprobs: body.flag('logprobs'),
    topLogprobs: body.number('top_logprobs', { whole: true, min: 0, max: 20 }),
  }
}

/** One stop text or several; an empty list is none. */
export function readStop(body: JsonReader, name: string): string | readonly string[] | undefined {
  const value = body.raw(name)
  if (typeof value === 'string') return value === '' ? undefined : value
  const texts = body.texts(name)?.filter((text) => text !== '')
  return texts === undefined || texts.length === 0 ? undefined : texts
}

function readBias(body: JsonReader): Readonly<Record<string, number>> | undefined {
  const table = body.json('logit_bias')
  if (table === undefined) return undefined
  const entries = Object.entries(table).map(([token, bias]): [string, number] => {
    const fits = typeof bias === 'number' && bias >= -100 && bias <= 100
    if (!fits) body.addIssue(`logit_bias.${token}`, 'takes a number from -100 to 100')
    return [token, fits ? bias : 0]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

const EFFORTS: readonly ReasoningEffort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** How much to think, in a word. */
export function readEffort(fields: JsonReader | undefined, name: string): ReasoningEffort | undefined {
  return fields?.oneOf(name, EFFORTS)
}

// As routers of many vendors write it.
function readReasoning(fields: JsonReader | undefined): Settings['reasoning'] {
  if (fields === undefined) return undefined
  const effort = readEffort(fields, 'effort')
  const budgetTokens = fields.number('max_tokens', { whole: true, min: 0 })
  if (effort !== undefined || budgetTokens !== undefined) return { effort, budgetTokens }
  return fields.flag('enabled')
}

function readTools(body: JsonReader): readonly Tool[] | undefined {
  if (body.raw('functions') !== undefined)
    body.addIssue('functions', 'functions are called tools today: send tools')
  return body.objects('tools')?.flatMap((tool) => {
    if ((tool.text('type') ?? 'function') !== 'function')
      return tool.addIssue('type', 'only function tools are served here') ?? []
    const described = tool.object('function')
    return described === undefined ? (tool.addIssue('function', 'is missing') ?? []) : [readTool(described)]
  })
}

/** A function that the model may ask for. */
export function readTool(fields: JsonReader): Tool {
  const name = fields.requiredString('name')
  if (name !== '' && !/^[A-Za-z0-9_-]{1,64}$/.test(name))
    fields.addIssue('name', 'takes 1 to 64 of letters, digits, "_" and "-"')
  return {
    name,
    description: fields.text('description'),
    parameters: fields.json('parameters'),
    strict: fields.flag('strict'),
  }
}

interface ToolSettings {
  readonly tools?: readonly Tool[] | undefined
  readonly toolChoice?: ToolChoice | undefined
}

/** The tools and which of them may be chosen. `allowed_tools` leaves those out that are not allowed. */
export function restrictTools(tools: readonly Tool[] | undefined, body: JsonReader): ToolSettings {
  const given = tools === undefined || tools.length === 0 ? undefined : tools
  const raw = body.raw('tool_choice')
  if (raw === undefined || typeof raw === 'string') {
    const toolChoice = body.oneOf('tool_choice', ['auto', 'none', 'required'])
    return { tools: given, toolChoice: given === undefined ? undefined : toolChoice }
  }
  const choice = body.object('tool_choice')
  if (choice?.text('type') === 'allowed_tools') {
    const allowed = choice.object('allowed_tools') ?? choice
    const names = new Set(allowed.objects('tools')?.map(nameOf))
    const some = given?.filter(({ name }) => names.has(name))
    return { tools: some, toolChoice: allowed.oneOf('mode', ['auto', 'required']) }
  }
  const name = choice === undefined ? '' : nameOf(choice)
  if (choice !== undefined && !given?.some((tool) => tool.name === name))
    choice.addIssue('', `names the tool "${name}", which is not among the tools`)
  return { tools: given, toolChoice: { name } }
}

// `{ type: 'function', function: { name } }`, and the flat form of the newer endpoint.
function nameOf(fields: JsonReader): string {
  return fields.object('function')?.text('name') ?? fields.text('name') ?? ''
}

/** The shape of the answer, in either of OpenAI's two forms. */
export function readFormat(fields: JsonReader | undefined): Settings['responseFormat'] {
  switch (fields?.oneOf('type', ['text', 'json_object', 'json_schema'])) {
    case 'text':
      return { type: 'text' }
    case 'json_object':
      return { type: 'json' }
    case 'json_schema': {
      const inner = fields.object('json_schema') ?? fields
      const schema = inner.json('schema')
      const description = inner.text('description')
      return { type: 'json', schema, name: inner.text('name'), description, strict: inner.flag('strict') }
    }
    case undefined:
      return undefined
  }
}
