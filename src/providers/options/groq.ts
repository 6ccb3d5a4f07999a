import type { ServerToolTable } from '../../core/server-tool.ts'

/** The search of open models on Groq. */
export const groqTools: ServerToolTable = {
  'web-search': { item: { type: 'browser_search' } },
  'code-execution': { item: { type: 'code_interpreter' } },
}

/** Compound models on Groq search and run code without being asked; their search has options. */
export const groqCompoundTools: ServerToolTable = {
  'web-search': {
    at: 'search_settings',
    merged: true,
    fields: {
      allowedDomains: 'include_domains',
      blockedDomains: 'exclude_domains',
      images: 'include_images',
    },
  },
}
