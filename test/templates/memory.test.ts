import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const HEAP_MB = 96

/** Runs every flood in a process with a small heap; one that could not be stopped in time would end it. */
const program = `
  const { renderTemplate } = await import(${JSON.stringify(new URL('../../src/templates/index.ts', import.meta.url).href)})
  const { floods } = await import(${JSON.stringify(new URL('attacks/floods.ts', import.meta.url).href)})
  let refused = 0
  for (const { template, data } of floods) {
    if (data !== undefined) continue
    try { renderTemplate(template, {}) } catch (error) { if (error.kind === 'template-failed') refused++ }
  }
  console.log(refused)`

test('no flood needs more memory than its budget allows', { timeout: 180_000 }, async () => {
  const flags = [`--max-old-space-size=${HEAP_MB}`, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: process.cwd() })
  expect(Number(stdout)).toBeGreaterThan(200)
})
