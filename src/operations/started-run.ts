import { resolveFormat } from '../core/resolved-settings.ts'
import { ChatStream } from '../stream/index.ts'
import type { RunRequest, RunResponse, StartedRun } from '../tools/index.ts'

/** The end of a run, as a whole response or as a stream. */
export function settledRun(
  started: StartedRun,
  request: RunRequest,
): Promise<RunResponse | ChatStream<RunResponse>> {
  return request.stream === true ? streamOf(started, request) : resultOf(started)
}

async function resultOf({ events }: StartedRun): Promise<RunResponse> {
  for (;;) {
    const read = await events.next()
    if (read.done === true) return read.value
  }
}

// Errors before the first content reject the request itself, as those of a call do.
async function streamOf(
  { events, cancel }: StartedRun,
  { responseFormat: format }: RunRequest,
): Promise<ChatStream<RunResponse>> {
  let first: Awaited<ReturnType<typeof events.next>> | undefined = await events.next()
  const { promise, resolve, reject } = Promise.withResolvers<RunResponse>()
  promise.catch(() => undefined)
  const start = first.done === true ? undefined : first.value.find(({ type }) => type === 'start')
  const { provider, model } = start?.type === 'start' ? start : { provider: '', model: '' }
  return new ChatStream<RunResponse>({
    provider,
    model,
    responseFormat: format === undefined ? undefined : resolveFormat(format, {}, []),
    read: async () => {
      try {
        const read = first ?? (await events.next())
        first = undefined
        if (read.done !== true) return read.value
        resolve(read.value)
        return null
      } catch (error) {
        reject(error)
        throw error
      }
    },
    cancel,
    response: () => promise,
  })
}
