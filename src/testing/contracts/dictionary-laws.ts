import assert from 'node:assert/strict'
import type { Dictionary, DictionaryStore } from '../../prompts/index.ts'
import { rejects } from './law.ts'

/** A test of the contract of dictionary stores. `check` rejects if the store that `make` returns violates it, and closes that store. */
export interface DictionaryStoreLaw {
  readonly name: string
  check(make: () => DictionaryStore | Promise<DictionaryStore>): Promise<void>
}

/** Creates dictionaries that no other test uses, so that all tests may run on one database. */
type MakeDictionary = (name: string, more?: Partial<Dictionary>) => Dictionary

const trials: readonly (readonly [
  string,
  (store: DictionaryStore, make: MakeDictionary) => Promise<void>,
])[] = [
  [
    'a dictionary is found by id and by name, as it was saved and one version on',
    async (store, make) => {
      const full = make('Terms', { description: '東京\n"', active: false })
      const saved = await store.save(full)
      assert.deepEqual(saved, { ...full, version: 1 })
      assert.deepEqual(await store.get(full.id), saved)
      assert.deepEqual(await store.get(full.name), saved)
      for (const key of [make('nobody').name, '__proto__', '']) assert.equal(await store.get(key), undefined)
    },
  ],
  [
    'a save over another version is refused, and changes nothing',
    async (store, make) => {
      const first = await store.save(make('Terms'))
      const second = await store.save({ ...first, entries: [] })
      assert.equal(second.version, 2)
      for (const version of [0, 1, 3]) await rejects(store.save({ ...second, version }), 'conflict')
      assert.deepEqual(await store.get(first.id), second)
      await rejects(store.delete(first.id, 1), 'conflict')
      assert.equal(await store.delete(first.id, 2), true)
      assert.equal(await store.delete(first.id), false)
      await rejects(store.save(second), 'conflict')
    },
  ],
  [
    'a name is given once',
    async (store, make) => {
      const one = await store.save(make('one'))
      const two = await store.save(make('two'))
      await rejects(store.save({ ...make('three'), name: one.name }), 'conflict')
      await rejects(store.save({ ...two, name: one.name }), 'conflict')
      assert.deepEqual(await store.get(two.id), two)
    },
  ],
  [
    'owners have names and lists of their own, and ids lead to all',
    async (store, make) => {
      const ada = make('ada').name
      const shared = await store.save(make('Terms'))
      const own = await store.save({ ...make('Terms'), id: make('own').id, owner: ada })
      assert.deepEqual(await store.get(shared.name), shared)
      assert.deepEqual(await store.get(shared.name, ada), own)
      assert.equal(await store.get(shared.name, make('nobody').name), undefined)
      assert.deepEqual(await store.get(own.id), own)
      await rejects(store.save({ ...make('Terms'), id: make('third').id, owner: ada }), 'conflict')
      const search = shared.name
      assert.deepEqual(await store.list({ search }), [shared])
      assert.deepEqual(await store.list({ search, owner: ada }), [own])
      assert.deepEqual(await store.list({ search, owner: [ada, ''] }), [shared, own])
      assert.deepEqual(await store.list({ search, owner: [] }), [])
    },
  ],
  [
    'of saves at once exactly one succeeds',
    async (store, make) => {
      const created = await Promise.allSettled([1, 2, 3].map(() => store.save(make('Terms'))))
      assert.equal(created.filter(({ status }) => status === 'fulfilled').length, 1)
      const base = await store.get(make('Terms').id)
      assert(base !== undefined)
      const changed = await Promise.allSettled(
        ['a', 'b', 'c'].map((description) => store.save({ ...base, description })),
      )
      assert.equal(changed.filter(({ status }) => status === 'fulfilled').length, 1)
    },
  ],
  [
    'the list is sorted by name, filtered, searched, and comes in pages',
    async (store, make) => {
      await store.save(make('c', { description: 'Rare' }))
      await store.save(make('a'))
      await store.save(make('b', { active: false }))
      const lead = make('').name
      const names = async (query: object): Promise<string[]> =>
        (await store.list({ search: lead.toUpperCase(), ...query })).map(({ name }) =>
          name.slice(lead.length),
        )
      assert.deepEqual(await names({}), ['a', 'b', 'c'])
      assert.deepEqual(await names({ active: true }), ['a', 'c'])
      assert.deepEqual(await names({ active: false }), ['b'])
      assert.deepEqual(await names({ limit: 1, offset: 1 }), ['b'])
      assert((await store.list({ search: 'rARE' })).some(({ name }) => name === make('c').name))
    },
  ],
  [
    'uses add up, also at once, change no version, and go with their dictionary',
    async (store, make) => {
      const { id } = await store.save(make('Terms'))
      const use = (entryId: string, count: number, at: number) => ({ dictionaryId: id, entryId, count, at })
      assert.deepEqual(await store.usage(id), [])
      await Promise.all(
        Array.from({ length: 10 }, (_, at) => store.addUses([use('x', 2, at), use('y', 1, 50)])),
      )
      await store.addUses([{ dictionaryId: make('nobody').id, entryId: 'x', count: 1, at: 1 }])
      const usage = [...(await store.usage(id))].toSorted((a, b) => (a.entryId < b.entryId ? -1 : 1))
      assert.deepEqual(usage, [
        { entryId: 'x', count: 20, lastUsedAt: 9 },
        { entryId: 'y', count: 10, lastUsedAt: 50 },
      ])
      assert.equal((await store.get(id))?.version, 1)
      await store.delete(id)
      assert.deepEqual(await store.usage(id), [])
    },
  ],
  [
    'nothing that was given or is given back is shared',
    async (store, make) => {
      const given = structuredClone(make('Terms'))
      const saved = await store.save(given)
      for (const copy of [given, saved, await store.get(given.id)])
        Object.assign(copy?.entries[0] ?? {}, { replacement: 'changed' })
      assert.equal((await store.get(given.id))?.entries[0]?.replacement, 'b')
    },
  ],
]

const entries: Dictionary['entries'] = [
  {
    id: 'entry_1',
    type: 'literal',
    pattern: 'a',
    replacement: 'b',
    flags: '',
    probability: 0.5,
    group: 'g',
    maxReplacements: 0,
    enabled: true,
    caseSensitive: true,
    wholeWord: false,
    cooldownMs: 1_000,
    delayMs: 0,
    stickyMs: 0,
  },
]

/**
 * The contract of dictionary stores, one test each. All may run on one database.
 *
 * ```ts
 * for (const { name, check } of dictionaryStoreLaws) test(name, () => check(() => createMyStore()))
 * ```
 */
export const dictionaryStoreLaws: readonly DictionaryStoreLaw[] = trials.map(([name, run]) => ({
  name,
  async check(make) {
    const store = await make()
    const lead = crypto.randomUUID().slice(0, 13)
    const times = { createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_001, version: 0 }
    const filled = { description: '', active: true, entries, ...times }
    try {
      await run(store, (what, more = {}) => ({
        ...filled,
        ...more,
        id: `${lead}-id-${what}`,
        name: `${lead} ${what}`,
      }))
    } finally {
      await store.close?.()
    }
  },
}))
