import { rowOf } from '../core/json.ts'
import type { FactSource, ModelFacts, ModelPrices, TokenPrices } from '../core/model-facts.ts'

/** Token prices in the order of {@link PRICE_NAMES}; null for an unknown one. */
export type PriceRow = readonly (number | null)[]

/** A row of the generated table: `ModelFacts` with short keys, because the table is large. */
export interface FactRow {
  readonly i: string
  readonly n?: string
  readonly a?: readonly string[]
  /** Context window, maximum output, maximum input. */
  readonly l?: readonly (number | null)[]
  /** Modalities of input and output, by their first letters. */
  readonly m?: string
  readonly o?: string
  /** Flags in the order of {@link FLAGS}: `1`, `0`, or `-` for unknown. */
  readonly f?: string
  readonly e?: string
  readonly b?: readonly [number | null, number | null]
  readonly x?: string
  readonly p?: readonly PricesRow[]
  readonly s?: string
  readonly d?: string
  readonly q?: string
  readonly y?: string
  readonly k?: string
  readonly r?: string
  readonly w?: string | true
  readonly c?: ModelFacts['cache']
  /** Indices of the sources, newest first. */
  readonly z: readonly number[]
}

export interface PricesRow {
  readonly t: PriceRow
  readonly v?: string
  readonly h?: readonly (readonly [overTokens: number, PriceRow])[]
  readonly g?: number
  readonly b?: number
  readonly f?: Readonly<Record<string, number>>
}

export const PRICE_NAMES = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'reasoning',
  'inputAudio',
  'outputAudio',
] as const
export const FLAGS = ['tools', 'jsonSchema', 'reasoning', 'thinkingOff'] as const

const MODALITIES: Readonly<Record<string, string>> = {
  t: 'text',
  i: 'image',
  a: 'audio',
  v: 'video',
  p: 'pdf',
}

type Draft<T> = { -readonly [Name in keyof T]: T[Name] }

/** Reads a row of the generated table. */
export function readRow(provider: string, row: FactRow, sources: readonly FactSource[]): ModelFacts {
  const [contextWindow, maxOutput, maxInput] = row.l ?? []
  const flags = Object.fromEntries(
    FLAGS.map((name, at) => [
      name,
      row.f?.[at] === undefined || row.f[at] === '-' ? undefined : row.f[at] === '1',
    ]),
  )
  return withoutAbsent({
    provider,
    id: row.i,
    name: row.n,
    aliases: row.a,
    contextWindow: contextWindow ?? undefined,
    maxOutput: maxOutput ?? undefined,
    maxInput: maxInput ?? undefined,
    inputModalities: modalities(row.m),
    outputModalities: modalities(row.o),
    ...flags,
    efforts: row.e?.split(' '),
    thinkingBudget: row.b,
    refused: row.x?.split(' ') as ModelFacts['refused'],
    prices: row.p?.map(readPrices),
    status: row.s as ModelFacts['status'],
    deprecatedOn: row.d,
    retiresOn: row.q,
    family: row.y,
    knowledge: row.k,
    releasedOn: row.r,
    replayField: row.w,
    cache: row.c,
    sources: row.z.map((at) => sources[at] as FactSource),
  })
}

function modalities(letters: string | undefined): readonly string[] | undefined {
  return letters === undefined
    ? undefined
    : Array.from(letters, (letter) => rowOf(MODALITIES, letter) ?? letter)
}

function readPrices({ t, v, h, g, b, f }: PricesRow): ModelPrices {
  return withoutAbsent({
    ...tokenPrices(t),
    from: v,
    tiers: h?.map(([overTokens, row]) => ({ overTokens, ...tokenPrices(row) })),
    perSearch: g,
    batchFactor: b,
    tierFactors: f,
  })
}

function tokenPrices(row: PriceRow): TokenPrices {
  const known = Object.fromEntries(PRICE_NAMES.map((name, at) => [name, row[at] ?? undefined]))
  const { cacheWrite, cacheWrite1h, ...prices } = known
  const writes = withoutAbsent({ default: cacheWrite, '1h': cacheWrite1h })
  return withoutAbsent({ ...prices, cacheWrite: Object.keys(writes).length === 0 ? undefined : writes })
}

/** Copies an object without its absent fields. */
export function withoutAbsent<T extends object>(value: T): T {
  const copy = {} as Draft<Partial<T>>
  for (const [name, field] of Object.entries(value) as [keyof T, T[keyof T]][])
    if (field !== undefined) copy[name] = field
  return copy as T
}
