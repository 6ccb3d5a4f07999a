import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import type { ChatResponse } from '../core/response.ts'
import type { EncoderOptions } from './encoder.ts'

const RESPONSE = {
  message: argument.object,
  citations: argument.objects,
  files: argument.objects,
  toolCalls: argument.objects,
  warnings: argument.objects,
  usage: argument.object,
  text: argument.text,
  choices: optional.objects,
  logprobs: optional.objects,
}

/** Checks what `where` renders. Throws `invalid-request` with the path of what is missing or of a wrong kind. */
export function checkResponse(where: string, response: ChatResponse, options: EncoderOptions): void {
  checkArguments(where, RESPONSE, response)
  checkArguments(where, { id: optional.text, model: optional.text, createdMs: optional.number }, options)
}
