import { abortedError } from '../core/abort.ts'
import type { Call } from '../core/call.ts'
import { parseRequest } from '../core/parse-request.ts'
import type { ChatRequest } from '../core/request.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { ChatResponse, Warning } from '../core/response.ts'
import { exchangeChat } from '../exchange/index.ts'
import type { Operation } from '../orchestrator/index.ts'
import { ChatStream, type ReplySource } from '../stream/index.ts'
import { parseStructuredOutput } from './parse-structured-output.ts'

/** Sends a conversation to a model. Resolves to the response, or to a stream if the request has `stream: true`. */
export const chat: Operation<ChatRequest, ChatResponse | ChatStream> = {
  name: 'chat',
  run: async (context, input) => {
    const { request, messages, settings, ...parsed } = parseRequest(input)
    const warnings = withUnrunTools(request, parsed.warnings)
    const stream = request.stream === true
    const call = context.createCall(context.withDefaults(request), {
      operation: 'chat',
      messages,
      settings,
      warnings,
      stream,
      exchange: exchangeChat,
    })
    const reply = await context.start(call)
    const response = (): ChatResponse | Promise<ChatResponse> =>
      parseStructuredOutput(call, reply.snapshot(reply.attempts))
    if (stream) return new ChatStream(sourceOf(call, reply, response))
    while (reply.isWhole !== true && (await reply.read()) !== null);
    return response()
  },
}

// A tool that is never run is a mistake that nothing else would show.
function withUnrunTools(
  { tools }: ChatRequest,
  warnings: readonly Warning[] | undefined,
): readonly Warning[] | undefined {
  const at =
    tools?.findIndex((given) => ('function' in given ? given.function : given).execute !== undefined) ?? -1
  if (at < 0) return warnings
  const path = `tools.${at}.execute`
  const message = `${path} is not run by chatApiCall; orchestrator.run runs tools`
  return [...(warnings ?? []), { type: 'other', path, message }]
}

function sourceOf(
  { settings: { responseFormat } }: Call,
  reply: ResponseStream,
  response: ReplySource['response'],
): ReplySource {
  const { provider, model } = reply
  return {
    provider,
    model,
    responseFormat,
    read: () => reply.read(),
    cancel: (reason) => reply.cancel(abortedError(reason)),
    response,
  }
}
