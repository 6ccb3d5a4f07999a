import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runChild, type Finished } from './children.ts'

const root = join(import.meta.dirname, '..')

function run(...args: string[]): Promise<Finished> {
  return runChild('node', args, { cwd: root, env: { ...process.env, NO_COLOR: '1' } })
}

describe('every example runs as a user would run it', () => {
  test.each([
    ['demo/main.ts', 'That was the tour.'],
    ['fallback.ts', 'answer 3 "Hello from the other line."'],
    ['tools.ts', 'Dress warmly: {"celsius":-3}'],
    ['mcp.ts', 'There are 3 boats.'],
    ['persona-chat/main.ts', 'That was the talk.'],
    ['structured.ts', "tags: [ 'rail', 'power' ]"],
    ['project-agent/main.ts', 'pull request: Describe the harbour'],
  ])('%s', async (name, words) => {
    if (!existsSync(join(root, 'dist/index.js')))
      throw new Error('examples import the built package: run `npm run build:js` first')
    const { code, output } = await run(join('examples', name))
    expect(output).toContain(words)
    expect(code).toBe(0)
  })

  test('the demo says what is wrong with its arguments', async () => {
    const { code, output } = await run('examples/demo/main.ts', '--model', 'nowhere/x', 'question')
    expect(output).toContain('unknown provider "nowhere"')
    expect(code).toBe(1)
  })
})
