import type { Chaos, Place } from './chaos.ts'
import type { Step } from './steps.ts'
import type { FakeWire, FakeFrame } from './wires/index.ts'

/** The frames that are sent, and the steps that end the response. */
export interface Course {
  readonly frames: Iterable<FakeFrame>
  readonly ending: readonly Step[]
}

/** Applies a fault to the frames of a response. */
export function disturb(frames: readonly FakeFrame[], chaos: Chaos | undefined, wire: FakeWire): Course {
  if (chaos?.type === 'endless') return { frames: endless(frames), ending: [] }
  if (chaos === undefined || !('at' in chaos)) return { frames, ending: [{ type: 'end' }] }
  const index = indexOf(frames, chaos.at)
  const sent = frames.slice(0, index)
  const next = frames[index]
  switch (chaos.type) {
    case 'cut':
      return { frames: sent, ending: [...halfOf(next, chaos.inside), { type: chaos.by ?? 'end' }] }
    case 'hang':
      return { frames: sent, ending: [{ type: 'hang', pingMs: chaos.pingMs, ping: wire.ping }] }
    case 'error':
      return { frames: [...sent, wire.errorFrame(wire.describe(chaos.error))], ending: [{ type: 'end' }] }
    case 'malformed': {
      const broken = next === undefined ? [] : [{ ...next, data: half(next.data) }]
      return { frames: [...sent, ...broken, ...frames.slice(index + 1)], ending: [{ type: 'end' }] }
    }
  }
}

function indexOf(frames: readonly FakeFrame[], at: Place): number {
  const first = (place: FakeFrame['place']): number => {
    const index = frames.findIndex((frame) => frame.place === place)
    return index < 0 ? frames.length : index
  }
  if (typeof at === 'number') return Math.min(at, frames.length)
  if (at === 'headers' || at === 'start') return 0
  if (at !== 'middle') return Math.min(first(at), at === 'content' ? first('finish') : frames.length)
  const content = frames.flatMap(({ place }, index) => (place === 'content' ? [index] : []))
  return (content[Math.ceil(content.length / 2) - 1] ?? first('finish') - 1) + 1
}

function* endless(frames: readonly FakeFrame[]): Generator<FakeFrame> {
  const content = frames.filter(({ place }) => place === 'head' || place === 'content')
  yield* content
  const last = content.at(-1)
  if (last !== undefined) for (;;) yield last
}

function halfOf(frame: FakeFrame | undefined, inside: boolean | undefined): Step[] {
  if (frame === undefined || inside !== true) return []
  const bytes = frame.wrap(frame.data)
  return [{ type: 'send', data: half(bytes) }]
}

function half<D extends string | Uint8Array>(data: D): D {
  return data.slice(0, Math.ceil(data.length / 2)) as D
}
