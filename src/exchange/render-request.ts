import { adaptToModel } from '../core/adapt-to-model.ts'
import type { Call } from '../core/call.ts'
import { hasSchemas, loadSchemas } from '../core/fit/load-schemas.ts'
import { fitRequest } from '../core/fit/fit-request.ts'
import { addWireFields, hasOptions, optionsFor } from '../core/fit/wire-fields.ts'
import { mergeInto, type JsonDraft } from '../core/json.ts'
import { applyParams, applyUnsupportedPolicy } from '../core/params.ts'
import type { Warning } from '../core/response.ts'

/** A request in its wire form. */
export interface RenderedRequest {
  readonly body: JsonDraft
  readonly warnings: readonly Warning[]
  /** Headers that the body decides. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The caller's names of tools by those on the wire. */
  readonly toolNames: ReadonlyMap<string, string> | undefined
}

/** The parts of a call that decide its body. */
export type RenderInput = Pick<
  Call,
  | 'target'
  | 'messages'
  | 'settings'
  | 'stream'
  | 'extraBody'
  | 'onUnsupported'
  | 'warnings'
  | 'providerOptions'
  | 'schemas'
>

/** The call with the functions about schemas, if it has some. Returns a promise only if they are still to be loaded. */
export function withSchemas(call: Call): Call | Promise<Call> {
  if (!hasSchemas(call.settings)) return call
  const schemas = loadSchemas()
  return schemas instanceof Promise
    ? schemas.then((loaded) => ({ ...call, schemas: loaded }))
    : { ...call, schemas }
}

/**
 * Renders the body of a call: fits the request to the target, writes its settings and messages, and merges `extraBody` over
 * them. Throws `unsupported` if `onUnsupported: 'error'` refuses a loss.
 */
export function renderRequest(call: RenderInput): RenderedRequest {
  const { target, stream, extraBody, schemas } = call
  const { provider, model, definition, dialect, params, quirks, rules, reasoningScope } = target
  const providers = definition.optionsOf === undefined ? [provider] : [...definition.optionsOf, provider]
  const options = optionsFor(call, providers)
  const extended = hasOptions(call) ? addWireFields(call, providers) : undefined
  const adapted = adaptToModel(extended ?? call, target)
  const { warnings } = adapted
  if (call.warnings !== undefined) warnings.unshift(...call.warnings)
  const fit = { rules, dialect, model, reasoningScope, quirks }
  const { messages, settings, toolNames } = fitRequest(adapted, fit, warnings)
  const given = options === undefined ? extraBody : { ...options, ...extraBody }
  const body: JsonDraft = target.body === undefined ? {} : structuredClone(target.body)
  warnings.push(
    ...applyParams(
      settings,
      { provider, model, params, quirks, rules, schemas, encode: dialect.encode, given },
      body,
    ),
  )
  dialect.render({ model, messages, settings, stream, quirks, rules, warnings }, body)
  if (target.definition.paths?.chat.includes('{model}') === true) delete body['model']
  extended?.noteUnplaced(warnings)
  if (options !== undefined) {
    const known = { ...definition, options: [...(dialect.options ?? []), ...(definition.options ?? [])] }
    if (dialect.mergeOptions === undefined) mergeInto(body, options)
    else dialect.mergeOptions(body, options, { provider, known, warnings })
  }
  const kept = applyUnsupportedPolicy(warnings, call.onUnsupported, target)
  if (extraBody !== undefined) mergeInto(body, extraBody)
  return { body, warnings: kept, toolNames, headers: dialect.takeHeaders?.(body) }
}
