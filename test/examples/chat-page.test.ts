import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startExample, type ExampleServer } from './example-server.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const reason = existsSync(CHROMIUM)
  ? undefined
  : `there is no browser at ${CHROMIUM}: install chromium, or name one in CHROMIUM`

describe('the chat page in a real browser', () => {
  let browser: Browser | undefined
  let server: ExampleServer | undefined
  beforeAll(async () => {
    if (reason !== undefined) return
    server = await startExample('chat-page')
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })
  beforeEach(({ skip }) => {
    if (reason !== undefined) skip(reason)
  })

  /** A page in a session of its own; it must neither throw nor load anything from elsewhere. */
  async function open(at = server): Promise<Page> {
    const context = await browser!.newContext()
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => void faults.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(at!.url)) faults.push(`loads ${request.url()}`)
    })
    onTestFinished(async () => {
      await context.close()
      expect(faults).toEqual([])
    })
    await page.goto(at!.url)
    return page
  }
  async function say(page: Page, words: string): Promise<void> {
    await page.getByLabel('Message').fill(words)
    await page.getByLabel('Message').press('Enter')
  }
  const answer = (page: Page): ReturnType<Page['locator']> => page.locator('.assistant').last()
  const textOf = async (page: Page): Promise<string> =>
    (await answer(page).locator('.text').allTextContents()).join('')
  async function waitText(page: Page, least: number): Promise<void> {
    await expect.poll(async () => (await textOf(page)).length).toBeGreaterThan(least)
  }
  const done = (page: Page, status = 'complete'): Promise<void> =>
    answer(page)
      .and(page.locator(`.${status}`))
      .waitFor({ timeout: 30_000 })

  test('type, stream, tokens', async () => {
    const page = await open()
    await say(page, 'Hello there')
    await page.locator('.user', { hasText: 'Hello there' }).waitFor()
    await page.locator('.assistant.streaming').waitFor()
    await waitText(page, 0)
    const early = await textOf(page)
    await done(page)
    const whole = await textOf(page)
    expect(whole).toMatch(/^You said "Hello there"\..*or to fail\.$/s)
    expect(whole.startsWith(early)).toBe(true)
    expect(early.length).toBeLessThan(whole.length)
    expect(await page.locator('#usage').textContent()).toMatch(/^\d+ tokens$/)
    expect(await answer(page).locator('.about').textContent()).toMatch(/demo · \d+ in, \d+ out/)
    expect(await page.getByLabel('Message').inputValue()).toBe('')
  })

  test('tools as they run, thoughts folded, and a second turn after them', async () => {
    const page = await open()
    await say(page, 'weather in Oslo')
    await page.locator('.tool b[data-state=running]').waitFor()
    await page.locator('.tool b[data-state=completed]').waitFor()
    await done(page)
    expect(await answer(page).locator('.tool').allTextContents()).toEqual([
      expect.stringContaining('{"city":"Oslo"'),
    ])
    expect(await textOf(page)).toContain('Let me look that up. Here is what the station says')
    const thoughts = answer(page).locator('details')
    expect(await thoughts.locator('p').isVisible()).toBe(false)
    await thoughts.locator('summary').click()
    expect(await thoughts.locator('p').textContent()).toContain('The visitor asks for the weather')
    await say(page, 'thanks')
    await page.locator('.assistant').nth(1).waitFor()
    await done(page)
    expect(await textOf(page)).toContain('You said "thanks"')
  })

  test('stop keeps what came, and the next message works', async () => {
    const page = await open()
    await say(page, 'a long story')
    await waitText(page, 60)
    await page.getByRole('button', { name: 'Stop' }).click()
    await done(page, 'stopped')
    const kept = await textOf(page)
    expect(kept).toMatch(/^Part 1\./)
    expect(kept).not.toContain('Part 7.')
    expect(await answer(page).locator('.about').textContent()).toContain('Stopped')
    await page.waitForTimeout(300)
    expect(await textOf(page)).toBe(kept)
    expect(await page.getByRole('button', { name: 'Stop' }).isVisible()).toBe(false)
    await say(page, 'Hello again')
    await page.locator('.assistant').nth(1).waitFor()
    await done(page)
    expect(await textOf(page)).toContain('You said "Hello again"')
  })

  test('reload in mid-stream, twice: the same final text', async () => {
    const page = await open()
    await say(page, 'a long story')
    await done(page)
    const whole = await textOf(page)
    const other = await open()
    await say(other, 'a long story')
    await waitText(other, 60)
    await other.reload()
    await waitText(other, 150)
    expect((await textOf(other)).length).toBeLessThan(whole.length)
    await other.reload()
    await done(other)
    expect(await textOf(other)).toBe(whole)
    expect(await other.locator('.message').count()).toBe(2)
    await other.reload()
    expect(await textOf(other)).toBe(whole)
    expect(await other.locator('#usage').textContent()).toMatch(/^\d+ tokens$/)
  })

  test('a message sent meanwhile waits its turn', async () => {
    const page = await open()
    await say(page, 'a long story')
    await waitText(page, 20)
    await say(page, 'and then?')
    await page.locator('.user.queued', { hasText: 'and then?' }).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page
      .locator('.assistant.complete', { hasText: 'You said "and then?"' })
      .waitFor({ timeout: 15_000 })
    expect(await page.locator('.message').allTextContents()).toEqual([
      'a long story',
      expect.stringMatching(/^Part 1/),
      'and then?',
      expect.stringMatching(/^You said/),
    ])
  })

  test('an answer that fails says so, and can be asked for again', async () => {
    const page = await open()
    await say(page, 'fail please')
    await done(page, 'failed')
    expect(await page.locator('#notice').textContent()).toContain('The model is overloaded')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('#notice').waitFor({ state: 'hidden' })
    await done(page, 'failed')
    expect(await page.locator('.message').count()).toBe(2)
  })

  test('markup in messages is text', async () => {
    const page = await open()
    await say(page, '<img src=x onerror="document.title=1"> & <b>bold</b>')
    await done(page)
    expect(await textOf(page)).toContain('<img src=x onerror="document.title=1"> & <b>bold</b>')
    expect(await page.locator('#log img, #log .text b').count()).toBe(0)
    expect(await page.title()).toBe('Switchyard chat')
  })

  test('a server that goes down: a clear error; when it is back, it goes on', async () => {
    const own = await startExample('chat-page')
    onTestFinished(() => own.kill())
    const page = await open(own)
    await say(page, 'a long story')
    await waitText(page, 60)
    await own.kill()
    const notice = page.locator('#notice-text')
    await expect.poll(() => notice.textContent()).toMatch(/Trying again \(\d of 3\)/)
    await expect
      .poll(() => notice.textContent())
      .toBe('The server cannot be reached. Check that it is running, then try again.')
    expect(await textOf(page)).toMatch(/^Part 1\./)
    const back = await startExample('chat-page', { port: own.port })
    onTestFinished(() => back.stop())
    await page.getByRole('button', { name: 'Try again' }).click()
    await done(page)
    expect(await textOf(page)).toContain('Part 7.')
    expect(await page.locator('.message').count()).toBe(2)
    expect(await page.locator('#notice').isVisible()).toBe(false)
    expect(back.errors()).toBe('')
  })

  test('a network that goes away: messages wait, and are sent in order', async () => {
    const page = await open()
    await page.context().setOffline(true)
    await say(page, 'one')
    await say(page, 'two')
    await expect.poll(() => page.locator('.user.queued').count()).toBe(2)
    expect(await page.locator('#notice-text').textContent()).toContain('You are offline')
    await page.context().setOffline(false)
    await page.locator('.assistant.complete', { hasText: 'You said "two"' }).waitFor({ timeout: 20_000 })
    const said = await page.locator('.message').allTextContents()
    expect(said.map((words) => words.slice(0, 14))).toEqual([
      'one',
      'You said "one"',
      'two',
      'You said "two"',
    ])
  })

  test('nothing went wrong in the server meanwhile', () => {
    expect(server?.errors()).toBe('')
  })
})
