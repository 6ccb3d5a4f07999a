/** Where an option `userLocation` goes. */
export const location = ['user_location', 'user_location.type', 'approximate'] as const
/** Servers of tools in the responses format. */
export const responsesMcp = {
  item: { type: 'mcp' },
  fields: {
    name: 'server_label',
    url: 'server_url',
    description: 'server_description',
    authorization: 'authorization',
    headers: 'headers',
    allowedTools: 'allowed_tools',
    approval: 'require_approval',
  },
} as const
/** A search in stored files in the responses format. */
export const responsesFiles = {
  item: { type: 'file_search' },
  fields: { stores: 'vector_store_ids', maxResults: 'max_num_results', filter: 'filters' },
  types: { filter: 'object' },
} as const
