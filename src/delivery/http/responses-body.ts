import type { Settings, Tool } from '../../core/request.ts'
import { readEffort, readFormat, readTool, restrictTools, type ReadBody } from './chat-body.ts'
import type { JsonReader } from './json-reader.ts'
import { readInput } from './responses-items.ts'

/** Reads a body of `/v1/responses`. Problems are noted in `body`. `origin`: whose sealed thoughts come back. */
export function readResponsesBody(
  body: JsonReader,
  originOf: (model: string) => string | undefined,
): ReadBody {
  const model = body.requiredString('model')
  refuseStored(body)
  const text = body.object('text')
  const tools = readTools(body)
  return {
    model,
    stream: body.flag('stream') ?? false,
    request: {
      messages: readInput(body, originOf(model)),
      system: body.text('instructions'),
      maxTokens: body.number('max_output_tokens', { whole: true, min: 1 }),
      temperature: body.number('temperature', { min: 0, max: 2 }),
      topP: body.number('top_p', { min: 0, max: 1 }),
      topLogprobs: body.number('top_logprobs', { whole: true, min: 0, max: 20 }),
      ...restrictTools(tools, body),
      parallelToolCalls: body.flag('parallel_tool_calls'),
      responseFormat: readFormat(text?.object('format')),
      reasoning: readReasoning(body.object('reasoning')),
      user: body.text('safety_identifier') ?? body.text('user'),
      metadata: body.table('metadata'),
    },
  }
}

// What would need answers to be kept.
function refuseStored(body: JsonReader): void {
  const why = 'is not served: nothing is stored here; send the whole conversation as input'
  for (const name of ['previous_response_id', 'conversation', 'prompt'])
    if (body.raw(name) !== undefined) body.addIssue(name, why)
  if (body.flag('background') === true) body.addIssue('background', 'is not served here')
}

function readReasoning(fields: JsonReader | undefined): Settings['reasoning'] {
  const effort = readEffort(fields, 'effort')
  return effort === undefined ? undefined : { effort }
}

function readTools(body: JsonReader): readonly Tool[] | undefined {
  return body.objects('tools')?.flatMap((tool) => {
    if (tool.text('type') === 'function') return [readTool(tool)]
    return tool.addIssue('type', 'only function tools are served here') ?? []
  })
}
