import { shortName } from '../../core/issues.ts'
import type { Settings, Tool, ToolChoice } from '../../core/request.ts'
import { ContentPaths } from '../content-paths.ts'
import type { JsonReader } from '../json-reader.ts'
import type { ReadBody, ReadContext } from '../protocol.ts'
import { readCache, readMark } from '../read-cache.ts'
import { readEffort, readFormat, readNumberSettings, readStop } from '../read-settings.ts'
import { readToolName } from '../read-tools.ts'
import { readMessages, readSystem } from './read-messages.ts'

/** Reads a body of `POST /v1/messages`. Issues are added to `body`. */
export function readMessagesBody(body: JsonReader, { params, originOf }: ReadContext): ReadBody {
  const model = body.requiredString('model')
  const output = body.object('output_config')
  const tools = readTools(body)
  const paths = new ContentPaths()
  return {
    model,
    stream: body.flag('stream') ?? false,
    paths,
    systemField: 'system',
    toolField: (field) => field.replace(/^parameters/, 'input_schema'),
    request: {
      messages: readMessages(body, paths, originOf(model)),
      system: readSystem(body),
      ...readNumberSettings(body, params),
      stop: readStop(body, 'stop_sequences'),
      tools,
      ...readChoice(body.object('tool_choice'), tools),
      responseFormat: readFormat(output?.object('format')),
      reasoning: readThinking(body.object('thinking'), output),
      user: body.object('metadata')?.text('user_id'),
      cache: readCache(body),
    },
  }
}

function readTools(body: JsonReader): readonly Tool[] | undefined {
  const tools = body.objects('tools')?.flatMap((tool): Tool[] => {
    const type = tool.text('type') ?? 'custom'
    if (type !== 'custom')
      return tool.addIssue('type', 'must be custom: this server offers no other tools') ?? []
    const name = readToolName(tool)
    const parameters = tool.json('input_schema')
    const description = tool.text('description')
    return [{ name, description, parameters, strict: tool.flag('strict'), ...readMark(tool) }]
  })
  return tools?.length === 0 ? undefined : tools
}

function readChoice(
  choice: JsonReader | undefined,
  tools: readonly Tool[] | undefined,
): { toolChoice?: ToolChoice; parallelToolCalls?: boolean } {
  if (choice === undefined || tools === undefined) return {}
  const single = choice.flag('disable_parallel_tool_use')
  const parallel = single === undefined ? undefined : { parallelToolCalls: !single }
  const type = choice.oneOf('type', ['auto', 'any', 'none', 'tool'])
  switch (type) {
    case 'auto':
    case 'none':
      return { toolChoice: type, ...parallel }
    case 'any':
      return { toolChoice: 'required', ...parallel }
    case 'tool': {
      const name = choice.requiredString('name')
      if (!tools.some((tool) => tool.name === name))
        choice.addIssue('name', `names the tool "${shortName(name)}", which is not among the tools`)
      return { toolChoice: { name }, ...parallel }
    }
    case undefined:
      return {}
  }
}

function readThinking(
  thinking: JsonReader | undefined,
  output: JsonReader | undefined,
): Settings['reasoning'] {
  const effort = readEffort(output, 'effort')
  const type = thinking?.oneOf('type', ['enabled', 'disabled', 'adaptive'])
  if (type === 'disabled') return { effort: 'none' }
  if (type === 'enabled') {
    const budgetTokens = thinking?.number('budget_tokens', { whole: true, min: 1 })
    return { effort, budgetTokens }
  }
  if (type === 'adaptive') return { effort: effort ?? 'medium' }
  return effort === undefined ? undefined : { effort }
}
