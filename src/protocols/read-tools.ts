import { shortName } from '../core/issues.ts'
import type { Tool, ToolChoice } from '../core/request.ts'
import type { JsonReader } from './json-reader.ts'

const TOOL_NAME = /^[A-Za-z0-9_-]{1,64}$/

/** Reads the name of a tool: 1 to 64 letters, digits, `_` and `-`. */
export function readToolName(tool: JsonReader): string {
  const name = tool.requiredString('name')
  if (name !== '' && !TOOL_NAME.test(name))
    tool.addIssue('name', 'must be 1 to 64 letters, digits, "_" or "-"')
  return name
}

/** Reads an OpenAI function: name, description, parameters, strict. */
export function readFunction(fields: JsonReader): Tool {
  return {
    name: readToolName(fields),
    description: fields.text('description'),
    parameters: fields.json('parameters'),
    strict: fields.flag('strict'),
  }
}

interface ToolSettings {
  readonly tools?: readonly Tool[] | undefined
  readonly toolChoice?: ToolChoice | undefined
}

/** Reads OpenAI's `tool_choice`. `allowed_tools` becomes a shorter tool list, because the neutral choice has no such form. */
export function readToolChoice(body: JsonReader, tools: readonly Tool[] | undefined): ToolSettings {
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
    choice.addIssue('', `names the tool "${shortName(name)}", which is not among the tools`)
  return { tools: given, toolChoice: { name } }
}

// `{ type: 'function', function: { name } }` in chat completions, `{ type: 'function', name }` in responses.
function nameOf(fields: JsonReader): string {
  return fields.object('function')?.text('name') ?? fields.text('name') ?? ''
}
