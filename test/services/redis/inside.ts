import { once } from 'node:events'

/** What this script was started with. */
export function processOptions(): unknown {
  // A test that is gone needs no answer.
  process.on('disconnect', process.exit)
  return JSON.parse(process.argv[2] ?? '{}')
}

/** Tells the test. */
export function say(message: unknown): void {
  process.send?.(message)
}

/** Waits for the test to say something. */
export async function command(): Promise<unknown> {
  const [message] = await once(process, 'message')
  return message
}

/** Has no more to say: the process ends by itself, if nothing is left behind. */
export function leave(): void {
  process.off('disconnect', process.exit)
  process.disconnect()
}
