import assert from 'node:assert/strict'
import type { RunKey, RunRecord, RunStore } from '../../tools/index.ts'
import { rejects } from './law.ts'

/** A test of the contract of run stores. `check` rejects if the store that `make` returns violates it. */
export interface RunStoreLaw {
  readonly name: string
  check(make: () => RunStore | Promise<RunStore>): Promise<void>
}

type MakeKey = (runId: string, owner?: string) => RunKey

const ended = (step: number): RunRecord => ({ type: 'end', step })

const trials: readonly (readonly [string, (store: RunStore, key: MakeKey) => Promise<void>])[] = [
  [
    'records are read in their order, whatever they hold',
    async (store, make) => {
      const key = make('run')
      const records: RunRecord[] = [
        { type: 'begin', fingerprint: '\u6771\u4eac "\n' },
        { type: 'claim', by: '__proto__' },
        ended(0),
      ]
      assert.deepEqual(await store.read(key), [])
      for (const [at, record] of records.entries()) await store.append(key, at, record)
      assert.deepEqual(await store.read(key), records)
    },
  ],
  [
    'a position is taken once, also by two at once',
    async (store, make) => {
      const key = make('run')
      await store.append(key, 0, ended(0))
      await rejects(store.append(key, 0, ended(1)), 'conflict')
      const tries = await Promise.allSettled([2, 3, 4].map((step) => store.append(key, 1, ended(step))))
      assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal((await store.read(key)).length, 2)
    },
  ],
  [
    'owners have runs of their own',
    async (store, make) => {
      const [ada, bob] = [make('run', 'ada'), make('run', 'bob')]
      await store.append(ada, 0, ended(1))
      await store.append(bob, 0, ended(2))
      assert.deepEqual([await store.read(ada), await store.read(bob)], [[ended(1)], [ended(2)]])
      await store.delete(ada)
      assert.deepEqual([await store.read(ada), await store.read(bob)], [[], [ended(2)]])
    },
  ],
  [
    'a deleted run begins again, and deleting none does nothing',
    async (store, make) => {
      const key = make('run')
      await store.delete(key)
      await store.append(key, 0, ended(0))
      await store.delete(key)
      await store.append(key, 0, ended(1))
      assert.deepEqual(await store.read(key), [ended(1)])
    },
  ],
]

/**
 * The contract of {@link RunStore} as tests for any test runner. Several may run on one database.
 *
 * ```ts
 * for (const { name, check } of runStoreLaws) test(name, () => check(() => createMyStore()))
 * ```
 */
export const runStoreLaws: readonly RunStoreLaw[] = trials.map(([name, run]) => ({
  name,
  check: async (make) => {
    const prefix = crypto.randomUUID()
    await run(await make(), (runId, owner = '') => ({ owner: `${prefix}${owner}`, runId }))
  },
}))
