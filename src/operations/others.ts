import type { Operation, Operations } from '../orchestrator/index.ts'
import type { RunRequest } from '../tools/index.ts'
import { countTokens } from './count-tokens.ts'
import { embed } from './embed.ts'
import { listModels } from './list-models.ts'
import { moderate } from './moderate.ts'

// Tool loops are a file of their own, which the other operations do not need.
const run: Operation<RunRequest, unknown> = {
  name: 'run',
  run: async (context, request) => (await import('./run.ts')).run.run(context, request),
}

/** The operations other than chat. */
export const others: Omit<Operations, 'chatApiCall'> = { run, embed, moderate, listModels, countTokens }
