import type { Settings, Tool, ToolChoice } from '../../core/request.ts'
import { readEffort, readFormat, readStop, type ReadBody } from './chat-body.ts'
import type { JsonReader } from './json-reader.ts'
import { readAnthropicMessages, readSystem } from './anthropic-messages.ts'

/** Reads a body of `/v1/messages`. Problems are noted in `body`. `originOf`: whose signed thoughts come back. */
export function readMessagesBody(
  body: JsonReader,
  originOf: (model: string) => string | undefined,
): ReadBody {
  const model = body.requiredString('model')
  const output = body.object('output_config')
  const tools = readTools(body)
  return {
    model,
    stream: body.flag('stream') ?? false,
    request: {
      messages: readAnthropicMessages(body, originOf(model)),
      system: readSystem(body),
      maxTokens: body.number('max_tokens', { whole: true, min: 1 }),
      temperature: body.number('temperature', { min: 0, max: 1 }),
      topP: body.number('top_p', { min: 0, max: 1 }),
      topK: body.number('top_k', { whole: true, min: 0 }),
      stop: readStop(body, 'stop_sequences'),
      tools,
      ...readChoice(body.object('tool_choice'), tools),
      responseFormat: readFormat(output?.object('format')),
      reasoning: readThinking(body.object('thinking'), output),
      user: body.object('metadata')?.text('user_id'),
    },
  }
}

function readTools(body: JsonReader): readonly Tool[] | undefined {
  const tools = body.objects('tools')?.flatMap((tool): Tool[] => {
    const type = tool.text('type') ?? 'custom'
    if (type !== 'custom') return tool.addIssue('type', 'only custom tools are served here') ?? []
    const name = tool.requiredString('name')
    if (name !== '' && !/^[A-Za-z0-9_-]{1,64}$/.test(name))
      tool.addIssue('name', 'takes 1 to 64 of letters, digits, "_" and "-"')
    const parameters = tool.json('input_schema')
    return [{ name, description: tool.text('description'), parameters, strict: tool.flag('strict') }]
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
  switch (choice.oneOf('type', ['auto', 'any', 'none', 'tool'])) {
    case 'auto':
    case 'none':
      return { toolChoice: choice.text('type') === 'none' ? 'none' : 'auto', ...parallel }
    case 'any':
      return { toolChoice: 'required', ...parallel }
    case 'tool': {
      const name = choice.requiredString('name')
      if (!tools.some((tool) => tool.name === name))
        choice.addIssue('name', `names the tool "${name}", which is not among the tools`)
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
