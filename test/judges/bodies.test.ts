import { expect, test } from 'vitest'
import { bodyOf } from '../requests/body-of.ts'
import { judge, type Wrong } from './judge.ts'
import { createRequests } from './requests.ts'
import { readShapes } from './shapes.ts'
import type { Wire } from './vendor-bodies.ts'

/** Number of requests for each wire format: `SWITCHYARD_JUDGED=10000` is the whole proof. */
const runs = Number(process.env['SWITCHYARD_JUDGED'] ?? 300)
const shapes = readShapes('vendor-bodies.ts', 'VendorBodies')

/** Fields that the types require, and that the vendor fills in itself. */
const FILLED_IN: Readonly<Partial<Record<Wire, RegExp>>> = {
  // The type is that of a client that writes the defaults into the body.
  mistral: /^(stream|messages\.#\.(prefix|tool_calls\.#\.index))$/,
  // The server would look an id up, although it stores nothing.
  'openai-responses': /^input\.#\.id$/,
}

function isFault(wire: Wire, { path, why }: Wrong): boolean {
  return why !== 'missing field' || FILLED_IN[wire]?.test(placeOf(path)) !== true
}

function placeOf(path: string): string {
  return path.replaceAll(/\.\d+(?=\.|$)/g, '.#')
}

test.each([...shapes.keys()] as Wire[])('%s: bodies are as the vendor types them', async (wire) => {
  const shape = shapes.get(wire)!()
  const next = createRequests(wire, 11)
  const wrong = new Map<string, unknown>()
  const refused: string[] = []
  for (let at = 0; at < runs; at++) {
    const request = next()
    const { body, error } = await bodyOf(request)
    if (error !== undefined) refused.push(error.message)
    else
      for (const fault of judge(shape, body).wrong.filter((one) => isFault(wire, one)))
        wrong.set(`${fault.why}: ${placeOf(fault.path)}`, {
          model: request.model,
          held: holderOf(body, fault.path),
        })
  }
  expect(Object.fromEntries(wrong)).toEqual({})
  expect(refused).toEqual([])
})

/** What holds the place of a fault. */
function holderOf(body: unknown, path: string): string | undefined {
  const holder = path
    .split('.')
    .slice(0, -1)
    .reduce<unknown>((held, key) => (held as Record<string, unknown> | undefined)?.[key], body)
  return JSON.stringify(holder)?.slice(0, 300)
}
