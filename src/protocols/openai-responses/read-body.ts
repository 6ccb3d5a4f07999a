import type { Settings, Tool } from '../../core/request.ts'
import { ContentPaths } from '../content-paths.ts'
import type { JsonReader } from '../json-reader.ts'
import type { ReadBody, ReadContext } from '../protocol.ts'
import { readCache } from '../read-cache.ts'
import { readEffort, readFormat, readNumberSettings } from '../read-settings.ts'
import { readFunction, readToolChoice } from '../read-tools.ts'
import { readInput } from './read-items.ts'

/** Reads a body of `POST /v1/responses`. Issues are added to `body`. */
export function readResponsesBody(body: JsonReader, { params, originOf }: ReadContext): ReadBody {
  const model = body.requiredString('model')
  refuseStored(body)
  const text = body.object('text')
  const tools = readTools(body)
  const paths = new ContentPaths()
  return {
    model,
    stream: body.flag('stream') ?? false,
    paths,
    systemField: 'instructions',
    request: {
      messages: readInput(body, paths, originOf(model)),
      system: body.text('instructions'),
      ...readNumberSettings(body, params),
      topLogprobs: body.number('top_logprobs', { whole: true, min: 0, max: 20 }),
      ...readToolChoice(body, tools),
      parallelToolCalls: body.flag('parallel_tool_calls'),
      responseFormat: readFormat(text?.object('format')),
      reasoning: readReasoning(body.object('reasoning')),
      user: body.text('safety_identifier') ?? body.text('user'),
      cache: readCache(body),
      metadata: body.table('metadata'),
    },
  }
}

// These need stored responses.
function refuseStored(body: JsonReader): void {
  const why = 'is not supported: this server stores no responses; send the whole conversation as input'
  for (const name of ['previous_response_id', 'conversation', 'prompt'])
    if (body.has(name)) body.addIssue(name, why)
  if (body.flag('background') === true)
    body.addIssue('background', 'is not supported; send false or leave it out')
}

function readReasoning(fields: JsonReader | undefined): Settings['reasoning'] {
  const effort = readEffort(fields, 'effort')
  return effort === undefined ? undefined : { effort }
}

function readTools(body: JsonReader): readonly Tool[] | undefined {
  return body.objects('tools')?.flatMap((tool) => {
    if (tool.text('type') === 'function') return [readFunction(tool)]
    return tool.addIssue('type', 'must be function: this server offers no other tools') ?? []
  })
}
