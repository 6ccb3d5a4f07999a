import { argument, checkArguments } from '../core/check-arguments.ts'
import { LlmError } from '../core/error.ts'
import type { RunKey, RunRecord, RunStore } from './run-records.ts'

/** The `conflict` of a position that is taken: another process goes on with the run. */
export function runTaken(key: RunKey): LlmError {
  checkArguments('runTaken', { runId: argument.text }, key)
  const { runId } = key
  return new LlmError('conflict', `another process goes on with the run "${runId}"`, { code: 'run-taken' })
}

/** Creates a store of runs in this process. For tests and for applications of one process that may forget its runs. */
export function createMemoryRunStore(): RunStore {
  const runs = new Map<string, RunRecord[]>()
  const nameOf = ({ owner, runId }: RunKey): string => JSON.stringify([owner, runId])
  return {
    read: async (key) => [...(runs.get(nameOf(key)) ?? [])],
    append: async (key, at, record) => {
      const records = runs.get(nameOf(key)) ?? []
      if (at !== records.length) throw runTaken(key)
      runs.set(nameOf(key), [...records, structuredClone(record)])
    },
    delete: async (key) => void runs.delete(nameOf(key)),
  }
}
