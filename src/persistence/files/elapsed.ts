/** A moment that processes share: the time of the store, and what the clock of the machine said then. Both in ms. */
export interface TimeAnchor {
  readonly at: number
  readonly wall: number
}

/**
 * The time since a shared moment, in ms. It is that of the monotonic clock if this process noted the moment itself. Else it is
 * that of the machine's clock, and nothing if that clock was set back.
 */
export function elapsedMs(
  { wall: before }: TimeAnchor,
  now: { readonly wall: number; readonly monotonicMs: number | undefined },
): number {
  return Math.max(0, now.monotonicMs ?? now.wall - before)
}
