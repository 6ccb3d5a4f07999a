import type { Operations } from '../orchestrator/index.ts'
import { countTokens } from './count-tokens.ts'
import { embed } from './embed.ts'
import { listModels } from './list-models.ts'
import { moderate } from './moderate.ts'

/** The operations other than chat. */
export const others: Omit<Operations, 'chatApiCall'> = { embed, moderate, listModels, countTokens }
