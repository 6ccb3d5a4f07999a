// As `createChatHandler` numbers its frames: stream, batch, frame in the batch.
const POSITION = /^(.*):(\d+)\.(\d+)$/s

/** The stream that a frame's id belongs to; `undefined` where it does not say. */
export function runIdOf(eventId: string): string | undefined {
  return POSITION.exec(eventId)?.[1]
}

/** True for a frame that a reader at `last` has had: a server that gives too much loses nothing, and doubles nothing. */
export function isAlreadySeen(eventId: string, last: string | undefined): boolean {
  if (last === undefined) return false
  if (eventId === last) return true
  const [, run, seq, frame] = POSITION.exec(eventId) ?? []
  const [, lastRun, lastSeq, lastFrame] = POSITION.exec(last) ?? []
  if (run === undefined || run !== lastRun) return false
  return Number(seq) - Number(lastSeq) < 0 || (seq === lastSeq && Number(frame) <= Number(lastFrame))
}
