import type { AgentOptions } from './agent-types.ts'

const MARKDOWN = 'Answer in Markdown.'
const PLAIN = 'Answer in plain text, without Markdown.'

/** The instructions of an agent: who it is, what for, and how it answers. */
export function instructionsOf({ name, purpose, instructions, markdown }: AgentOptions): string {
  const lines = [
    `You are ${name}.`,
    purpose === undefined ? '' : `Your purpose: ${purpose}`,
    instructions ?? '',
    markdown === undefined ? '' : markdown ? MARKDOWN : PLAIN,
  ]
  return lines.filter((line) => line !== '').join('\n')
}

/** The name of an agent as part of a tool's name: `Content Agent` is `content_agent`. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
}
