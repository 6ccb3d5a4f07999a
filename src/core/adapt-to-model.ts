import type { Message } from './message.ts'
import type { JsonValue } from './json.ts'
import type { ResolvedSettings } from './resolved-settings.ts'
import type { Warning } from './response.ts'

type Quirks = Readonly<Record<string, JsonValue | undefined>>
type Rules = Readonly<Partial<Record<string, { readonly drop?: string | undefined }>>>

/** What a request is adapted to. */
export interface AdaptTarget {
  readonly capabilities: {
    readonly jsonSchema?: boolean | undefined
    readonly tools?: boolean | undefined
  }
  readonly params: Rules
  readonly model: string
  readonly quirks?: Quirks | undefined
}

/** Messages and settings of a call, adapted to a model. */
export interface AdaptedRequest {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly warnings: Warning[]
}

/** Sends a schema as an instruction if the model takes none as a parameter. Pure. */
export function adaptToModel(
  {
    messages,
    settings: asked,
  }: { readonly messages: readonly Message[]; readonly settings: ResolvedSettings },
  { capabilities, params, model, quirks = {} }: AdaptTarget,
): AdaptedRequest {
  const warnings: Warning[] = []
  const settings = withAllowedTools(asked, { quirks, model }, warnings)
  const { responseFormat } = settings
  const { schema } = responseFormat ?? {}
  const isInstruction =
    capabilities.jsonSchema === false && schema !== undefined && params['responseFormat']?.drop === undefined
  if (!isInstruction) return { messages, settings, warnings }
  warnings.push({
    type: 'changed',
    setting: 'responseFormat',
    message: `the schema was sent to ${model} as an instruction, because it takes none as a parameter`,
  })
  return {
    messages: [{ role: 'system', content: schemaInstruction(schema) }, ...messages],
    settings: { ...settings, responseFormat: { ...responseFormat, type: 'json', schema: undefined } },
    warnings,
  }
}

// Where the limit has no form on the wire, the other tools are left out.
function withAllowedTools(
  settings: ResolvedSettings,
  { quirks, model }: { readonly quirks: Quirks; readonly model: string },
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
  return `Answer with JSON alone, valid by this JSON Schema: ${JSON.stringify(schema)}`
}
