import type { Operation, Operations } from '../orchestrator/index.ts'
import { chat } from './chat.ts'

type Other = Exclude<keyof Operations, 'chatApiCall'>

/** All operations, by the name of their orchestrator method. Those other than chat are loaded by their first call. */
export const operations: Operations = {
  chatApiCall: chat,
  run: later('run', 'run'),
  embed: later('embed', 'embed'),
  moderate: later('moderate', 'moderate'),
  listModels: later('listModels', 'list-models'),
  countTokens: later('countTokens', 'count-tokens'),
}

function later(method: Other, name: string): Operation<never, unknown> {
  return {
    name,
    run: async (context, request) => (await import('./others.ts')).others[method].run(context, request),
  }
}
