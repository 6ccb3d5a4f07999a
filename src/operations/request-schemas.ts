import { optionsSchema } from '../core/options.ts'
import { callOptions, checkShape } from '../core/request-schema.ts'
import type { CallOptions, EmbedRequest, ModerateRequest } from '../core/request.ts'
import { anyOf, listOf, nonEmptyText, oneOf, positiveCount, required, text } from '../core/schema.ts'

const input = anyOf(nonEmptyText, listOf(nonEmptyText, { min: 1 }))

const embedSchema = optionsSchema<EmbedRequest>()(() => ({
  ...callOptions(),
  input: required(input),
  dimensions: positiveCount,
  purpose: oneOf('query', 'document', 'similarity', 'classification', 'clustering'),
  user: text,
}))
const moderateSchema = optionsSchema<ModerateRequest>()(() => ({ ...callOptions(), input: required(input) }))
const callSchema = optionsSchema<CallOptions>()(callOptions)

/** Checks the shape of an {@link EmbedRequest}. Throws `invalid-request`. */
export function checkEmbedRequest(value: unknown): EmbedRequest {
  return checkShape(embedSchema, value) as EmbedRequest
}

/** Checks the shape of a {@link ModerateRequest}. Throws `invalid-request`. */
export function checkModerateRequest(value: unknown): ModerateRequest {
  return checkShape(moderateSchema, value) as ModerateRequest
}

/** Checks the options of a call without content. Throws `invalid-request`. */
export function checkCallOptions(value: unknown): CallOptions {
  return checkShape(callSchema, value) as CallOptions
}
