import type { ServerToolTable } from '../../core/server-tool.ts'
import { location, responsesFiles, responsesMcp } from './responses.ts'

/** The tools of OpenAI's responses. */
export const openaiTools: ServerToolTable = {
  'web-search': {
    item: { type: 'web_search' },
    fields: {
      allowedDomains: 'filters.allowed_domains',
      userLocation: location,
      contextSize: 'search_context_size',
    },
  },
  'code-execution': {
    item: { type: 'code_interpreter', container: { type: 'auto' } },
    fields: { container: 'container', fileIds: 'container.file_ids' },
  },
  'file-search': responsesFiles,
  'image-generation': {
    item: { type: 'image_generation' },
    fields: { model: 'model', size: 'size', quality: 'quality', format: 'output_format' },
  },
  mcp: responsesMcp,
  computer: { item: { type: 'computer' } },
  'tool-search': { item: { type: 'tool_search' } },
  shell: { item: { type: 'shell' }, fields: { environment: 'environment.type' } },
  'text-editor': { item: { type: 'apply_patch' } },
}

/** OpenAI's chat completions: models made for searching take its options. */
export const openaiSearch: ServerToolTable = {
  'web-search': {
    at: 'web_search_options',
    merged: true,
    fields: {
      contextSize: 'search_context_size',
      userLocation: ['user_location.approximate', 'user_location.type', 'approximate'],
    },
  },
}
