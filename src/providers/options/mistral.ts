import type { ServerToolTable } from '../../core/server-tool.ts'

/** The tools of Mistral's chat. */
export const mistralTools: ServerToolTable = {
  'web-search': { item: { type: 'web_search' } },
  'code-execution': { item: { type: 'code_interpreter' } },
  'file-search': { item: { type: 'document_library' }, fields: { stores: 'library_ids' } },
  'image-generation': { item: { type: 'image_generation' } },
}
