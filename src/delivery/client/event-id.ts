// The event ids of `createChatHandler`: run, batch, frame in the batch.
const POSITION = /^(.*):(\d+)\.(\d+)$/s

/** Returns the id of the run that an event id names, or `undefined` if it names none. */
export function runIdOf(eventId: string): string | undefined {
  return POSITION.exec(eventId)?.[1]
}

/** Whether a reader at `last` has read this event, so that a server which repeats frames does no harm. */
export function isAlreadySeen(eventId: string, last: string | undefined): boolean {
  if (last === undefined) return false
  if (eventId === last) return true
  const [, run, seq, frame] = POSITION.exec(eventId) ?? []
  const [, lastRun, lastSeq, lastFrame] = POSITION.exec(last) ?? []
  if (run === undefined || run !== lastRun) return false
  return Number(seq) - Number(lastSeq) < 0 || (seq === lastSeq && Number(frame) <= Number(lastFrame))
}
