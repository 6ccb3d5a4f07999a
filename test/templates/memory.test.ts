import { expect, test } from 'vitest'
import { outputOf } from '../children.ts'

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

test('no flood needs more memory than its budget allows', async () => {
  const flags = [`--max-old-space-size=${HEAP_MB}`, '--input-type=module', '--eval', program]
  expect(Number(await outputOf('node', flags))).toBeGreaterThan(200)
})
