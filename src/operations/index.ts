import type { Operations } from '../orchestrator/index.ts'
import { chat } from './chat.ts'
import { embed } from './embed.ts'
import { listModels } from './list-models.ts'
import { moderate } from './moderate.ts'

/** Every operation, by the method of the orchestrator that runs it. */
export const operations: Operations = { chatApiCall: chat, embed, moderate, listModels }
