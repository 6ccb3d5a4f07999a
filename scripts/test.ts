import { spawnSync } from 'node:child_process'
import { startVitest, type TestCase, type TestModule } from 'vitest/node'

/** What the unit tests came to. */
type Tally = Record<'passed' | 'failed' | 'skipped', number>

/** What makes up a full check, in order: npm scripts, with the unit tests in the middle. */
const steps = ['format:check', 'lint', 'types', 'docs', 'build', 'unit', 'package'] as const

/** Runs every step, also after one has failed, and ends with the tally on a line of its own. */
async function main(): Promise<void> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  const failed: string[] = []
  for (const step of steps) {
    console.log(`\n── ${step}`)
    const ok = step === 'unit' ? await runUnit(tally) : runScript(step)
    if (!ok) failed.push(step)
  }
  console.log(failed.length > 0 ? `\nNot passed: ${failed.join(', ')}` : '\nEvery step passed.')
  const skips = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
  console.log(`${tally.passed} passed, ${tally.failed} failed${skips}`)
  process.exit(failed.length > 0 ? 1 : 0)
}

function runScript(name: string): boolean {
  const shell = process.platform === 'win32'
  return spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit', shell }).status === 0
}

/**
 * Runs Vitest in this process, so that its results can be counted. Says why each skipped test was skipped, and
 * which test passed at its second try only. An error outside of every test, such as an unhandled rejection, counts as
 * one more failed test, and so does a test that is skipped without a reason.
 */
async function runUnit(tally: Tally): Promise<boolean> {
  const vitest = await startVitest([], { watch: false })
  const files = vitest.state.getTestModules()
  for (const file of files) count(file, tally)
  tally.failed += vitest.state.getUnhandledErrors().length
  await vitest.close()
  return files.length > 0 && tally.failed === 0
}

/** Adds the tests of one file. A file that cannot be loaded is one failed test. */
function count(file: TestModule, tally: Tally): void {
  for (const test of file.children.allTests()) {
    const result = test.result()
    tally[result.state === 'pending' ? 'failed' : result.state] += 1
    if (test.diagnostic()?.flaky === true) console.log(`passed at its second try: ${nameOf(test)}`)
    if (result.state !== 'skipped') continue
    console.log(`skipped: ${nameOf(test)}: ${result.note ?? 'no reason given'}`)
    if (result.note === undefined) tally.failed += 1
  }
  if (file.errors().length > 0) tally.failed += 1
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}

await main()
