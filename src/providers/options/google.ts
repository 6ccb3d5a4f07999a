import type { ServerToolTable } from '../../core/server-tool.ts'

const googleCommon: ServerToolTable = {
  'web-search': { item: { googleSearch: {} }, fields: { blockedDomains: 'googleSearch.excludeDomains' } },
  'web-fetch': { item: { urlContext: {} } },
  'code-execution': { item: { codeExecution: {} } },
  computer: {
    item: { computerUse: { environment: 'ENVIRONMENT_BROWSER' } },
    fields: { environment: 'computerUse.environment' },
  },
  browser: {
    item: { computerUse: { environment: 'ENVIRONMENT_BROWSER' } },
    fields: { environment: 'computerUse.environment' },
  },
  maps: { item: { googleMaps: {} } },
}

/** The tools of the Gemini API. */
export const googleTools: ServerToolTable = {
  ...googleCommon,
  'file-search': {
    item: { fileSearch: {} },
    fields: {
      stores: 'fileSearch.fileSearchStoreNames',
      maxResults: 'fileSearch.topK',
      filter: 'fileSearch.metadataFilter',
    },
    types: { filter: 'string' },
  },
}

/** The tools of Gemini on Vertex. */
export const vertexTools: ServerToolTable = {
  ...googleCommon,
  'file-search': {
    item: { retrieval: {} },
    fields: { stores: 'retrieval.vertexAiSearch.datastore', filter: 'retrieval.vertexAiSearch.filter' },
    types: { filter: 'string' },
  },
}
