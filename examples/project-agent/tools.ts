import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileTracker, ChangesKey } from 'llm-switchyard/agents'
import { z } from 'zod'
import { createTool } from './names.ts'
import type { Tool } from 'llm-switchyard'

/** A project in a folder, whose changes are tracked. */
export interface Project {
  readonly folder: string
  readonly tracker: FileTracker
  readonly chat: ChangesKey
}

/** A tool by JSON Schema. */
export const searchProjectFiles = ({ folder }: Project): Tool =>
  createTool({
    name: 'search_project_files',
    description: 'Search for files in the project',
    parameters: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'Search query' },
        fileTypes: { type: 'array', items: { type: 'string' } },
      },
      required: ['query'],
    },
    execute: async (args: { readonly query: string }) => {
      const names = await readdir(folder)
      return names.filter((name) => !name.startsWith('.') && name.includes(args.query))
    },
  })

/** A tool by zod schema, which needs a permission. */
export const writeProjectFile = ({ folder, tracker, chat }: Project): Tool =>
  createTool({
    name: 'write_project_file',
    description: 'Replace the text of a file in the project',
    permission: 'write',
    parameters: z.object({ path: z.string().describe('Path of the file'), text: z.string() }),
    execute: async ({ path, text }: { readonly path: string; readonly text: string }) => {
      const place = join(folder, path)
      const before = await readFile(place, 'utf8').catch(() => undefined)
      tracker.add(chat, { path, before, after: text, tool: 'write_project_file' })
      await writeFile(place, text)
      return { written: path }
    },
  })
