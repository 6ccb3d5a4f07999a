import { expect } from 'vitest'
import type { Respond } from '../../../../src/delivery/http/index.ts'
import { piecesOf, talking } from '../../runs/sources.ts'
import { JSON_HEADERS, newPage, readInto } from './served.ts'

const PIECES = 30

/** Answers each conversation with pieces of its own name. */
export const respondWithName: Respond = ({ conversationId }) =>
  talking(piecesOf(conversationId ?? '', PIECES), 3)

/** Opens so many streams at once over the given servers in turn, cuts each connection three times, and compares. */
export async function cutUnderLoad(urls: readonly string[], streams: number): Promise<void> {
  let seed = 42
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  const plans = Array.from({ length: streams }, (_, index) => ({
    name: `chat ${index}`,
    cuts: [1, 2, 3].map(() => 1 + Math.floor(random() * 10)),
  }))
  await Promise.all(
    plans.map(async ({ name, cuts }, index) => {
      const page = newPage()
      const at = (turn: number): string => urls[(index + turn) % urls.length] ?? ''
      const body = JSON.stringify({ message: 'go', conversationId: name })
      const first = await fetch(at(0), { method: 'POST', headers: JSON_HEADERS, body })
      await readInto(page, first, cuts[0])
      const id = first.headers.get('x-stream-id') ?? ''
      for (let turn = 1; !page.done; turn++) {
        // One that got no frame at all names the stream: its conversation may be at rest again.
        const where = page.lastId === '' ? id : encodeURIComponent(name)
        const headers = { 'last-event-id': page.lastId }
        const again = await fetch(`${at(turn)}/${where}/stream`, { headers })
        expect(again.status).toBe(200)
        await readInto(page, again, cuts[turn] ?? Infinity)
        expect(turn).toBeLessThan(6)
      }
      expect(page.text).toBe(piecesOf(name, PIECES).join(''))
      expect(page.frames.filter((frame) => frame === '[DONE]')).toHaveLength(1)
      expect(page.frames).toHaveLength(PIECES + 2)
    }),
  )
}
