import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, NO_COLOR: '1' } })
  let output = ''
  const keep = (piece: Buffer): void => void (output += piece.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

describe('every example runs as a user would run it', () => {
  test.each([
    ['demo/main.ts', 'That was the tour.'],
    ['fallback.ts', 'answer 3 "Hello from the other line."'],
    ['tools.ts', 'Dress warmly: {"celsius":-3}'],
    ['persona-chat/main.ts', 'That was the talk.'],
    ['structured.ts', "tags: [ 'rail', 'power' ]"],
  ])(
    '%s',
    async (name, words) => {
      if (!existsSync(join(root, 'dist/index.js')))
        throw new Error('examples import the built package: run `npm run build:js` first')
      const { code, output } = await run(join('examples', name))
      expect(output).toContain(words)
      expect(code).toBe(0)
    },
    30_000,
  )

  test('the demo says what is wrong with its arguments', async () => {
    const { code, output } = await run('examples/demo/main.ts', '--model', 'nowhere/x', 'question')
    expect(output).toContain('unknown provider "nowhere"')
    expect(code).toBe(1)
  }, 30_000)
})
