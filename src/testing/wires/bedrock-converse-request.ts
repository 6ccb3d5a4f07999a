import { isObject, parseJson, type JsonObject } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { FakeHttpError } from '../fake-error.ts'
import { joinTurns, type ReadRequest, type ReceivedSettings, type ReceivedTool } from '../request.ts'
import { checkThinking, checkTurns, checkTurnTools } from './bedrock-converse-rules.ts'
import { readTurns } from './bedrock-converse-turns.ts'
import { Fields } from './fields.ts'
import type { ReadRules, RequestHead } from './wire.ts'

/** Where a call goes, with the model's id in it. */
export const CHAT_PATH: RegExp = /\/model\/([^/]+)\/converse(-stream)?$/

const KNOWN: ReadonlySet<string> = new Set(
  `additionalModelRequestFields additionalModelResponseFieldPaths guardrailConfig inferenceConfig messages outputConfig
  performanceConfig promptVariables requestMetadata serviceTier system toolConfig`.split(/\s+/),
)
const KNOWN_INFERENCE: ReadonlySet<string> = new Set(['maxTokens', 'stopSequences', 'temperature', 'topP'])
const MOST_TOKENS = 10_000_000
const MOST_STOPS = 2_500
// Of those that take one sampler only.
const ONE_SAMPLER = /claude-(opus-4-[1-9]|sonnet-4-[5-9]|haiku-4-5)/

/** Reads a converse body by Bedrock's rules. */
export function readBedrockConverse(body: JsonObject, { path }: RequestHead, rules: ReadRules): ReadRequest {
  const [, id = '', suffix] = CHAT_PATH.exec(path) ?? []
  const model = decodeURIComponent(id)
  const fields = new Fields(body, '', refuse)
  const inference = fields.object('inferenceConfig')
  const unknown = fields.unknown(KNOWN) ?? inference?.unknown(KNOWN_INFERENCE)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    refuse(unknown, 'extraneous key is not permitted')
  const messages = fields.objects('messages') ?? fields.refuse('messages', 'is required')
  if (messages.length === 0) fields.refuse('messages', 'a conversation must hold a message')
  const turns = readTurns(messages, model)
  const tools = readTools(fields)
  checkTurns(messages, model)
  checkTurnTools(fields, messages)
  checkThinking(fields, messages)
  return {
    model,
    stream: suffix !== undefined,
    system: (fields.objects('system') ?? []).flatMap(readSystem).join('\n'),
    turns: joinTurns(turns),
    tools,
    settings: {
      ...readInference(inference, model),
      ...readExtra(fields.object('additionalModelRequestFields')),
      ...readToolChoice(fields, tools),
      responseFormat: readFormat(fields),
    },
  }
}

function refuse(path: string, problem: string): never {
  throw new FakeHttpError({
    kind: 'invalid-request',
    message: `The value at ${path} is not valid: ${problem}`,
  })
}

function readSystem(block: Fields): string[] {
  if (block.has('cachePoint') || block.has('guardContent')) return []
  return [block.required('text')]
}

function readTools(fields: Fields): ReceivedTool[] {
  const config = fields.object('toolConfig')
  if (config === undefined) return []
  const tools = config.objects('tools') ?? config.refuse('tools', 'is required')
  if (tools.length === 0) config.refuse('tools', 'must hold a tool')
  return tools.flatMap((tool) => {
    if (tool.has('cachePoint') || tool.has('systemTool')) return []
    const spec = tool.object('toolSpec') ?? tool.refuse('toolSpec', 'is required')
    const name = spec.required('name')
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) spec.refuse('name', 'takes 1 to 64 of letters, digits, _ and -')
    if (spec.text('description') === '') spec.refuse('description', 'must not be empty')
    const schema =
      spec.object('inputSchema')?.object('json') ?? spec.refuse('inputSchema.json', 'is required')
    if (schema.value['type'] !== 'object') schema.refuse('type', 'must be object')
    return [{ name, description: spec.text('description'), parameters: schema.value }]
  })
}

function readInference(inference: Fields | undefined, model: string): ReceivedSettings {
  if (inference === undefined) return {}
  const stop = inference.texts('stopSequences')
  if (stop !== undefined && (stop.length > MOST_STOPS || stop.includes('')))
    inference.refuse('stopSequences', `takes at most ${MOST_STOPS} texts, none of them empty`)
  const temperature = inference.number('temperature', 0, 1)
  const topP = inference.number('topP', 0, 1)
  if (temperature !== undefined && topP !== undefined && ONE_SAMPLER.test(model))
    inference.refuse('temperature', 'and topP cannot both be specified for this model')
  return { maxTokens: inference.integer('maxTokens', 1, MOST_TOKENS), temperature, topP, stop }
}

// What is the model's own, in the words of each family.
function readExtra(extra: Fields | undefined): ReceivedSettings {
  if (extra === undefined) return {}
  const disableParallel = extra.object('tool_choice')?.flag('disable_parallel_tool_use')
  return {
    topK: extra.integer('top_k', 0, MOST_TOKENS) ?? extra.object('inferenceConfig')?.integer('topK', 0, 128),
    parallelToolCalls: disableParallel === undefined ? undefined : !disableParallel,
    reasoning: readReasoning(extra),
  }
}

function readReasoning(extra: Fields): ReceivedSettings['reasoning'] {
  const thinking = extra.object('thinking') ?? extra.object('reasoningConfig')
  if (thinking?.text('type') === 'disabled') return { effort: 'none' }
  const bare = isObject(extra.value['reasoning_config'])
    ? undefined
    : (extra.text('reasoning_config') ?? extra.text('reasoning_effort'))
  const effort = bare ?? extra.object('output_config')?.text('effort') ?? thinking?.text('maxReasoningEffort')
  const budgetTokens = thinking?.integer('budget_tokens', 1024, MOST_TOKENS)
  return effort === undefined && budgetTokens === undefined ? undefined : { effort, budgetTokens }
}

function readToolChoice(fields: Fields, tools: readonly ReceivedTool[]): { toolChoice?: ToolChoice } {
  const choice = fields.object('toolConfig')?.object('toolChoice')
  const other = fields.object('additionalModelRequestFields')?.object('tool_choice')
  if (choice === undefined && other === undefined) return {}
  const named = choice?.object('tool')?.required('name') ?? other?.text('name')
  if (named !== undefined && !tools.some(({ name }) => name === named))
    fields.refuse('toolConfig.toolChoice.tool.name', `names no tool of the request: ${named}`)
  if (named !== undefined) return { toolChoice: { name: named } }
  return { toolChoice: choice?.has('any') === true || other?.text('type') === 'any' ? 'required' : 'auto' }
}

function readFormat(fields: Fields): ReceivedSettings['responseFormat'] {
  const format = fields.object('outputConfig')?.object('textFormat')
  if (format === undefined) return undefined
  format.word('type', ['json_schema'])
  const given = format.object('structure')?.object('jsonSchema')?.text('schema')
  const schema = parseJson(given ?? '')
  if (!isObject(schema))
    return format.refuse('structure.jsonSchema.schema', 'must be the text of a JSON schema')
  return { type: 'json', schema }
}
