import type { Clock, Timer } from '../../../core/clock.ts'

const EVENTS = 10
const BETWEEN_MS = 100

/** Streams ten events, one every 100 ms, then `[DONE]`. They arrive together if a proxy buffers streams. */
export function testStream(clock: Clock): ReadableStream<Uint8Array> {
  const utf8 = new TextEncoder()
  let timer: Timer | undefined
  let count = 0
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(utf8.encode(':ok\n\n')),
    pull: (controller) =>
      new Promise<void>((resolve) => {
        timer = clock.setTimer(() => {
          count++
          const event = { type: 'test', count, of: EVENTS, time: new Date(clock.epochMs()).toISOString() }
          controller.enqueue(utf8.encode(`data: ${JSON.stringify(event)}\n\n`))
          if (count === EVENTS) {
            controller.enqueue(utf8.encode('data: [DONE]\n\n'))
            controller.close()
          }
          resolve()
        }, BETWEEN_MS)
      }),
    cancel: () => clock.clearTimer(timer),
  })
}
