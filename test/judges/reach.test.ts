import { expect, test } from 'vitest'
import { catalogue } from 'llm-switchyard'
import * as dialects from '../../src/dialects/index.ts'
import { loaded } from '../../src/core/lazy.ts'
import type { Dialect, OptionNames, PlaceOptions } from '../../src/core/dialect.ts'
import { bodyOf } from '../requests/body-of.ts'
import { judge } from './judge.ts'
import { createRequests, targets } from './requests.ts'
import { readShapes, type Shape } from './shapes.ts'
import type { Wire } from './vendor-bodies.ts'

const shapes = readShapes('vendor-bodies.ts', 'VendorBodies')

// What a client may not choose: model, mode and history have neutral names.
const OURS: ReadonlySet<string> = new Set(['model', 'stream', 'messages', 'contents', 'input'])
const LISTS = /^(messages|contents|input|tools|toolConfig\.tools)$/
const PARTS = /^(content|parts)$/

interface Names {
  readonly root: ReadonlySet<string>
  readonly places: PlaceOptions
}

async function namesOf(wire: Wire): Promise<Names> {
  const [{ provider, api }] = targets[wire] as [(typeof targets)[Wire][number]]
  const definition = catalogue.find(({ id }) => id === provider)
  const dialect = Object.values<unknown>(dialects).find(
    (one): one is Dialect => (one as Dialect | undefined)?.id === (wire === 'mistral' ? 'openai-chat' : wire),
  ) as Dialect
  const own = (api === undefined ? undefined : definition?.apis?.[api]?.options) ?? definition?.options ?? []
  const { request = [], places } = await loaded<OptionNames>(dialect.options ?? {})
  const root = new Set([...request, ...(await loaded(own))].map((path) => path.split('.')[0] as string))
  return { root, places: places as PlaceOptions }
}

type Visit = (id: string, path: readonly string[]) => void

/** Visits every field of a shape once, by the path on which it is first met. */
function walk(shape: Shape, visit: Visit): void {
  const met = new Set<string>()
  const seen = new Set<Shape>()
  let level: [Shape, readonly string[]][] = [[shape, []]]
  while (level.length > 0) {
    const next: typeof level = []
    for (const [one, path] of level) {
      if (seen.has(one)) continue
      seen.add(one)
      if (one.kind === 'either') for (const inner of one.shapes) next.push([inner, path])
      else if (one.kind === 'list') next.push([one.item, path])
      else if (one.kind === 'object') {
        for (const [name, field] of one.fields) {
          const inner = [...path, name]
          if (!met.has(field.id)) visit(field.id, inner)
          met.add(field.id)
          next.push([field.shape(), inner])
        }
      }
    }
    level = next
  }
}

function isNamed(path: readonly string[], { root, places }: Names): boolean {
  const [first = '', second = ''] = path
  const at = LISTS.test(first) ? 1 : LISTS.test(`${first}.${second}`) ? 2 : 0
  if (at === 0) return OURS.has(first) || root.has(first)
  // The tool of an application is one of the declarations.
  const rest = path.slice(path[at] === 'functionDeclarations' ? at + 1 : at)
  if (rest.length === 0) return true
  const isTool = first === 'tools' || at === 2
  const isPart = !isTool && PARTS.test(rest[0] ?? '') && rest.length > 1
  const words = isTool ? places.tool : isPart ? places.part : `${places.message} ${places.part}`
  return words.split(' ').includes((isPart ? rest[1] : rest[0]) ?? '')
}

interface Reach {
  readonly all: number
  readonly rest: readonly string[]
}

async function reachOf(wire: Wire): Promise<Reach> {
  const shape = (shapes.get(wire) as () => Shape)()
  const next = createRequests(wire, 11)
  const said = new Set<string>()
  for (let at = 0; at < 300; at++) {
    const { body, error } = await bodyOf(next())
    if (error === undefined) for (const id of judge(shape, body).said) said.add(id)
  }
  const names = await namesOf(wire)
  const rest: string[] = []
  let all = 0
  walk(shape, (id, path) => {
    all++
    if (!said.has(id) && !isNamed(path, names)) rest.push(path.join('.'))
  })
  return { all, rest }
}

// A field inside of a named one counts as said, because options are merged into it; its own name is not checked.
test('98 of 100 fields of the vendors can be said by a neutral name or a known option', async () => {
  const counts: Reach[] = []
  for (const wire of [...shapes.keys()] as Wire[]) {
    const reach = await reachOf(wire)
    const share = (100 * (1 - reach.rest.length / reach.all)).toFixed(1)
    console.info(`${wire}: ${share} % of ${reach.all} fields; not: ${reach.rest.join(' ')}`)
    counts.push(reach)
  }
  const all = counts.reduce((sum, one) => sum + one.all, 0)
  const rest = counts.reduce((sum, one) => sum + one.rest.length, 0)
  console.info(`all: ${(100 * (1 - rest / all)).toFixed(1)} % of ${all} fields`)
  expect(1 - rest / all).toBeGreaterThanOrEqual(0.98)
})
