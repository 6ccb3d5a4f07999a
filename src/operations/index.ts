import type { Operations } from '../orchestrator/index.ts'
import { chat } from './chat.ts'
import { countTokens } from './count-tokens.ts'
import { embed } from './embed.ts'
import { listModels } from './list-models.ts'
import { moderate } from './moderate.ts'

/** All operations, by the name of their orchestrator method. */
export const operations: Operations = { chatApiCall: chat, embed, moderate, listModels, countTokens }
