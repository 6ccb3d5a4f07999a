import { throwInvalidRequest } from './error.ts'
import { chooseStrategy, isSent, type AdaptTarget } from './fit/answer-strategy.ts'
import { AnswerEvents, withAnswerTool } from './fit/answer-tool.ts'
import type { Message } from './message.ts'
import type { ResolvedFormat, ResolvedSettings } from './resolved-settings.ts'
import type { Warning } from './response.ts'

interface Asked {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

/** Messages and settings of a call, adapted to a model. */
export interface AdaptedRequest extends Asked {
  readonly warnings: Warning[]
  /** Reads the answer, if it comes as the call of a tool. */
  readonly answer?: AnswerEvents | undefined
}

const STRATEGIES: ReadonlySet<unknown> = new Set([undefined, 'native', 'tool', 'prompt'])

/** Asks for an answer by a schema in the way that the model has. Limits its tools to those that are allowed. Pure. */
export function adaptToModel(asked: Asked, target: AdaptTarget): AdaptedRequest {
  const warnings: Warning[] = []
  const { responseFormat: format } = asked.settings
  const adapted = format?.type === 'json' ? withStrategy(asked, format, { target, warnings }) : asked
  const settings = withAllowedTools(adapted.settings, target, warnings)
  return { ...adapted, messages: adapted.messages, settings, warnings }
}

interface Adapting {
  readonly target: AdaptTarget
  readonly warnings: Warning[]
}

function withStrategy(
  asked: Asked,
  format: ResolvedFormat,
  { target, warnings }: Adapting,
): Omit<AdaptedRequest, 'warnings'> {
  if (!STRATEGIES.has(format.strategy))
    throwInvalidRequest('responseFormat.strategy', 'must be "auto", "native", "tool" or "prompt"')
  const { strategy, why } = chooseStrategy(format, asked.settings, target)
  if (strategy === 'native') return asked
  if (why !== undefined) {
    const form = strategy === 'tool' ? 'a tool' : 'an instruction'
    const message = `the schema was sent to ${target.model} as ${form}, because ${why}`
    warnings.push({ type: 'changed', setting: 'responseFormat', message })
  }
  return strategy === 'tool' ? asTool(asked, format, target) : asInstruction(asked, format, target)
}

function asTool(
  { messages, settings: given }: Asked,
  format: ResolvedFormat,
  target: AdaptTarget,
): Omit<AdaptedRequest, 'warnings'> {
  const { settings, name, isForced } = withAnswerTool(given, format, target)
  const answer = new AnswerEvents(name)
  if (isForced) return { messages, settings, answer }
  const content = `Give your answer by calling the tool ${JSON.stringify(name)}, with the whole answer.`
  return { messages: [{ role: 'system', content }, ...messages], settings, answer }
}

// With the format's switch for JSON, if it has one and the request does not turn it down.
function asInstruction(
  { messages, settings }: Asked,
  { schema, strategy, ...format }: ResolvedFormat,
  { params }: AdaptTarget,
): Asked {
  const { responseFormat: _whole, ...others } = settings
  const isSwitched =
    strategy === undefined && (params.responseFormat === undefined || isSent(params.responseFormat))
  const content = schemaInstruction(schema)
  return {
    messages: [{ role: 'system', content }, ...messages],
    settings: isSwitched ? { ...others, responseFormat: format } : others,
  }
}

// Where the limit has no form on the wire, the other tools are left out.
function withAllowedTools(
  settings: ResolvedSettings,
  { quirks = {}, model }: AdaptTarget,
  warnings: Warning[],
): ResolvedSettings {
  const { toolChoice: choice, tools } = settings
  if (typeof choice !== 'object' || !('names' in choice) || quirks['allowedTools'] === true) return settings
  const message = `tools outside toolChoice.names were not sent to ${model}, because its API cannot limit a call to some`
  warnings.push({ type: 'changed', setting: 'toolChoice', message })
  const { names, mode = 'required' } = choice
  return { ...settings, tools: tools?.filter(({ name }) => names.includes(name)), toolChoice: mode }
}

function schemaInstruction(schema: unknown): string {
  return schema === undefined
    ? 'Answer with JSON alone.'
    : `Answer with JSON alone, valid by this JSON Schema: ${JSON.stringify(schema)}`
}
