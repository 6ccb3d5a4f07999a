import assert from 'node:assert/strict'
import { definePersona, type Persona, type PersonaStore } from '../../prompts/index.ts'
import { rejects } from './law.ts'

/** A test of the contract of persona stores. `check` rejects if the store that `make` returns violates it, and closes that store. */
export interface PersonaStoreLaw {
  readonly name: string
  check(make: () => PersonaStore | Promise<PersonaStore>): Promise<void>
}

/** Creates personas that no other test uses, so that all tests may run on one database. */
type MakePersona = (name: string, more?: Partial<Persona>) => Persona

const trials: readonly (readonly [string, (store: PersonaStore, make: MakePersona) => Promise<void>])[] = [
  [
    'a persona is found by id and by name, as it was saved and one version on',
    async (store, make) => {
      const full = {
        ...make('Ada'),
        greeting: 'Hi, {{user}}',
        tags: ['b', 'a'],
        alternateGreetings: ['', '東京'],
        extensions: { deep: { list: [1, null, 'x'] } },
        book: { entries: [] },
      }
      const saved = await store.save(full)
      assert.deepEqual(saved, { ...full, version: 1 })
      assert.deepEqual(await store.get(full.id), saved)
      assert.deepEqual(await store.get(full.name), saved)
    },
  ],
  [
    'what is not there is undefined, also under names of the language',
    async (store, make) => {
      for (const key of [make('nobody').name, '__proto__', 'constructor', '', "' OR 1=1 --"])
        assert.equal(await store.get(key), undefined)
    },
  ],
  [
    'an id comes before a name',
    async (store, make) => {
      const named = await store.save(make('one'))
      const other = await store.save({ ...make('two'), name: named.id })
      assert.deepEqual(await store.get(named.id), named)
      assert.deepEqual(await store.get(other.id), other)
    },
  ],
  [
    'a save over another version is refused, and changes nothing',
    async (store, make) => {
      const first = await store.save(make('Ada'))
      const second = await store.save({ ...first, greeting: 'second' })
      assert.equal(second.version, 2)
      await rejects(store.save({ ...first, greeting: 'late' }), 'conflict')
      await rejects(store.save({ ...second, version: 3 }), 'conflict')
      await rejects(store.save({ ...second, version: 0 }), 'conflict')
      assert.deepEqual(await store.get(first.id), second)
    },
  ],
  [
    'a name is given once, and may be given again when it is free',
    async (store, make) => {
      const ada = await store.save(make('Ada'))
      const bob = await store.save(make('Bob'))
      await rejects(store.save({ ...make('other'), name: ada.name }), 'conflict')
      await rejects(store.save({ ...bob, name: ada.name }), 'conflict')
      assert.deepEqual(await store.get(bob.id), bob)
      const renamed = await store.save({ ...ada, name: `${ada.name} II` })
      assert.equal(await store.get(ada.name), undefined)
      const heir = await store.save({ ...bob, name: ada.name })
      assert.deepEqual(await store.get(ada.name), heir)
      assert.deepEqual(await store.get(renamed.name), renamed)
    },
  ],
  [
    'of saves at once exactly one succeeds',
    async (store, make) => {
      const created = await Promise.allSettled([1, 2, 3, 4].map(() => store.save(make('Ada'))))
      assert.equal(created.filter(({ status }) => status === 'fulfilled').length, 1)
      const base = await store.get(make('Ada').id)
      assert(base !== undefined)
      const greetings = ['a', 'b', 'c', 'd']
      const changed = await Promise.allSettled(greetings.map((greeting) => store.save({ ...base, greeting })))
      assert.equal(changed.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal((await store.get(base.id))?.version, 2)
    },
  ],
  [
    'the list is sorted by name, searched by name and tag, and comes in pages',
    async (store, make) => {
      for (const name of ['c', 'a', 'b']) await store.save(make(name, { tags: name === 'b' ? ['Rare'] : [] }))
      const lead = make('').name
      const names = async (query: { search?: string; limit?: number; offset?: number }): Promise<string[]> =>
        (await store.list({ search: lead.toUpperCase(), ...query })).map(({ name }) =>
          name.slice(lead.length),
        )
      assert.deepEqual(await names({}), ['a', 'b', 'c'])
      assert.deepEqual(await names({ limit: 1, offset: 1 }), ['b'])
      assert.deepEqual(await names({ offset: 3 }), [])
      const tagged = await store.list({ search: 'rare' })
      assert(tagged.some(({ name }) => name === make('b').name))
      assert(!tagged.some(({ name }) => name === make('a').name))
      assert.deepEqual(await store.list({ search: '%_' }), [])
    },
  ],
  [
    'the list of a user holds his own and those of the application, in its pages as well',
    async (store, make) => {
      const lead = make('').name
      for (const [name, owner] of [
        ['a', 'ada'],
        ['b', 'bob'],
        ['c', ''],
        ['d', 'ada'],
      ] as const)
        await store.save(make(name, { owner }))
      const names = async (query: {
        visibleTo?: string
        limit?: number
        offset?: number
      }): Promise<string[]> =>
        (await store.list({ search: lead, ...query })).map(({ name }) => name.slice(lead.length))
      assert.deepEqual(await names({ visibleTo: 'ada' }), ['a', 'c', 'd'])
      assert.deepEqual(await names({ visibleTo: 'bob' }), ['b', 'c'])
      assert.deepEqual(await names({ visibleTo: '__proto__' }), ['c'])
      assert.deepEqual(await names({ visibleTo: '' }), ['c'])
      assert.deepEqual(await names({ visibleTo: 'ada', limit: 1, offset: 1 }), ['c'])
      assert.deepEqual(await names({}), ['a', 'b', 'c', 'd'])
    },
  ],
  [
    'what was deleted is gone; a version that is not the stored one deletes nothing',
    async (store, make) => {
      const { id } = await store.save(make('Ada'))
      await rejects(store.delete(id, 2), 'conflict')
      assert.equal((await store.get(id))?.version, 1)
      assert.equal(await store.delete(id, 1), true)
      assert.equal(await store.delete(id), false)
      assert.equal(await store.get(id), undefined)
      await rejects(store.save({ ...make('Ada'), version: 1 }), 'conflict')
    },
  ],
  [
    'nothing that was given or is given back is shared',
    async (store, make) => {
      const given = structuredClone({ ...make('Ada'), extensions: { a: 1 }, tags: ['x'] })
      const saved = await store.save(given)
      Object.assign(given.extensions, { a: 2 })
      Object.assign(saved.extensions, { a: 3 })
      Object.assign((await store.get(given.id))?.extensions ?? {}, { a: 4 })
      assert.deepEqual((await store.get(given.id))?.extensions, { a: 1 })
    },
  ],
]

/**
 * The contract of persona stores, one test each. All may run on one database.
 *
 * ```ts
 * for (const { name, check } of personaStoreLaws) test(name, () => check(() => createMyStore()))
 * ```
 */
export const personaStoreLaws: readonly PersonaStoreLaw[] = trials.map(([name, run]) => ({
  name,
  async check(make) {
    const store = await make()
    const lead = crypto.randomUUID().slice(0, 13)
    try {
      await run(store, (who, more = {}) =>
        definePersona({ ...more, id: `${lead}-id-${who}`, name: `${lead} ${who}` }),
      )
    } finally {
      await store.close?.()
    }
  },
}))
