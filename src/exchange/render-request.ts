import { adaptToModel } from '../core/adapt-to-model.ts'
import type { Call } from '../core/call.ts'
import { hasSchemas, loadSchemas } from '../core/fit/load-schemas.ts'
import { fitRequest } from '../core/fit/fit-request.ts'
import { mergeInto, type JsonDraft } from '../core/json.ts'
import { applyParams, applyUnsupportedPolicy } from '../core/params.ts'
import type { Warning } from '../core/response.ts'

/** A request in its wire form. */
export interface RenderedRequest {
  readonly body: JsonDraft
  readonly warnings: readonly Warning[]
  /** The caller's names of tools by those on the wire. */
  readonly toolNames: ReadonlyMap<string, string> | undefined
}

/** The parts of a call that decide its body. */
export type RenderInput = Pick<
  Call,
  'target' | 'messages' | 'settings' | 'stream' | 'extraBody' | 'onUnsupported' | 'warnings' | 'schemas'
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
  const { provider, model, dialect, params, quirks, rules, reasoningScope } = target
  const adapted = adaptToModel(call, target)
  const { warnings } = adapted
  if (call.warnings !== undefined) warnings.unshift(...call.warnings)
  const fit = { rules, dialect, model, reasoningScope, quirks }
  const { messages, settings, toolNames } = fitRequest(adapted, fit, warnings)
  const body: JsonDraft = target.body === undefined ? {} : structuredClone(target.body)
  warnings.push(
    ...applyParams(
      settings,
      { provider, model, params, quirks, rules, schemas, encode: dialect.encode, extraBody },
      body,
    ),
  )
  dialect.render({ model, messages, settings, stream, quirks, rules, warnings }, body)
  if (target.definition.paths?.chat.includes('{model}') === true) delete body['model']
  const kept = applyUnsupportedPolicy(warnings, call.onUnsupported, target)
  if (extraBody !== undefined) mergeInto(body, extraBody)
  return { body, warnings: kept, toolNames }
}
