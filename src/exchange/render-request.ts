import type { AdaptedRequest } from '../core/adapt-to-model.ts'
import type { Call } from '../core/call.ts'
import { hasOptions, loadPlacing } from '../core/fit/load-options.ts'
import { hasSchemas, loadSchemas } from '../core/fit/load-schemas.ts'
import { fitRequest } from '../core/fit/fit-request.ts'
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
  /** Reads the answer, if it comes as the call of a tool. */
  readonly answer?: AdaptedRequest['answer']
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
  | 'placing'
>

/** The call with what most calls do not need: functions about schemas, and about options of providers. A promise only while they load. */
export function withFunctions(call: Call): Call | Promise<Call> {
  const found = hasSchemas(call.settings) ? loadSchemas() : undefined
  const placed = hasOptions(call) ? loadPlacing(call.target) : undefined
  if (placed === undefined && !(found instanceof Promise))
    return found === undefined ? call : { ...call, schemas: found }
  return Promise.all([found, placed]).then(([schemas, placing]) => ({ ...call, schemas, placing }))
}

/**
 * Renders the body of a call: fits the request to the target, writes its settings and messages, and merges `extraBody` over
 * them. Throws `unsupported` if `onUnsupported: 'error'` refuses a loss.
 */
export function renderRequest(call: RenderInput): RenderedRequest {
  const { target, stream, extraBody, schemas } = call
  const { provider, model, dialect, params, quirks, rules, reasoningScope } = target
  const placed = call.placing?.(call)
  const asked = placed?.call ?? call
  const adapted: AdaptedRequest = schemas?.adaptToModel(asked, target) ?? {
    messages: asked.messages,
    settings: asked.settings,
    warnings: [],
  }
  const { warnings } = adapted
  if (call.warnings !== undefined) warnings.unshift(...call.warnings)
  const fit = { rules, dialect, model, reasoningScope, quirks }
  const { messages, settings, toolNames } = fitRequest(adapted, fit, warnings)
  const given = placed?.options === undefined ? extraBody : { ...placed.options, ...extraBody }
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
  placed?.finish(body, warnings)
  const kept = applyUnsupportedPolicy(warnings, call.onUnsupported, target)
  if (extraBody !== undefined) mergeInto(body, extraBody)
  return { body, warnings: kept, toolNames, headers: dialect.takeHeaders?.(body), answer: adapted.answer }
}
