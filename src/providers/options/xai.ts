import type { ServerToolTable } from '../../core/server-tool.ts'
import { responsesFiles, responsesMcp } from './responses.ts'

/** The tools of xAI's responses. */
export const xaiTools: ServerToolTable = {
  'web-search': {
    item: { type: 'web_search' },
    fields: {
      allowedDomains: 'filters.allowed_domains',
      blockedDomains: 'filters.excluded_domains',
      images: 'enable_image_understanding',
    },
  },
  'x-search': {
    item: { type: 'x_search' },
    fields: {
      allowedHandles: 'allowed_x_handles',
      blockedHandles: 'excluded_x_handles',
      since: 'from_date',
      until: 'to_date',
      images: 'enable_image_understanding',
    },
  },
  'code-execution': { item: { type: 'code_interpreter' } },
  'file-search': responsesFiles,
  'image-generation': { item: { type: 'image_generation' } },
  mcp: responsesMcp,
}
