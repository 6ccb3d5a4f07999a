import type { JsonObject, JsonValue } from '../core/json.ts'
import type { EncodeContext, ParamMap, ResolvedFormat } from '../core/params.ts'
import type { ToolChoice } from '../core/request.ts'

/** Settings that neither the messages format nor the converse format has. */
export const claudeDrops: ParamMap = {
  minP: { drop: 'the format has no min-p' },
  seed: { drop: 'the format has no seed' },
  frequencyPenalty: { drop: 'the format has no penalties' },
  presencePenalty: { drop: 'the format has no penalties' },
  repetitionPenalty: { drop: 'the format has no penalties' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { drop: 'the format has no log probabilities' },
  topLogprobs: { drop: 'the format has no log probabilities' },
  n: { drop: 'the format gives one answer per request' },
}

/** The stop sequences without those of white space alone, because both formats refuse them. */
export function encodeStop(stop: readonly string[], { warn }: EncodeContext): JsonValue | undefined {
  const kept = stop.filter((sequence) => sequence.trim() !== '')
  if (kept.length < stop.length) warn('sequences of white space alone were left out: the format refuses them')
  return kept.length === 0 ? undefined : kept
}

/** The schema to enforce on the answer; `undefined`, with a warning if JSON was wanted, if there is none. */
export function encodeSchema(
  { type, schema }: ResolvedFormat,
  { rules, schemas, warn }: EncodeContext,
): JsonObject | undefined {
  if (type === 'text') return undefined
  if (schema !== undefined) return schemas.fitAnswer({ schema }, rules, warn).schema
  warn('JSON without a schema was not sent: give a schema, or ask for JSON in the prompt')
  return undefined
}

/** The tool choice that can be sent: none without tools, `auto` if the model cannot be forced to call one. */
export function allowedToolChoice(
  choice: ToolChoice,
  { forcedToolChoice }: { readonly forcedToolChoice?: boolean | 'unthinking' | undefined },
  { settings, warn }: EncodeContext,
): ToolChoice | undefined {
  if ((settings.tools ?? settings.serverTools) === undefined) {
    warn('it was not sent: the request has no tools')
    return undefined
  }
  if (choice === 'auto' || choice === 'none' || forcedToolChoice !== false) return choice
  warn('it was sent as "auto": the model cannot be forced to call a tool')
  return 'auto'
}

/** Whether parallel tool calls can be switched: warns if no tool can be called. */
export function canSwitchParallel({ settings, warn }: EncodeContext): boolean {
  if ((settings.tools ?? settings.serverTools) !== undefined && settings.toolChoice !== 'none') return true
  warn('it was not sent: no tool can be called')
  return false
}
