import { LlmError } from '../../core/error.ts'
import type { EmbedResponse } from '../../core/embedding.ts'
import { base64Of } from '../../core/message.ts'
import { completeError, limitHeadersOf } from './error-response.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { JsonReader } from '../../protocols/index.ts'
import { callerOf, jsonResponse, limitKeysOf, type GuardedRequest } from './guards/index.ts'

/** Serves `/v1/embeddings`: vectors as numbers, or as base64 of little-endian 32-bit floats. */
export async function serveEmbeddings(context: EndpointContext, guarded: GuardedRequest): Promise<Response> {
  const body = new JsonReader(await guarded.json())
  const model = body.requiredString('model')
  const input = readInput(body)
  const dimensions = body.number('dimensions', { whole: true, min: 1 })
  const format = body.oneOf('encoding_format', ['float', 'base64']) ?? 'float'
  const user = body.text('user')
  body.check()
  const { access, requestId } = guarded
  const { fallback: _fallback, extraBody: _extra, ...target } = context.names.find(model, access)
  const keyed = { model, keys: limitKeysOf(access), names: 'openai' as const }
  const expiry = guarded.watchAccess()
  const caller = { ...callerOf(access), requestId, signal: expiry.signal }
  try {
    const reply = await context.orchestrator.embed({ ...target, input, dimensions, user, ...caller })
    return jsonResponse(render(reply, model, format), { headers: await limitHeadersOf(context, keyed) })
  } catch (error) {
    throw await completeError(context, error, keyed)
  } finally {
    expiry.release()
  }
}

function readInput(body: JsonReader): string | readonly string[] {
  const value = body.raw('input')
  if (typeof value === 'string') {
    if (value === '') body.addIssue('input', 'must not be empty')
    return value
  }
  const list = body.list('input')
  if (list === undefined) {
    if (value === undefined) body.addIssue('input', 'is required')
    return ''
  }
  if (list.length === 0) body.addIssue('input', 'must not be empty')
  if (list.some((each) => typeof each === 'number' || Array.isArray(each))) {
    const message = 'input: lists of tokens are not supported; send strings'
    throw new LlmError('unsupported', message, { issues: [{ path: 'input', message }] })
  }
  const texts = body.texts('input') ?? []
  const empty = texts.indexOf('')
  if (empty >= 0) body.addIssue(`input.${empty}`, 'must not be empty')
  return texts
}

function render(reply: EmbedResponse, model: string, format: 'float' | 'base64'): object {
  const { inputTokens, totalTokens } = reply.usage
  return {
    object: 'list',
    data: reply.embeddings.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'float' ? vector : floatsAsBase64(vector),
    })),
    model,
    usage: { prompt_tokens: inputTokens, total_tokens: totalTokens },
  }
}

/** Encodes numbers as base64 of 32-bit floats, little-endian on every machine. */
export function floatsAsBase64(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [index, value] of vector.entries()) view.setFloat32(index * 4, value, true)
  return base64Of(new Uint8Array(view.buffer))
}
