import type { ServerToolTable } from '../../core/server-tool.ts'
import { location } from './responses.ts'

const domains = { allowedDomains: 'allowed_domains', blockedDomains: 'blocked_domains' } as const
const screen = { displayWidth: 'display_width_px', displayHeight: 'display_height_px' } as const

/** The tools that Anthropic runs, and those whose form it knows. */
export const anthropicTools: ServerToolTable = {
  'web-search': {
    item: { type: 'web_search_20250305', name: 'web_search' },
    fields: { maxUses: 'max_uses', ...domains, userLocation: location },
  },
  'web-fetch': {
    item: { type: 'web_fetch_20250910', name: 'web_fetch' },
    fields: {
      maxUses: 'max_uses',
      ...domains,
      maxContentTokens: 'max_content_tokens',
      citations: 'citations.enabled',
    },
    betas: ['web-fetch-2025-09-10'],
  },
  'code-execution': {
    item: { type: 'code_execution_20250825', name: 'code_execution' },
    also: { at: '', merged: true, fields: { container: 'container' } },
    betas: ['code-execution-2025-08-25'],
  },
  mcp: {
    item: { type: 'mcp_toolset' },
    fields: { name: 'mcp_server_name' },
    also: {
      at: 'mcp_servers',
      item: { type: 'url' },
      fields: { name: 'name', url: 'url', authorization: 'authorization_token' },
    },
    betas: ['mcp-client-2025-11-20'],
  },
  computer: {
    item: { type: 'computer_20251124', name: 'computer' },
    fields: screen,
    betas: ['computer-use-2025-11-24'],
  },
  browser: { item: { type: 'browser_toolset_20260801' } },
  'tool-search': {
    item: { type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' },
    betas: ['advanced-tool-use-2025-11-20'],
  },
  memory: {
    item: { type: 'memory_20250818', name: 'memory' },
    betas: ['context-management-2025-06-27'],
  },
  shell: { item: { type: 'bash_20250124', name: 'bash' } },
  'text-editor': {
    item: { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
    fields: { maxCharacters: 'max_characters' },
  },
  advisor: {
    item: { type: 'advisor_20260301', name: 'advisor' },
    fields: { model: 'model', maxUses: 'max_uses' },
    betas: ['advisor-tool-2026-03-01'],
  },
}
